/**
 * What was read becomes the error: of which class, and in which words of our own.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import { made } from "../internal/errors/errorClass.js"
import * as LlmError from "../internal/errors/llmError.js"
import { isError } from "../internal/errors/safeRead.js"
import { traitsOf } from "../internal/errors/traits.js"
import { framesOf } from "./Thrown.js"
import type { Origin, Verdict } from "./Verdict.js"

interface Row {
  readonly class: { readonly prototype: LlmError.LlmError }
  /** What the provider did, where there is a response. */
  readonly did: string
  /** What became of the call, where there is none. */
  readonly met: string
}

const row = (of: Row["class"], did: string, met: string): Row => ({ class: of, did, met })

// biome-ignore format: a table
const table: Readonly<Record<Verdict["is"], Row>> = {
  RateLimited: row(LlmError.RateLimited, "asks for fewer requests", "was told to come back later"),
  QuotaExhausted: row(LlmError.QuotaExhausted, "says that the quota or credit is used up", "met a quota that is used up"),
  Overloaded: row(LlmError.Overloaded, "is overloaded", "met a provider that has too little capacity just now"),
  ServerError: row(LlmError.ServerError, "failed on its own side", "failed on the provider's side"),
  TimedOut: row(LlmError.TimedOut, "gave up waiting for its own answer", "had no answer in time"),
  ConnectionFailed: row(LlmError.ConnectionFailed, "could not be reached", "lost its connection before it was answered"),
  MalformedResponse: row(LlmError.MalformedResponse, "sent something that is not an answer", "was answered with something that is no answer"),
  ContextLengthExceeded: row(LlmError.ContextLengthExceeded, "says that the prompt does not fit the model's context window", "does not fit the model's context window"),
  RequestTooLarge: row(LlmError.RequestTooLarge, "says that the request is too large", "is too large"),
  ContentFiltered: row(LlmError.ContentFiltered, "stopped the request by a safety rule", "was stopped by a safety rule"),
  ModelNotFound: row(LlmError.ModelNotFound, "does not know the model, or not for this account", "names a model that is not known"),
  InvalidRequest: row(LlmError.InvalidRequest, "does not accept the request", "cannot be sent or answered as it is"),
  Conflict: row(LlmError.Conflict, "is busy with another request on the same resource", "collides with another one"),
  AuthenticationFailed: row(LlmError.AuthenticationFailed, "does not accept the credentials", "has no valid credentials"),
  PermissionDenied: row(LlmError.PermissionDenied, "does not allow this with these credentials", "is not allowed"),
  Unclassified: row(LlmError.Unclassified, "failed in an unknown way", "failed in an unknown way")
}

/**
 * What is known of a failed response besides what it means.
 *
 * @internal
 */
export interface Described extends Origin {
  readonly status: number | undefined
  readonly code: string | undefined
  readonly requestId: string | undefined
  readonly retryAfter: Duration.Duration | undefined
  readonly retryable: boolean | undefined
  readonly resetsAt?: DateTime.Utc | undefined
  readonly limit?: number | undefined
  readonly requested?: number | undefined
  /** The provider's own words. */
  readonly said: string
}

const maxProviderMessage = 2_000

/**
 * The failure that a response says.
 *
 * @internal
 */
export const ofResponse = (
  verdict: Pick<Verdict, "is" | "by" | "retryable">,
  about: Described,
  cause: unknown,
  message: string = toldBy(verdict, about)
): LlmError.LlmError => {
  const fields: Fields = { _tag: verdict.is, message }
  put(fields, "status", about.status)
  place(fields, about)
  put(fields, "code", about.code)
  put(fields, "requestId", about.requestId)
  put(fields, "retryAfter", about.retryAfter)
  put(fields, "retryable", about.retryable)
  if (verdict.is === "QuotaExhausted") put(fields, "resetsAt", about.resetsAt)
  if (verdict.is === "ContextLengthExceeded") {
    put(fields, "limit", about.limit)
    put(fields, "requested", about.requested)
  }
  particular(fields, verdict, { phase: "provider", by: "prompt" })
  return made(table[verdict.is].class, fields, () => ({
    cause: Redacted.make(cause),
    providerMessage: about.said === "" ? undefined : Redacted.make(about.said.slice(0, maxProviderMessage))
  }))
}

