/**
 * A response of `fetch`, read to the end: an answer, or a failure with its status, its headers and its body.
 *
 * @internal
 */
import * as Option from "effect/Option"
import { fromFinishedResponse } from "../../classifier/FinishedResponse.js"
import { fromHttpResponse } from "../../classifier/HttpResponse.js"
import type { Origin } from "../../classifier/Verdict.js"
import type { LlmError } from "../errors/llmError.js"
import * as Errors from "../errors/llmError.js"
import { satisfies } from "../errors/safeRead.js"

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
    const failure = fromFinishedResponse({ body: body ?? text, status, headers })
    if (Option.isSome(failure)) throw failure.value
    if (body === undefined) throw new Errors.MalformedResponse({ status })
  }
  return body
}

const isResponse = (value: unknown): value is Response =>
  typeof value === "object" && value !== null && satisfies(value, (u): u is Response => u instanceof Response)

/**
 * What a function that may give a `Response` has to say of it: one that is a failure, or JSON that is none of an answer's,
 * is thrown. The response itself stays unread, and streams, sound and pictures are nobody's business here.
 */
export const examined = <A>(evaluate: (signal: AbortSignal) => PromiseLike<A>): typeof evaluate => {
  const look = (value: A): A | PromiseLike<A> => (isResponse(value) ? examine(value).then(() => value) : value)
  // A function without parameters is not to be made one with a signal, which costs.
  if (evaluate.length > 0) return (signal) => evaluate(signal).then(look)
  return () => evaluate(undefined as never).then(look)
}

const examine = async (response: Response): Promise<void> => {
  const { ok, status } = response
  const isJson = /[/+]json\b/i.test(response.headers.get("content-type") ?? "")
  if (ok && (!isJson || response.bodyUsed)) return
  const headers = Object.fromEntries(response.headers)
  const text = response.bodyUsed
    ? ""
    : await response
        .clone()
        .text()
        .catch(() => "")
  if (!ok) throw new FailedResponse(status, headers, text)
  const failure = fromFinishedResponse({ body: text, status, headers })
  if (Option.isSome(failure)) throw failure.value
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const failureOf = (thrown: FailedResponse, origin: Pick<Origin, "target" | "provider">): LlmError => {
  const { body, headers, status } = thrown
  return fromHttpResponse({ ...origin, status, headers, body })
}
