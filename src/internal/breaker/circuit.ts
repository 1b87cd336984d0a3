import * as InFlight from "./inFlight.js"
import { openTime, type Policy, slowCall } from "./policy.js"
import { type Cause, type TripReason, tripped } from "./tally.js"
import * as Window from "./window.js"

/**
 * All there is to know about the circuit of one key. Plain data: it can be stored, sent and compared.
 *
 * @since 0.1.0
 */
export interface Circuit {
  /** Counts the changes of phase. What was admitted in one generation has no say in another. */
  readonly generation: number
  readonly phase: Phase
  /** Until when (milliseconds of the `Clock`) the target has asked to be left alone. */
  readonly parkedUntil: number
  /** How many hold the circuit open by hand. */
  readonly isolations: number
}

/**
 * The three states of the machine, with what each has to remember.
 *
 * @since 0.1.0
 */
export type Phase =
  | { readonly _tag: "Closed"; readonly window: Window.Window; readonly inFlight: InFlight.InFlight | undefined }
  | {
      readonly _tag: "Open"
      readonly until: number
      readonly openings: number
      /** It opened for slow calls, so its probes have to be quick. */
      readonly slow: boolean
    }
  | {
      readonly _tag: "HalfOpen"
      readonly openings: number
      readonly slow: boolean
      readonly successes: number
      /** Probes abandoned since the last one that was answered. */
      readonly abandoned: number
      readonly leases: ReadonlyArray<Lease>
      readonly nextLease: number
    }

/**
 * The place of a running probe.
 *
 * @since 0.1.0
 */
export interface Lease {
  readonly id: number
  readonly expiresAt: number
}

/**
 * What a call that was let through brings back when it ends.
 *
 * @since 0.1.0
 */
export interface Permit {
  readonly generation: number
  /** The place of a probe, or 0 for a call through a closed circuit. */
  readonly lease: number
  readonly startedAt: number
  /** When a stream gave its first element, or 0. */
  readonly answeredAt: number
  /** Where the call is counted while it is under way. */
  readonly slot: number
}

/**
 * How a call ended.
 *
 * @since 0.1.0
 */
export interface Result {
  readonly _tag: "Record"
  readonly permit: Permit
  readonly outcome: "Success" | "Failure" | "Ignored" | "Abandoned"
  /** For how many milliseconds the target asked to be left alone, or 0. */
  readonly retryAfter: number
}

/**
 * What happens to a circuit besides calls that begin and end.
 *
 * @since 0.1.0
 */
export type Amendment =
  /** A stream gave its first element: from here on it is not slow, however long it lasts. */
  | { readonly _tag: "Answer"; readonly permit: Permit }
  | { readonly _tag: "Isolate" }
  | { readonly _tag: "Rejoin" }
  | { readonly _tag: "Reset" }
  /** What a snapshot has kept of the circuit: the milliseconds it is open and parked for, from now on. */
  | { readonly _tag: "Restore"; readonly openFor: number; readonly openings: number; readonly parkedFor: number }

/**
 * Everything that can happen to a circuit.
 *
 * @since 0.1.0
 */
export type Input = { readonly _tag: "Admit" } | Result | Amendment

/**
 * Why a circuit opened.
 *
 * @since 0.1.0
 */
export type Reason = TripReason | "probe"

/**
 * A change of phase, or the beginning or end of an isolation.
 *
 * @since 0.1.0
 */
export interface Change {
  /** Milliseconds of the `Clock`. */
  readonly at: number
  readonly from: Phase["_tag"] | "Isolated"
  readonly to: Phase["_tag"] | "Isolated"
  /** How long the circuit stays open, if that is where it goes. */
  readonly openFor: number
  readonly openings: number
  readonly reason: Reason | undefined
}

/**
 * What follows from an input.
 *
 * @since 0.1.0
 */
export interface Decision {
  readonly permit: Permit | undefined
  readonly rejection: Refusal | undefined
  readonly change: Change | undefined
}

/**
 * Why a call is not let through, and in how many milliseconds it could be.
 *
 * @since 0.1.0
 */
export interface Refusal {
  readonly _tag: "Open" | "HalfOpen" | "Parked" | "Isolated"
  readonly retryAfter: number
}

type Step = readonly [Decision, Circuit]
type Closed = Extract<Phase, { _tag: "Closed" }>
type HalfOpen = Extract<Phase, { _tag: "HalfOpen" }>

const nothing: Decision = { permit: undefined, rejection: undefined, change: undefined }

const closed = (policy: Policy, now: number): Closed => {
  const slow = slowCall(policy.trip)
  return {
    _tag: "Closed",
    window: Window.empty(policy.trip, now),
    inFlight: slow && InFlight.empty(slow.threshold, now)
  }
}

