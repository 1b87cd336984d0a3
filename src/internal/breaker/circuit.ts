import { atClock } from "./clockSetBack.js"
import * as InFlight from "./inFlight.js"
import * as Parking from "./parking.js"
import { type Policy, slowCall } from "./policy.js"
import type { Circuit, Counts, Input, LastFailure, Permit, Reason, Refusal, Result } from "./state.js"
import { type Cause, tripped } from "./tally.js"
import {
  type Closed,
  change,
  closed,
  type HalfOpen,
  halfOpen,
  inPhase,
  isolate,
  nothing,
  open,
  openByHand,
  openingsSoFar,
  restore,
  type Step,
  withParking
} from "./transitions.js"
import * as Window from "./window.js"

/** @internal */
export const initial = (policy: Policy, generation: number, now: number): Circuit => ({
  generation,
  phase: closed(policy, undefined, now),
  parking: undefined,
  isolations: 0,
  lastFailure: undefined
})

/**
 * Whether a circuit that nobody uses any more holds anything back, or would stay open for longer if it opened. The row of
 * openings is not kept for ever.
 *
 * @internal
 */
export const atRest = (circuit: Circuit, now: number): boolean => {
  const { isolations, parking, phase } = atClock(circuit, now)
  if (isolations > 0 || Parking.held(parking, now) !== undefined) return false
  if (phase._tag === "HalfOpen") return phase.leases.every((lease) => lease.expiresAt <= now)
  return phase._tag === "Closed" ? openingsSoFar(phase, now) === 0 : phase.until <= now
}

/**
 * The whole machine: what an input means for a circuit, and the circuit it leaves behind.
 *
 * @internal
 */
export const step = (policy: Policy, kept: Circuit, input: Input, now: number): Step => {
  const circuit = atClock(kept, now)
  switch (input._tag) {
    case "Admit":
      return admit(policy, circuit, now)
    case "Answer":
      return answer(policy, circuit, input.permit, now)
    case "Record":
      return record(policy, withParking(circuit, Parking.after(policy, circuit.parking, input, now)), input, now)
    case "Isolate":
    case "Rejoin":
      return isolate(circuit, input._tag === "Isolate" ? 1 : -1, now)
    case "Open":
      return openByHand(circuit, input.openFor, now)
    case "Reset": {
      const afresh = { ...circuit, parking: undefined, lastFailure: undefined }
      return change(afresh, closed(policy, undefined, now), 0, 0, undefined, now)
    }
    case "Restore":
      return restore(policy, circuit, input, now)
  }
}

const reject = (circuit: Circuit, _tag: Refusal["_tag"], retryAfter: number): Step => {
  const { lastFailure, phase } = circuit
  const reason = _tag === "Isolated" ? "manual" : phase._tag === "Closed" ? undefined : phase.reason
  return [{ permit: undefined, rejection: { _tag, retryAfter, reason, lastFailure }, change: undefined }, circuit]
}

const admit = (policy: Policy, circuit: Circuit, now: number): Step => {
  const phase = circuit.phase
  if (circuit.isolations > 0) return reject(circuit, "Isolated", Number.POSITIVE_INFINITY)
  if (phase._tag === "Open" && now < phase.until) return reject(circuit, "Open", phase.until - now)
  const wait = Parking.held(circuit.parking, now)
  if (wait !== undefined) return reject(circuit, "Parked", wait)
  switch (phase._tag) {
    case "Closed":
      return phase.inFlight === undefined ? pass(policy, circuit, now, 0) : admitTimed(policy, circuit, phase, now)
    case "Open": {
      const [begun, probed] = halfOpen(circuit, phase, now)
      const [decision, next] = admit(policy, probed, now)
      return [{ ...decision, change: begun.change }, next]
    }
    case "HalfOpen": {
      const leases = phase.leases.filter((lease) => lease.expiresAt > now)
      if (leases.length >= policy.halfOpen.probes) return reject(circuit, "HalfOpen", 0)
      const lease = { id: phase.nextLease, since: now, expiresAt: now + policy.halfOpen.probeTimeout }
      const probing: HalfOpen = { ...phase, leases: [...leases, lease], nextLease: phase.nextLease + 1 }
      return pass(policy, inPhase(circuit, probing), now, 0, lease.id)
    }
  }
}

const pass = (policy: Policy, circuit: Circuit, now: number, slot: number, lease = 0): Step => {
  const { parking } = circuit
  const left = parking && Parking.enter(policy, parking, now)
  const finder = left?.finder?.id ?? 0
  return [
    {
      permit: { generation: circuit.generation, lease, finder, startedAt: now, answeredAt: 0, slot },
      rejection: undefined,
      change: undefined
    },
    withParking(circuit, left)
  ]
}

/** With a limit on slow calls, those under way are looked at before another one joins them. */
const admitTimed = (policy: Policy, circuit: Circuit, phase: Closed, now: number): Step => {
  const [decision, judged] = judge(policy, circuit, phase, "slow", 0, now)
  if (decision.change !== undefined || judged.phase._tag !== "Closed") {
    const [refused, next] = admit(policy, judged, now)
    return [{ ...refused, change: decision.change }, next]
  }
  if (judged.phase.inFlight === undefined) return pass(policy, judged, now, 0)
  const inFlight = InFlight.enter(judged.phase.inFlight)
  return pass(policy, inPhase(judged, { ...judged.phase, inFlight }), now, inFlight.slot)
}

