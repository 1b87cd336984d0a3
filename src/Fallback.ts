/**
 * Several targets for one call, tried in order as far as their failures allow.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { CurrentDeadline } from "./Deadline.js"
import { after, begin, first, type Walk } from "./internal/fallback/nextTarget.js"
import * as ready from "./internal/fallback/ready.js"
import { settingsOf } from "./internal/fallback/settings.js"
import { LastAnswered } from "./internal/fallback/sticky.js"
import { lastAnswerGiven, wentOn } from "./internal/fallback/tell.js"
import type { Options, Sticky, StreamOptions, StreamTarget, Target } from "./internal/fallback/types.js"
import { runUntilSignal } from "./internal/fiber/runUntil.js"
import { boundsOf } from "./internal/keyed/boundedMap.js"
import { millis } from "./internal/options/check.js"
import { known } from "./internal/stream/fromTake.js"
import { isRestarted } from "./internal/stream/restarted.js"
import { asOperation, asOperationStream } from "./internal/telemetry/operation.js"
import { isRunning, noteFailure } from "./internal/time/watchedDeadline.js"
import { type AllTargetsFailed, DeadlineExceeded, isRejection } from "./Rejection.js"

export type { Options, Sticky, StreamOptions, StreamTarget, Target } from "./internal/fallback/types.js"

/**
 * A memory for `sticky`: for `keepFor` (default 5 minutes) after its last answer, the target that gave it is asked first.
 * It holds `capacity` keys (default 10 000).
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Fallback } from "effect-resilience"
 *
 * export const program = Effect.gen(function* () {
 *   const memory = yield* Fallback.makeSticky({ keepFor: "10 minutes" })
 *   const ask = (conversation: string) =>
 *     Fallback.firstOf(
 *       [
 *         { name: "a", run: Effect.succeed("a") },
 *         { name: "b", run: Effect.succeed("b") }
 *       ],
 *       { sticky: { memory, key: conversation } }
 *     )
 *   return yield* ask("conversation 7")
 * })
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const makeSticky = (
  options: { readonly keepFor?: Duration.DurationInput | undefined; readonly capacity?: number | undefined } = {}
): Effect.Effect<Sticky> =>
  Effect.sync(() => {
    const keepFor = millis("Fallback.makeSticky", "keepFor", options.keepFor ?? "5 minutes")
    const bounds = boundsOf("Fallback.makeSticky", { capacity: options.capacity, idleTimeToLive: keepFor })
    const last = new LastAnswered(bounds, keepFor)
    return {
      inOrder: (key, targets) => Effect.map(Clock.currentTimeMillis, (now) => last.inOrder(key, targets, now)),
      answered: (key, target) => Effect.map(Clock.currentTimeMillis, (now) => last.answered(key, target, now))
    }
  })

const none: Options & StreamOptions = {}

type AnyTarget = Target<unknown, unknown, unknown>

type AnyStreamTarget = StreamTarget<unknown, unknown, unknown>

/**
 * Asks the targets one after the other until one answers.
 *
 * The next target is asked at once, and only if `LlmError.traits` says that another one may help, or `fallbackOn` names
 * the failure. A wrong key, an invalid request or a content filter ends the walk otherwise. Interruption and defects
 * end it as they are.
 *
 * After `ContextLengthExceeded` only a target is asked whose `contextWindow` is known to be large enough: at least what
 * was `requested`, if the failure tells, or else more than its `limit`, or else more than the window of the target that
 * failed. Where none of these is known, any stated window will do. The others are passed over, and reported as skipped.
 *
 * The first target's failure that no other one may help with comes through unchanged. Where several were tried or
 * passed over the error is `AllTargetsFailed`, with each target's own error in order, whatever ended the walk.
 *
 * Each target has the time that its own policies give it. `Deadline.within` around the walk gives all of them together
 * one deadline, and no target is asked when it has passed. While others stand ready, a target that is silent ends with
 * its share of the deadline as `TimedOut`, and waits for it are worth no more than `patience`.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Deadline, Fallback, LlmCall, Resilience } from "effect-resilience"
 *
 * const ask = (target: string) =>
 *   LlmCall.tryPromise({ target, try: async () => `answer of ${target}` }).pipe(Resilience.protect(target))
 *
 * const answer = Fallback.firstOf(
 *   [
 *     { name: "acme/large", run: ask("acme/large"), contextWindow: 400_000 },
 *     { name: "other/medium", run: ask("other/medium"), contextWindow: 128_000 },
 *     { name: "last resort", run: Effect.succeed("Please try again later.") }
 *   ],
 *   { fallbackOn: ["ContentFiltered", "AuthenticationFailed"] }
 * ).pipe(Deadline.within("1 minute"))
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const firstOf = <const Targets extends readonly [AnyTarget, ...ReadonlyArray<AnyTarget>]>(
  targets: Targets,
  options: Options = none
): Effect.Effect<
  Effect.Effect.Success<Targets[number]["run"]>,
  Effect.Effect.Error<Targets[number]["run"]> | AllTargetsFailed,
  Effect.Effect.Context<Targets[number]["run"]>
> => {
  const settings = settingsOf(options)
  begin(targets, settings)
  const { sticky } = options
  if (targets.length === 1 && settings.needs.length === 0) return targets[0].run as never
  const from = (ordered: ReadonlyArray<AnyTarget>) =>
    Effect.suspend(() => {
      const start = first(ordered, settings)
      if (!("on" in start)) return Effect.fail(start.failure)
      const walked = walk(start.on, sticky)
      return start.on.index === 0 ? walked : Effect.zipRight(wentOn(undefined, undefined, 0, start.on), walked)
    })
  const walked = sticky === undefined ? from(targets) : Effect.flatMap(sticky.memory.inOrder(sticky.key, targets), from)
  return asOperation(walked) as never
}

/**
 * The same for streams: the first stream that gives content, of targets asked in order.
 *
 * With its first content a stream has answered, and the walk is over: what fails later is that stream's own failure. It
 * is not followed by another target's, since that would join the texts of two models. Deliver a stream `buffered` to
 * have the next target asked instead. Without `Resilience.protectStream`, which tells content from what comes before
 * it, every element counts as content.
 *
 * `Deadline.withinStream` around the walk gives all targets together one deadline.
 *
 * @since 0.1.0
 * @category Operators
 */
