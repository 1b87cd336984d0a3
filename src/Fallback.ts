/**
 * Several targets for one call, tried in order as far as their failures allow.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
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
  return others.length === 0 ? only.run : walk(targets, 0, { errors: [], window: undefined })
}

/** What the walk has learnt so far: every error, and the window that was too small, if one was. */
interface Walked {
  readonly errors: ReadonlyArray<unknown>
  readonly window: number | undefined
}

const walk = <A, E, R>(
  targets: ReadonlyArray<Target<A, E, R>>,
  index: number,
  walked: Walked
): Effect.Effect<A, E | AllTargetsFailed, R> => {
  const target = targets[index]
  if (target === undefined) return Effect.fail(new AllTargetsFailed({ errors: walked.errors }))
  if (walked.window !== undefined && (target.contextWindow ?? 0) <= walked.window) {
    return walk(targets, index + 1, { ...walked, errors: [...walked.errors, tooSmall(target, walked.window)] })
  }
  const run = index < targets.length - 1 ? Effect.provideService(target.run, OtherTargets, true) : target.run
  return Effect.flatMap(Effect.exit(run), (exit): Effect.Effect<A, E | AllTargetsFailed, R> => {
    if (Exit.isSuccess(exit)) return exit
    const failure = Cause.failureOption(exit.cause)
    if (Option.isNone(failure)) return exit
    const error = failureOf(failure.value)
    const { fallback, otherTarget } = LlmError.traits(error)
    if (!fallback) return exit
    return walk(targets, index + 1, {
      errors: [...walked.errors, failure.value],
      window: otherTarget === "largerWindow" ? (target.contextWindow ?? 0) : walked.window
    })
  })
}

/** A target passed over is reported like one that was asked: the prompt does not fit it either. */
const tooSmall = (target: Target<unknown, unknown, unknown>, window: number): LlmError.LlmError =>
  new LlmError.ContextLengthExceeded({
    target: target.name,
    message: `${target.name} was skipped: its context window is no larger than the ${window} tokens that were too few`,
    limit: target.contextWindow
  })
