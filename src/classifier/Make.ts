/**
 * A verdict and what is known about it become the error, with a message in our own words.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as LlmError from "../internal/errors/llmError.js"
import { traits } from "../internal/errors/traits.js"
import type { Verdict } from "./Dialect.js"

/**
 * What every error can say about itself.
 *
 * @internal
 */
export type Described = Omit<Extract<ConstructorParameters<typeof LlmError.ServerError>[0], object>, "message">

/** @internal */
export interface Particular {
  readonly resetsAt?: DateTime.Utc
  readonly limit?: number
  readonly requested?: number
}

const happened: Readonly<Record<Verdict["is"], string>> = {
  RateLimited: "asks for fewer requests",
  QuotaExhausted: "says that the quota or credit is used up",
  Overloaded: "is overloaded",
  ServerError: "failed on its own side",
  TimedOut: "gave up waiting for its own answer",
  ConnectionFailed: "could not be reached",
  MalformedResponse: "sent something that is not an answer",
  ContextLengthExceeded: "says that the prompt does not fit the model's context window",
  RequestTooLarge: "says that the request is too large",
  ContentFiltered: "stopped the request by a safety rule",
  ModelNotFound: "does not know the model, or not for this account",
  InvalidRequest: "does not accept the request",
  Conflict: "is busy with another request on the same resource",
  AuthenticationFailed: "does not accept the credentials",
  PermissionDenied: "does not allow this with these credentials",
  Unclassified: "failed in an unknown way"
}

/**
 * Who failed, how, and what comes next: nothing in it is the provider's own text.
 *
 * @internal
 */
export const messageOf = (verdict: Verdict, described: Described, particular: Particular): string => {
  const who = described.target ?? described.provider ?? "The provider"
  const facts = [
    ...(described.status === undefined ? [] : [`HTTP ${described.status}`]),
    ...(described.code === undefined ? [] : [described.code]),
    ...(particular.requested === undefined ? [] : [`${particular.requested} tokens asked for`]),
    ...(particular.limit === undefined ? [] : [`${particular.limit} allowed`])
  ]
  const shown = facts.length === 0 ? "" : ` (${facts.join(", ")})`
  return `${who} ${happened[verdict.is]}${shown}; ${next(verdict, described, particular)}`
}

const next = (verdict: Verdict, { retryable, retryAfter }: Described, { resetsAt }: Particular): string => {
  if (resetsAt !== undefined) return `it expects to be back at ${DateTime.formatIso(resetsAt)}`
  const wait = retryAfter === undefined ? "" : Duration.format(retryAfter)
  if (!(retryable ?? helps().has(verdict.is))) {
    return wait === "" ? "trying again will not help" : `trying again will not help, though it names a wait of ${wait}`
  }
  return wait === "" ? "trying again can help" : `it asks to wait ${wait}`
}

/** @internal */
export const make = (verdict: Verdict, described: Described, particular: Particular): LlmError.LlmError =>
  makers[verdict.is]({ ...described, message: messageOf(verdict, described, particular) }, verdict, particular)

type Shared = Described & { readonly message: string }

const makers: Readonly<
  Record<Verdict["is"], (shared: Shared, verdict: Verdict, particular: Particular) => LlmError.LlmError>
> = {
  RateLimited: (shared) => new LlmError.RateLimited(shared),
  QuotaExhausted: (shared, _, { resetsAt }) =>
    new LlmError.QuotaExhausted(resetsAt === undefined ? shared : { ...shared, resetsAt }),
  Overloaded: (shared) => new LlmError.Overloaded(shared),
  ServerError: (shared) => new LlmError.ServerError(shared),
  TimedOut: (shared) => new LlmError.TimedOut({ ...shared, phase: "provider" }),
  ConnectionFailed: (shared) => new LlmError.ConnectionFailed({ ...shared, sent: "maybe" }),
  MalformedResponse: (shared) => new LlmError.MalformedResponse(shared),
  ContextLengthExceeded: (shared, _, { limit, requested }) =>
    new LlmError.ContextLengthExceeded({
      ...shared,
      ...(limit !== undefined && { limit }),
      ...(requested !== undefined && { requested })
    }),
  RequestTooLarge: (shared) => new LlmError.RequestTooLarge(shared),
  ContentFiltered: (shared, { by = "prompt" }) => new LlmError.ContentFiltered({ ...shared, by }),
  ModelNotFound: (shared) => new LlmError.ModelNotFound(shared),
  InvalidRequest: (shared) => new LlmError.InvalidRequest(shared),
  Conflict: (shared) => new LlmError.Conflict(shared),
  AuthenticationFailed: (shared) => new LlmError.AuthenticationFailed(shared),
  PermissionDenied: (shared) => new LlmError.PermissionDenied(shared),
  Unclassified: (shared) => new LlmError.Unclassified(shared)
}

let helping: ReadonlySet<string> | undefined

/** The tags that the table calls retryable. */
const helps = (): ReadonlySet<string> => {
  helping ??= new Set(
    Object.entries(makers)
      .filter(([tag, maker]) => traits(maker({ message: "" }, { is: tag as Verdict["is"] }, {})).retryable)
      .map(([tag]) => tag)
  )
  return helping
}
