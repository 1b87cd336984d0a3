/**
 * Whether a response that has come whole is an answer.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Classifier from "../../Classifier.js"
import { isCleanAnswer } from "../../classifier/CleanAnswer.js"
import type { LlmError } from "../../LlmError.js"
import type { Api } from "./apis.js"
import type { Seen } from "./seen.js"

/** What an answer is an answer to. @internal */
export interface Asks {
  readonly api: Api
  /** The provider as the classifier knows it. */
  readonly known: string | undefined
}

/** A failure in a 200 is short. What is longer is not looked through where no answer of a model is expected. */
const longestFailure = 16_384

const onlyMessage = /^\s*\{\s*"(?:message|detail)"\s*:\s*"(?:[^"\\]|\\.)*"\s*\}\s*$/

/** Why the body that has come is no answer, if it is none. @internal */
export const judge = ({ api, known }: Asks, target: string, seen: Seen): Option.Option<LlmError> => {
  const { headers, status } = seen.headOf
  const origin = { target, provider: known }
  if (status < 200 || status > 299) {
    return Option.some(Classifier.fromHttpResponse({ ...origin, status, headers, body: seen.bytes }))
  }
  if (api.answers) {
    if (isCleanAnswer(seen.body)) return Option.none()
    return Classifier.fromFinishedResponse({ ...origin, status, headers, body: seen.body ?? seen.bytes })
  }
  const { bytes } = seen
  const finished = (body: unknown) => Classifier.fromFinishedResponse({ ...origin, status, headers, body })
  if (bytes.length > longestFailure) return isClosed(bytes) ? Option.none() : finished(bytes)
  const data = new TextDecoder().decode(bytes)
  return Option.orElse(Classifier.fromStreamEvent({ ...origin, data }), () => {
    if (seen.body === undefined) return finished(bytes)
    // Some say no more than a message where the answer should be.
    return onlyMessage.test(data) ? finished(seen.body) : Option.none()
  })
}

/** Whether JSON that begins with a bracket ends with its fellow: what was cut does not. */
const isClosed = (bytes: Uint8Array): boolean => {
  let end = bytes.length - 1
  while (end > 0 && isWhite(bytes[end])) end--
  let start = 0
  while (start < end && isWhite(bytes[start])) start++
  const [open, close] = [bytes[start], bytes[end]]
  return (open === 0x7b && close === 0x7d) || (open === 0x5b && close === 0x5d)
}

const isWhite = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
