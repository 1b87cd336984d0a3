/**
 * Whether a response that has come whole is an answer.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Classifier from "../../Classifier.js"
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
  const { headers: all, status } = seen.headOf
  const origin = { target, provider: known }
  const headers = Object.fromEntries(all)
  if (status < 200 || status > 299) {
    return Option.some(Classifier.fromHttpResponse({ ...origin, status, headers, body: seen.bytes }))
  }
  if (api.answers) {
    return Classifier.fromFinishedResponse({ ...origin, status, headers, body: seen.body ?? seen.bytes })
  }
  if (seen.bytes.length > longestFailure) return Option.none()
  const data = new TextDecoder().decode(seen.bytes)
  return Option.orElse(Classifier.fromStreamEvent({ ...origin, data }), () =>
    // Some say no more than a message where the answer should be.
    onlyMessage.test(data)
      ? Classifier.fromFinishedResponse({ ...origin, status, headers, body: seen.body ?? seen.bytes })
      : Option.none()
  )
}
