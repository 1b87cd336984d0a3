/**
 * Anything that was thrown becomes an `LlmError`.
 */
import * as LlmError from "../internal/errors/llmError.js"
import { isRejection, type Rejection } from "../internal/errors/rejection.js"
import * as Foreign from "../internal/errors/safeRead.js"
import { unwrap } from "../internal/errors/wrapped.js"
import { isBareError } from "./BareError.js"
import * as EffectErrors from "./EffectErrors.js"
import { badEnding } from "./Ending.js"
import { errorBody, fromErrorBody, parsed } from "./ErrorBody.js"
import { ofCall, ofResponse } from "./Failures.js"
import { headersIn } from "./Headers.js"
import { examine, meaningOf } from "./HttpResponse.js"
import { type Reading, type Response, sureness } from "./Reading.js"
import * as Sdk from "./Sdk.js"
import { thrownAs } from "./Thrown.js"
import * as Transport from "./Transport.js"
import { changed, known, type Origin, table, type Verdict } from "./Verdict.js"
import { sayNothing } from "./Words.js"

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

const bodyInWords = (value: object): Reading | undefined => {
  const data = errorBody(Foreign.text(value, "message"))
  return data === undefined ? undefined : { sure: sureness.worded, response: { body: data } }
}

/** Mistakes of a program, which say nothing about a provider whatever their words are. */
const mistakes = new Set(["TypeError", "ReferenceError", "RangeError", "SyntaxError", "EvalError", "URIError"])

/** What words say that nobody knows. */
const unknownWords: ReadonlySet<LlmError.Tag> = new Set(["MalformedResponse", "StreamInterrupted", "Unclassified"])

const mostWords = 1_000

/** Cloudflare's Workers AI binding throws plain errors whose message begins with one of its codes. */
// biome-ignore format: a table
const bindingCodes = table({
  3003: { is: "InvalidRequest" }, 3006: { is: "RequestTooLarge" }, 3007: { is: "TimedOut", phase: "provider" },
  3008: { is: "TimedOut", phase: "provider" }, 3023: { is: "PermissionDenied" }, 3036: { is: "QuotaExhausted" },
  3039: { is: "InvalidRequest" }, 3040: { is: "Overloaded" }, 3041: { is: "PermissionDenied" },
  3042: { is: "ModelNotFound" }, 3043: { is: "ServerError" }, 3046: { is: "TimedOut", phase: "provider" },
  5004: { is: "InvalidRequest" }, 5005: { is: "InvalidRequest" }, 5007: { is: "ModelNotFound" },
  5016: { is: "ModelNotFound" }, 5018: { is: "ModelNotFound" }, 5019: { is: "InvalidRequest" }
})

const bindingCode = (said: string): Verdict | undefined => {
  const code = /^(?:[a-z]{2,40}error: |error:? )?(\d{4}): /i.exec(said)?.[1]
  const verdict = code === undefined ? undefined : bindingCodes(code)
  return code === undefined || verdict === undefined ? undefined : { ...verdict, code }
}

/** A message that a wrapper kept when it threw away everything else. */
const plainWords = (value: unknown): Reading | undefined => {
  const said = typeof value === "string" ? value : Foreign.isError(value) ? Foreign.text(value, "message") : undefined
  if (said === undefined || said.length > mostWords || said.trim() === "") return undefined
  if (Foreign.names(value).some((name) => mistakes.has(name))) return undefined
  const verdict = bindingCode(said)
  if (verdict !== undefined) return { sure: sureness.worded, verdict }
  if (!sayNothing(said) && !unknownWords.has(meaningOf({ status: 200, body: said }).is))
    return { sure: sureness.vague, response: { body: { message: said } } }
  const status = statedStatus(said)
  if (status !== undefined) return { sure: sureness.vague, response: { status, body: { message: said } } }
  return typeof value === "string" ? Transport.read({ message: said }) : undefined
}

/**
 * All that is left of a response where somebody threw only its status: "HTTP error! status: 503". A number alone is
 * none, since messages quote counts of tokens and what was asked.
 */
