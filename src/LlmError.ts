/**
 * What can go wrong with a call to a language model, and what each failure means.
 *
 * Every failure is one of the tagged errors below. What it means (try again? how long? is the target ill? can another
 * model help? what may an end user read?) stands in one table, which `traits` looks up. No policy of the toolkit looks
 * at a status code or at the wording of a message.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { failureFromUnknown } from "./classifier/Unknown.js"
import type { Origin } from "./classifier/Verdict.js"
import type { LlmError } from "./internal/errors/llmError.js"
import type { Rejection } from "./internal/errors/rejection.js"
import { statusOf, traits } from "./internal/errors/traits.js"

export {
  AuthenticationFailed,
  Conflict,
  ConnectionFailed,
  ContentFiltered,
  ContextLengthExceeded,
  InvalidRequest,
  isLlmError,
  LlmError,
  MalformedResponse,
  ModelNotFound,
  Overloaded,
  PermissionDenied,
  QuotaExhausted,
  RateLimited,
  RequestTooLarge,
  ServerError,
  StreamInterrupted,
  type Tag,
  TimedOut,
  TimeoutPhase,
  ToolCall,
  Unclassified,
  Usage
} from "./internal/errors/llmError.js"
export { type Traits, traits, userMessage, userMessages } from "./internal/errors/traits.js"

/**
 * Reads whatever came out of a call: an `LlmError` or a rejection of the toolkit is given back as it is, also one that
 * was folded into another error, a `Cause` or a rejected promise; anything else is read by the `Classifier`, and is
 * `Unclassified` where nothing is known of it.
 *
 * Total: it never throws. It is `Classifier.fromUnknown` under the name one looks for where errors are handled.
 *
 * @example
 * ```ts
 * import { LlmError } from "effect-resilience"
 *
 * // The name of a failure, for a log line, whatever was thrown.
 * export const nameOf = (thrown: unknown): string => LlmError.from(thrown)._tag
 * ```
 *
 * @since 0.1.0
 * @category Reading failures
 */
export const from: (thrown: unknown, origin?: Origin) => LlmError | Rejection = failureFromUnknown

/**
 * The status with which an HTTP service answers whoever asked it for the call that failed: what they can do about it,
 * and not what the provider said. A key that the provider refuses is the service's own fault (500), and no 401 of the
 * one who asked.
 *
 * - 400, 409, 413, 422: the request itself is why (`InvalidRequest`, `Conflict`, too long or too large, filtered).
 * - 429: too many requests. 503: not now (`Overloaded`, an open circuit, a spent quota). `retryAfter` may say when.
 * - 504: no answer in time. 502: the provider failed. 500: the service is set up wrongly, or nothing is known.
 *
 * `AllTargetsFailed` has the status that all its failures agree on, and 503 where they differ.
 *
 * @example
 * ```ts
 * import { Duration, Option } from "effect"
 * import { LlmError } from "effect-resilience"
 *
 * export const respond = (thrown: unknown): Response => {
 *   const error = LlmError.from(thrown)
 *   const wait = Option.map(LlmError.retryAfter(error), Duration.toSeconds)
 *   return Response.json(
 *     { error: error._tag, message: LlmError.userMessage(error) },
 *     {
 *       status: LlmError.httpStatus(error),
 *       headers: Option.match(wait, { onNone: () => ({}), onSome: (s) => ({ "retry-after": `${Math.ceil(s)}` }) })
 *     }
 *   )
 * }
 * ```
 *
 * @since 0.1.0
 * @category For callers
 */
export const httpStatus = (error: LlmError | Rejection): number => {
  const own = traits(error).httpStatus
  if (error._tag !== "AllTargetsFailed") return own
  const tags =
    error.targets.length > 0
      ? error.targets.flatMap(({ tag }) => (tag === undefined ? [] : [tag]))
      : error.errors.map((one) => from(one)._tag)
  const [status = own, ...others] = new Set(tags.map((tag) => statusOf(tag) ?? own))
  return others.length === 0 ? status : own
}

/**
 * How long to wait until the same call may be answered, where somebody has said: the provider's hint, the time left of
 * an open circuit, or the soonest of these over all targets. Nothing for a circuit that is held open by hand.
 *
 * @since 0.1.0
 * @category For callers
 */
export const retryAfter = (error: LlmError | Rejection): Option.Option<Duration.Duration> =>
  Option.filter(Option.fromNullable("retryAfter" in error ? error.retryAfter : undefined), (wait) =>
    Duration.isFinite(wait)
  )
