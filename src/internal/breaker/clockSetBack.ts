/**
 * What a clock that was set back does to a circuit: what was to last for a time lasts that long from now on, and no
 * longer. Without it, a circuit that is open for a second would be open until the clock is where it was, which may be
 * days. A clock that was never set back costs four comparisons.
 *
 * @internal
 */
import type { Circuit, Lease, Parking, Phase } from "./state.js"

/** @internal */
export const atClock = (circuit: Circuit, now: number): Circuit => {
  const phase = phaseAt(circuit.phase, now)
  const parking = circuit.parking && parkingAt(circuit.parking, now)
  return phase === circuit.phase && parking === circuit.parking ? circuit : { ...circuit, phase, parking }
}

/** Windows, and calls under way, see to themselves when they age. */
const phaseAt = (phase: Phase, now: number): Phase => {
  switch (phase._tag) {
    case "Closed":
      return phase.row !== undefined && now < phase.row.closedAt
        ? { ...phase, row: { ...phase.row, closedAt: now } }
        : phase
    case "Open":
      return now < phase.since ? { ...phase, since: now, until: now + phase.until - phase.since } : phase
    case "HalfOpen":
      return phase.leases.some((lease) => now < lease.since)
        ? { ...phase, leases: phase.leases.map((lease) => leaseAt(lease, now)) }
        : phase
  }
}

const parkingAt = (parking: Parking, now: number): Parking => {
  const { asked, finder, since, until } = parking
  const found = finder && leaseAt(finder, now)
  if (now >= since) return found === finder ? parking : { ...parking, finder: found }
  return { ...parking, since: now, until: now + until - since, asked: now + asked - since, finder: found }
}

const leaseAt = (lease: Lease, now: number): Lease =>
  now < lease.since ? { ...lease, since: now, expiresAt: now + lease.expiresAt - lease.since } : lease
