/**
 * Circuits that several processes share, without asking for each call.
 *
 * Each process judges its calls by what it knows: what is shared, as it was last told, and what it has seen since. What it
 * sees counts here at once. Counts are told to the others a little later and together; what changes a circuit, or leaves a
 * target alone, is told at once. Only who would probe has to ask: the place of a probe is taken by changing what is shared
 * for whoever has seen the latest of it, so that there are never more of them than are allowed.
 *
 * The state machine is the one of any circuit, `step`.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { atRest, initial, step } from "../breaker/circuit.js"
import { atClock } from "../breaker/clockSetBack.js"
import { type Policy, slowCall } from "../breaker/policy.js"
import { shifted } from "../breaker/shift.js"
import type { Amendment, Change, Circuit, Decision, Input, Result } from "../breaker/state.js"
import { type Apply, Changes, Immediate, type Listen, type Look, Peek } from "../breaker/synchronousStore.js"
import type { Store } from "../breaker/types.js"
import { BoundedMap, type Bounds } from "../keyed/boundedMap.js"
import { alonePlace } from "./alonePlaces.js"
import type { SharedStateError } from "./backend.js"
import { isAsBefore, isClean } from "./circuitChanges.js"
import { circuitOf, decodeDocument } from "./circuitDocument.js"
import { CircuitEntry, givenBack } from "./circuitEntry.js"
import { admission, CircuitExchange, prefix } from "./circuitExchange.js"
import { type Flushing, lateFor } from "./flushing.js"
import type { Link } from "./link.js"

/** @internal */
export class SharedCircuits {
  private readonly entries: BoundedMap<CircuitEntry>
  private readonly listeners = new Set<(key: string, change: Change | undefined) => void>()
  private readonly exchange: CircuitExchange
  private numbers = 0

  private constructor(
    private readonly link: Link,
    private readonly flushing: Flushing,
    bounds: Bounds
  ) {
    this.entries = new BoundedMap(bounds, (entry, now, idle) => this.mayGo(entry, now, idle))
    this.exchange = new CircuitExchange(link, flushing, bounds.idleTimeToLive, (key, change) => {
      for (const listener of this.listeners) listener(key, change)
    })
    link.listen({
      told: (name, version, text) => {
        if (name.startsWith(prefix)) this.exchange.heard(this.entries.get(name.slice(prefix.length)), version, text)
      },
      missed: () => this.missed()
    })
  }

  static readonly make = (
    link: Link,
    flushing: Flushing,
    bounds: Bounds
  ): Effect.Effect<SharedCircuits, never, Scope.Scope> =>
    Effect.acquireRelease(
      Effect.sync(() => new SharedCircuits(link, flushing, bounds)),
      (circuits) => circuits.stop
    )

  /** What a breaker asks. @internal */
  get store(): Store {
    const store: Store & {
      readonly [Immediate]: Apply
      readonly [Peek]: Look
      readonly [Changes]: Listen
    } = {
      admit: (key, policy) => this.admit(this.entryOf(key, policy)),
      record: (key, policy, result) => this.amended(this.entryOf(key, policy), result),
      amend: (key, policy, amendment) => this.amended(this.entryOf(key, policy), amendment),
      state: (key) => this.look(key),
      all: Effect.sync(() => Array.from(this.entries, ([key, { circuit }]) => [key, circuit] as const)),
      // A circuit goes by what it knows before this store makes anybody wait for longer.
      patience: Number.POSITIVE_INFINITY,
      [Immediate]: (key, policy, input, now) => this.apply(key, policy, input, now),
      [Peek]: (key) => this.entries.get(key)?.circuit,
      [Changes]: (listener) => {
        this.listeners.add(listener)
        return () => this.listeners.delete(listener)
      }
    }
    return store
  }

