/**
 * What a process knows of one circuit: what is shared of it, what it owes the others, and the sum of both, by which its
 * calls are judged.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { step } from "../breaker/circuit.js"
import * as InFlight from "../breaker/inFlight.js"
import { type Policy, slowCall } from "../breaker/policy.js"
import { asOfNow, shifted } from "../breaker/shift.js"
import type { Circuit, Decision, Input } from "../breaker/state.js"
import { type CircuitDocument, circuitOf } from "./circuitDocument.js"

/** Something that has happened here, so often in a row, and that the others do not know yet. */
interface Owed {
  readonly input: Input
  readonly at: number
  /** A success that was not slow. */
  readonly quick: boolean
  count: number
}

/** More successes in a row than this are as good as this many. */
const manyInARow = 1_000

/** Of what is owed while there is nobody to tell, the latest. */
const mostOwed = 1_000

/** @internal */
export class CircuitEntry {
  /** The sum, by the clock of the process. */
  circuit: Circuit
  /** What is shared, as far as this process knows, by the backend's clock. */
  base: { readonly version: string; readonly document: CircuitDocument } | undefined = undefined
  owed: Array<Owed> = []
  /** So many of them are being told. */
  sealed = 0
  /** How many quick successes are among those that are not. */
  successes = 0
  /** It has been opened by what this process saw, and the others do not know yet. */
  tripped = false
  /** How often this process holds it open by hand, and whether it has to say so again. */
  isolations = 0
  renew = false
  /** When it was last known to be as the others see it. */
  knownAt: number = Number.NEGATIVE_INFINITY
  /** When all were last told of it. */
  toldAt: number = Number.NEGATIVE_INFINITY
  /** The generation that this process gave the circuit while it could ask nobody, and what that is for the others. */
  bornAs: number | undefined = undefined
  adoptedAs = 0
  /** Calls that were let through and have not come back. */
  running = 0
  /** Something may have been told that this process did not hear. */
  missed = false
  used = false
  usedAt: number
  /** When what is owed is told, and how to keep it from being. */
  dueAt: number = Number.POSITIVE_INFINITY
  stopTimer: (() => void) | undefined = undefined
  stopExpiry: (() => void) | undefined = undefined
  readonly lock: Effect.Semaphore = Effect.unsafeMakeSemaphore(1)

  constructor(
    readonly key: string,
    public policy: Policy,
    circuit: Circuit,
    now: number
  ) {
    this.circuit = circuit
    this.usedAt = now
  }

  /** Quick successes are the many, and count as one that happened several times. */
  owe(input: Input, now: number, quick: boolean): void {
    if (quick) {
      this.successes++
      const last = this.owed.length > this.sealed ? this.owed[this.owed.length - 1] : undefined
      if (last?.quick === true && generationOf(last.input) === generationOf(input)) {
        last.count = Math.min(last.count + 1, manyInARow)
        return
      }
    }
    this.owed.push({ input, at: now, quick, count: 1 })
    if (this.owed.length > mostOwed + this.sealed) this.owed.splice(this.sealed, 1)
  }

  /** What the first `count` of what is owed make of a circuit, at the time `now` of the clock of `circuit`. */
  replay(circuit: Circuit, offset: number, now: number, count: number): Circuit {
    let next = circuit
    for (let i = 0; i < count; i++) {
      const { at, count: times, input } = this.owed[i]!
      const inputNow = asOfNow(input, at + offset, now)
      if (inputNow === undefined) continue
      for (let time = 0; time < times; time++) next = step(this.policy, next, inputNow, now)[1]
    }
    return next
  }

  /** What is shared, by the clock of the process. */
  circuitAt(now: number, offset: number): Circuit {
    return this.base === undefined
      ? this.circuit
      : shifted(circuitOf(this.base.document, now + offset), this.policy, -offset)
  }

  /** A closed circuit that this process has opened is open, whatever others have counted meanwhile. */
  opened(circuit: Circuit, offset: number): Circuit {
    if (!this.tripped || circuit.phase._tag !== "Closed" || this.circuit.phase._tag !== "Open") return circuit
    const { lastFailure, phase } = shifted(this.circuit, this.policy, offset)
    return { ...circuit, generation: circuit.generation + 1, phase, lastFailure }
  }

  /** What was counted here before the circuit was known counts for the one there is. */
  born(generation: number): void {
    this.bornAs = this.circuit.generation
    this.adoptedAs = generation
    this.owed = this.owed.map((one) => ({ ...one, input: this.adopted(one.input) }))
  }

  adopted<One extends Input>(input: One): One {
    return input._tag === "Record" && input.permit.generation === this.bornAs
      ? { ...input, permit: { ...input.permit, generation: this.adoptedAs } }
      : input
  }

  /** A call that was let in by what is shared is under way here. */
  entered(decision: Decision, now: number): Decision {
    const { phase } = this.circuit
    const slow = slowCall(this.policy.trip)
    const { permit } = decision
    if (permit === undefined || slow === undefined || phase._tag !== "Closed" || phase.inFlight === undefined) {
      return decision
    }
    const inFlight = InFlight.enter(InFlight.age(phase.inFlight, slow.threshold, now))
    this.circuit = { ...this.circuit, phase: { ...phase, inFlight } }
    return { ...decision, permit: { ...permit, slot: inFlight.slot } }
  }

  /** Judges anew what is shared together with what is owed. */
  view(offset: number, now: number): void {
    const { base, policy } = this
    if (base === undefined) return
    const before = this.circuit
    const next = this.replay(this.circuitAt(now, offset), 0, now, this.owed.length)
    // Nobody but this process knows yet that it is open.
    if (this.tripped && next.phase._tag === "Closed" && next.generation < before.generation) return
    this.circuit = withInFlight(next, before, policy, now)
  }
}

const generationOf = (input: Input): number => (input._tag === "Record" ? input.permit.generation : -1)

/** Each process knows of its own calls how long they are under way. */
const withInFlight = (circuit: Circuit, before: Circuit, policy: Policy, now: number): Circuit => {
  const slow = slowCall(policy.trip)
  if (circuit.phase._tag !== "Closed" || slow === undefined) return circuit
  const same = before.phase._tag === "Closed" && before.generation === circuit.generation
  const known = same && before.phase._tag === "Closed" ? before.phase.inFlight : undefined
  return { ...circuit, phase: { ...circuit.phase, inFlight: known ?? InFlight.empty(slow.threshold, now) } }
}
