/**
 * What one hedged call does about a failure, as pure functions. Which failures another attempt can help with stands in
 * `LlmError.traits`.
 *
 * @internal
 */
import { failureOf } from "../errors/failureOf.js"
import type { Tag } from "../errors/llmError.js"
import { AllTargetsFailed, isRejection, soonest } from "../errors/rejection.js"
import { traits } from "../errors/traits.js"

/** What follows a failure: another attempt at once, nothing but the attempts under way, or the end of the call. */
export type After = "next" | "wait" | "end"

/**
 * Across targets. A failure of the first one that no other can help with is the answer to the request itself. The same
 * from a target that was asked in addition is that target's own: the first one may still answer.
 *
 * @internal
 */
export const afterOther = (failure: unknown, isFirst: boolean, fallbackOn: ReadonlyArray<Tag>): After => {
  const error = failureOf(failure)
  if (traits(error).fallback || fallbackOn.some((tag) => tag === error._tag)) return "next"
  return isFirst ? "end" : "wait"
}

/** On one target. What asks to be left alone, or lets nothing through, is not asked again at once. @internal */
export const afterSame = (failure: unknown): After => {
  const error = failureOf(failure)
  if (isRejection(error)) return error._tag === "DeadlineExceeded" ? "end" : "wait"
  const { parks, retryable } = traits(error)
  return parks ? "wait" : retryable ? "next" : "end"
}

/** What became of one target. */
export interface Seen {
  readonly target: string
  readonly error: unknown
  readonly asked: boolean
}

/** Of several targets' failures each is told, and who was not asked. @internal */
export const failedAcross = (seen: ReadonlyArray<Seen>, unasked: ReadonlyArray<string>): AllTargetsFailed => {
  const read = seen.map(({ error }) => failureOf(error))
  return new AllTargetsFailed({
    errors: seen.map(({ error }) => error),
    targets: [
      ...seen.map(({ asked, target }, index) => ({ target, tag: read[index]!._tag, asked })),
      ...unasked.map((target) => ({ target, asked: false }))
    ],
    retryAfter: soonest(read)
  })
}

/** Of one target's failures the last that is its own. @internal */
export const failedAgain = (seen: ReadonlyArray<Seen>): unknown =>
  (seen.findLast(({ error }) => !isRejection(error)) ?? seen.at(-1))?.error