  /** Everything that is owed has been told, and what this process holds open by hand has been said again. */
  get settled(): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const [, entry] of this.entries) {
        if (entry.isolations > 0) this.exchange.renew(entry)
      }
      return Effect.forEach(this.exchange.owed, Effect.ignore, { discard: true })
    }).pipe(Effect.zipRight(this.link.settled))
  }

  /** The circuits this process knows: as its calls are judged, and as they are known to be shared. */
  get known(): ReadonlyArray<{ readonly key: string; readonly local: Circuit; readonly shared: Circuit | undefined }> {
    const at = this.link.now + this.link.offset
    return Array.from(this.entries, ([key, { base, circuit }]) => ({
      key,
      local: circuit,
      shared: base && circuitOf(base.document, at)
    }))
  }

  private entryOf(key: string, policy: Policy): CircuitEntry {
    const now = this.link.now
    const entry = this.entries.get(key) ?? this.add(key, policy, now)
    entry.policy = policy
    entry.usedAt = now
    return entry
  }

  private add(key: string, policy: Policy, now: number): CircuitEntry {
    // By a fraction of a step it is nobody else's generation.
    const generation = now + this.link.offset + fraction(this.link.id, ++this.numbers)
    const entry = new CircuitEntry(key, policy, initial(policy, generation, now), now, () => ++this.numbers)
    entry.missed = !this.link.joined
    this.entries.add(key, entry, now)
    return entry
  }

  private mayGo(entry: CircuitEntry, now: number, idle: boolean): boolean {
    const circuit = atClock(entry.circuit, now)
    entry.circuit = circuit
    const owes = entry.owed.length > 0 || entry.isolations > 0 || entry.running > 0
    if (owes || !atRest(circuit, now) || !(idle || circuit.phase._tag === "Closed")) return false
    entry.stopTimer?.()
    entry.stopExpiry?.()
    return true
  }

  private apply(key: string, policy: Policy, input: Input, now: number): Decision | undefined {
    const known = this.entries.get(key)
    const entry = known ?? this.add(key, policy, now)
    entry.usedAt = now
    entry.policy = policy
    if (input._tag !== "Admit") return this.happened(entry, input, now)
    // What was asked for once, and never again, is the first to go.
    entry.used = known !== undefined
    return this.admitHere(entry, now)
  }

  /** Nothing, if whoever comes now has to ask. */
  private admitHere(entry: CircuitEntry, now: number): Decision | undefined {
    if (entry.base === undefined && this.link.joined) return undefined
    const before = entry.circuit
    const [decision, next] = step(entry.policy, before, admission, now)
    const { permit, rejection } = decision
    if (permit !== undefined) {
      if (permit.lease > 0 || permit.finder > 0) return this.link.joined ? undefined : this.admitAlone(entry)
      entry.running++
    }
    if (rejection !== undefined || entry.missed) this.exchange.lookAgain(entry, now)
    entry.circuit = next
    this.openedFrom(before, entry, now)
    return decision
  }

  private happened(entry: CircuitEntry, happening: Exclude<Input, { _tag: "Admit" }>, now: number): Decision {
    const input = entry.adopted(happening)
    const before = entry.circuit
    const [decision, next] = step(entry.policy, before, input, now)
    entry.circuit = next
    if (input._tag === "Answer") return decision
    if (input._tag === "Record") {
      if (entry.running > 0) entry.running--
      if (input.permit.lease === 0 && input.permit.finder === 0 && isAsBefore(before, next)) return decision
      const quick = input.outcome === "Success" && isQuick(entry.policy, input, now)
      entry.owe(input, now, quick && input.permit.lease === 0 && input.permit.finder === 0)
      if (next.generation !== before.generation || next.phase._tag !== "Closed" || next.parking !== before.parking) {
        this.openedFrom(before, entry, now)
        this.exchange.tellAt(entry, now, now)
      } else if (input.permit.lease > 0 || input.permit.finder > 0) this.exchange.tellAt(entry, now, now)
      else if (quick && isClean(before)) this.tellSuccesses(entry, now)
      else this.exchange.tellAt(entry, now + this.flushing.soon, now)
      return decision
    }
    if (input._tag === "Isolate") entry.isolations++
    if (input._tag === "Rejoin" && entry.isolations > 0) entry.isolations--
    entry.owe(input, now, false)
    this.exchange.tellAt(entry, now, now)
    return decision
  }

  /** What a call has opened is told at once. */
  private openedFrom(before: Circuit, entry: CircuitEntry, now: number): void {
    if (before.phase._tag === "Open" || entry.circuit.phase._tag !== "Open") return
    entry.opened(before, now)
    this.exchange.tellAt(entry, now, now)
  }

  private tellSuccesses(entry: CircuitEntry, now: number): void {
    const { many, soon } = this.flushing
    const wait = entry.successes >= many ? soon : lateFor(this.flushing, entry.policy)
    this.exchange.tellAt(entry, now + wait, now)
  }

  /** The place of a probe, or of the one who finds out; or how the circuit is, where that was not known. */
  private admit(entry: CircuitEntry): Effect.Effect<Decision> {
    const asked = entry.lock.withPermits(1)(
      Effect.suspend(() => {
        const known = this.admitHere(entry, this.link.now)
        if (known !== undefined) return Effect.succeed(known)
        return entry.base === undefined
          ? Effect.flatMap(this.exchange.begin(entry), () => this.admitOrLease(entry))
          : this.exchange.commit(entry, admission, 0)
      })
    )
    return this.link.within(
      asked,
      () => this.admitAlone(entry),
      // Nobody waits for the place any more.
      ({ permit }) =>
        Effect.sync(() => {
          if (permit !== undefined) this.happened(entry, givenBack(permit), this.link.now)
        })
    )
  }

  private admitOrLease(entry: CircuitEntry): Effect.Effect<Decision, SharedStateError> {
    return Effect.suspend(() => {
      const known = this.admitHere(entry, this.link.now)
      return known === undefined ? this.exchange.commit(entry, admission, 0) : Effect.succeed(known)
    })
  }

  /** With nobody to ask, a process goes by what it knows itself. */
  private admitAlone(entry: CircuitEntry): Decision {
    const before = entry.circuit
    const { now } = this.link
    const [decision, next] = alonePlace(step(entry.policy, before, admission, now))
    entry.circuit = next
    if (decision.permit !== undefined) entry.running++
    this.openedFrom(before, entry, now)
    return decision
  }

  /** It counts here at once; it is waited for so that whoever wanted it knows that the others know. */
  private amended(entry: CircuitEntry, input: Amendment | Result): Effect.Effect<Decision> {
    return Effect.suspend(() => {
      const decision = this.happened(entry, input, this.link.now)
      if (input._tag === "Answer" || entry.owed.length === 0) return Effect.succeed(decision)
      return this.link.within(
        Effect.as(this.exchange.flush(entry), decision),
        () => decision,
        () => Effect.void
      )
    })
  }

  /** As calls would be judged now; of a circuit that this process does not use, what is shared. */
  private look(key: string): Effect.Effect<Circuit | undefined> {
    return Effect.suspend(() => {
      const entry = this.entries.get(key)
      if (entry !== undefined) return Effect.succeed(entry.circuit as Circuit | undefined)
      const { backend, offset } = this.link
      const read = Effect.map(this.link.ask(backend.read(prefix + key)), ({ text }) => {
        const document = text === undefined ? undefined : decodeDocument(text)
        return document && shifted(circuitOf(document, this.link.now + offset), undefined, -offset)
      })
      return this.link.within<Circuit | undefined>(
        read,
        () => undefined,
        () => Effect.void
      )
    })
  }

  /** Everything may have changed meanwhile. It is looked at when calls come; what is owed is told now. */
  private missed(): ReadonlyArray<Effect.Effect<unknown, SharedStateError>> {
    for (const [, entry] of this.entries) entry.missed = true
    return this.exchange.owed
  }

  /** Tells what is left to tell, and gives up what it holds. */
  private get stop(): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const [, entry] of this.entries) {
        entry.stopTimer?.()
        entry.stopExpiry?.()
        if (entry.isolations === 0) continue
        entry.isolations = 0
        this.exchange.renew(entry)
      }
      return this.link.lastWords(this.exchange.owed)
    })
  }
}

/** Of each circuit that begins in a process another part of 1. */
const fraction = (id: string, number: number): number =>
  (((Number.parseInt(id, 36) + number * 1_009) % 4_095) + 1) / 4_096

const isQuick = (policy: Policy, { permit }: Result, now: number): boolean => {
  const slow = slowCall(policy.trip)
  return slow === undefined || (permit.answeredAt || now) - permit.startedAt < slow.threshold
}
