/**
 * Anything that was thrown becomes an `LlmError`.
 */
import * as Redacted from "effect/Redacted"
import { unfold } from "../internal/folded.js"
import * as Foreign from "../internal/foreign.js"
import * as LlmError from "../LlmError.js"
import * as EffectErrors from "./EffectErrors.js"
import { errorBody } from "./ErrorBody.js"
import { fromHttpResponse } from "./HttpResponse.js"
import { type Reading, type Response, sureness, type Verdict } from "./Reading.js"
import * as Sdk from "./Sdk.js"
import * as Transport from "./Transport.js"

/**
 * What is known of a failed call besides what was thrown.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Origin {
  /** The target's name, as the toolkit knows it. */
  readonly target?: string | undefined
  /** Whose dialect an error body is in. Recognised where it is not said. */
  readonly provider?: string | undefined
  readonly model?: string | undefined
}

/** How many values that hang together are looked at. */
const mostValues = 128

/** Where errors keep other errors, the most telling first. */
const links = ["lastError", "cause", "error", "originalError", "reason", "failure"]

const related = (value: object): ReadonlyArray<unknown> => [
  ...EffectErrors.inside(value),
  ...links.map((link) => Foreign.get(value, link)),
  ...Foreign.items(Foreign.get(value, "errors"), mostValues)
]

const transport = (error: object): Reading | undefined => {
  const coded = Transport.coded(error)
  if (coded !== undefined) return heard(sureness.certain, coded)
  const named = Transport.named(error)
  if (named !== undefined) return heard(sureness.named, named)
  const worded = Transport.worded(error)
  return worded && heard(sureness.worded, worded)
}

const heard = (sure: Reading["sure"], verdict: Verdict): Reading => ({
  sure: verdict.cancelled === true ? sureness.cancelled : sure,
  verdict
})

/** Data that was thrown as it came, or that is the message of an error. */
const body = (value: unknown): Reading | undefined => {
  const data = errorBody(value) ?? errorBody(Foreign.text(value, "message"))
  return data === undefined ? undefined : { sure: sureness.worded, response: { body: data } }
}

const readers: ReadonlyArray<(error: object) => Reading | undefined> = [EffectErrors.read, Sdk.read, transport, body]

