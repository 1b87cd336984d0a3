/**
 * What a process knows of one circuit: what is shared of it, what it owes the others, and the sum of both, by which its
 * calls are judged.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as InFlight from "../breaker/inFlight.js"
import { type Policy, slowCall } from "../breaker/policy.js"
import { shifted } from "../breaker/shift.js"
import type { Circuit, Decision, Input, Permit, Result } from "../breaker/state.js"
import { withOwnPlaces } from "./alonePlaces.js"
import { type CircuitDocument, circuitOf } from "./circuitDocument.js"
import { generationOf, isCount, type Owed, replay } from "./owed.js"

/** More successes in a row than this are as good as this many. */
const manyInARow = 1_000

/** Of what is owed while there is nobody to tell, the latest. */
const mostOwed = 1_000

/** Of writes that were not answered. All but one of them were not made. */
const mostInDoubt = 16

/** A write that may have been made, and the place that it has taken then. @internal */
export interface InDoubt {
  readonly write: number
  readonly permit: Permit | undefined
}

/** @internal */
export class CircuitEntry {
  /** The sum, by the clock of the process. */
  circuit: Circuit
  /** What is shared, as far as this process knows, by the backend's clock. Without a version nothing of it is there yet. */
  base: { readonly version: string; readonly document: CircuitDocument } | undefined = undefined
  owed: Array<Owed> = []
  /** The number of the write that is under way, and of the latest that was begun. What is in it does not change any more. */
  writing = 0
  sent = 0
  /** Writes of which nobody knows yet whether they were made. All of them were begun from what `base` is. */
  inDoubt: Array<InDoubt> = []
  /** How many quick successes are among what is owed and was never sent. */
  successes = 0
  /** How often this process holds it open by hand. */
  isolations = 0
  /** It has to be written even where nothing is owed. */
  renew = false
  /** When it was last known to be as the others see it. */
  knownAt: number = Number.NEGATIVE_INFINITY
  /** When all were last told of it. */
  toldAt: number = Number.NEGATIVE_INFINITY
  /** The generation that this process gave the circuit before it knew of another one. */
  readonly bornAs: number
  /** What to add to it for the one that there was. */
  private adoptedBy = 0
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
    now: number,
    /** Another number for each thing to be told, in the order in which they are. */
    private readonly nextNumber: () => number
  ) {
    this.circuit = circuit
    this.bornAs = circuit.generation
    this.usedAt = now
  }

  /** Quick successes are the many, and count as one that happened several times. */
  owe(input: Input, now: number, quick: boolean): void {
    if (quick) {
      this.successes++
      const last = this.owed[this.owed.length - 1]
      if (last?.quick === true && last.number > this.sent && generationOf(last.what) === generationOf(input)) {
        last.count = Math.min(last.count + 1, manyInARow)
        return
      }
    }
    this.push(input, now, quick)
  }

  /**
   * A call of this process has opened it, and so it is, whatever others have counted meanwhile. What was counted for it is in
   * that.
   */
  opened(before: Circuit, now: number): void {
    const { lastFailure, phase } = this.circuit
    if (phase._tag !== "Open") return
    const { generation } = before
    this.owed = this.owed.filter(({ what }) => !isCount(what) || generationOf(what) !== generation)
    this.push({ _tag: "Opened", generation, phase, lastFailure }, now, false)
  }

  private push(what: Owed["what"], at: number, quick: boolean): void {
    this.owed.push({ number: this.nextNumber(), what, at, quick, count: 1 })
    if (this.owed.length > mostOwed) this.owed.shift()
  }

  /** The number of a write of all that is owed now. */
  begun(): number {
    this.successes = 0
    this.sent = this.nextNumber()
    this.writing = this.sent
    return this.sent
  }

  doubt(write: InDoubt): void {
    this.inDoubt.push(write)
    if (this.inDoubt.length > mostInDoubt) this.inDoubt.shift()
  }

  /** A write was made: nothing that was in it is told again. */
  made(write: number): void {
    this.owed = this.owed.filter(({ number }) => number > write)
    this.inDoubt = []
  }

  /** Another document has come, which tells the last write that was made. Those in doubt were not, but perhaps this one. */
  settle(write: number): InDoubt | undefined {
    const made = this.inDoubt.find((one) => one.write === write)
    this.made(write)
    return made
  }

  /** What is shared, by the clock of the process. */
  circuitAt(now: number, offset: number): Circuit {
    return this.base === undefined
      ? this.circuit
      : shifted(circuitOf(this.base.document, now + offset), this.policy, -offset)
  }

  /** What is owed makes this of a circuit, at the time `now` of its clock, from which that of the process is `offset` off. */
  replayed(circuit: Circuit, offset: number, now: number): Circuit {
    return replay(this.owed, this.policy, circuit, offset, now)
  }

  /** What was counted here before the circuit was known counts for the one there is, if that is closed as this one was. */
  adopts({ generation, phase }: Circuit): void {
    if (this.adoptedBy !== 0 || this.isOwn(generation)) return
    const isSame = phase._tag === "Closed"
    this.adoptedBy = isSame ? generation - this.bornAs : Number.NaN
    this.owed = this.owed.map((one) => ({ ...one, what: this.adopted(one.what) }))
  }

  adopted<One extends Owed["what"]>(what: One): One
  adopted(what: Owed["what"]): Owed["what"] {
    if (this.adoptedBy === 0) return what
    switch (what._tag) {
      case "Opened":
        return { ...what, generation: this.inItsPlace(what.generation) }
      case "Answer":
      case "Record":
        return { ...what, permit: { ...what.permit, generation: this.inItsPlace(what.permit.generation) } }
      default:
        return what
    }
  }

  private inItsPlace(generation: number): number {
    return this.isOwn(generation) ? generation + this.adoptedBy : generation
  }

  /** Nobody else's generation has the same fraction. */
  private isOwn(generation: number): boolean {
    return generation % 1 === this.bornAs % 1
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
    if (this.base === undefined) return
    const next = this.replayed(this.circuitAt(now, offset), 0, now)
    this.circuit = withInFlight(withOwnPlaces(next, this.circuit, now), this.circuit, this.policy, now)
  }
}

/** The place was not needed. @internal */
export const givenBack = (permit: Permit): Result => ({
  _tag: "Record",
  permit,
  outcome: "Ignored",
  retryAfter: 0,
  resetsIn: 0
})

/** Each process knows of its own calls how long they are under way. */
const withInFlight = (circuit: Circuit, before: Circuit, policy: Policy, now: number): Circuit => {
  const slow = slowCall(policy.trip)
  if (circuit.phase._tag !== "Closed" || slow === undefined) return circuit
  const same = before.phase._tag === "Closed" && before.generation === circuit.generation
  const known = same && before.phase._tag === "Closed" ? before.phase.inFlight : undefined
  return { ...circuit, phase: { ...circuit.phase, inFlight: known ?? InFlight.empty(slow.threshold, now) } }
}
