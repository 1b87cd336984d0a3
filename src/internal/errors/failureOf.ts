import { failureFromUnknown } from "../../classifier/Unknown.js"
import type { LlmError } from "./llmError.js"
import type { Rejection } from "./rejection.js"
import { isObject, original } from "./safeRead.js"

/**
 * What was read before, since the retrying, the circuit, the metrics and a walk over targets all ask for the same
 * failure, and reading one of an unknown kind takes longer than all of them.
 */
const known = new WeakMap<object, LlmError | Rejection>()

/**
 * What a policy decides by: a rejection or an `LlmError` as it is, also one folded into a foreign error type; anything
 * else as the classifier reads it.
 *
 * @internal
 */
export const failureOf = (error: unknown): LlmError | Rejection => {
  if (!isObject(error)) return failureFromUnknown(error)
  const itself = original(error)
  const before = known.get(itself)
  if (before !== undefined) return before
  const failure = failureFromUnknown(error)
  if (failure !== itself) known.set(itself, failure)
  return failure
}