/** @internal */
export const initial = (policy: Policy, generation: number, now: number): Circuit => ({
  generation,
  phase: closed(policy, now),
  parkedUntil: 0,
  isolations: 0
})

/**
 * Whether a circuit that nobody uses any more holds anything back. The growth of its open time is not kept for ever.
 *
 * @internal
 */
export const atRest = ({ isolations, parkedUntil, phase }: Circuit, now: number): boolean => {
  if (isolations > 0 || now < parkedUntil) return false
  if (phase._tag === "HalfOpen") return phase.leases.every((lease) => lease.expiresAt <= now)
  return phase._tag === "Closed" || phase.until <= now
}

/**
 * The whole machine: what an input means for a circuit, and the circuit it leaves behind.
 *
 * @internal
 */
export const step = (policy: Policy, circuit: Circuit, input: Input, now: number): Step => {
  switch (input._tag) {
    case "Admit":
      return admit(policy, circuit, now)
    case "Answer":
      return answer(policy, circuit, input.permit, now)
    case "Record":
      return record(policy, parked(circuit, input, now), input, now)
    case "Isolate":
    case "Rejoin":
      return isolate(circuit, input._tag === "Isolate" ? 1 : -1, now)
    case "Reset":
      return change({ ...circuit, parkedUntil: 0 }, closed(policy, now), 0, 0, undefined, now)
    case "Restore":
      return restore(circuit, input, now)
  }
}

const inPhase = ({ generation, isolations, parkedUntil }: Circuit, phase: Phase): Circuit => ({
  generation,
  phase,
  parkedUntil,
  isolations
})

const reject = (circuit: Circuit, _tag: Refusal["_tag"], retryAfter: number): Step => [
  { permit: undefined, rejection: { _tag, retryAfter }, change: undefined },
  circuit
]

const change = (
  circuit: Circuit,
  phase: Phase,
  openFor: number,
  openings: number,
  reason: Reason | undefined,
  now: number
): Step => {
  const from = circuit.phase._tag
  // An isolated circuit stays isolated to the outside, and closing a closed one only starts it afresh.
  const seen = circuit.isolations === 0 && from !== phase._tag
  return [
    seen ? { ...nothing, change: { at: now, from, to: phase._tag, openFor, openings, reason } } : nothing,
    { ...circuit, generation: circuit.generation + 1, phase }
  ]
}

const open = (
  policy: Policy,
  circuit: Circuit,
  openings: number,
  reason: Reason,
  retryAfter: number,
  now: number
): Step => {
  const openFor = Math.max(openTime(policy, openings), retryAfter)
  const { phase } = circuit
  const slow = phase._tag === "HalfOpen" ? phase.slow : reason === "slowCalls"
  return change(circuit, { _tag: "Open", until: now + openFor, openings, slow }, openFor, openings, reason, now)
}

const admit = (policy: Policy, circuit: Circuit, now: number): Step => {
  const phase = circuit.phase
  if (circuit.isolations > 0) return reject(circuit, "Isolated", Number.POSITIVE_INFINITY)
  if (phase._tag === "Open" && now < phase.until) return reject(circuit, "Open", phase.until - now)
  if (now < circuit.parkedUntil) return reject(circuit, "Parked", circuit.parkedUntil - now)
  switch (phase._tag) {
    case "Closed":
      return phase.inFlight === undefined ? pass(circuit, now, 0) : admitTimed(policy, circuit, phase, now)
    case "Open": {
      const [begun, halfOpen] = change(
        circuit,
        {
          _tag: "HalfOpen",
          openings: phase.openings,
          slow: phase.slow,
          successes: 0,
          abandoned: 0,
          leases: [],
          nextLease: 1
        },
        0,
        phase.openings,
        undefined,
        now
      )
      const [decision, next] = admit(policy, halfOpen, now)
      return [{ ...decision, change: begun.change }, next]
    }
    case "HalfOpen": {
      const leases = phase.leases.filter((lease) => lease.expiresAt > now)
      if (leases.length >= policy.halfOpen.probes) return reject(circuit, "HalfOpen", 0)
      const lease = { id: phase.nextLease, expiresAt: now + policy.halfOpen.probeTimeout }
      return pass(
        inPhase(circuit, { ...phase, leases: [...leases, lease], nextLease: phase.nextLease + 1 }),
        now,
        0,
        lease.id
      )
    }
  }
}

const pass = (circuit: Circuit, now: number, slot: number, lease = 0): Step => [
  {
    permit: { generation: circuit.generation, lease, startedAt: now, answeredAt: 0, slot },
    rejection: undefined,
    change: undefined
  },
  circuit
]

