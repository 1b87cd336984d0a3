/**
 * The errors of Effect's own packages, told by tag and shape: `HttpClientError`, the `AiError` of `@effect/ai`,
 * `ParseError`, and what a fiber leaves behind.
 */
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Runtime from "effect/Runtime"
import * as Foreign from "../internal/errors/safeRead.js"
import { errorBody } from "./ErrorBody.js"
import { type Reading, sureness } from "./Reading.js"
import type { Verdict } from "./Verdict.js"

const malformed: Reading = { sure: sureness.vague, verdict: { is: "MalformedResponse" } }

/** Why a request was not sent, in the words of `@effect/platform`. What hangs on a `Transport` error says more. */
const reasons: Readonly<Record<string, Reading>> = {
  Transport: { sure: sureness.vague, verdict: { is: "ConnectionFailed", sent: "maybe" } },
  Encode: { sure: sureness.named, verdict: { is: "InvalidRequest" } },
  InvalidUrl: { sure: sureness.named, verdict: { is: "ConnectionFailed", sent: "no", retryable: false } }
}

const unsent = (error: object): Reading | undefined => {
  const reason = Foreign.text(error, "reason")
  return reason !== undefined && Object.hasOwn(reasons, reason) ? reasons[reason] : undefined
}

const answered = (error: object): Reading | undefined => {
  const status = Foreign.status(Foreign.get(error, "response", "status"))
  if (status === undefined) return undefined
  const body = Foreign.text(error, "body")
  // An absent body is printed as "undefined" or "null" by @effect/ai.
  const said = body === undefined || body === "undefined" || body === "null" ? undefined : body
  return {
    sure: status < 400 ? sureness.vague : sureness.certain,
    response: { status, headers: Foreign.get(error, "response", "headers"), body: said }
  }
}

/** How far a schema's complaint is searched for the data it complains of. */
const mostIssues = 64

/**
 * A client that expected an answer and was sent an error complains of the schema; the error is what it complains of.
 */
const complainedOf = (error: object): Reading => {
  const pending: Array<unknown> = [Foreign.get(error, "issue")]
  for (let seen = 0; seen < mostIssues && pending.length > 0; seen++) {
    const issue = pending.shift()
    const actual = Foreign.get(issue, "actual")
    const data = Foreign.satisfies(actual, Chunk.isChunk) ? undefined : errorBody(actual)
    if (data !== undefined) return { sure: sureness.certain, response: { body: data } }
    const issues = Foreign.get(issue, "issues")
    pending.push(Foreign.get(issue, "issue"), ...(Array.isArray(issues) ? issues.slice(0, mostIssues) : [issues]))
  }
  return malformed
}

const byTag: Readonly<Record<string, (error: object) => Reading | undefined>> = {
  RequestError: unsent,
  HttpRequestError: unsent,
  ResponseError: answered,
  HttpResponseError: answered,
  ParseError: complainedOf,
  MalformedOutput: () => malformed,
  MalformedInput: () => ({ sure: sureness.named, verdict: { is: "InvalidRequest" } })
}

/** What is one of Effect's says so in a string; a proxy that has everything would be walked without end. */
const tagged = (value: unknown): boolean => Foreign.text(value, "_tag") !== undefined

const cancelled: Verdict = { is: "Unclassified", cancelled: "interrupted" }

/**
 * Reads an error of Effect's packages.
 *
 * @internal
 */
export const read = (error: object): Reading | undefined => {
  if (tagged(error) && Foreign.satisfies(error, Cause.isCause) && interruptedOnly(error)) {
    return { sure: sureness.certain, verdict: cancelled }
  }
  const tag = Foreign.text(error, "_tag")
  return tag !== undefined && Object.hasOwn(byTag, tag) ? byTag[tag]?.(error) : undefined
}

const interruptedOnly = (cause: Cause.Cause<unknown>): boolean => {
  try {
    return Cause.isInterruptedOnly(cause) && !Cause.isEmpty(cause)
  } catch {
    return false
  }
}

/**
 * The failures and defects inside a `Cause`, or inside the error that `Effect.runPromise` rejects with.
 *
 * @internal
 */
export const inside = (value: object): ReadonlyArray<unknown> => {
  const cause = Foreign.get(value, Runtime.FiberFailureCauseId)
  if (tagged(cause) && Foreign.satisfies(cause, Cause.isCause)) return [cause]
  if (!tagged(value) || !Foreign.satisfies(value, Cause.isCause)) return []
  try {
    return [...Cause.failures(value), ...Cause.defects(value)]
  } catch {
    return []
  }
}