const statedStatus = (said: string): number | undefined => {
  const found =
    /^.{0,80}?\b(?:status(?: ?code)?|response code|http(?: error)?)\b ?[:=]? ?(?:of )?\(?([45]\d\d)\b/i.exec(said)
  return found === null ? undefined : Number(found[1])
}

/** How far down the causes of an error its own word on trying again is looked for. */
const mostFlags = 8

/**
 * What the error itself says of trying again. The Vercel AI SDK makes its flag of the status alone; there only one that
 * somebody set otherwise says anything.
 */
const flagOf = (thrown: unknown): boolean | undefined => {
  let value = thrown
  for (let at = 0; at < mostFlags && Foreign.isObject(value); at++) {
    for (const name of ["retryable", "isRetryable"]) {
      const flag = Foreign.get(value, name)
      if (typeof flag === "boolean" && !(Foreign.text(value, "name") === "AI_APICallError" && isOfStatus(value, flag)))
        return flag
    }
    value = Foreign.get(value, "cause") ?? Foreign.get(value, "lastError")
  }
  return undefined
}

/** Without a status, too, it is a guess: of a connection that failed, whatever the reason. */
const isOfStatus = (error: object, flag: boolean): boolean => {
  const status = Foreign.status(Foreign.get(error, "statusCode"))
  return status === undefined || flag === (status >= 500 || [408, 409, 429].includes(status))
}

/** Nothing makes money that is spent come back, and nobody wants a cancelled call. */
const flagged = (error: LlmError.LlmError, thrown: unknown): LlmError.LlmError => {
  const flag = flagOf(thrown)
  if (flag === undefined || flag === error.retryable || error.code === "ABORT_ERR") return error
  return flag && error._tag === "QuotaExhausted" ? error : changed(error, { retryable: flag })
}

const readers: ReadonlyArray<(error: object) => Reading | undefined> = [
  EffectErrors.read,
  Sdk.read,
  Transport.read,
  body
]

/** What is left of them for an error that holds nothing but words. */
const readersOfWords: typeof readers = [Sdk.readWords, Transport.readWords, bodyInWords]

const look = (value: object): Reading | undefined => {
  const original = unwrap(value) ?? Foreign.original(value)
  if (LlmError.isLlmError(original) || isRejection(original)) return { sure: sureness.original, original }
  let best: Reading | undefined
  for (const read of isBareError(value) ? readersOfWords : readers) {
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
    if (isBareError(value)) continue
    for (const next of related(value)) {
      if (!Foreign.isObject(next) || seen.has(next) || pending.length >= mostValues) continue
      seen.add(next)
      pending.push(next)
    }
  }
  return best
}

/** @internal */
export const failureFromUnknown = (thrown: unknown, origin: Place = {}): LlmError.LlmError | Rejection => {
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
export const fromUnknown = (thrown: unknown, origin: Place = {}): LlmError.LlmError => {
  const failure = failureFromUnknown(thrown, origin)
  return isRejection(failure) ? ofCall({ is: "Unclassified", code: failure._tag }, thrown, origin) : failure
}

/** An abort is said to be one by clients that gave up for themselves, too. */
const ownTimeout: Verdict = { is: "TimedOut", phase: "attempt" }

/**
 * Reads what a call threw of which it is known whether its caller had given it up: whose signal was aborted decides, and
 * never what the error says of it.
 *
 * @internal
 */
export const fromThrown = (thrown: unknown, origin: Origin, givenUp: boolean): LlmError.LlmError => {
  if (givenUp) return ofCall({ is: "Unclassified", cancelled: "aborted" }, thrown, origin)
  return fromUnknown(thrown, { ...origin, notAborted: true })
}

/** A failure that knows no target yet is told. The one that was thrown may be somebody's constant, so it is copied. */
const placed = (error: LlmError.LlmError, origin: Origin): LlmError.LlmError => {
  if (origin.target === undefined || error.target !== undefined) return error
  const copy = changed(error, { ...known(origin), ...Foreign.defined(error) })
  return error.stack === undefined ? copy : Object.defineProperty(copy, "stack", { value: error.stack })
}

/** Where an error comes from, and whether it is known that nobody aborted the call. */
interface Place extends Origin {
  readonly notAborted?: true
}

const fromReading = (reading: Reading | undefined, thrown: unknown, origin: Place): LlmError.LlmError | Rejection => {
  if (reading === undefined) return flagged(unknown(thrown, origin), thrown)
  if ("original" in reading) return reading.original
  const error =
    "verdict" in reading
      ? ofCall(heard(reading.verdict, origin), thrown, origin)
      : fromResponse(reading.response, thrown, origin)
  return flagged(error, thrown)
}

/** Says `TypeError`, so that a bug of the program's own is not taken for the provider's. */
const unknown = (thrown: unknown, origin: Origin): LlmError.LlmError =>
  ofCall({ is: "Unclassified", ...thrownAs(thrown) }, thrown, origin)

const heard = (verdict: Verdict, { notAborted }: Place): Verdict =>
  verdict.cancelled === "aborted" && notAborted === true ? ownTimeout : verdict

const fromResponse = (response: Response, cause: unknown, origin: Origin): LlmError.LlmError => {
  const { body, headers, status } = response
  const from = { ...origin, provider: origin.provider ?? response.provider }
  if (status === undefined) return fromErrorBody(body, from, { headers, cause })
  if (status < 400) return fromSuccess(response, cause, from)
  const { about, verdict } = examine({
    ...known(from),
    status,
    headers: headersIn(headers),
    // An event of a stream to which the client gave a status of its own making, or a body.
    body: errorBody(body) ?? body
  })
  return ofResponse(verdict, about, cause)
}

/** A success that the client could make nothing of: because it says that there is no answer, or for being unreadable. */
const fromSuccess = ({ body, headers, status }: Response, cause: unknown, origin: Origin): LlmError.LlmError => {
  const error = errorBody(body)
  if (error !== undefined) return fromErrorBody(error, origin, { headers, status, cause })
  return ofCall(badEnding(parsed(body)) ?? { is: "MalformedResponse" }, cause, origin, status)
}