/** With a limit on slow calls, those under way are looked at before another one joins them. */
const admitTimed = (policy: Policy, circuit: Circuit, phase: Closed, now: number): Step => {
  const [decision, judged] = judge(policy, circuit, phase.window, phase.inFlight, "slow", 0, now)
  if (decision.change !== undefined) {
    const [refused, next] = admit(policy, judged, now)
    return [{ ...refused, change: decision.change }, next]
  }
  if (judged.phase._tag !== "Closed" || judged.phase.inFlight === undefined) return pass(judged, now, 0)
  const inFlight = InFlight.enter(judged.phase.inFlight)
  return pass(inPhase(judged, { _tag: "Closed", window: judged.phase.window, inFlight }), now, inFlight.slot)
}

const timed = (policy: Policy, inFlight: InFlight.InFlight | undefined, now: number) => {
  const slow = slowCall(policy.trip)
  return slow && inFlight && InFlight.age(inFlight, slow.threshold, now)
}

/** Opens a closed circuit if what is in its window, or under way, is a reason to. */
const judge = (
  policy: Policy,
  circuit: Circuit,
  window: Window.Window,
  inFlight: InFlight.InFlight | undefined,
  cause: Cause | undefined,
  retryAfter: number,
  now: number
): Step => {
  const aged = Window.age(window, policy.trip, now)
  const running = timed(policy, inFlight, now)
  const reason = cause && tripped(policy.trip, aged, running?.overdue ?? 0, cause)
  return reason === undefined
    ? [nothing, inPhase(circuit, { _tag: "Closed", window: aged, inFlight: running })]
    : open(policy, circuit, 1, reason, retryAfter, now)
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

/** A target that asks to be left alone is, whichever generation the call that was told belongs to. */
const parked = (circuit: Circuit, { outcome, retryAfter }: Result, now: number): Circuit =>
  outcome === "Ignored" && now + retryAfter > circuit.parkedUntil && retryAfter > 0
    ? { ...circuit, parkedUntil: now + retryAfter }
    : circuit

const record = (policy: Policy, circuit: Circuit, result: Result, now: number): Step => {
  if (result.permit.generation !== circuit.generation) return [nothing, circuit]
  switch (circuit.phase._tag) {
    case "Closed":
      return recordClosed(policy, circuit, circuit.phase, result, now)
    case "HalfOpen":
      return recordProbe(policy, circuit, circuit.phase, result, now)
    case "Open":
      return [nothing, circuit]
  }
}

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
  return judge(policy, circuit, window, inFlight, cause, outcome === "Failure" ? result.retryAfter : 0, now)
}

const recordProbe = (policy: Policy, circuit: Circuit, phase: HalfOpen, result: Result, now: number): Step => {
  const probes: HalfOpen = { ...phase, leases: phase.leases.filter((lease) => lease.id !== result.permit.lease) }
  const stay = (next: HalfOpen): Step => [nothing, inPhase(circuit, next)]
  const reopen = (reason: Reason, retryAfter: number): Step =>
    open(policy, circuit, phase.openings + 1, reason, retryAfter, now)
  switch (result.outcome) {
    case "Ignored":
      return stay(probes)
    case "Failure":
      return reopen("probe", result.retryAfter)
    case "Abandoned":
      return phase.abandoned + 1 >= policy.halfOpen.successes
        ? reopen("abandoned", 0)
        : stay({ ...probes, abandoned: phase.abandoned + 1 })
    case "Success":
      if (phase.slow && isSlow(policy, result.permit, now)) return reopen("slowCalls", 0)
      return phase.successes + 1 >= policy.halfOpen.successes
        ? change(circuit, closed(policy, now), 0, 0, undefined, now)
        : stay({ ...probes, successes: phase.successes + 1, abandoned: 0 })
  }
}

type Restore = Extract<Input, { _tag: "Restore" }>

/** Whatever is longer holds: what the snapshot says, or what has happened since. */
const restore = (circuit: Circuit, { openFor, openings, parkedFor }: Restore, now: number): Step => {
  const parked = { ...circuit, parkedUntil: Math.max(circuit.parkedUntil, parkedFor > 0 ? now + parkedFor : 0) }
  const until = now + openFor
  if (openings === 0 || (circuit.phase._tag === "Open" && circuit.phase.until >= until)) return [nothing, parked]
  return change(parked, { _tag: "Open", until, openings, slow: false }, openFor, openings, undefined, now)
}

const isolate = (circuit: Circuit, by: 1 | -1, now: number): Step => {
  const isolations = Math.max(0, circuit.isolations + by)
  const began = circuit.isolations === 0 && isolations > 0
  const ended = circuit.isolations > 0 && isolations === 0
  const here = circuit.phase._tag
  const change: Change = { at: now, from: "Isolated", to: here, openFor: 0, openings: 0, reason: undefined }
  return [
    { ...nothing, change: began ? { ...change, from: here, to: "Isolated" } : ended ? change : undefined },
    { ...circuit, isolations }
  ]
}