export const firstStreamOf = <const Targets extends readonly [AnyStreamTarget, ...ReadonlyArray<AnyStreamTarget>]>(
  targets: Targets,
  options: StreamOptions = none
): Stream.Stream<
  Stream.Stream.Success<Targets[number]["run"]>,
  Stream.Stream.Error<Targets[number]["run"]> | AllTargetsFailed,
  Stream.Stream.Context<Targets[number]["run"]>
> => {
  const settings = settingsOf(options as Options)
  begin(targets, settings)
  const { sticky } = options
  if (targets.length === 1 && settings.needs.length === 0) return targets[0].run as never
  const from = (ordered: ReadonlyArray<AnyStreamTarget>) => {
    const start = first(ordered, settings)
    if (!("on" in start)) return Stream.fail(start.failure)
    const walked = walkStreams(start.on, sticky)
    return start.on.index === 0 ? walked : known(Effect.as(wentOn(undefined, undefined, 0, start.on), walked))
  }
  const walked =
    sticky === undefined
      ? Stream.suspend(() => from(targets))
      : known(Effect.map(sticky.memory.inOrder(sticky.key, targets), from))
  return asOperationStream(walked) as never
}

type StickyTo = Options["sticky"]

/** This target has answered. */
const answered = (
  sticky: StickyTo,
  { index, targets }: Walk<{ readonly name: string }>
): Effect.Effect<void> | undefined => sticky?.memory.answered(sticky.key, targets[index]!.name)

const walk = (at: Walk<AnyTarget>, sticky: StickyTo): Effect.Effect<unknown, unknown, unknown> => {
  const { name, run } = at.targets[at.index] as AnyTarget
  const asked = ready.effect(at, run)
  return Effect.flatMap(Effect.exit(at.index === 0 ? asked : untilDeadline(asked)), (exit) => {
    const failure = Exit.isSuccess(exit) ? Option.none() : Cause.failureOption(exit.cause)
    if (Option.isNone(failure)) {
      const noting = Exit.isSuccess(exit) ? answered(sticky, at) : undefined
      return noting === undefined ? exit : Effect.zipRight(noting, exit)
    }
    return Effect.flatMap(noted(failure.value), () => {
      const next = after(at, failure.value)
      if (!("on" in next)) return Exit.fail(next.failure)
      return Effect.zipRight(wentOn(name, failure.value, at.seen.length + 1, next.on), walk(next.on, sticky))
    })
  })
}

const walkStreams = (at: Walk<AnyStreamTarget>, sticky: StickyTo): Stream.Stream<unknown, unknown, unknown> =>
  Stream.suspend(() => {
    const { name, run } = at.targets[at.index] as AnyStreamTarget
    const asked = ready.stream(at, run)
    let begun = false
    const watched = Stream.mapChunks(asked, (chunk) => {
      // What came before a restart is void, so the consumer has nothing yet.
      if (Chunk.isNonEmpty(chunk)) begun = !isRestarted(Chunk.lastNonEmpty(chunk))
      return chunk
    })
    const noting = answered(sticky, at)
    const whole = noting === undefined ? watched : Stream.concat(watched, Stream.execute(noting))
    return Stream.catchAll(whole, (failure) => {
      if (begun) return Stream.fail(failure)
      const next = after(at, failure)
      if (!("on" in next)) return known(Effect.as(noted(failure), Stream.fail(next.failure)))
      const told = wentOn(name, failure, at.seen.length + 1, next.on)
      return known(Effect.as(Effect.zipRight(noted(failure), told), walkStreams(next.on, sticky)))
    })
  })

/** The last failure of a target's own outlives a deadline around the walk. */
const noted = (failure: unknown): Effect.Effect<void> =>
  Effect.map(CurrentDeadline, (deadline) => {
    if (!isRejection(failure)) noteFailure(deadline, failure)
  })

