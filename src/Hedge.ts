/**
 * A second attempt for a call that takes longer than usual, beside the first one: whichever answers first is the answer.
 *
 * A few calls of a model take many times as long as most, and nothing is wrong with them but bad luck. A hedge asks
 * again, the same target or another, once an answer is late, and cuts off whoever comes second. It bounds what the slow
 * calls cost in time, and pays for that with the tokens of the attempts that are cut off; a budget bounds those.
 *
 * Source: J. Dean, L. A. Barroso,
 * ["The Tail at Scale"](https://research.google/pubs/the-tail-at-scale/), Communications of the ACM 56 (2), 2013.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"

import type { Named } from "./internal/fallback/nextTarget.js"
import { anEffect, aStream, checkTargets } from "./internal/fallback/targets.js"
import { chosen } from "./internal/hedge/chosen.js"
import { type Begun, begun, close, raceToContent } from "./internal/hedge/firstContent.js"
import { LatencyMemory } from "./internal/hedge/memory.js"
import {
  type Asked,
  deposited,
  type HedgingState,
  planOf,
  type Settings,
  settingsOf,
  surroundings
} from "./internal/hedge/plan.js"
import { type Attempted, type Plan, race } from "./internal/hedge/race.js"
import type { AgainOptions, MemoryOptions, Options, Quantile, StreamTarget, Target } from "./internal/hedge/types.js"
import { boundsOf } from "./internal/keyed/boundedMap.js"
import { finiteMillis, invalid, word } from "./internal/options/check.js"
import { memoryOptions, refuseUnknown } from "./internal/options/names.js"
import type { AllTargetsFailed } from "./Rejection.js"
import * as RetryBudget from "./RetryBudget.js"

export type { AgainOptions, MemoryOptions, Options, Quantile, StreamTarget, Target } from "./internal/hedge/types.js"

/**
 * Late is what takes longer than the share `q` of the target's own answers: with 0.95 one call in twenty.
 *
 * Only answers enter, and how long attempts had taken that were cut off, as "at least"; failures do not. What was heard
 * ten minutes ago weighs half (see `layer`). Before `minimumSamples` answers (default 20) nothing is late, unless
 * `initial` says from when. For streams it is the time to the first content. The quantile is known to within 2.5 %.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const quantile = (
  q: number,
  options: {
    readonly minimumSamples?: number | undefined
    readonly initial?: Duration.DurationInput | undefined
  } = {}
): Quantile => {
  const { initial, minimumSamples = 20 } = options
  return { _tag: "Quantile", q, minimumSamples, initial }
}

const make = (options: MemoryOptions = {}): Effect.Effect<HedgingState> =>
  Effect.suspend((): Effect.Effect<HedgingState> => {
    refuseUnknown("Hedge.layer", "", options, memoryOptions)
    const { budget, capacity = 1_000, halfLife = "10 minutes", idleTimeToLive } = options
    const half = finiteMillis("Hedge.layer", "halfLife", halfLife)
    if (half === 0) throw invalid("Hedge.layer", "halfLife", halfLife, "more than zero")
    const latencies = new LatencyMemory(boundsOf("Hedge.layer", { capacity, idleTimeToLive }), half)
    return budget === false
      ? Effect.succeed({ latencies, budget: undefined })
      : Effect.map(RetryBudget.make(budget), (budget) => ({ latencies, budget }))
  })

/**
 * What hedged calls remember between them: latencies by target, and the budget. Without `layer` there is one for the
 * whole process.
 *
 * @since 0.1.0
 * @category Service
 */
export class Hedging extends Context.Reference<Hedging>()("effect-resilience/Hedging", {
  defaultValue: (): Hedging.Memory => Effect.runSync(make()) as unknown as Hedging.Memory
}) {}

/**
 * @since 0.1.0
 */
export declare namespace Hedging {
  /**
   * Latencies and a budget. There is nothing to do with it but to provide it, by `layer`.
   *
   * @since 0.1.0
   * @category Service
   */
  export interface Memory {
    readonly budget: RetryBudget.Budget | undefined
  }
}

