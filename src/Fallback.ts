/**
 * Several targets for one call, tried in order as far as their failures allow.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { failureOf } from "./internal/failureOf.js"
import { OtherTargets } from "./internal/otherTargets.js"
import * as LlmError from "./LlmError.js"
import { AllTargetsFailed } from "./Rejection.js"

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
 * Asks the targets one after the other until one answers.
 *
 * The next target is asked at once, and only if `LlmError.traits` says that another one may help: a wrong key, an
 * invalid request or a content filter ends the walk with that very error. After `ContextLengthExceeded` only targets
 * with a larger window are asked. A single target's error comes through unchanged; where several were tried or passed
 * over, the error is `AllTargetsFailed` with each attempt's own error in order. Interruption and defects end the walk.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Fallback, LlmCall, Resilience } from "effect-resilience"
 *
 * const ask = (target: string) =>
 *   LlmCall.tryPromise({ target, try: async () => `answer of ${target}` }).pipe(Resilience.protect(target))
 *
 * const answer = Fallback.firstOf([
 *   { name: "acme/large", run: ask("acme/large"), contextWindow: 400_000 },
 *   { name: "other/medium", run: ask("other/medium"), contextWindow: 128_000 }
 * ])
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const firstOf = <A, E, R>(
  targets: readonly [Target<A, E, R>, ...ReadonlyArray<Target<A, E, R>>]
): Effect.Effect<A, E | AllTargetsFailed, R> => {
  const [only, ...others] = targets
  return others.length === 0 ? only.run : walk(targets, start)
}

/**
 * The same for streams: the first stream that gives content, of targets asked in order.
 *
 * A stream that breaks off after its first content is not followed by another target's, since that would join the texts
 * of two models: it fails with `StreamInterrupted`. Deliver it `buffered` to have the next target asked instead.
 *
 * @since 0.1.0
 * @category Operators
 */
export const firstStreamOf = <A, E, R>(
  targets: readonly [StreamTarget<A, E, R>, ...ReadonlyArray<StreamTarget<A, E, R>>]
): Stream.Stream<A, E | AllTargetsFailed, R> => {
  const [only, ...others] = targets
  return others.length === 0 ? only.run : walkStreams(targets, start)
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

/** What the walk has learnt so far: how far it is, every error, and the window that was too small, if one was. */
interface Walked {
  readonly index: number
  readonly errors: ReadonlyArray<unknown>
  readonly window: number | undefined
}

const start: Walked = { index: 0, errors: [], window: undefined }

type AnyTarget = Pick<Target<unknown, unknown, unknown>, "name" | "contextWindow">

/** Past the targets that are known to be too small. */
const skip = (targets: ReadonlyArray<AnyTarget>, walked: Walked): Walked => {
  const { errors, index, window } = walked
  const target = targets[index]
  if (target === undefined || window === undefined || (target.contextWindow ?? 0) > window) return walked
  return skip(targets, { window, index: index + 1, errors: [...errors, tooSmall(target, window)] })
}

/** On to the next target after this failure, or nothing where no other target may help. */
const onward = (target: AnyTarget, walked: Walked, failure: unknown): Walked | undefined => {
  const { fallback, otherTarget } = LlmError.traits(failureOf(failure))
  if (!fallback) return undefined
  return {
    index: walked.index + 1,
    errors: [...walked.errors, failure],
    window: otherTarget === "largerWindow" ? (target.contextWindow ?? 0) : walked.window
  }
}

const walk = <A, E, R>(
  targets: ReadonlyArray<Target<A, E, R>>,
  before: Walked
): Effect.Effect<A, E | AllTargetsFailed, R> => {
  const walked = skip(targets, before)
  const target = targets[walked.index]
  if (target === undefined) return Effect.fail(new AllTargetsFailed({ errors: walked.errors }))
  const run = walked.index < targets.length - 1 ? Effect.provideService(target.run, OtherTargets, true) : target.run
  return Effect.flatMap(Effect.exit(run), (exit): Effect.Effect<A, E | AllTargetsFailed, R> => {
    if (Exit.isSuccess(exit)) return exit
    const failure = Cause.failureOption(exit.cause)
    if (Option.isNone(failure)) return exit
    const next = onward(target, walked, failure.value)
    return next === undefined ? exit : walk(targets, next)
  })
}

const walkStreams = <A, E, R>(
  targets: ReadonlyArray<StreamTarget<A, E, R>>,
  before: Walked
): Stream.Stream<A, E | AllTargetsFailed, R> => {
  const walked = skip(targets, before)
  const target = targets[walked.index]
  if (target === undefined) return Stream.fail(new AllTargetsFailed({ errors: walked.errors }))
  const run = walked.index < targets.length - 1 ? Stream.provideService(target.run, OtherTargets, true) : target.run
  return Stream.catchAll(run, (failure): Stream.Stream<A, E | AllTargetsFailed, R> => {
    const next = onward(target, walked, failure)
    return next === undefined ? Stream.fail(failure) : walkStreams(targets, next)
  })
}

/** A target passed over is reported like one that was asked: the prompt does not fit it either. */
const tooSmall = (target: AnyTarget, window: number): LlmError.LlmError =>
  new LlmError.ContextLengthExceeded({
    target: target.name,
    message: `${target.name} was skipped: its context window is no larger than the ${window} tokens that were too few`,
    limit: target.contextWindow
  })
