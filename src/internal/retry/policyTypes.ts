/**
 * What a retry policy is made of, and what it tells of itself.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import type * as Schedule from "effect/Schedule"
import type { LlmError, Tag } from "../../LlmError.js"
import type { Rejection } from "../../Rejection.js"

/**
 * How delays are spread by chance. `none` leaves them as they are; the others are described at the combinators of their
 * names.
 *
 * @since 0.1.0
 * @category Models
 */
export type Jitter = "none" | "full" | "equal" | "decorrelated" | "proportional"

/**
 * Why no attempt follows a failure.
 *
 * @since 0.1.0
 * @category Models
 */
export type EndedBy = "notRetryable" | "attempts" | "hint" | "elapsed" | "deadline"

/**
 * What a policy says at each failure.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Attempt {
  /** The number of the attempt that follows: 2 is the first retry. */
  readonly attempt: number
  /** The wait before it. */
  readonly delay: Duration.Duration
  /** The failure that led to it, as it came. */
  readonly error: unknown
  /** The same failure, as it was read. */
  readonly failure: LlmError | Rejection
  /** The time since the first failure, this wait not included. */
  readonly elapsed: Duration.Duration
  /** All waits so far, this one included. */
  readonly waited: Duration.Duration
  /** What keeps the attempt from following; nothing if it does follow. */
  readonly ended: EndedBy | undefined
}

/**
 * How the wait after a failure grows, and how many attempts there are.
 *
 * @since 0.1.0
 * @category Models
 */
export interface BackoffOptions {
  /** Attempts in all, the first one included. `Infinity` leaves the limit to time. Default 3. */
  readonly maxAttempts?: number | undefined
  /** The delay after the first failure. Default 1 second. */
  readonly initialDelay?: Duration.DurationInput | undefined
  /** What the delay is multiplied by after each further failure, at least 1. Default 2. */
  readonly factor?: number | undefined
  /** What the delay is capped at, before the jitter. Default 10 seconds, or `initialDelay` if that is longer. */
  readonly maxDelay?: Duration.DurationInput | undefined
  /** Default `equal`. */
  readonly jitter?: Jitter | undefined
}

/**
 * What is different for one kind of failure; what is left out is as for the others. The delays grow with the failures
 * of this kind, while `maxAttempts` counts all attempts of the call.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ErrorOptions extends BackoffOptions {
  /**
   * `false` never retries this kind of failure; `true` always does, except where the failure itself says that it is of
   * no use. Left out, `LlmError.traits` decides.
   */
  readonly retry?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options extends BackoffOptions {
  /** No wait may end later than this after the first failure. Default: no such limit. */
  readonly maxElapsed?: Duration.DurationInput | undefined
  /** A server's hint longer than this ends the retrying at once. Default 60 seconds. */
  readonly maxRetryAfter?: Duration.DurationInput | undefined
  /**
   * Whether there is nobody else to ask. A call that has timed out is tried again only then, since another target is
   * the better bet. Default `true`.
   */
  readonly lastTarget?: boolean | undefined
  /**
   * What becomes of a call that finds its circuit open: it is rejected (default), or waits. `Resilience` takes it for
   * `circuitBreaker.whenOpen`, and `maxRetryAfter` for the longest such wait, where the circuit's own options say nothing;
   * a policy by itself repeats a call that was rejected so, when the circuit says that it will let it through.
   */
  readonly whenOpen?: "reject" | "wait" | undefined
  readonly perError?: { readonly [tag in Tag]?: ErrorOptions } | undefined
}

/**
 * A policy made by `make`: a plain schedule that also tells what it was made with.
 *
 * @since 0.1.0
 * @category Models
 */
export interface RetryPolicy extends Schedule.Schedule<Attempt, unknown> {
  readonly options: Options
}

/**
 * A change to a schedule's delays or to its end that leaves everything else about it as it is.
 *
 * @since 0.1.0
 * @category Models
 */
export type Refinement = <Out, In, R>(self: Schedule.Schedule<Out, In, R>) => Schedule.Schedule<Out, In, R>

/**
 * A change that depends on the failure, and so makes a schedule for failures of any type.
 *
 * @since 0.1.0
 * @category Models
 */
export type FailureRefinement = <Out, R>(self: Schedule.Schedule<Out, unknown, R>) => Schedule.Schedule<Out, unknown, R>

/**
 * @since 0.1.0
 * @category Models
 */
export interface HintOptions {
  /** A hint longer than this ends the retrying at once. Default 60 seconds. */
  readonly maxRetryAfter?: Duration.DurationInput | undefined
  /** The share of a hint that chance may add to it. Default 0. */
  readonly spread?: number | undefined
}

/**
 * @since 0.1.0
 * @category Models
 */
export interface RetryableOptions {
  /** Whether there is nobody else to ask. Default `true`. */
  readonly lastTarget?: boolean | undefined
  /** `wait` repeats a call that an open circuit has rejected, unless it is held open by hand. Default `reject`. */
  readonly whenOpen?: "reject" | "wait" | undefined
  /** Decides for single tags instead of the table. */
  readonly retry?: { readonly [tag in Tag]?: boolean } | undefined
}

/**
 * Schedules for single kinds of failures.
 *
 * @since 0.1.0
 * @category Models
 */
export type ErrorSchedules<Out, R> = { readonly [tag in Tag]?: Schedule.Schedule<Out, unknown, R> }
