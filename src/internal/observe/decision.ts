import type * as Duration from "effect/Duration"

/**
 * What one policy would have done with a call.
 *
 * @since 0.1.0
 */
export interface ObservedDecision {
  readonly policy:
    | "circuitBreaker"
    | "parking"
    | "rampUp"
    | "bulkhead"
    | "adaptiveLimit"
    | "rateLimit"
    | "spendLimit"
    | "retry"
    | "attemptTimeout"
    | "deadline"
    | "stream"
  /**
   * `reject`: the call would not have been sent. `wait`: not before `wait` is over, where that is known. `end`: it would have been ended now,
   * with `error`. `retry`: it would have been sent again, after `wait`. `withhold`: it would have, but for `reason`.
   */
  readonly action: "reject" | "wait" | "end" | "retry" | "withhold"
  readonly wait?: Duration.Duration | undefined
  readonly reason?: string | undefined
  readonly error?: unknown
}
