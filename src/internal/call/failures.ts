/**
 * What protecting a call or a stream adds to its own failures.
 *
 * The compiler shows a union by the names of its parts only where no two parts have a member in common. So whoever adds
 * failures to those of a caller writes `E | TimedOut | RequestTooLarge | Rejections`, and not `E | Failures`: that is
 * `LlmError | Rejections` to the eye for a call that fails with an `LlmError`, instead of two dozen tags.
 *
 * @internal
 */
import type { LlmError, RequestTooLarge, TimedOut } from "../errors/llmError.js"
import type {
  BufferExceeded,
  BulkheadFull,
  CircuitHalfOpen,
  CircuitOpen,
  DeadlineExceeded,
  RateLimitExceeded
} from "../errors/rejection.js"

/**
 * What the policies answer to a call that they do not let through, or end.
 *
 * @since 0.1.0
 * @category Models
 */
export type Rejections = CircuitOpen | CircuitHalfOpen | BulkheadFull | RateLimitExceeded | DeadlineExceeded

/**
 * Everything that protecting a call adds to its own failures. For a call that fails with an `LlmError` anyway, what is
 * new are the `Rejections`.
 *
 * @since 0.1.0
 * @category Models
 */
export type Failures = TimedOut | RequestTooLarge | Rejections

/**
 * Everything that protecting a stream adds to its own failures.
 *
 * @since 0.1.0
 * @category Models
 */
export type StreamFailures = LlmError | Rejections | BufferExceeded
