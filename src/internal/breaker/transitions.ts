/**
 * What takes a circuit from one phase to another, or holds it: the changes that calls make, and those that somebody makes
 * by hand.
 *
 * @internal
 */
import * as InFlight from "./inFlight.js"
import * as Parking from "./parking.js"
import { openTime, type Policy, slowCall } from "./policy.js"
import type { Change, Circuit, Counts, Decision, Phase, Reason, Restore, Row } from "./state.js"
import * as Window from "./window.js"

/** @internal */
export type Step = readonly [Decision, Circuit]
/** @internal */
export type Closed = Extract<Phase, { _tag: "Closed" }>
/** @internal */
export type HalfOpen = Extract<Phase, { _tag: "HalfOpen" }>

/** @internal */
export const nothing: Decision = { permit: undefined, rejection: undefined, change: undefined }

/** @internal */
export const closed = (policy: Policy, row: Row | undefined, now: number): Closed => {
  const slow = slowCall(policy.trip)
  return {
    _tag: "Closed",
    window: Window.empty(policy.trip, now),
    inFlight: slow && InFlight.empty(slow.threshold, now),
    row
  }
}

/** @internal */
export const inPhase = ({ generation, isolations, lastFailure, parking }: Circuit, phase: Phase): Circuit => ({
  generation,
  phase,
  parking,
  isolations,
  lastFailure
})

/** @internal */
export const withParking = (circuit: Circuit, parking: Circuit["parking"]): Circuit =>
  parking === circuit.parking ? circuit : { ...circuit, parking }

/** @internal */
export const change = (
  circuit: Circuit,
  phase: Phase,
  openFor: number,
  openings: number,
  reason: Reason | undefined,
  now: number,
  counts?: Counts
): Step => {
  const from = circuit.phase._tag
  const to = phase._tag
  // An isolated circuit stays isolated to the outside, and closing a closed one only starts it afresh.
  const seen = circuit.isolations === 0 && (from !== to || reason === "manual")
  return [
    seen ? { ...nothing, change: { at: now, from, to, openFor, openings, reason, counts } } : nothing,
    { ...circuit, generation: circuit.generation + 1, phase }
  ]
}

/** The failure's own hint can make the open time longer, as far as a hint may. @internal */
export const open = (
  policy: Policy,
  circuit: Circuit,
  openings: number,
  reason: Reason,
  counts: Counts,
  retryAfter: number,
  now: number
): Step => {
  const openFor = Math.max(openTime(policy, openings), Math.min(retryAfter, policy.maxRetryAfter))
  const slow = circuit.phase._tag === "HalfOpen" ? circuit.phase.slow : reason === "slowCalls"
  const phase: Phase = { _tag: "Open", since: now, until: now + openFor, openings, slow, reason }
  return change(circuit, phase, openFor, openings, reason, now, counts)
}

/** The open time is over, and probes find out. @internal */
export const halfOpen = (circuit: Circuit, phase: Extract<Phase, { _tag: "Open" }>, now: number): Step => {
  const { openings, reason, since, slow, until } = phase
  const probing: HalfOpen = {
    _tag: "HalfOpen",
    openFor: until - since,
    openings,
    slow,
    reason,
    successes: 0,
    abandoned: 0,
    leases: [],
    nextLease: 1
  }
  return change(circuit, probing, 0, openings, undefined, now)
}

/** By hand it opens for longer, never for less, and is no part of the row that failures make. @internal */
export const openByHand = (circuit: Circuit, openFor: number, now: number): Step => {
  const { phase } = circuit
  const until = now + openFor
  if (phase._tag === "Open" && phase.until >= until) return [nothing, circuit]
  const { openings, slow } = phase._tag === "Closed" ? { openings: openingsSoFar(phase, now), slow: false } : phase
  const opened: Phase = { _tag: "Open", since: now, until, openings, slow, reason: "manual" }
  return change(circuit, opened, openFor, openings, "manual", now)
}

/** @internal */
export const openingsSoFar = ({ row }: Closed, now: number): number =>
  row !== undefined && now - row.closedAt < row.lastOpenFor ? row.openings : 0

/**
 * Whatever is longer holds: what the snapshot says, or what has happened since. A snapshot holds nobody for longer than a
 * hint may, unless it was somebody's or the policy's own decision.
 *
 * @internal
 */
export const restore = (policy: Policy, circuit: Circuit, from: Restore, now: number): Step => {
  const { lastFailure, openings, reason, slow } = from
  const most =
    reason === "manual" ? from.openFor : Math.max(policy.maxRetryAfter, openTime(policy, Math.max(1, openings)))
  const openFor = Math.min(from.openFor, most)
  const parking = Parking.restore(policy, circuit.parking, from, now)
  const told: Circuit = { ...circuit, parking, lastFailure: circuit.lastFailure ?? lastFailure }
  const until = now + openFor
  if (openings === 0 || (circuit.phase._tag === "Open" && circuit.phase.until >= until)) return [nothing, told]
  return change(told, { _tag: "Open", since: now, until, openings, slow, reason }, openFor, openings, undefined, now)
}

/** @internal */
export const isolate = (circuit: Circuit, by: 1 | -1, now: number): Step => {
  const isolations = Math.max(0, circuit.isolations + by)
  const began = circuit.isolations === 0 && isolations > 0
  const ended = circuit.isolations > 0 && isolations === 0
  const here = circuit.phase._tag
  const change = (from: Change["from"], to: Change["to"]): Change => ({
    at: now,
    from,
    to,
    openFor: 0,
    openings: 0,
    reason: undefined,
    counts: undefined
  })
  return [
    {
      ...nothing,
      change: began ? change(here, "Isolated") : ended ? change("Isolated", here) : undefined
    },
    { ...circuit, isolations }
  ]
}
