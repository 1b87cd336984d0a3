/**
 * A response of `fetch`, read to the end: an answer, or a failure with its status, its headers and its body.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Classifier from "../../Classifier.js"
import type { LlmError } from "../errors/llmError.js"
import * as Errors from "../errors/llmError.js"

type Fetch = typeof globalThis.fetch

export interface Asked {
  readonly url: Parameters<Fetch>[0]
  readonly init?: Omit<NonNullable<Parameters<Fetch>[1]>, "signal"> | undefined
  readonly fetch?: Fetch | undefined
  readonly read?: "json" | "text" | undefined
  readonly checkAnswer?: boolean | undefined
}

/** What a reader of the user's own is shown: a failed response with all that it says. */
export class FailedResponse extends Error {
  override readonly name = "FailedResponse"

  constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, string>>,
    readonly body: string
  ) {
    super("the response is a failure")
  }
}

export const ask = async (asked: Asked, signal: AbortSignal): Promise<unknown> => {
  const response = await (asked.fetch ?? globalThis.fetch)(asked.url, { ...asked.init, signal })
  const { status } = response
  const headers = Object.fromEntries(response.headers)
  if (!response.ok) {
    // A body that breaks off leaves what the status and the headers say.
    throw new FailedResponse(status, headers, await response.text().catch(() => ""))
  }
  const text = await response.text()
  const body = asked.read === "text" ? text : parsed(text)
  if (asked.checkAnswer === true || body === undefined) {
    const failure = Classifier.fromFinishedResponse({ body: body ?? text, status, headers })
    if (Option.isSome(failure)) throw failure.value
    if (body === undefined) throw new Errors.MalformedResponse({ status })
  }
  return body
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const failureOf = (thrown: FailedResponse, origin: Pick<Classifier.Origin, "target" | "provider">): LlmError => {
  const { body, headers, status } = thrown
  return Classifier.fromHttpResponse({ ...origin, status, headers, body })
}