/** A deadline around the walk that passes now ends it from within, so that what the targets said before is told. */
const untilDeadline = <A, E, R>(run: Effect.Effect<A, E, R>): Effect.Effect<A, E | DeadlineExceeded, R> =>
  Effect.flatMap(CurrentDeadline, (deadline): Effect.Effect<A, E | DeadlineExceeded, R> => {
    if (!isRunning(deadline)) return run
    const { budget, passed } = deadline
    return runUntilSignal(run, passed, () =>
      Effect.failSync(() => new DeadlineExceeded({ budget, lastError: Option.getOrUndefined(deadline.lastError) }))
    )
  })

/**
 * An answer that no model made, given since none answered: what it is, and why it was given.
 *
 * @since 0.1.0
 * @category Last answer
 */
export class LastAnswer<out A, out E = unknown> extends Data.TaggedClass("LastAnswer")<{
  readonly value: A
  readonly because: E
}> {}

/**
 * Gives a fixed or computed answer, marked as such, where a call fails. Interruption and defects are as they were.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Fallback, LlmCall, LlmError } from "effect-resilience"
 *
 * const answer = LlmCall.tryPromise({ try: async () => "42" }).pipe(
 *   Fallback.orLastAnswer((error) => Effect.succeed(LlmError.userMessage(error)))
 * )
 *
 * export const program = Effect.map(answer, (answer) =>
 *   answer instanceof Fallback.LastAnswer ? `(no model) ${answer.value}` : answer
 * )
 * ```
 *
 * @since 0.1.0
 * @category Last answer
 */
export const orLastAnswer =
  <E, B, E2, R2>(answer: (error: E) => Effect.Effect<B, E2, R2>) =>
  <A, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A | LastAnswer<B, E>, E2, R | R2> =>
    asOperation(
      Effect.catchAll(self, (error) =>
        Effect.flatMap(answer(error), (value) =>
          Effect.as(lastAnswerGiven(error), new LastAnswer<B, E>({ value, because: error }))
        )
      )
    )

/**
 * One way to have a service: a name, and the layer that makes it.
 *
 * @since 0.1.0
 * @category Services
 */
export interface ServiceTarget<I, E, R> extends Omit<Target<never, never, never>, "run"> {
  readonly layer: Layer.Layer<I, E, R>
}

/**
 * A service of which there are several, to be asked in order.
 *
 * @since 0.1.0
 * @category Services
 */
export interface Services<S> {
  /** `firstOf` over the services. `use` is told which of them it uses, so that each call passes its target's policies. */
  readonly ask: <A, E, R>(
    use: (service: S, target: string) => Effect.Effect<A, E, R>,
    options?: Options
  ) => Effect.Effect<A, E | AllTargetsFailed, R>
  /** `firstStreamOf` over the services. */
  readonly askStream: <A, E, R>(
    use: (service: S, target: string) => Stream.Stream<A, E, R>,
    options?: StreamOptions
  ) => Stream.Stream<A, E | AllTargetsFailed, R>
}

/**
 * Several layers of one service, of any kind: embeddings, images, a service of one's own. Each is built once, in the scope
 * of the effect.
 *
 * @example
 * ```ts
 * import { Context, Effect, Layer } from "effect"
 * import { Fallback, type LlmError, Resilience } from "effect-resilience"
 *
 * class Embeddings extends Context.Tag("Embeddings")<
 *   Embeddings,
 *   { readonly embed: (text: string) => Effect.Effect<ReadonlyArray<number>, LlmError.LlmError> }
 * >() {}
 *
 * declare const OpenAi: Layer.Layer<Embeddings>
 * declare const Voyage: Layer.Layer<Embeddings>
 *
 * export const program = Effect.gen(function* () {
 *   const embeddings = yield* Fallback.services(Embeddings, [
 *     { name: "openai/embeddings", layer: OpenAi },
 *     { name: "voyage/embeddings", layer: Voyage }
 *   ])
 *   return yield* embeddings.ask((service, target) => service.embed("hello").pipe(Resilience.protect(target)))
 * })
 * ```
 *
 * @since 0.1.0
 * @category Services
 */
export const services = <I, S, const Targets extends readonly [AnyService<I>, ...ReadonlyArray<AnyService<I>>]>(
  tag: Context.Tag<I, S>,
  targets: Targets
): Effect.Effect<
  Services<S>,
  Layer.Layer.Error<Targets[number]["layer"]>,
  Scope.Scope | Layer.Layer.Context<Targets[number]["layer"]>
> => {
  begin(targets)
  const build = (target: AnyService<I>) =>
    Effect.map(Layer.build(target.layer), (context) => ({ ...target, service: Context.get(context, tag) }))
  return Effect.map(Effect.forEach(targets, build), (built): Services<S> => {
    const running = <Run>(use: (service: S, target: string) => Run) =>
      built.map(({ service, ...target }) => ({ ...target, run: use(service, target.name) }))
    return {
      ask: (use, options) => firstOf(running(use) as never, options) as never,
      askStream: (use, options) => firstStreamOf(running(use) as never, options) as never
    }
  }) as never
}

type AnyService<I> = ServiceTarget<I, unknown, unknown>
