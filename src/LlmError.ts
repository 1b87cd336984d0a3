/**
 * What can go wrong with a call to a language model, and what each failure means.
 *
 * Every failure is one of the tagged errors below. What it means (try again? how long? is the target ill? can another
 * model help? what may an end user read?) stands in one table, which `traits` looks up. No policy of the toolkit looks
 * at a status code or at the wording of a message.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Failure, redacted, unencoded, Wait } from "./internal/errors/errorClass.js"
import { byTag, isOwnFailure } from "./internal/errors/ownFailure.js"
import { isRejection, type Rejection } from "./Rejection.js"

/**
 * The tokens a call has used, as far as the provider said.
 *
 * @since 0.1.0
 * @category Models
 */
export const Usage = Schema.Struct({
  inputTokens: Schema.optional(Schema.Number),
  outputTokens: Schema.optional(Schema.Number),
  cachedInputTokens: Schema.optional(Schema.Number),
  reasoningTokens: Schema.optional(Schema.Number)
})

/**
 * @since 0.1.0
 * @category Models
 */
export type Usage = typeof Usage.Type

/**
 * A tool call that reached the consumer of a stream.
 *
 * @since 0.1.0
 * @category Models
 */
export const ToolCall = Schema.Struct({ id: Schema.String, name: Schema.String })

/**
 * @since 0.1.0
 * @category Models
 */
export type ToolCall = typeof ToolCall.Type

const optional = Schema.optional

/** What every failure can say about itself. */
const described = {
  /** The target the call was made to, as it was named to the toolkit. */
  target: optional(Schema.String),
  provider: optional(Schema.String),
  model: optional(Schema.String),
  /** The HTTP status, where there was one. */
  status: optional(Schema.Number),
  /** The provider's own code or type, or the code of a transport error. */
  code: optional(Schema.String),
  requestId: optional(Schema.String),
  /** The server's hint, whatever its size. Encoded in milliseconds. */
  retryAfter: optional(Wait),
  /** Overrides the table for this one failure: the server or the reader of the failure knew better. */
  retryable: optional(Schema.Boolean),
  /** The provider's own words, which may quote the prompt. Never encoded or printed. */
  providerMessage: unencoded(Schema.RedactedFromSelf(Schema.String)),
  /** What was thrown or received, which may hold headers and keys. Never encoded or printed. */
  cause: unencoded(redacted)
}

const message = <const Default extends string>(words: Default) =>
  Schema.String.pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault((): string => words)
  )

/**
 * The provider asks for fewer requests or tokens per time; `retryAfter` says for how long, if it said.
 *
 * @since 0.1.0
 * @category Errors
 */
export class RateLimited extends Failure<RateLimited>()("RateLimited", {
  message: message("The provider asks for fewer requests"),
  ...described
}) {}

/**
 * A quota, a credit or a spending limit is used up. Waiting a minute does not help; `resetsAt` says when it will, if
 * that is known.
 *
 * @since 0.1.0
 * @category Errors
 */
export class QuotaExhausted extends Failure<QuotaExhausted>()("QuotaExhausted", {
  message: message("The quota or credit is used up"),
  ...described,
  resetsAt: optional(Schema.DateTimeUtc)
}) {}

/**
 * The provider has too little capacity for anyone just now.
 *
 * @since 0.1.0
 * @category Errors
 */
export class Overloaded extends Failure<Overloaded>()("Overloaded", {
  message: message("The provider is overloaded"),
  ...described
}) {}

/**
 * The provider failed on its own side.
 *
 * @since 0.1.0
 * @category Errors
 */
export class ServerError extends Failure<ServerError>()("ServerError", {
  message: message("The provider failed"),
  ...described
}) {}

/**
 * Which limit a call ran into: getting a connection, one attempt, the first content of a stream, the silence after it,
 * or the provider's own.
 *
 * @since 0.1.0
 * @category Models
 */
export const TimeoutPhase = Schema.Literal("connect", "attempt", "firstToken", "idle", "provider")

/**
 * @since 0.1.0
 * @category Models
 */
export type TimeoutPhase = typeof TimeoutPhase.Type

