/**
 * What a reader that has no response to read found, and the `LlmError` that says so in the toolkit's own words.
 */
import * as Redacted from "effect/Redacted"
import { fieldsOf } from "../internal/errors/errorClass.js"
import * as LlmError from "../internal/errors/llmError.js"

/**
 * What is known of a failed call besides the failure itself.
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

/** @internal */
export interface Verdict {
  readonly is: Exclude<LlmError.Tag, "StreamInterrupted">
  readonly code?: string
  readonly retryable?: boolean
  /** For `ConnectionFailed`; the request may have arrived unless said otherwise. */
  readonly sent?: "no" | "maybe"
  /** For `TimedOut`; one attempt unless said otherwise. */
  readonly phase?: LlmError.TimeoutPhase
  /** For `ContentFiltered`; the completion unless said otherwise. */
  readonly by?: "prompt" | "completion" | "refusal"
  /** Of a failure that nothing is known of: what was thrown, by name. */
  readonly thrown?: string
  /** Somebody gave up: by a signal, as far as the error says, or by interrupting the fiber. */
  readonly cancelled?: "aborted" | "interrupted"
}

/** @internal */
export const table = (verdicts: Readonly<Record<string, Verdict>>): ((name: string) => Verdict | undefined) => {
  const rows = new Map(Object.entries(verdicts))
  return (name) => rows.get(name)
}

/** @internal */
export const known = (
  origin: Origin
): { readonly target?: string; readonly provider?: string; readonly model?: string } => ({
  ...(origin.target !== undefined && { target: origin.target }),
  ...(origin.provider !== undefined && { provider: origin.provider }),
  ...(origin.model !== undefined && { model: origin.model })
})

/** @internal */
export const fromVerdict = (verdict: Verdict, cause: unknown, origin: Origin, status?: number): LlmError.LlmError => {
  const code = verdict.cancelled !== undefined ? "ABORT_ERR" : verdict.code
  const shared = {
    message: sentence({ ...verdict, ...(code !== undefined && { code }) }, origin),
    ...known(origin),
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code }),
    ...(verdict.retryable !== undefined && { retryable: verdict.retryable }),
    cause: Redacted.make(cause)
  }
  return makers[verdict.is](shared, verdict)
}

/**
 * The same failure with some of its fields changed, or taken out where `undefined` is given.
 *
 * @internal
 */
export const changed = (error: LlmError.LlmError, changes: Readonly<Record<string, unknown>>): LlmError.LlmError => {
  const Class = error.constructor as new (fields: object) => LlmError.LlmError
  const fields = Object.entries({ ...fieldsOf(error), ...changes }).filter(([, value]) => value !== undefined)
  return new Class(Object.fromEntries(fields))
}

/**
 * What happened, in the toolkit's own words.
 *
 * @internal
 */
export const sentence = (verdict: Verdict, origin: Origin): string => {
  const subject = origin.target === undefined ? "The call" : `The call to "${origin.target}"`
  return `${subject} ${described(verdict)}${verdict.code === undefined ? "" : ` (${verdict.code})`}`
}

type Shared = ConstructorParameters<typeof LlmError.ServerError>[0]

const makers: Readonly<Record<Verdict["is"], (shared: Shared, verdict: Verdict) => LlmError.LlmError>> = {
  RateLimited: (shared) => new LlmError.RateLimited(shared),
  QuotaExhausted: (shared) => new LlmError.QuotaExhausted(shared),
  Overloaded: (shared) => new LlmError.Overloaded(shared),
  ServerError: (shared) => new LlmError.ServerError(shared),
  TimedOut: (shared, { phase = "attempt" }) => new LlmError.TimedOut({ ...shared, phase }),
  ConnectionFailed: (shared, { sent = "maybe" }) => new LlmError.ConnectionFailed({ ...shared, sent }),
  MalformedResponse: (shared) => new LlmError.MalformedResponse(shared),
  ContextLengthExceeded: (shared) => new LlmError.ContextLengthExceeded(shared),
  RequestTooLarge: (shared) => new LlmError.RequestTooLarge(shared),
  ContentFiltered: (shared, { by = "completion" }) => new LlmError.ContentFiltered({ ...shared, by }),
  ModelNotFound: (shared) => new LlmError.ModelNotFound(shared),
  InvalidRequest: (shared) => new LlmError.InvalidRequest(shared),
  Conflict: (shared) => new LlmError.Conflict(shared),
  AuthenticationFailed: (shared) => new LlmError.AuthenticationFailed(shared),
  PermissionDenied: (shared) => new LlmError.PermissionDenied(shared),
  Unclassified: (shared) => new LlmError.Unclassified(shared)
}

const words: Readonly<Record<Verdict["is"], string>> = {
  RateLimited: "was told to come back later",
  QuotaExhausted: "met a quota that is used up",
  Overloaded: "met a provider that has too little capacity just now",
  ServerError: "failed on the provider's side",
  TimedOut: "had no answer in time",
  ConnectionFailed: "lost its connection before it was answered",
  MalformedResponse: "was answered with something that is no answer",
  ContextLengthExceeded: "does not fit the model's context window",
  RequestTooLarge: "is too large",
  ContentFiltered: "was stopped by a safety rule",
  ModelNotFound: "names a model that is not known",
  InvalidRequest: "cannot be sent or answered as it is",
  Conflict: "collides with another one",
  AuthenticationFailed: "has no valid credentials",
  PermissionDenied: "is not allowed",
  Unclassified: "failed in an unknown way"
}

const described = (verdict: Verdict): string => {
  if (verdict.cancelled !== undefined) return "was cancelled by its caller"
  if (verdict.thrown !== undefined) return `${words.Unclassified}: ${verdict.thrown}`
  if (verdict.is === "TimedOut" && verdict.phase === "connect") return "got no connection in time"
  if (verdict.is !== "ConnectionFailed") return words[verdict.is]
  if (verdict.retryable === false) return "cannot be made: the address, the certificate or the protocol is wrong"
  return verdict.sent === "no" ? "got no connection" : words.ConnectionFailed
}