/**
 * A memory of one's own for the hedged calls under it, with bounds of one's own. Throws a `RangeError`, as a defect, for
 * options that make no sense.
 *
 * @example
 * ```ts
 * import { Hedge } from "effect-resilience"
 *
 * export const Hedges = Hedge.layer({ halfLife: "2 minutes", budget: { share: 0.05 } })
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options?: MemoryOptions): Layer.Layer<never> =>
  Layer.effect(Hedging, make(options) as unknown as Effect.Effect<Hedging.Memory>)

const remembered = (context: Context.Context<never>): HedgingState =>
  Context.get(context, Hedging) as unknown as HedgingState

type AnyTarget = Target<unknown, unknown, unknown>
type AnyRun = Effect.Effect<unknown, unknown, unknown>
type AnyStreamTarget = StreamTarget<unknown, unknown, unknown>
type AnyStream = Stream.Stream<unknown, unknown, unknown>

type RunOf<T> = T extends { readonly run: infer Run } ? Run : T

/**
 * Asks the first target, and once its answer is late the next one as well. The first answer wins.
 *
 * The attempts that lose are interrupted, which aborts their requests; nobody waits for them to clean up. A failure that
 * another target may help with (by `LlmError.traits` or `fallbackOn`) starts the next one at once, as `Fallback.firstOf`
 * would, and costs no token unless it then runs beside another. A failure of the first target that no other can help
 * with ends the call at once. The same from any other target ends that attempt only: a hedge never costs the answer.
 *
 * Where all have failed, the error is `AllTargetsFailed` with each target's own, in the order in which they came; if only
 * one was asked, it is its failure as it is. Defects and interruptions end the call as they are.
 *
 * An attempt that was started before the winner and was still not there counts as given up with its circuit, which opens
 * if that happens to every call. One that was started after it says nothing about its target.
 *
 * Throws a `RangeError` that names the option for options that make no sense.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Hedge, LlmCall, Resilience } from "effect-resilience"
 *
 * const ask = (target: string) => ({
 *   name: target,
 *   run: LlmCall.tryPromise({ target, try: async () => "42" }).pipe(Resilience.protect(target))
 * })
 *
 * const answer = Hedge.across([ask("openai/gpt-5-mini"), ask("anthropic/haiku")], { after: Hedge.quantile(0.95) })
 *
 * // Once, where the application starts: all calls share its circuits and budgets.
 * const Policies = Resilience.layer()
 *
 * export const program = answer.pipe(Effect.provide(Policies))
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const across = <const Targets extends readonly [AnyTarget | AnyRun, ...ReadonlyArray<AnyTarget | AnyRun>]>(
  targets: Targets,
  options: Options
): Effect.Effect<
  Effect.Effect.Success<RunOf<Targets[number]>>,
  Effect.Effect.Error<RunOf<Targets[number]>> | AllTargetsFailed,
  Effect.Effect.Context<RunOf<Targets[number]>>
> => {
  const settings = settingsOf(options)
  const attempts = eachNamed(settings, targets, Effect.isEffect)
  checkTargets("Hedge", attempts, anEffect)
  return hedged(settings, attempts as ReadonlyArray<AnyTarget>, false) as never
}

/**
 * Makes the same call again once its answer is late, and takes the first of both. `target` is the name by which
 * latencies are kept.
 *
 * A failure that may pass by itself starts the next attempt at once; one that will not ends the call. A target that asks
 * to be left alone is not asked again: what is under way may still answer. Where all attempts fail, the call fails with
 * the last failure of its own.
 *
 * @example
 * ```ts
 * import { Hedge, LlmCall } from "effect-resilience"
 *
 * export const answer = LlmCall.tryPromise({ target: "acme/large", try: async () => "42" }).pipe(
 *   Hedge.again("acme/large", { after: "3 seconds" })
 * )
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const again: {
  (target: string, options: AgainOptions): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, target: string, options: AgainOptions): Effect.Effect<A, E, R>
} = dual(3, <A, E, R>(self: Effect.Effect<A, E, R>, target: string, options: AgainOptions): Effect.Effect<A, E, R> => {
  const settings = settingsOf(options)
  return hedged(settings, repeated(target, self, settings), true)
})

/**
 * `across` for streams: a race to the first content, and with it the race is over. No other stream is started after it,
 * those that lose are closed, and what fails later is the winner's own failure.
 *
 * Without `Resilience.protectStream`, which tells content from what comes before it, every element counts as content.
 *
 * @since 0.1.0
 * @category Operators
 */