/**
 * There was no answer in time. The provider may still be working, and billing.
 *
 * @since 0.1.0
 * @category Errors
 */
export class TimedOut extends Failure<TimedOut>()("TimedOut", {
  message: message("There was no answer in time"),
  ...described,
  phase: TimeoutPhase
}) {}

/**
 * The connection could not be made or broke before there was a response. `sent` tells whether the request can have
 * reached the provider.
 *
 * @since 0.1.0
 * @category Errors
 */
export class ConnectionFailed extends Failure<ConnectionFailed>()("ConnectionFailed", {
  message: message("The connection failed"),
  ...described,
  sent: Schema.Literal("no", "maybe")
}) {}

/**
 * There was a response, and it is not an answer in the provider's own format.
 *
 * @since 0.1.0
 * @category Errors
 */
export class MalformedResponse extends Failure<MalformedResponse>()("MalformedResponse", {
  message: message("The response is not an answer"),
  ...described
}) {}

/**
 * A stream ended before its end, after content had reached the consumer. What was delivered is never repeated.
 *
 * `partial` is the text delivered so far; it is neither encoded nor printed.
 *
 * @since 0.1.0
 * @category Errors
 */
export class StreamInterrupted extends Failure<StreamInterrupted>()("StreamInterrupted", {
  message: message("The stream broke off after content had been delivered"),
  ...described,
  partial: unencoded(Schema.String),
  usage: optional(Usage),
  emittedToolCalls: Schema.Array(ToolCall).pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault((): ReadonlyArray<ToolCall> => [])
  )
}) {}

/**
 * The prompt, with what it asks for, does not fit the model's window (`limit` and `requested` in tokens, if known).
 *
 * @since 0.1.0
 * @category Errors
 */
export class ContextLengthExceeded extends Failure<ContextLengthExceeded>()("ContextLengthExceeded", {
  message: message("The prompt does not fit the model's context window"),
  ...described,
  limit: optional(Schema.Number),
  requested: optional(Schema.Number)
}) {}

/**
 * The request is larger than the provider takes, in bytes or against a limit per minute that no waiting raises.
 *
 * @since 0.1.0
 * @category Errors
 */
export class RequestTooLarge extends Failure<RequestTooLarge>()("RequestTooLarge", {
  message: message("The request is too large"),
  ...described
}) {}

/**
 * A safety rule stopped the prompt, the completion, or made the model refuse.
 *
 * @since 0.1.0
 * @category Errors
 */
export class ContentFiltered extends Failure<ContentFiltered>()("ContentFiltered", {
  message: message("A safety rule stopped the request"),
  ...described,
  by: Schema.Literal("prompt", "completion", "refusal")
}) {}

/**
 * The provider does not know this model or deployment, or hides it from this account.
 *
 * @since 0.1.0
 * @category Errors
 */
export class ModelNotFound extends Failure<ModelNotFound>()("ModelNotFound", {
  message: message("The provider does not know the model"),
  ...described
}) {}

/**
 * The request is wrong and stays so.
 *
 * @since 0.1.0
 * @category Errors
 */
export class InvalidRequest extends Failure<InvalidRequest>()("InvalidRequest", {
  message: message("The provider does not accept the request"),
  ...described
}) {}

/**
 * Something else is working on the same resource; the same request can succeed in a moment.
 *
 * @since 0.1.0
 * @category Errors
 */
export class Conflict extends Failure<Conflict>()("Conflict", {
  message: message("The request collides with another one"),
  ...described
}) {}

/**
 * The key or token is missing, wrong or expired.
 *
 * @since 0.1.0
 * @category Errors
 */
export class AuthenticationFailed extends Failure<AuthenticationFailed>()("AuthenticationFailed", {
  message: message("The provider does not accept the credentials"),
  ...described
}) {}

/**
 * The credentials are known and do not allow this.
 *
 * @since 0.1.0
 * @category Errors
 */
export class PermissionDenied extends Failure<PermissionDenied>()("PermissionDenied", {
  message: message("The credentials do not allow the request"),
  ...described
}) {}

/**
 * A failure that nothing is known about. It is not retried, since nothing says that it would help.
 *
 * @since 0.1.0
 * @category Errors
 */
