/**
 * What the toolkit itself answers instead of the model: a call that was not let through, or that ran out of targets or
 * time.
 *
 * A rejection never counts against a target's health and is never retried on the same target. What a rejection means
 * for a caller stands in the same table as everything else: `LlmError.traits`.
 *
 * @since 0.1.0
 */
export {
  AllTargetsFailed,
  BufferExceeded,
  BulkheadFull,
  CircuitHalfOpen,
  CircuitOpen,
  CredentialsExhausted,
  DeadlineExceeded,
  isRejection,
  RateLimitExceeded,
  type Rejection,
  TargetOutcome
} from "./internal/errors/rejection.js"