/**
 * The failure of a call that has no response to read.
 *
 * @internal
 */
export const ofCall = (verdict: Verdict, cause: unknown, origin: Origin, status?: number): LlmError.LlmError => {
  const code = verdict.cancelled !== undefined ? "ABORT_ERR" : verdict.code
  const fields: Fields = { _tag: verdict.is, message: sentence(verdict, code, origin) }
  place(fields, origin)
  put(fields, "status", status)
  put(fields, "code", code)
  put(fields, "retryable", verdict.retryable)
  particular(fields, verdict, { phase: "attempt", by: "completion" })
  // A bug of the program's own shows where it was made, and not where it was read.
  const frames = verdict.is === "Unclassified" && isError(cause) ? () => framesOf(cause) : undefined
  return made(table[verdict.is].class, fields, () => ({ cause: Redacted.make(cause) }), frames)
}

type Fields = Record<string, unknown> & { readonly _tag: string; readonly message: string }

const put = (fields: Fields, name: string, value: unknown): void => {
  if (value !== undefined) fields[name] = value
}

const place = (fields: Fields, { model, provider, target }: Origin): void => {
  put(fields, "target", target)
  put(fields, "provider", provider)
  put(fields, "model", model)
}

/** What only some classes have, with what is meant where nothing is said. */
const particular = (
  fields: Fields,
  verdict: Pick<Verdict, "is" | "by" | "phase" | "sent">,
  unsaid: { readonly phase: LlmError.TimeoutPhase; readonly by: "prompt" | "completion" }
): void => {
  if (verdict.is === "TimedOut") fields.phase = verdict.phase ?? unsaid.phase
  if (verdict.is === "ContentFiltered") fields.by = verdict.by ?? unsaid.by
  if (verdict.is === "ConnectionFailed") fields.sent = verdict.sent ?? "maybe"
}

/** Who failed, how, and what comes next: nothing in it is the provider's own text. */
const toldBy = (verdict: Pick<Verdict, "is">, about: Described): string => {
  const who = about.target ?? about.provider ?? "The provider"
  let shown = `HTTP ${about.status}`
  if (about.code !== undefined) shown += `, ${about.code}`
  if (about.requested !== undefined) shown += `, ${about.requested} tokens asked for`
  if (about.limit !== undefined) shown += `, ${about.limit} allowed`
  return `${who} ${table[verdict.is].did} (${shown}); ${next(verdict, about)}`
}

const next = (verdict: Pick<Verdict, "is">, { resetsAt, retryable, retryAfter }: Described): string => {
  if (resetsAt !== undefined) return `it expects to be back at ${DateTime.formatIso(resetsAt)}`
  const wait = retryAfter === undefined ? "" : Duration.format(retryAfter)
  if (!(retryable ?? traitsOf(verdict.is).retryable)) {
    return wait === "" ? "trying again will not help" : `trying again will not help, though it names a wait of ${wait}`
  }
  return wait === "" ? "trying again can help" : `it asks to wait ${wait}`
}

/**
 * What became of a call, in the toolkit's own words.
 *
 * @internal
 */
export const sentence = (verdict: Verdict, code: string | undefined, { target }: Origin): string => {
  const subject = target === undefined ? "The call" : `The call to "${target}"`
  return `${subject} ${became(verdict)}${code === undefined ? "" : ` (${code})`}`
}

const became = (verdict: Verdict): string => {
  const { met } = table[verdict.is]
  if (verdict.cancelled !== undefined) return "was cancelled by its caller"
  if (verdict.thrown !== undefined) return `${met}: ${verdict.thrown}`
  if (verdict.is === "TimedOut" && verdict.phase === "connect") return "got no connection in time"
  if (verdict.is !== "ConnectionFailed") return met
  if (verdict.retryable === false) return "cannot be made: the address, the certificate or the protocol is wrong"
  return verdict.sent === "no" ? "got no connection" : met
}
