/**
 * The classes of what the toolkit itself answers, and the guard that knows them.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { Failure, unencoded, unprinted, Wait } from "./errorClass.js"
import { byTag, isOwnFailure } from "./ownFailure.js"
import { get, text } from "./safeRead.js"

/** Why a circuit is open, in words that say nothing of the calls themselves. */
const whyOpen = {
  reason: Schema.optional(Schema.Literal("failures", "slowCalls", "abandoned", "probe", "manual")),
  lastFailure: Schema.optional(Schema.Struct({ tag: Schema.String, at: Schema.Number }))
}

const words = {
  failures: " after too many failures",
  slowCalls: " since too many calls were slow",
  abandoned: " since calls were only abandoned",
  probe: " since a probe has failed",
  manual: ", opened by hand"
}

const because = ({ lastFailure, reason }: Pick<CircuitOpen, "lastFailure" | "reason">): string => {
  const last = lastFailure === undefined || reason === "manual" ? "" : ` (last failure: ${lastFailure.tag})`
  return `${reason === undefined ? "" : words[reason]}${last}`
}

/**
 * The circuit of this target is open: nothing is sent until it has had time to recover.
 *
 * `retryAfter` is the time left until the next probe is let through; it is infinite while somebody holds the circuit open
 * by hand, and is then encoded as `"Infinity"`. `reason` says why it opened, and `lastFailure` the tag and the time
 * (milliseconds of the `Clock`) of the last failure that counted, if there was one.
 *
 * @since 0.1.0
 * @category Errors
 */
export class CircuitOpen extends Failure<CircuitOpen>()("CircuitOpen", {
  key: Schema.String,
  retryAfter: Wait,
  ...whyOpen
}) {
  override get message(): string {
    return Duration.isFinite(this.retryAfter)
      ? `The circuit of "${this.key}" is open${because(this)}; the next probe is let through in ${Duration.format(this.retryAfter)}`
      : `The circuit of "${this.key}" is held open by hand; nothing is let through until it is released`
  }
}

/**
 * The circuit of this target is half-open and all its probe places are taken. `reason` and `lastFailure` are those of
 * `CircuitOpen`.
 *
 * @since 0.1.0
 * @category Errors
 */
export class CircuitHalfOpen extends Failure<CircuitHalfOpen>()("CircuitHalfOpen", {
  key: Schema.String,
  ...whyOpen
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

/**
 * Every key of a provider was refused, and has been set aside. `retryAfter` is the time until the first is tried again.
 *
 * @since 0.1.0
 * @category Errors
 */
export class CredentialsExhausted extends Failure<CredentialsExhausted>()("CredentialsExhausted", {
  key: Schema.String,
  keys: Schema.Number,
  retryAfter: Wait
}) {
  override get message(): string {
    const all = this.keys === 1 ? "The only key" : `All ${this.keys} keys`
    return `${all} of "${this.key}" were refused; the next is tried again in ${Duration.format(this.retryAfter)}`
  }
}

/** An attempt's error may be of any type, so all that is encoded of it, and comes back, is its tag. */
const Named = Schema.transform(Schema.String, Schema.Unknown, {
  strict: true,
  decode: (_tag): unknown => ({ _tag }),
  encode: (error) => tagOf(error)
})

/**
 * What became of one target of a walk over several: the tag of its failure as it was read, and whether it was asked. A
 * target that was passed over has the tag of what kept it from being asked; one that the walk did not come to has none.
 *
 * @since 0.1.0
 * @category Models
 */
export const TargetOutcome = Schema.Struct({
  target: Schema.String,
  tag: Schema.optional(Schema.String),
  asked: Schema.Boolean
})

/**
 * @since 0.1.0
 * @category Models
 */
export type TargetOutcome = typeof TargetOutcome.Type

/**
 * Every target was tried or passed over, and none answered. `errors` holds each target's own error, in order; only their
 * tags are encoded or printed. `targets` names every target of the walk and what became of it.
 *
 * `retryAfter` is the soonest time at which one of them may answer again, as far as their failures say.
 *
 * @since 0.1.0
 * @category Errors
 */
export class AllTargetsFailed extends Failure<AllTargetsFailed>()("AllTargetsFailed", {
  errors: unprinted(Schema.Array(Named)),
  targets: Schema.Array(TargetOutcome).pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault((): ReadonlyArray<TargetOutcome> => [])
  ),
  retryAfter: Schema.optional(Wait)
}) {
  // Takes what the constructor it stands for takes, so decoding goes through it as well.
  // @effect-diagnostics-next-line overriddenSchemaConstructor:off
  constructor(
    props: {
      readonly errors: ReadonlyArray<unknown>
      readonly targets?: ReadonlyArray<TargetOutcome>
      readonly retryAfter?: Duration.Duration | undefined
    },
    options?: Schema.MakeOptions
  ) {
    super({ ...props, retryAfter: props.retryAfter ?? soonest(props.errors) }, options)
  }
  override get message(): string {
    const each = this.targets.length > 0 ? this.targets.map(told) : this.errors.map(tagOf)
    const when = this.retryAfter === undefined ? "" : `; one may answer again in ${Duration.format(this.retryAfter)}`
    return `None of ${each.length} targets answered: ${each.join(", ")}${when}`
  }
}

const tagOf = (error: unknown): string => text(error, "_tag") ?? "Error"

const told = ({ asked, tag, target }: TargetOutcome): string =>
  tag === undefined ? `${target} (not asked)` : `${target} (${asked ? "" : "skipped, "}${tag})`

/**
 * The shortest of the times that failures name. One without end is none.
 *
 * @internal
 */
export const soonest = (failures: ReadonlyArray<unknown>): Duration.Duration | undefined => {
  const waits = failures
    .map((failure) => get(failure, "retryAfter"))
    .filter((wait) => Duration.isDuration(wait))
    .filter(Duration.isFinite)
  return waits.length === 0 ? undefined : waits.reduce((one, other) => Duration.min(one, other))
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
  | CredentialsExhausted
  | AllTargetsFailed

const classes = byTag([
  CircuitOpen,
  CircuitHalfOpen,
  BulkheadFull,
  RateLimitExceeded,
  DeadlineExceeded,
  BufferExceeded,
  CredentialsExhausted,
  AllTargetsFailed
])

/**
 * Tells a rejection of the toolkit from any other value.
 *
 * @since 0.1.0
 * @category Guards
 */
export const isRejection = (u: unknown): u is Rejection => isOwnFailure(u, classes)
