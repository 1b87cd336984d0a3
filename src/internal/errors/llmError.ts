/**
 * The classes of what can go wrong, and the guard that knows them.
 */
import * as Schema from "effect/Schema"
import { Failure, redacted, unencoded, Wait } from "./errorClass.js"
import { byTag, isOwnFailure } from "./ownFailure.js"

/**
 * The tokens a call has used, as far as the provider said, with one meaning for all providers.
 *
 * @since 0.1.0
 * @category Models
 */
export const Usage = Schema.Struct({
  /** All input. Anthropic and Bedrock tell what goes through their cache beside the rest; here it is within. */
  inputTokens: Schema.optional(Schema.Number),
  /** All output, with what the model has thought. */
  outputTokens: Schema.optional(Schema.Number),
  /** The part of the input that was read from the provider's cache. */
  cachedInputTokens: Schema.optional(Schema.Number),
  /** The part of the input that was written to the provider's cache. */
  cacheCreationInputTokens: Schema.optional(Schema.Number),
  /**
   * The part of the input that counts to the provider's rate limits, where that is not all of it: Anthropic and Bedrock do
   * not count what is read from the cache.
   */
  rateLimitedInputTokens: Schema.optional(Schema.Number),
  /** The part of the output that was thought. */
  reasoningTokens: Schema.optional(Schema.Number),
  /** What it costs, where the answer says so itself, as OpenRouter's do. */
  cost: Schema.optional(Schema.Number)
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
 * `partial` is the text delivered so far (`Redacted.value` gives it); it is neither encoded nor printed.
 *
 * @since 0.1.0
 * @category Errors
 */
export class StreamInterrupted extends Failure<StreamInterrupted>()("StreamInterrupted", {
  message: message("The stream broke off after content had been delivered"),
  ...described,
  partial: unencoded(Schema.RedactedFromSelf(Schema.String)),
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
 * Every way in which a call to a model can fail.
 *
 * @since 0.1.0
 * @category Models
 */
// Written out, since an editor shows the name of a union that is declared, and the members of one that is derived.
export type LlmError =
  | RateLimited
  | QuotaExhausted
  | Overloaded
  | ServerError
  | TimedOut
  | ConnectionFailed
  | MalformedResponse
  | StreamInterrupted
  | ContextLengthExceeded
  | RequestTooLarge
  | ContentFiltered
  | ModelNotFound
  | InvalidRequest
  | Conflict
  | AuthenticationFailed
  | PermissionDenied
  | Unclassified

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
