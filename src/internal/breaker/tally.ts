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
 * Why a closed circuit has to open, if it has to. `overdue` counts the calls that are still running and already slow.
 * Shares are above 0 and minima at least 1, so a window without calls, failures or slow calls is never a reason.
 *
 * @internal
 */
export const tripped = (trip: TripPolicy, tally: Tally, overdue: number): TripReason | undefined => {
  const enough = trip._tag === "Consecutive" ? trip.failures : trip.minimumCalls
  if (tally.abandoned >= enough) return "abandoned"
  if (trip._tag === "Consecutive") return tally.failures >= trip.failures ? "failures" : undefined
  if (tally.calls >= enough && tally.failures / tally.calls >= trip.threshold) return "failures"
  const slow = slowCall(trip)
  const calls = tally.calls + overdue
  const late = tally.slow + overdue
  return slow !== undefined && calls >= enough && late / calls >= slow.rate ? "slowCalls" : undefined
}
