/**
 * The policies of one target, made once and shared by all its calls.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type { OwnWaiting } from "../admission/gate.js"
import type { TargetGate } from "../breaker/gated.js"
import type { AgainOptions } from "../hedge/types.js"
import type { StreamPolicy } from "../stream/options.js"
import type { Hub } from "../telemetry/events.js"
import type { TargetMetrics } from "../telemetry/targetMetrics.js"

/** A retry budget, bound to the target. */
export interface BoundBudget {
  readonly deposit: Effect.Effect<void>
  readonly take: Effect.Effect<boolean>
  readonly giveBack: Effect.Effect<void>
}

export interface Target {
  readonly name: string
  /** The policies that this target is one of. The target itself may be forgotten and made anew while a call is inside. */
  readonly scope: object
  /** The time a call has in all. */
  readonly deadline: Duration.Duration | undefined
  /** The time one attempt has; infinite where it has no limit of its own. */
  readonly attemptMillis: number
  readonly retry: Schedule.Schedule<unknown, unknown> | undefined
  /** The same, for a call that has other targets to turn to. */
  readonly retryWithOthers: Schedule.Schedule<unknown, unknown> | undefined
  readonly budget: BoundBudget | undefined
  /** What each attempt passes: the limits, and the circuit where it sees each attempt. */
  readonly attemptCircuit: TargetGate | undefined
  /** The circuit, where it sees the call with all its retries. */
  readonly callCircuit: TargetGate | undefined
  /** Both, for calls that wait in a way of their own. */
  readonly waitingAs: (own: OwnWaiting) => Pick<Target, "attemptCircuit" | "callCircuit">
  readonly metrics: TargetMetrics
  /** Who is asked for which model, where the options say. */
  readonly provider: string | undefined
  readonly model: string | undefined
  /** When the target is asked once more beside an attempt that is late. */
  readonly hedge: AgainOptions | undefined
  /** What holds for its streams. */
  readonly stream: StreamPolicy | undefined
  /** Whether its policies only observe, as the options say. */
  readonly observeOnly: boolean
  /** How many names have labels of their own. */
  readonly labels: number
  /** The call's number, where it has one before it begins. */
  readonly number?: number | undefined
  readonly hub: Hub
}
