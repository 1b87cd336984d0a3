/**
 * From the body of a request to what is asked, or to the complaint about it, in the words of its dialect.
 */
import * as Either from "effect/Either"
import { Anthropic } from "./Anthropic.js"
import { OpenAiChat } from "./OpenAiChat.js"
import type { Particulars, Problem } from "./Problem.js"
import type { ProviderRequest } from "./Reply.js"
import { type Complaint, isBody, type Wire } from "./Wire.js"

/** @internal */
export const readRequest = (wire: Wire, body: string, path: string): ProviderRequest | Complaint =>
  Either.match(
    Either.try((): unknown => JSON.parse(body)),
    {
      onLeft: () => ({ message: "We could not parse the JSON body of your request.", param: "body" }),
      onRight: (parsed) =>
        isBody(parsed)
          ? wire.read(parsed, path)
          : { message: "The body of the request is not a JSON object.", param: "body" }
    }
  )

/** What is wrong with a request of which only the first line is known. @internal */
export const misdirected = (
  wire: Wire | undefined,
  method: string,
  path: string
): (Particulars & { readonly status: number }) | undefined => {
  if (wire === undefined) return { status: 404, message: `Invalid URL (${method} ${path})` }
  return method === "POST" ? undefined : { status: 405, message: `Not allowed to ${method} on ${path}.` }
}

/** A response that no script has a part in. @internal */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** @internal */
export const refusal = (
  speaks: { readonly wire: Wire | undefined; readonly anthropic: boolean; readonly requestId: string },
  problem: Problem,
  about: Particulars & { readonly status?: number }
): Refusal => {
  const speaker = speaks.wire ?? (speaks.anthropic ? Anthropic : OpenAiChat)
  const { requestId } = speaks
  const { body, headers, status } = speaker.problem(problem, { requestId, ...about })
  return {
    status: about.status ?? status,
    headers: {
      "content-type": "application/json",
      [speaker.requestIdHeader]: requestId,
      ...headers,
      ...(about.status === 405 && { allow: "POST" })
    },
    body: JSON.stringify(body)
  }
}