export class Unclassified extends Failure<Unclassified>()("Unclassified", {
  message: message("The call failed in an unknown way"),
  ...described
}) {}

/**
 * Every way in which a call to a model can fail.
 *
 * @since 0.1.0
 * @category Models
 */
export const LlmError = Schema.Union(
  RateLimited,
  QuotaExhausted,
  Overloaded,
  ServerError,
  TimedOut,
  ConnectionFailed,
  MalformedResponse,
  StreamInterrupted,
  ContextLengthExceeded,
  RequestTooLarge,
  ContentFiltered,
  ModelNotFound,
  InvalidRequest,
  Conflict,
  AuthenticationFailed,
  PermissionDenied,
  Unclassified
)

/**
 * @since 0.1.0
 * @category Models
 */
export type LlmError = typeof LlmError.Type

/**
 * @since 0.1.0
 * @category Models
 */
export type Tag = LlmError["_tag"]

/**
 * Tells a classified failure from any other value.
 *
 * @since 0.1.0
 * @category Guards
 */
export const isLlmError: (u: unknown) => u is LlmError = (u): u is LlmError => isOwnFailure(u, classes)

const classes = byTag(LlmError.members)

/**
 * What a failure means to the policies and to a person.
 *
 * @since 0.1.0
 * @category Traits
 */
export interface Traits {
  /** `Critical` wants somebody's attention: money, keys, permissions. */
  readonly category: "Retryable" | "NonRetryable" | "Critical"
  /** The same request to the same target can succeed by itself. */
  readonly retryable: boolean
  /** How often that is worth trying: as the policy says, once, or only if there is no other target. */
  readonly sameTarget: "always" | "once" | "lastResort" | "never"
  /** It is a sign that the target is ill; a circuit breaker counts it. */
  readonly countsAgainstHealth: boolean
  /** It tells everyone to leave the target alone for a while. */
  readonly parks: boolean
  /** The same request has a real chance, and is safe to send, on another model. */
  readonly fallback: boolean
  /** On which other model: any, one with a larger context window, only one that was asked for, or none. */
  readonly otherTarget: "any" | "largerWindow" | "onRequest" | "never"
  /** Fit for an end user's eyes. */
  readonly userMessage: string
}

type Row = Omit<Traits, "retryable" | "fallback" | "userMessage">

const row = (
  category: Row["category"],
  sameTarget: Row["sameTarget"],
  health: "counts" | "parks" | "-",
  otherTarget: Row["otherTarget"]
): Row => ({
  category,
  sameTarget,
  countsAgainstHealth: health === "counts",
  parks: health === "parks",
  otherTarget
})

/**
 * The one table that decides. `CircuitHalfOpen` to `AllTargetsFailed` are the toolkit's own rejections: they say
 * nothing about a target's health and are never retried on it.
 */
// biome-ignore format: a table
const table: Readonly<Record<Tag | Rejection["_tag"], Row>> = {
  //                            category         same target    health    another target
  RateLimited:           row("Retryable",    "always",     "parks",  "any"),
  QuotaExhausted:        row("Critical",     "never",      "parks",  "any"),
  Overloaded:            row("Retryable",    "always",     "counts", "any"),
  ServerError:           row("Retryable",    "always",     "counts", "any"),
  TimedOut:              row("Retryable",    "lastResort", "counts", "any"),
  ConnectionFailed:      row("Retryable",    "always",     "counts", "any"),
  MalformedResponse:     row("Retryable",    "once",       "counts", "any"),
  StreamInterrupted:     row("NonRetryable", "never",      "counts", "onRequest"),
  ContextLengthExceeded: row("NonRetryable", "never",      "-",      "largerWindow"),
  RequestTooLarge:       row("NonRetryable", "never",      "-",      "never"),
  ContentFiltered:       row("NonRetryable", "never",      "-",      "onRequest"),
  ModelNotFound:         row("NonRetryable", "never",      "-",      "any"),
  InvalidRequest:        row("NonRetryable", "never",      "-",      "never"),
  Conflict:              row("Retryable",    "always",     "-",      "never"),
  AuthenticationFailed:  row("Critical",     "never",      "-",      "onRequest"),
  PermissionDenied:      row("Critical",     "never",      "-",      "onRequest"),
  Unclassified:          row("NonRetryable", "never",      "-",      "never"),
  CircuitOpen:           row("NonRetryable", "never",      "-",      "any"),
  CircuitHalfOpen:       row("NonRetryable", "never",      "-",      "any"),
  BulkheadFull:          row("NonRetryable", "never",      "-",      "any"),
  RateLimitExceeded:     row("NonRetryable", "never",      "-",      "any"),
  DeadlineExceeded:      row("NonRetryable", "never",      "-",      "never"),
  BufferExceeded:        row("NonRetryable", "never",      "-",      "never"),
  AllTargetsFailed:      row("NonRetryable", "never",      "-",      "never")
}

