import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Classifier from "../../../Classifier.js"
import { fromUnknown } from "../../../classifier/Unknown.js"
import type { Reading } from "../../../StreamDialect.js"
import { type LlmError, ServerError } from "../../errors/llmError.js"
import { isError } from "../../errors/safeRead.js"
import { isFields } from "./shape.js"

/**
 * An element in which the provider says that it failed. Where the classifier knows nothing of it, the fault is on the
 * provider's side all the same.
 *
 * @internal
 */
export const failed = (provider: string | undefined, data: unknown, event?: string): Reading => ({
  kind: "metadata",
  error: Option.getOrElse(
    failureIn(provider, data, event),
    () =>
      new ServerError({
        message: "The provider reported a failure within its stream",
        cause: Redacted.make(data),
        ...(provider !== undefined && { provider })
      })
  )
})

/**
 * An element that says how the answer ended, which may be a failure under another name: a safety rule, a refusal, a
 * provider that gave up.
 *
 * @internal
 */
export const judged = (provider: string | undefined, data: unknown, reading: Reading): Reading => {
  const failure = failureIn(provider, data, undefined)
  return Option.isSome(failure) ? { ...reading, error: failure.value } : reading
}

/** An error part: a provider's own event, of whichever provider, or an error that was thrown. @internal */
export const failedPart = (error: unknown): Reading =>
  isFields(error) && !isError(error)
    ? failed(undefined, "type" in error && error.type === "error" ? error : { type: "error", error })
    : { kind: "metadata", error: fromUnknown(error) }

const failureIn = (provider: string | undefined, data: unknown, event: string | undefined): Option.Option<LlmError> =>
  Classifier.fromStreamEvent({ data, event, ...(provider !== undefined && { provider }) })
