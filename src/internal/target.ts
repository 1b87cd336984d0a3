/**
 * The policies of one target, made once and shared by all its calls.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type { CircuitHalfOpen, CircuitOpen, RateLimitExceeded } from "../Rejection.js"
import type { Hub } from "../ResilienceEvent.js"
import type { CircuitGate } from "./breaker/gated.js"
import type { TargetMetrics } from "./targetMetrics.js"

/** A circuit breaker's `execute`, bound to the target. */
export type Admit = <A, E, R>(
  self: Effect.Effect<A, E, R>
) => Effect.Effect<A, E | CircuitOpen | CircuitHalfOpen | RateLimitExceeded, R>

export interface Target {
  readonly name: string
  /** The time a call has in all. */
  readonly deadline: Duration.Duration | undefined
  /** The time one attempt has; infinite where it has no limit of its own. */
  readonly attemptMillis: number
  readonly retry: Schedule.Schedule<unknown, unknown> | undefined
  /** The same, for a call that has other targets to turn to. */
  readonly retryWithOthers: Schedule.Schedule<unknown, unknown> | undefined
  /** Asks the budget for one retry. */
  readonly takeRetry: Effect.Effect<boolean>
  /** The circuit breaker, where each attempt passes it. */
  readonly admitAttempt: Admit | undefined
  /** The circuit breaker, where it stands outside the retries. */
  readonly admitCall: Admit | undefined
  /** The same for a stream, which is opened and closed rather than run. */
  readonly attemptGate: Effect.Effect<CircuitGate> | undefined
  readonly callGate: Effect.Effect<CircuitGate> | undefined
  readonly metrics: TargetMetrics
  readonly hub: Hub
}
