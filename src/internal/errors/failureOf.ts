import * as Classifier from "../../Classifier.js"
import type { LlmError } from "./llmError.js"
import type { Rejection } from "./rejection.js"

/**
 * What a policy decides by: a rejection or an `LlmError` as it is, also one folded into a foreign error type; anything
 * else as the classifier reads it.
 *
 * @internal
 */
export const failureOf = (error: unknown): LlmError | Rejection => Classifier.fromUnknown(error)
