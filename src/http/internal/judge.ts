/**
 * Whether a response that has come whole is an answer.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Classifier from "../../Classifier.js"
import type { LlmError } from "../../LlmError.js"
import type { Api } from "./apis.js"
import type { Head } from "./seen.js"

/** What an answer is an answer to. @internal */
export interface Asks {
  readonly api: Api
  /** The provider as the classifier knows it. */
  readonly known: string | undefined
}

/** A failure in a 200 is short. What is longer is not looked through where no answer of a model is expected. */
const longestFailure = 16_384

/** @internal */
export const judge = (asked: Asks, target: string, head: Head, bytes: Uint8Array): Option.Option<LlmError> => {
  const origin = { target, provider: asked.known }
  const headers = Object.fromEntries(head.headers)
  if (head.status < 200 || head.status > 299) {
    return Option.some(Classifier.fromHttpResponse({ ...origin, status: head.status, headers, body: bytes }))
  }
  if (asked.api.answers) {
    return Classifier.fromFinishedResponse({ ...origin, status: head.status, headers, body: bytes })
  }
  return bytes.length > longestFailure
    ? Option.none()
    : Classifier.fromStreamEvent({ ...origin, data: new TextDecoder().decode(bytes) })
}
