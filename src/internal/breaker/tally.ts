import type { TripPolicy } from "./policy.js"
import { slowCall } from "./policy.js"

/**
 * What a window says about the calls in it, whatever kind of window it is.
 *
 * @internal
 */
export interface Tally {
  /** Calls that ended with a verdict: success or failure. */
  readonly calls: number
  readonly failures: number
  readonly slow: number
  /** Calls abandoned by whoever made them since the last one that was answered. */
  readonly abandoned: number
}

/**
 * What one ended call adds to a window.
 *
 * @internal
 */
export interface Sample {
  readonly failed: boolean
  readonly slow: boolean
}

/** @internal */
export type TripReason = "failures" | "slowCalls" | "abandoned"

/**
 * What can be a reason to open: a failure, a call that was or is slow, or one that was abandoned. A quick success never
 * is, though it may be the call that makes a rate's minimum full.
 *
 * @internal
 */
export type Cause = "failure" | "slow" | "abandoned"

/**
 * Why a closed circuit has to open now that `cause` has happened, if it has to. `overdue` counts the calls that are
 * still running and already slow. Shares are above 0 and minima at least 1, so a window without calls, failures or slow calls is never a reason.
 *
 * @internal
 */
export const tripped = (trip: TripPolicy, tally: Tally, overdue: number, cause: Cause): TripReason | undefined => {
  const enough = trip._tag === "Consecutive" ? trip.failures : trip.minimumCalls
  if (cause === "abandoned") return tally.abandoned >= enough ? "abandoned" : undefined
  if (trip._tag === "Consecutive") return tally.failures >= trip.failures ? "failures" : undefined
  if (cause === "failure" && tally.calls >= enough && tally.failures / tally.calls >= trip.threshold) return "failures"
  const slow = slowCall(trip)
  const calls = tally.calls + overdue
  const late = tally.slow + overdue
  return slow !== undefined && calls >= enough && late / calls >= slow.rate ? "slowCalls" : undefined
}
