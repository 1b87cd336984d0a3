import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { onlyWords } from "../../../classifier/ErrorBody.js"
import { fromStreamEvent } from "../../../classifier/StreamEvent.js"
import { fromUnknown } from "../../../classifier/Unknown.js"
import { type LlmError, ServerError } from "../../errors/llmError.js"
import { isError } from "../../errors/safeRead.js"
import type { Reading } from "./dialect.js"
import { type Fields, isFields } from "./fields.js"
import { malformed, metadata } from "./readings.js"

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

/**
 * An element that the format does not have. Often it is a failure in the words of somebody behind it: a relay, a gateway,
 * the server under a compatible front.
 *
 * @internal
 */
export const strange = (provider: string | undefined, element: unknown): Reading => {
  if (!isFields(element)) return malformed
  return onlyWords(element) === undefined
    ? unlessFailed(provider, element, malformed)
    : failed(provider, { error: element })
}

/**
 * An element with a type that the format does not have, or not yet: no content until somebody says so, and no failure
 * unless it reads as one. The end of the answer is known all the same.
 *
 * @internal
 */
export const untaught = (provider: string | undefined, element: Fields): Reading =>
  typeof element.type === "string" ? unlessFailed(provider, element, metadata) : strange(provider, element)

/** What it is taken for, unless it says that something failed. @internal */
export const unlessFailed = (provider: string | undefined, element: Fields, otherwise: Reading): Reading => {
  if (isError(element)) return failedPart(element)
  return element.error ? failed(provider, element) : judged(provider, element, otherwise)
}

/** An error part: a provider's own event, of whichever provider, or an error that was thrown. */
const failedPart = (error: unknown): Reading => {
  if (isError(error)) return { kind: "metadata", error: fromUnknown(error) }
  return failed(undefined, isFields(error) && error.type === "error" ? error : { type: "error", error })
}

/** What an error part holds; some are the failure themselves. @internal */
export const errorOf = (part: Fields): Reading =>
  part.error === undefined || part.error === null ? failed(undefined, part) : failedPart(part.error)

const failureIn = (provider: string | undefined, data: unknown, event: string | undefined): Option.Option<LlmError> =>
  fromStreamEvent({ data, event, ...(provider !== undefined && { provider }) })
