/**
 * Several targets for one call, tried in order as far as their failures allow.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { CurrentDeadline } from "./Deadline.js"
import { after, begin, type Walk } from "./internal/fallback/nextTarget.js"
import * as ready from "./internal/fallback/ready.js"
import { settingsOf } from "./internal/fallback/settings.js"
import { runUntilSignal } from "./internal/fiber/runUntil.js"
import { known } from "./internal/stream/fromTake.js"
import { Restarted } from "./internal/stream/restarted.js"
import { isRunning, noteFailure } from "./internal/time/watchedDeadline.js"
import type * as LlmError from "./LlmError.js"
import { type AllTargetsFailed, DeadlineExceeded, isRejection } from "./Rejection.js"

/**
 * One way to make the call.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Target<A, E, R> {
  readonly name: string
  readonly run: Effect.Effect<A, E, R>
  /** The size of the model's context window in tokens; it decides who may help with a prompt that is too long. */
  readonly contextWindow?: number | undefined
}

/**
 * One target that can give a stream.
 *
 * @since 0.1.0
 * @category Models
 */
export interface StreamTarget<A, E, R> extends Omit<Target<A, E, R>, "run"> {
  readonly run: Stream.Stream<A, E, R>
}

/**
 * When the next target is asked.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Options {
  /**
   * Failures after which the next target is asked although `LlmError.traits` would not: a key of your own that another
   * provider does not share (`AuthenticationFailed`), a filter that another model does not have (`ContentFiltered`).
   * Default: none.
   */
  readonly fallbackOn?: ReadonlyArray<LlmError.Tag> | undefined
  /**
   * What waits for one target are worth in all while others stand ready, whether for a retry, for a hint, or because the
   * target has asked to be left alone; one that holds its callers back already is not waited for. Default 5 seconds. The
   * last target that is left is waited for as if it were the only one.
   */
  readonly patience?: Duration.DurationInput | undefined
  /**
   * The share, above 0 and at most 1, that a target with all its retries may use of what is left of the deadline while
   * others stand ready. Default: `1 / (1 + others)`, the same for each that is left. `false`: all of it.
   */
  readonly shareOfDeadline?: number | false | undefined
}

/**
 * The same for streams. A stream that has begun is not followed by another, whatever is asked for, and with its first
 * content it has all the time there is.
 *
 * @since 0.1.0
 * @category Models
 */
export interface StreamOptions extends Omit<Options, "fallbackOn"> {
  /** See `Options`. */
  readonly fallbackOn?: ReadonlyArray<Exclude<LlmError.Tag, "StreamInterrupted">> | undefined
}

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
  options: Options = {}
): Effect.Effect<
  Effect.Effect.Success<Targets[number]["run"]>,
  Effect.Effect.Error<Targets[number]["run"]> | AllTargetsFailed,
  Effect.Effect.Context<Targets[number]["run"]>
> => {
  const at = begin(targets, settingsOf(options))
  return (targets.length === 1 ? targets[0].run : walk(at)) as never
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
  options: StreamOptions = {}
): Stream.Stream<
  Stream.Stream.Success<Targets[number]["run"]>,
  Stream.Stream.Error<Targets[number]["run"]> | AllTargetsFailed,
  Stream.Stream.Context<Targets[number]["run"]>
> => {
  const at = begin(targets, settingsOf(options as Options))
  return (targets.length === 1 ? targets[0].run : walkStreams(at)) as never
}

const walk = (at: Walk<AnyTarget>): Effect.Effect<unknown, unknown, unknown> => {
  const { run } = at.targets[at.index] as AnyTarget
  const asked = ready.effect(at, run)
  return Effect.flatMap(Effect.exit(at.index === 0 ? asked : untilDeadline(asked)), (exit) => {
    const failure = Exit.isSuccess(exit) ? Option.none() : Cause.failureOption(exit.cause)
    if (Option.isNone(failure)) return exit
    return Effect.flatMap(noted(failure.value), () => {
      const next = after(at, failure.value)
      return "on" in next ? walk(next.on) : Exit.fail(next.failure)
    })
  })
}

const walkStreams = (at: Walk<AnyStreamTarget>): Stream.Stream<unknown, unknown, unknown> =>
  Stream.suspend(() => {
    const { run } = at.targets[at.index] as AnyStreamTarget
    const asked = ready.stream(at, run)
    let begun = false
    const watched = Stream.mapChunks(asked, (chunk) => {
      // What came before a restart is void, so the consumer has nothing yet.
      if (Chunk.isNonEmpty(chunk)) begun = !(Chunk.lastNonEmpty(chunk) instanceof Restarted)
      return chunk
    })
    return Stream.catchAll(watched, (failure) => {
      if (begun) return Stream.fail(failure)
      const next = after(at, failure)
      const rest = "on" in next ? walkStreams(next.on) : Stream.fail(next.failure)
      return known(Effect.as(noted(failure), rest))
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
