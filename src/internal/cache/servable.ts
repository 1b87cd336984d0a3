import { failureOf } from "../errors/failureOf.js"
import type { Tag } from "../errors/llmError.js"
import { AllTargetsFailed } from "../errors/rejection.js"

/** What a failure says about the request itself: an answer of before would pass over what the caller has to know. */
const ownFault: ReadonlySet<Tag | string> = new Set<Tag>([
  "ContentFiltered",
  "InvalidRequest",
  "RequestTooLarge",
  "ContextLengthExceeded",
  "Conflict"
])

/**
 * Whether an answer of before may be given in place of this failure.
 *
 * @internal
 */
export const servable = (failure: unknown): boolean => {
  const error = failureOf(failure)
  if (error instanceof AllTargetsFailed) return error.errors.some(servable)
  return !ownFault.has(error._tag)
}