export const acrossStreams = <
  const Targets extends readonly [AnyStreamTarget | AnyStream, ...ReadonlyArray<AnyStreamTarget | AnyStream>]
>(
  targets: Targets,
  options: Options
): Stream.Stream<
  Stream.Stream.Success<RunOf<Targets[number]>>,
  Stream.Stream.Error<RunOf<Targets[number]>> | AllTargetsFailed,
  Stream.Stream.Context<RunOf<Targets[number]>>
> => {
  const settings = settingsOf(options)
  const streams = eachNamed(settings, targets, isStream) as ReadonlyArray<AnyStreamTarget>
  checkTargets("Hedge", streams, aStream)
  const attempts = streams.map((target) => ({ ...target, run: begun(target.run) }))
  return hedgedStream(settings, attempts, false) as never
}

/**
 * `again` for streams: a race to the first content.
 *
 * @since 0.1.0
 * @category Operators
 */
export const againStream: {
  (target: string, options: AgainOptions): <A, E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
  <A, E, R>(self: Stream.Stream<A, E, R>, target: string, options: AgainOptions): Stream.Stream<A, E, R>
} = dual(3, <A, E, R>(self: Stream.Stream<A, E, R>, target: string, options: AgainOptions): Stream.Stream<A, E, R> => {
  const settings = settingsOf(options)
  return hedgedStream(settings, repeated(target, begun(self), settings), true)
})

const isStream = Predicate.hasProperty(Stream.StreamTypeId)

/** Plain effects and streams have names made for them. What is no list is left for the check that follows. */
const eachNamed = (
  { name }: Settings,
  targets: ReadonlyArray<unknown>,
  isPlain: (target: unknown) => boolean
): ReadonlyArray<Named> =>
  Array.isArray(targets)
    ? targets.map((target, index) => (isPlain(target) ? { name: `${name}/${index + 1}`, run: target } : target))
    : (targets as never)

const repeated = <A, E, R>(name: string, run: Effect.Effect<A, E, R>, { hedges = 1 }: Settings) => {
  word("Hedge", "the target", name)
  return Array.from({ length: 1 + Math.min(hedges, 100) }, () => ({ name, run }))
}

const hedged = <A, E, R>(
  settings: Settings,
  targets: ReadonlyArray<Attempted<A, E, R>>,
  same: boolean
): Effect.Effect<A, E, R> => Effect.flatMap(planned(settings, targets, { same, what: "" }), (plan) => race(plan))

const hedgedStream = <A, E, R>(
  settings: Settings,
  targets: ReadonlyArray<Attempted<Begun<A, E>, E, R>>,
  same: boolean
): Stream.Stream<A, E, R> =>
  raceToContent(planned(settings, targets, { same, what: " (first content)", discard: close }))

/** The plan of one call, which adds its share to the budget. */
const planned = <A, E, R>(
  settings: Settings,
  targets: ReadonlyArray<Attempted<A, E, R>>,
  of: Omit<Asked<A, E, R>, "targets" | "unable">
): Effect.Effect<Plan<A, E, R>, E> =>
  Effect.flatMap(surroundings(remembered), (around) =>
    Effect.flatMap(chosen(settings, targets), (asked) =>
      Effect.as(
        deposited(settings, around.state, asked.targets[0]!.name),
        planOf(settings, around, { ...of, ...asked })
      )
    )
  ) as Effect.Effect<Plan<A, E, R>, E>