const look = (value: object): Reading | undefined => {
  const original = unfold(value) ?? value
  if (Foreign.satisfies(original, LlmError.isLlmError)) return { sure: sureness.original, original }
  let best: Reading | undefined
  for (const read of readers) {
    const reading = read(value)
    if (reading !== undefined && (best === undefined || reading.sure < best.sure)) best = reading
  }
  return best
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
export const fromUnknown = (thrown: unknown, origin: Origin = {}): LlmError.LlmError => {
  if (!Foreign.isObject(thrown)) return fromReading(body(thrown), thrown, origin)
  if (Foreign.satisfies(thrown, LlmError.isLlmError)) return placed(thrown, origin)
  return fromReading(surest(thrown), thrown, origin)
}

/** A failure that knows no target yet is told. The one that was thrown may be somebody's constant, so it is copied. */
const placed = (error: LlmError.LlmError, origin: Origin): LlmError.LlmError => {
  if (origin.target === undefined || error.target !== undefined) return error
  const Class = error.constructor as new (props: object, options: object) => LlmError.LlmError
  const copy = new Class({ ...known(origin), ...defined(error) }, { disableValidation: true })
  if (error.stack !== undefined) Object.defineProperty(copy, "stack", { value: error.stack })
  return copy
}

const defined = (error: object): object =>
  Object.fromEntries(Object.entries(error).filter(([, value]) => value !== undefined))

const known = (origin: Origin): { readonly target?: string; readonly provider?: string; readonly model?: string } => ({
  ...(origin.target !== undefined && { target: origin.target }),
  ...(origin.provider !== undefined && { provider: origin.provider }),
  ...(origin.model !== undefined && { model: origin.model })
})

const fromReading = (reading: Reading | undefined, thrown: unknown, origin: Origin): LlmError.LlmError => {
  if (reading !== undefined && "original" in reading) return reading.original
  try {
    if (reading !== undefined && "response" in reading) return fromResponse(reading.response, origin)
  } catch {
    // What cannot be read is what nothing is known about.
  }
  return fromVerdict(reading === undefined || "response" in reading ? unknown : reading.verdict, thrown, origin)
}

const fromResponse = (response: Response, origin: Origin): LlmError.LlmError => {
  const failure = fromHttpResponse({
    ...known(origin),
    status: response.status ?? 200,
    headers: Foreign.record(response.headers),
    body: Foreign.snapshot(response.body),
    provider: origin.provider ?? response.provider
  })
  // An error after a 200, in words that nothing is known about: it is the provider's, and it can be read.
  return response.status === undefined && failure._tag === "MalformedResponse"
    ? new LlmError.ServerError(defined(failure))
    : failure
}

type Plain = Exclude<Verdict["is"], "ConnectionFailed" | "TimedOut" | "ContentFiltered">

const classes = {
  RateLimited: LlmError.RateLimited,
  QuotaExhausted: LlmError.QuotaExhausted,
  Overloaded: LlmError.Overloaded,
  ServerError: LlmError.ServerError,
  MalformedResponse: LlmError.MalformedResponse,
  ContextLengthExceeded: LlmError.ContextLengthExceeded,
  RequestTooLarge: LlmError.RequestTooLarge,
  ModelNotFound: LlmError.ModelNotFound,
  InvalidRequest: LlmError.InvalidRequest,
  Conflict: LlmError.Conflict,
  AuthenticationFailed: LlmError.AuthenticationFailed,
  PermissionDenied: LlmError.PermissionDenied,
  Unclassified: LlmError.Unclassified
} satisfies Record<Plain, unknown>

const unknown: Verdict = { is: "Unclassified" }

const fromVerdict = (verdict: Verdict, thrown: unknown, origin: Origin): LlmError.LlmError => {
  const where = origin.target === undefined ? "The call" : `The call to "${origin.target}"`
  const code = verdict.cancelled === true ? "ABORT_ERR" : verdict.code
  const shared = {
    message: `${where} ${describe(verdict)}${code === undefined ? "" : ` (${code})`}`,
    ...known(origin),
    ...(code !== undefined && { code }),
    ...(verdict.retryable !== undefined && { retryable: verdict.retryable }),
    cause: Redacted.make(thrown)
  }
  switch (verdict.is) {
    case "ConnectionFailed":
      return new LlmError.ConnectionFailed({ ...shared, sent: verdict.sent ?? "maybe" })
    case "TimedOut":
      return new LlmError.TimedOut({ ...shared, phase: verdict.phase ?? "attempt" })
    case "ContentFiltered":
      return new LlmError.ContentFiltered({ ...shared, by: verdict.by ?? "completion" })
    default:
      return new classes[verdict.is](shared)
  }
}

const described: Readonly<Record<Verdict["is"], string>> = {
  RateLimited: "was told to come back later",
  QuotaExhausted: "met a quota that is used up",
  Overloaded: "met a provider that is overloaded",
  ServerError: "failed on the provider's side",
  TimedOut: "had no answer in time",
  ConnectionFailed: "lost its connection before there was an answer",
  MalformedResponse: "was answered with something that cannot be read",
  ContextLengthExceeded: "does not fit the model's context window",
  RequestTooLarge: "is too large",
  ContentFiltered: "was stopped by a safety rule",
  ModelNotFound: "names a model that is not known",
  InvalidRequest: "is not one that can be sent or answered as it is",
  Conflict: "collides with another one",
  AuthenticationFailed: "has no valid credentials",
  PermissionDenied: "is not allowed",
  Unclassified: "failed in an unknown way"
}

const describe = (verdict: Verdict): string => {
  if (verdict.cancelled === true) return "was cancelled by its caller"
  if (verdict.is === "TimedOut" && verdict.phase === "connect") return "got no connection in time"
  if (verdict.is !== "ConnectionFailed") return described[verdict.is]
  if (verdict.retryable === false) return "cannot be made: the address, the certificate or the protocol is wrong"
  return verdict.sent === "no" ? "got no connection" : described.ConnectionFailed
}
