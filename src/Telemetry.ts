/**
 * What every protected call leaves behind, for people and dashboards: metrics, spans, log annotations, and the attempt
 * trail for those who ask for it. All of it is written by the call itself; `ResilienceEvent` is the place for readers
 * of one's own.
 *
 * *Metrics* (Effect's `Metric`, so any exporter of Effect's has them):
 *
 * - `llm_attempts_total`, a counter: attempts sent to a target, by `target` and `outcome`.
 * - `llm_calls_total`, a counter: protected calls, by `target` and `outcome`.
 * - `llm_call_duration_seconds`, a histogram: how long protected calls took, waits included, by `target`.
 * - `llm_circuit_breaker_state`, a gauge: 0 closed, 1 open (or isolated), 2 half-open, by `model`.
 * - `llm_circuit_breaker_failures_total`, a counter: how often a circuit opened, by `model`.
 * - `llm_observed_decisions_total`, a counter: what policies that only observe would have done, by `target` and `outcome`,
 *   which is `policy:action`.
 * - `llm_queue_length`, a gauge, and `llm_queue_wait_seconds`, a histogram: calls that wait for a turn, by `target` and
 *   `gate` (`bulkhead`, `adaptiveLimit`, `rateLimit`, `spendLimit`).
 * - `llm_concurrency_limit`, a gauge: how many calls an `AdaptiveLimit` lets run at once, by `target`.
 *
 * An `outcome` is `success`, `interrupted`, `defect`, or the tag of the failure or rejection as the policies read it: a 429
 * is `RateLimited` whatever error it came in, and what nobody knows is `Unclassified`. A `model` is the key of the
 * circuit, which is the target's name. Names have labels of their own as long
 * as `LabelCapacity` allows; what comes after them counts under `other`.
 *
 * *Spans*: within a span, each attempt is a child span `llm.attempt` with the attributes `llm.target` and `llm.attempt`.
 * Without one around the call, none is made.
 *
 * *Logs*: what the code inside a call logs is annotated with `llm.target` and `llm.attempt`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/**
 * How many targets have metric series of their own, and how many circuits, in the whole process. Default 1000. Effect's
 * registry forgets no series, even if the layer that counted in them is closed; so whichever names come after these share
 * the label `other`. The targets that the options of `Resilience` name come first.
 *
 * It is read when policies are made.
 *
 * @example
 * ```ts
 * import { Layer } from "effect"
 * import { Resilience, Telemetry } from "effect-resilience"
 *
 * const Policies = Resilience.layer().pipe(Layer.provide(Layer.succeed(Telemetry.LabelCapacity, 50)))
 * ```
 *
 * @since 0.1.0
 * @category Metrics
 */
export class LabelCapacity extends Context.Reference<LabelCapacity>()("effect-resilience/LabelCapacity", {
  defaultValue: (): number => 1_000
}) {}

/**
 * Whom a call is made for: an id of the application's own (of a request, a job, a conversation), which every event of the
 * calls under it carries as `correlation`. It is written as it is, so it must hold nothing that is secret.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmCall, Resilience, Telemetry } from "effect-resilience"
 *
 * const answer = LlmCall.tryPromise({ try: async () => "42" }).pipe(Resilience.protect("acme/large"))
 *
 * export const handle = (requestId: string) => Effect.provideService(answer, Telemetry.CorrelationId, requestId)
 * ```
 *
 * @since 0.1.0
 * @category Correlation
 */
export class CorrelationId extends Context.Reference<CorrelationId>()("effect-resilience/CorrelationId", {
  defaultValue: (): string | undefined => undefined
}) {}

/**
 * One attempt, or one decision not to make it, in the order in which they happened.
 *
 * @since 0.1.0
 * @category Trail
 */
export interface TrailEntry {
  readonly target: string
  /** Counts from 1 within the target. */
  readonly attempt: number
  /** `Success`, `Interrupted`, `Defect`, or the tag of the failure or rejection as the policies read it. */
  readonly outcome: string
  /** The failure or rejection itself, as it came. */
  readonly error?: unknown
  /** How long the attempt took. */
  readonly duration: Duration.Duration
  /** How long the call then waited before its next attempt; absent where none followed. */
  readonly wait?: Duration.Duration
}

/**
 * Every attempt of a call, first one first.
 *
 * @since 0.1.0
 * @category Trail
 */
export type Trail = ReadonlyArray<TrailEntry>

/**
 * Where protected calls write down their attempts, or `undefined` where nobody asked for them.
 *
 * @since 0.1.0
 * @category Trail
 */
export class TrailRecorder extends Context.Reference<TrailRecorder>()("effect-resilience/TrailRecorder", {
  defaultValue: (): Array<TrailEntry> | undefined => undefined
}) {}

/**
 * Runs an effect and gives back how it ended together with the trail of every protected call in it, on success and on
 * failure alike. It can stand inside another one: the outer trail has the attempts of the inner one too.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmCall, Resilience, Telemetry } from "effect-resilience"
 *
 * const answer = LlmCall.tryPromise({ try: async () => "hello" }).pipe(Resilience.protect("acme/large"))
 *
 * const program = Effect.gen(function* () {
 *   const { exit, trail } = yield* Telemetry.withTrail(answer)
 *   for (const entry of trail) yield* Effect.log(`${entry.target} #${entry.attempt}: ${entry.outcome}`)
 *   return yield* exit
 * })
 * ```
 *
 * @since 0.1.0
 * @category Trail
 */
export const withTrail = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<{ readonly exit: Exit.Exit<A, E>; readonly trail: Trail }, never, R> =>
  Effect.flatMap(TrailRecorder, (outer) => {
    const trail = recorder(outer)
    return Effect.map(Effect.exit(Effect.provideService(self, TrailRecorder, trail)), (exit) => ({ exit, trail }))
  })

/** An array that, inside another trail, writes to that one as well, so that the order is the one of time in both. */
const recorder = (outer: Array<TrailEntry> | undefined): Array<TrailEntry> => {
  const trail: Array<TrailEntry> = []
  if (outer === undefined) return trail
  const push = (...entries: Array<TrailEntry>): number => {
    outer.push(...entries)
    return Array.prototype.push.apply(trail, entries)
  }
  return Object.defineProperty(trail, "push", { value: push })
}
