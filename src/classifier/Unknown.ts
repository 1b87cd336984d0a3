/**
 * Anything that was thrown becomes an `LlmError`.
 */
import * as Redacted from "effect/Redacted"
import { unfold } from "../internal/folded.js"
import * as Foreign from "../internal/foreign.js"
import * as LlmError from "../LlmError.js"
import { isRejection, type Rejection } from "../Rejection.js"
import * as EffectErrors from "./EffectErrors.js"
import { badEnding } from "./Ending.js"
import { errorBody, fromErrorBody, parsed } from "./ErrorBody.js"
import { fromHttpResponse } from "./HttpResponse.js"
import { type Reading, type Response, sureness } from "./Reading.js"
import * as Sdk from "./Sdk.js"
import * as Transport from "./Transport.js"
import { changed, fromVerdict, known, type Origin } from "./Verdict.js"

/** How many values that hang together are looked at. */
const mostValues = 128

/** Where errors keep other errors, the most telling first. */
const links = ["lastError", "cause", "error", "originalError", "reason", "failure"]

const related = (value: object): ReadonlyArray<unknown> => [
  ...EffectErrors.inside(value),
  ...links.map((link) => Foreign.get(value, link)),
  ...Foreign.items(Foreign.get(value, "errors"), mostValues)
]

/** Data that was thrown as it came, or that is the message of an error. */
const body = (value: unknown): Reading | undefined => {
  const data = errorBody(value) ?? errorBody(Foreign.text(value, "message"))
  return data === undefined ? undefined : { sure: sureness.worded, response: { body: data } }
}

/** Mistakes of a program, which say nothing about a provider whatever their words are. */
const mistakes = new Set(["TypeError", "ReferenceError", "RangeError", "SyntaxError", "EvalError", "URIError"])

/** What plain words alone may be taken to say. */
const tellable: ReadonlySet<LlmError.Tag> = new Set<LlmError.Tag>([
  "RateLimited",
  "QuotaExhausted",
  "Overloaded",
  "ContextLengthExceeded",
  "ContentFiltered",
  "AuthenticationFailed",
  "TimedOut"
])

const mostWords = 1_000

/** A message that a wrapper kept when it threw away everything else. */
const plainWords = (value: unknown): Reading | undefined => {
  const said = typeof value === "string" ? value : Foreign.isError(value) ? Foreign.text(value, "message") : undefined
  if (said === undefined || said.trim() === "" || said.length > mostWords) return undefined
  if (Foreign.names(value).some((name) => mistakes.has(name))) return undefined
  const read = fromHttpResponse({ status: 200, body: { message: said } })
  return tellable.has(read._tag) ? { sure: sureness.vague, response: { body: { message: said } } } : undefined
}

const readers: ReadonlyArray<(error: object) => Reading | undefined> = [
  EffectErrors.read,
  Sdk.read,
  Transport.read,
  body
]

const look = (value: object): Reading | undefined => {
  const original = unfold(value) ?? Foreign.original(value)
  if (LlmError.isLlmError(original) || isRejection(original)) return { sure: sureness.original, original }
  let best: Reading | undefined
  for (const read of readers) {
    const reading = read(value)
    if (reading !== undefined && (best === undefined || reading.sure < best.sure)) best = reading
  }
  return best ?? plainWords(value)
}

/** The surest reading of all values that hang together; among equals the nearest to the surface. */
const surest = (thrown: object): Reading | undefined => {
  const pending: Array<object> = [thrown]
  const seen = new Set<object>(pending)
  let best: Reading | undefined
  for (let at = 0; at < pending.length; at++) {
    const value = pending[at] as object
    const reading = look(value)
    if (reading !== undefined && (best === undefined || reading.sure < best.sure)) best = reading
    if (best?.sure === sureness.original) break
    for (const next of related(value)) {
      if (!Foreign.isObject(next) || seen.has(next) || pending.length >= mostValues) continue
      seen.add(next)
      pending.push(next)
    }
  }
  return best
}

/** @internal */
export const failureFromUnknown = (thrown: unknown, origin: Origin = {}): LlmError.LlmError | Rejection => {
  if (!Foreign.isObject(thrown)) return fromReading(body(thrown) ?? plainWords(thrown), thrown, origin)
  const failure = Foreign.original(thrown)
  if (LlmError.isLlmError(failure)) return placed(failure, origin)
  return fromReading(surest(thrown), thrown, origin)
}

/**
 * The same, where only an `LlmError` will do: of a rejection its tag is left, and that it says nothing of a provider.
 *
 * @internal
 */
export const fromUnknown = (thrown: unknown, origin: Origin = {}): LlmError.LlmError => {
  const failure = failureFromUnknown(thrown, origin)
  return isRejection(failure) ? fromVerdict({ is: "Unclassified", code: failure._tag }, thrown, origin) : failure
}

/** A failure that knows no target yet is told. The one that was thrown may be somebody's constant, so it is copied. */
const placed = (error: LlmError.LlmError, origin: Origin): LlmError.LlmError => {
  if (origin.target === undefined || error.target !== undefined) return error
  const copy = changed(error, { ...known(origin), ...Foreign.defined(error) })
  return error.stack === undefined ? copy : Object.defineProperty(copy, "stack", { value: error.stack })
}

const fromReading = (reading: Reading | undefined, thrown: unknown, origin: Origin): LlmError.LlmError | Rejection => {
  if (reading === undefined) return fromVerdict({ is: "Unclassified" }, thrown, origin)
  if ("original" in reading) return reading.original
  return "verdict" in reading
    ? fromVerdict(reading.verdict, thrown, origin)
    : fromResponse(reading.response, thrown, origin)
}

const fromResponse = (response: Response, cause: unknown, origin: Origin): LlmError.LlmError => {
  const { body, headers, status } = response
  const from = { ...origin, provider: origin.provider ?? response.provider }
  if (status === undefined) return fromErrorBody(body, from, { headers, cause })
  if (status < 400) return fromSuccess(response, cause, from)
  const read = fromHttpResponse({
    ...known(from),
    status,
    headers: Foreign.record(headers),
    // An event of a stream to which the client gave a status of its own making, or a body.
    body: errorBody(body) ?? body
  })
  return changed(read, { cause: Redacted.make(cause) })
}

/** A success that the client could make nothing of: because it says that there is no answer, or for being unreadable. */
const fromSuccess = ({ body, headers, status }: Response, cause: unknown, origin: Origin): LlmError.LlmError => {
  const error = errorBody(body)
  if (error !== undefined) return fromErrorBody(error, origin, { headers, status, cause })
  return fromVerdict(badEnding(parsed(body)) ?? { is: "MalformedResponse" }, cause, origin, status)
}
