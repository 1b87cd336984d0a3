import * as Duration from "effect/Duration"
import { atClock } from "./clockSetBack.js"
import type { Policy } from "./policy.js"
import type { Circuit } from "./state.js"
import type { Snapshot, State } from "./types.js"
import { age } from "./window.js"

/**
 * A circuit as its users see it.
 *
 * @internal
 */
export const stateOf = (key: string, policy: Policy, kept: Circuit | undefined, now: number): State => {
  if (kept === undefined) return { _tag: "Closed", key, calls: 0, failures: 0 }
  const { isolations, lastFailure, phase } = atClock(kept, now)
  if (isolations > 0) return { _tag: "Isolated", key }
  switch (phase._tag) {
    case "Closed": {
      const { calls, failures } = age(phase.window, policy.trip, now)
      return { _tag: "Closed", key, calls, failures }
    }
    case "Open": {
      const { openings, reason, until } = phase
      const retryAfter = Duration.millis(Math.max(0, until - now))
      return { _tag: "Open", key, retryAfter, consecutiveOpenings: openings, reason, lastFailure }
    }
    case "HalfOpen": {
      const { leases, openings, reason } = phase
      const probing = leases.some((lease) => lease.expiresAt > now)
      return { _tag: "HalfOpen", key, probing, consecutiveOpenings: openings, reason, lastFailure }
    }
  }
}

/** @internal */
export const snapshotOf = (all: ReadonlyArray<readonly [string, Circuit]>, takenAt: number): Snapshot => ({
  takenAt,
  circuits: all
    .map(([key, circuit]) => keptOf(key, atClock(circuit, takenAt), takenAt))
    .filter(({ askedFor, consecutiveOpenings, parkedFor }) => consecutiveOpenings > 0 || (askedFor ?? parkedFor) > 0)
})

/** What there is to say, and nothing of what is as usual. */
const keptOf = (key: string, { lastFailure, parking, phase }: Circuit, now: number): Snapshot["circuits"][number] => {
  const parkedFor = Math.max(0, (parking?.until ?? 0) - now)
  const askedFor = Math.max(0, (parking?.asked ?? 0) - now)
  const parked = {
    parkedFor,
    ...(askedFor > parkedFor && { askedFor }),
    ...(parkedFor > 0 && parking?.stated === true && { stated: true })
  }
  if (phase._tag === "Closed") return { key, openFor: 0, consecutiveOpenings: 0, ...parked }
  return {
    key,
    openFor: phase._tag === "Open" ? Math.max(0, phase.until - now) : 0,
    // Opened by hand it may be in no row, and has its probes before it all the same.
    consecutiveOpenings: Math.max(1, phase.openings),
    ...(phase.slow && { slow: true }),
    ...(phase.reason && { reason: phase.reason }),
    ...(lastFailure && { lastFailure }),
    ...parked
  }
}
