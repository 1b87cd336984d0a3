/**
 * What the toolkit itself answers instead of the model: a call that was not let through, or that ran out of targets or
 * time.
 *
 * A rejection never counts against a target's health and is never retried on the same target. What a rejection means
 * for a caller stands in the same table as everything else: `LlmError.traits`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { Failure, unencoded, unprinted, Wait } from "./internal/errors/errorClass.js"
import { byTag, isOwnFailure } from "./internal/errors/ownFailure.js"
import { text } from "./internal/errors/safeRead.js"

/**
 * The circuit of this target is open: nothing is sent until it has had time to recover.
 *
 * `retryAfter` is the time left until the next probe is let through; it is infinite while somebody holds the circuit open
 * by hand, and is then encoded as `"Infinity"`.
 *
 * @since 0.1.0
 * @category Errors
 */
export class CircuitOpen extends Failure<CircuitOpen>()("CircuitOpen", {
  key: Schema.String,
  retryAfter: Wait
}) {
  override get message(): string {
    return Duration.isFinite(this.retryAfter)
      ? `The circuit of "${this.key}" is open; the next probe is let through in ${Duration.format(this.retryAfter)}`
      : `The circuit of "${this.key}" is held open by hand; nothing is let through until it is released`
  }
}

/**
 * The circuit of this target is half-open and all its probe places are taken.
 *
 * @since 0.1.0
 * @category Errors
 */
export class CircuitHalfOpen extends Failure<CircuitHalfOpen>()("CircuitHalfOpen", {
  key: Schema.String
}) {
  override get message(): string {
    return `The circuit of "${this.key}" is half-open and its probes are under way; try again once they have ended`
  }
}

/**
 * As many calls as allowed are running, and the queue behind them is full.
 *
 * @since 0.1.0
 * @category Errors
 */
export class BulkheadFull extends Failure<BulkheadFull>()("BulkheadFull", {
  key: Schema.String,
  running: Schema.Number,
  queued: Schema.Number
}) {
  override get message(): string {
    return `"${this.key}" has ${this.running} calls running and ${this.queued} waiting, which is as many as it may`
  }
}

/**
 * A rate limit keeps the call from being sent; `retryAfter` is the time until it no longer does.
 *
 * `by` says whose limit it is. With `limit` (the default) it is the application's own, and it is used up. With `target`
 * the target itself has asked to be left alone, by a failure that told how long.
 *
 * @since 0.1.0
 * @category Errors
 */
export class RateLimitExceeded extends Failure<RateLimitExceeded>()("RateLimitExceeded", {
  key: Schema.String,
  retryAfter: Wait,
  by: Schema.optionalWith(Schema.Literal("limit", "target"), { default: () => "limit" })
}) {
  override get message(): string {
    return this.by === "target"
      ? `"${this.key}" asked to be left alone for another ${Duration.format(this.retryAfter)}`
      : `The rate limit of "${this.key}" is used up for ${Duration.format(this.retryAfter)}`
  }
}

/**
 * The call's deadline passed before there was an answer and before anything failed for a reason of its own.
 *
 * `budget` is the time the call was given. Where an attempt had already failed, its own error is what the caller gets;
 * `lastError` is filled where both are known, and is not encoded.
 *
 * @since 0.1.0
 * @category Errors
 */
export class DeadlineExceeded extends Failure<DeadlineExceeded>()("DeadlineExceeded", {
  budget: Wait,
  lastError: unencoded(Schema.Unknown)
}) {
  override get message(): string {
    return `The call had no answer within its deadline of ${Duration.format(this.budget)}`
  }
}

/**
 * An answer that was to be delivered whole is longer than the room for it. Give it more, or let the consumer have it as
 * it comes.
 *
 * @since 0.1.0
 * @category Errors
 */
export class BufferExceeded extends Failure<BufferExceeded>()("BufferExceeded", {
  key: Schema.String,
  elements: Schema.Number,
  characters: Schema.Number
}) {
  override get message(): string {
    return `The answer of "${this.key}" is longer than the buffer of ${this.elements} elements and ${this.characters} characters; make the buffer larger, or deliver it as it comes`
  }
}

/** An attempt's error may be of any type, so all that is encoded of it, and comes back, is its tag. */
const Named = Schema.transform(Schema.String, Schema.Unknown, {
  strict: true,
  decode: (_tag): unknown => ({ _tag }),
  encode: (error) => text(error, "_tag") ?? "Error"
})

/**
 * Every target was tried or passed over, and none answered. `errors` holds each attempt's own error, in order; only their
 * tags are encoded or printed.
 *
 * @since 0.1.0
 * @category Errors
 */
export class AllTargetsFailed extends Failure<AllTargetsFailed>()("AllTargetsFailed", {
  errors: unprinted(Schema.Array(Named))
}) {
  override get message(): string {
    return `None of the targets answered (${this.errors.length} failed attempts)`
  }
}

/**
 * Everything the toolkit itself can answer instead of the model.
 *
 * @since 0.1.0
 * @category Models
 */
export type Rejection =
  | CircuitOpen
  | CircuitHalfOpen
  | BulkheadFull
  | RateLimitExceeded
  | DeadlineExceeded
  | BufferExceeded
  | AllTargetsFailed

const classes = byTag([
  CircuitOpen,
  CircuitHalfOpen,
  BulkheadFull,
  RateLimitExceeded,
  DeadlineExceeded,
  BufferExceeded,
  AllTargetsFailed
])

/**
 * Tells a rejection of the toolkit from any other value.
 *
 * @since 0.1.0
 * @category Guards
 */
export const isRejection = (u: unknown): u is Rejection => isOwnFailure(u, classes)
