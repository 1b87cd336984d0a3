import * as Duration from "effect/Duration"
import type { Snapshot, State } from "../../CircuitBreaker.js"
import type { Circuit } from "./circuit.js"
import type { Policy } from "./policy.js"
import { age } from "./window.js"

/**
 * A circuit as its users see it.
 *
 * @internal
 */
export const stateOf = (key: string, policy: Policy, circuit: Circuit | undefined, now: number): State => {
  if (circuit === undefined) return { _tag: "Closed", key, calls: 0, failures: 0 }
  if (circuit.isolations > 0) return { _tag: "Isolated", key }
  const phase = circuit.phase
  switch (phase._tag) {
    case "Closed": {
      const { calls, failures } = age(phase.window, policy.trip, now)
      return { _tag: "Closed", key, calls, failures }
    }
    case "Open": {
      const retryAfter = Duration.millis(Math.max(0, phase.until - now))
      return { _tag: "Open", key, retryAfter, consecutiveOpenings: phase.openings }
    }
    case "HalfOpen": {
      const probing = phase.leases.some((lease) => lease.expiresAt > now)
      return { _tag: "HalfOpen", key, probing, consecutiveOpenings: phase.openings }
    }
  }
}

/** @internal */
export const snapshotOf = (all: ReadonlyArray<readonly [string, Circuit]>, takenAt: number): Snapshot => ({
  takenAt,
  circuits: all
    .map(([key, { parkedUntil, phase }]) => ({
      key,
      openFor: phase._tag === "Open" ? Math.max(0, phase.until - takenAt) : 0,
      consecutiveOpenings: phase._tag === "Closed" ? 0 : phase.openings,
      parkedFor: Math.max(0, parkedUntil - takenAt)
    }))
    .filter((circuit) => circuit.consecutiveOpenings > 0 || circuit.parkedFor > 0)
})