const timed = (policy: Policy, inFlight: InFlight.InFlight | undefined, now: number) => {
  const slow = slowCall(policy.trip)
  return slow && inFlight && InFlight.age(inFlight, slow.threshold, now)
}

/** Opens a closed circuit if what is in its window, or under way, is a reason to. */
const judge = (
  policy: Policy,
  circuit: Circuit,
  { inFlight, row, window }: Closed,
  cause: Cause | undefined,
  retryAfter: number,
  now: number
): Step => {
  const aged = Window.age(window, policy.trip, now)
  const running = timed(policy, inFlight, now)
  const overdue = running?.overdue ?? 0
  const here: Closed = { _tag: "Closed", window: aged, inFlight: running, row }
  const reason = cause && tripped(policy.trip, aged, overdue, cause)
  if (reason === undefined) return [nothing, inPhase(circuit, here)]
  const { abandoned, calls, failures, slow } = aged
  const counts: Counts = { calls: calls + overdue, failures, slow: slow + overdue, abandoned }
  return open(policy, circuit, openingsSoFar(here, now) + 1, reason, counts, retryAfter, now)
}

const left = (policy: Policy, inFlight: InFlight.InFlight | undefined, permit: Permit, now: number) => {
  const running = timed(policy, inFlight, now)
  return running === undefined || permit.answeredAt > 0 ? running : InFlight.leave(running, permit.slot)
}

const answer = (policy: Policy, circuit: Circuit, permit: Permit, now: number): Step => {
  const answered = { ...nothing, permit: { ...permit, answeredAt: now } }
  if (permit.generation !== circuit.generation || circuit.phase._tag !== "Closed") return [answered, circuit]
  const inFlight = left(policy, circuit.phase.inFlight, permit, now)
  return [answered, inPhase(circuit, { ...circuit.phase, inFlight })]
}

const record = (policy: Policy, circuit: Circuit, result: Result, now: number): Step => {
  if (result.permit.generation !== circuit.generation || circuit.phase._tag === "Open") return [nothing, circuit]
  const told: Circuit = result.outcome === "Failure" ? { ...circuit, lastFailure: failureOf(result, now) } : circuit
  return circuit.phase._tag === "Closed"
    ? recordClosed(policy, told, circuit.phase, result, now)
    : recordProbe(policy, told, circuit.phase, result, now)
}

const failureOf = ({ tag = "Failure" }: Result, at: number): LastFailure => ({ tag, at })

const isSlow = (policy: Policy, { answeredAt, startedAt }: Permit, now: number): boolean => {
  const slow = slowCall(policy.trip)
  return slow !== undefined && (answeredAt || now) - startedAt >= slow.threshold
}

const recordClosed = (policy: Policy, circuit: Circuit, phase: Closed, result: Result, now: number): Step => {
  const { outcome, permit } = result
  const inFlight = left(policy, phase.inFlight, permit, now)
  if (outcome === "Ignored") {
    return [nothing, inFlight === undefined ? circuit : inPhase(circuit, { ...phase, inFlight })]
  }
  const sample = { failed: outcome === "Failure", slow: isSlow(policy, permit, now) }
  const window =
    outcome === "Abandoned"
      ? Window.abandon(phase.window, policy.trip, now)
      : Window.add(phase.window, policy.trip, sample, now)
  // Only a streak can stay the very same, and it has no limit on slow calls: there is nothing else to keep.
  if (window === phase.window) return [nothing, circuit]
  const cause = outcome === "Abandoned" ? "abandoned" : sample.failed ? "failure" : sample.slow ? "slow" : undefined
  const counted: Closed = { _tag: "Closed", window, inFlight, row: phase.row }
  return judge(policy, circuit, counted, cause, outcome === "Failure" ? result.retryAfter : 0, now)
}

const recordProbe = (policy: Policy, circuit: Circuit, phase: HalfOpen, result: Result, now: number): Step => {
  const { abandoned, openFor, openings, successes } = phase
  const probes: HalfOpen = { ...phase, leases: phase.leases.filter((lease) => lease.id !== result.permit.lease) }
  const stay = (next: HalfOpen): Step => [nothing, inPhase(circuit, next)]
  const reopen = (reason: Reason, last: Partial<Counts>, retryAfter = 0): Step => {
    const counts: Counts = { calls: successes + 1, failures: 0, slow: 0, abandoned, ...last }
    return open(policy, circuit, openings + 1, reason, counts, retryAfter, now)
  }
  switch (result.outcome) {
    case "Ignored":
      return stay(probes)
    case "Failure":
      return reopen("probe", { failures: 1 }, result.retryAfter)
    case "Abandoned":
      return abandoned + 1 >= policy.halfOpen.successes
        ? reopen("abandoned", { calls: successes, abandoned: abandoned + 1 })
        : stay({ ...probes, abandoned: abandoned + 1 })
    case "Success": {
      if (phase.slow && isSlow(policy, result.permit, now)) return reopen("slowCalls", { slow: 1 })
      if (successes + 1 < policy.halfOpen.successes) {
        return stay({ ...probes, successes: successes + 1, abandoned: 0 })
      }
      const row = openings === 0 ? undefined : { openings, closedAt: now, lastOpenFor: openFor }
      return change(circuit, closed(policy, row, now), 0, 0, undefined, now)
    }
  }
}

export type * from "./state.js"