/**
 * What an end user may read for each tag: no provider's text, no model names, no keys, nothing about how the
 * application is built. Replace it, or parts of it, through the second argument of `userMessage`.
 *
 * @since 0.1.0
 * @category User messages
 */
export const userMessages: Readonly<Record<Tag | Rejection["_tag"], string>> = {
  RateLimited: "There are too many requests just now. Please try again in a moment.",
  QuotaExhausted: "The service has reached its usage limit. Please try again later or contact support.",
  Overloaded: "The service is very busy just now. Please try again in a moment.",
  ServerError: "The service has a problem just now. Please try again in a moment.",
  TimedOut: "The answer took too long. Please try again.",
  ConnectionFailed: "The service cannot be reached just now. Please try again in a moment.",
  MalformedResponse: "The service gave an answer that cannot be read. Please try again.",
  StreamInterrupted: "The answer broke off before its end. Please try again.",
  ContextLengthExceeded: "The text is too long. Please shorten it and try again.",
  RequestTooLarge: "The request is too large. Please send less at once.",
  ContentFiltered: "The request was declined by a safety rule. Please rephrase it.",
  ModelNotFound: "The service is not set up correctly. Please contact support.",
  InvalidRequest: "The request cannot be processed. Please change it and try again.",
  Conflict: "The same request is already being worked on. Please try again in a moment.",
  AuthenticationFailed: "The service is not set up correctly. Please contact support.",
  PermissionDenied: "The service is not allowed to answer this. Please contact support.",
  Unclassified: "Something went wrong. Please try again later.",
  CircuitOpen: "The service is recovering from a problem. Please try again in a moment.",
  CircuitHalfOpen: "The service is recovering from a problem. Please try again in a moment.",
  BulkheadFull: "The service is very busy just now. Please try again in a moment.",
  RateLimitExceeded: "There are too many requests just now. Please try again in a moment.",
  DeadlineExceeded: "The answer took too long. Please try again.",
  BufferExceeded: "The answer is too long. Please ask for a shorter one.",
  AllTargetsFailed: "The service has a problem just now. Please try again in a moment."
}

const fixed = Object.fromEntries(
  Object.entries(table).map(([tag, entry]): [string, Traits] => [
    tag,
    {
      ...entry,
      retryable: entry.sameTarget !== "never",
      fallback: entry.otherTarget === "any" || entry.otherTarget === "largerWindow",
      userMessage: userMessages[tag as Tag]
    }
  ])
) as Readonly<Record<Tag | Rejection["_tag"], Traits>>

/**
 * What a failure means: the table's answer for its tag, unless the failure itself carries `retryable`, which decides
 * for this one instance.
 *
 * @since 0.1.0
 * @category Traits
 */
export const traits = (error: LlmError | Rejection): Traits => {
  const byTag = fixed[error._tag]
  if (isRejection(error) || error.retryable === undefined || error.retryable === byTag.retryable) return byTag
  return { ...byTag, retryable: error.retryable, sameTarget: error.retryable ? "always" : "never" }
}

/**
 * A sentence that is safe to show to an end user. A table of your own, whole or in part, replaces the English one.
 *
 * @since 0.1.0
 * @category User messages
 */
export const userMessage = (
  error: LlmError | Rejection,
  messages?: Partial<Record<Tag | Rejection["_tag"], string>>
): string => messages?.[error._tag] ?? userMessages[error._tag]
