/**
 * A circuit, or what happens to one, by another clock: all its times moved by so many milliseconds.
 *
 * @internal
 */
import type { Policy } from "./policy.js"
import type { Circuit, Decision, Input, Lease, Permit, Phase } from "./state.js"
import { slotsPerWindow } from "./timeWindow.js"

/** @internal */
export const shifted = (circuit: Circuit, policy: Policy | undefined, by: number): Circuit => {
  if (by === 0) return circuit
  const { lastFailure, parking } = circuit
  return {
    ...circuit,
    phase: shiftedPhase(circuit.phase, policy, by),
    parking: parking && {
      ...parking,
      since: parking.since + by,
      until: parking.until + by,
      asked: parking.asked + by,
      finder: parking.finder && shiftedLease(parking.finder, by)
    },
    lastFailure: lastFailure && { ...lastFailure, at: lastFailure.at + by }
  }
}

const shiftedPhase = (phase: Phase, policy: Policy | undefined, by: number): Phase => {
  switch (phase._tag) {
    case "Closed": {
      const { row, window } = phase
      // By whole slots, so that to and fro is the same again. The window may so be off by half of a slot.
      const trip = policy?.trip
      const slots = trip?._tag === "RateOver" ? Math.round(by / (trip.window / slotsPerWindow)) : 0
      return {
        ...phase,
        row: row && { ...row, closedAt: row.closedAt + by },
        window: window._tag === "Slots" && slots !== 0 ? { ...window, slot: window.slot + slots } : window
      }
    }
    case "Open":
      return { ...phase, since: phase.since + by, until: phase.until + by }
    case "HalfOpen":
      return { ...phase, leases: phase.leases.map((lease) => shiftedLease(lease, by)) }
  }
}

const shiftedLease = (lease: Lease, by: number): Lease => ({
  ...lease,
  since: lease.since + by,
  expiresAt: lease.expiresAt + by
})

const shiftedPermit = (permit: Permit, by: number): Permit => ({ ...permit, startedAt: permit.startedAt + by })

/** @internal */
export const shiftedDecision = (decision: Decision, by: number): Decision => {
  const { change, permit } = decision
  if (by === 0 || (change === undefined && permit === undefined)) return decision
  return {
    ...decision,
    permit: permit && shiftedPermit(permit, by),
    change: change && { ...change, at: change.at + by }
  }
}

/**
 * What happened a while ago, as something that happens now: a call lasted as long as it did, and what was asked for from
 * then on has become shorter. Nothing, where all of it is over. It happened by a clock that is `offset` behind the one that
 * shows `now`.
 *
 * @internal
 */
export const asOfNow = (input: Input, happenedAt: number, offset: number, now: number): Input | undefined => {
  const ago = Math.max(0, now - offset - happenedAt)
  const rest = (millis: number): number => Math.max(0, millis - ago)
  switch (input._tag) {
    case "Record": {
      const { permit, resetsIn, retryAfter } = input
      const lasted = (permit.answeredAt || happenedAt) - permit.startedAt
      return {
        ...input,
        permit: { ...permit, startedAt: now - lasted, answeredAt: 0 },
        retryAfter: rest(retryAfter),
        resetsIn: rest(resetsIn)
      }
    }
    case "Open":
      return input.openFor > ago ? { ...input, openFor: input.openFor - ago } : undefined
    case "Restore":
      return {
        ...input,
        openFor: rest(input.openFor),
        parkedFor: rest(input.parkedFor),
        askedFor: rest(input.askedFor)
      }
    default:
      return input
  }
}
