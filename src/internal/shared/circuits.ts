/**
 * Circuits that several processes share, without asking for each call.
 *
 * Each process judges its calls by what it knows: what is shared, as it was last told, and what it has seen since. What it
 * sees counts here at once. Counts are told to the others a little later and together; what changes a circuit, or leaves a
 * target alone, is told at once. Only who would probe has to ask: the place of a probe is taken by changing what is shared
 * for whoever has seen the latest of it, so that there are never more of them than are allowed.
 *
 * The state machine is the one of any circuit, `step`; where two processes have changed a circuit at the same time, the
 * second one steps again from what the first one has made of it.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { atRest, initial, step } from "../breaker/circuit.js"
import { atClock } from "../breaker/clockSetBack.js"
import { type Policy, slowCall } from "../breaker/policy.js"
import { shifted, shiftedDecision } from "../breaker/shift.js"
import type { Amendment, Change, Circuit, Decision, Input, Result } from "../breaker/state.js"
import { type Apply, Changes, Immediate, type Listen, type Look, Peek } from "../breaker/synchronousStore.js"
import { nothing } from "../breaker/transitions.js"
import type { Store } from "../breaker/types.js"
import { BoundedMap, type Bounds } from "../keyed/boundedMap.js"
import { answerWithin } from "../store/answerWithin.js"
import { startTimer } from "../time/timer.js"
import type { Kept, SharedStateError } from "./backend.js"
import {
  changeBetween,
  follows,
  holdsAsLong,
  isAsBefore,
  isClean,
  isNewer,
  isNews,
  toRestore
} from "./circuitChanges.js"
import {
  circuitOf,
  decodeDocument,
  documentOf,
  encodeDocument,
  isolatedUntil,
  isolationLease,
  newDocument,
  timeToLive
} from "./circuitDocument.js"
import { CircuitEntry } from "./circuitEntry.js"
import { type Link, noAnswer } from "./link.js"

/** When what calls have counted is told to the others, in milliseconds. */
export interface Flushing {
  /** What may be a reason to open. */
  readonly soon: number
  /** Successes, which only make a share smaller; and once there are so many. */
  readonly late: number
  readonly many: number
}

/** A circuit that is not closed is looked at anew at most so often, in milliseconds. */
const lookAgainAfter = 1_000

/** So many circuits at once are looked at anew. */
const atOnce = 16

/** Whoever always comes second leaves it at that, and tries again with the next flush. */
const mostAttempts = 10

const prefix = "circuit/"

/** @internal */
export class SharedCircuits {
  private readonly entries: BoundedMap<CircuitEntry>
  private readonly listeners = new Set<(key: string, change: Change | undefined) => void>()
  /** The circuits that there is something to tell of. */
  private readonly busy = new Set<CircuitEntry>()
  private readonly looks = Effect.unsafeMakeSemaphore(atOnce)

  private constructor(
    private readonly link: Link,
    private readonly flushing: Flushing,
    private readonly bounds: Bounds
  ) {
    this.entries = new BoundedMap(bounds, (entry, now, idle) => this.mayGo(entry, now, idle))
    link.listen(
      (name, version, text) => {
        if (name.startsWith(prefix)) this.told(name.slice(prefix.length), version, text)
      },
      () => this.joined()
    )
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
        if (entry.isolations === 0) continue
        entry.renew = true
        this.busy.add(entry)
      }
      return Effect.forEach([...this.busy], (entry) => Effect.ignore(this.flush(entry)), { discard: true })
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
    // Half a step, so that it is nobody else's generation.
    const entry = new CircuitEntry(key, policy, initial(policy, now + 0.5, now), now)
    this.entries.add(key, entry, now)
    return entry
  }

  private mayGo(entry: CircuitEntry, now: number, idle: boolean): boolean {
    const circuit = atClock(entry.circuit, now)
    entry.circuit = circuit
    const owes = entry.owed.length > 0 || entry.tripped || entry.isolations > 0 || entry.running > 0
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
    const { circuit } = entry
    const [decision, next] = step(entry.policy, circuit, admission, now)
    const { change, permit, rejection } = decision
    if (permit !== undefined) {
      if ((permit.lease > 0 || permit.finder > 0) && this.link.joined) return undefined
      entry.running++
    }
    if (rejection !== undefined || entry.missed) this.lookAgain(entry, now)
    entry.circuit = next
    if (change?.from === "Closed" && change.to === "Open") this.tripped(entry)
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
        if (before.phase._tag === "Closed" && next.phase._tag === "Open") entry.tripped = true
        this.tellAt(entry, now, now)
      } else if (input.permit.lease > 0 || input.permit.finder > 0) this.tellAt(entry, now, now)
      else if (quick && isClean(before)) this.tellSuccesses(entry, now)
      else this.tellAt(entry, now + this.flushing.soon, now)
      return decision
    }
    if (input._tag === "Isolate") entry.isolations++
    if (input._tag === "Rejoin" && entry.isolations > 0) entry.isolations--
    entry.owe(input, now, false)
    this.tellAt(entry, now, now)
    return decision
  }

  private tripped(entry: CircuitEntry): void {
    entry.tripped = true
    this.tellAt(entry, this.link.now, this.link.now)
  }

  private tellSuccesses(entry: CircuitEntry, now: number): void {
    const { late, many, soon } = this.flushing
    const { trip } = entry.policy
    const most = trip._tag === "RateOver" ? Math.min(late, trip.window / 3) : late
    this.tellAt(entry, now + (entry.successes >= many ? soon : most), now)
  }

  /** Sees to it that what is owed is told at this time, if not before. */
  private tellAt(entry: CircuitEntry, at: number, now: number): void {
    this.busy.add(entry)
    if (!this.link.joined || at >= entry.dueAt) return
    entry.stopTimer?.()
    entry.stopTimer = undefined
    entry.dueAt = at
    const tell = (): void => {
      entry.stopTimer = undefined
      entry.dueAt = Number.POSITIVE_INFINITY
      this.link.fork(this.flush(entry))
    }
    if (at <= now) tell()
    else entry.stopTimer = startTimer(this.link.clock, at - now, tell)
  }

  private flush(entry: CircuitEntry): Effect.Effect<unknown, SharedStateError> {
    return entry.lock.withPermits(1)(Effect.suspend(() => this.commit(entry, undefined, 0)))
  }

  /** The place of a probe, or of the one who finds out; or how the circuit is, where that was not known. */
  private admit(entry: CircuitEntry): Effect.Effect<Decision> {
    const asked = entry.lock.withPermits(1)(
      Effect.suspend(() => {
        const known = this.admitHere(entry, this.link.now)
        if (known !== undefined) return Effect.succeed(known)
        return entry.base === undefined
          ? Effect.flatMap(this.begin(entry), () => this.admitOrLease(entry))
          : this.commit(entry, admission, 0)
      })
    )
    return this.within(
      asked,
      () => this.admitAlone(entry),
      // Nobody waits for the place any more.
      ({ permit }) =>
        Effect.sync(() => {
          if (permit !== undefined) this.happened(entry, givenBack(permit), this.link.now)
        })
    )
  }

  /** Whoever comes first writes a new circuit down, so that all count for the same one. */
  private begin(entry: CircuitEntry): Effect.Effect<unknown, SharedStateError> {
    return Effect.flatMap(this.read(entry), () => {
      if (entry.base?.version !== "") return Effect.void
      entry.renew = true
      return this.commit(entry, undefined, 0)
    })
  }

  private admitOrLease(entry: CircuitEntry): Effect.Effect<Decision, SharedStateError> {
    return Effect.suspend(() => {
      const known = this.admitHere(entry, this.link.now)
      return known === undefined ? this.commit(entry, admission, 0) : Effect.succeed(known)
    })
  }

  /** With nobody to ask, a process goes by what it knows itself. */
  private admitAlone(entry: CircuitEntry): Decision {
    const [decision, next] = step(entry.policy, entry.circuit, admission, this.link.now)
    entry.circuit = next
    if (decision.permit !== undefined) entry.running++
    return decision
  }

  /** It counts here at once; it is waited for so that whoever wanted it knows that the others know. */
  private amended(entry: CircuitEntry, input: Amendment | Result): Effect.Effect<Decision> {
    return Effect.suspend(() => {
      const decision = this.happened(entry, input, this.link.now)
      if (input._tag === "Answer" || entry.owed.length === 0) return Effect.succeed(decision)
      return this.within(
        Effect.as(this.flush(entry), decision),
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
      return this.within<Circuit | undefined>(
        read,
        () => undefined,
        () => Effect.void
      )
    })
  }

  private within<A>(
    asked: Effect.Effect<A, SharedStateError>,
    otherwise: () => A,
    late: (answer: A) => Effect.Effect<void>
  ): Effect.Effect<A> {
    const { clock, patience } = this.link
    return Effect.uninterruptibleMask((restore) =>
      Effect.catchAll(
        answerWithin(asked, {
          clock,
          restore,
          millis: patience,
          late,
          otherwise: () =>
            Effect.sync(() => {
              this.link.lost(noAnswer(patience))
              return otherwise()
            })
        }),
        () => Effect.sync(otherwise)
      )
    )
  }

  /** A circuit that is not closed is looked at anew when calls come, and one of which something may have been missed. */
  private lookAgain(entry: CircuitEntry, now: number): void {
    if (!this.link.joined || (!entry.missed && Math.abs(now - entry.knownAt) < lookAgainAfter)) return
    entry.missed = false
    entry.knownAt = now
    this.link.fork(this.looks.withPermits(1)(entry.lock.withPermits(1)(this.read(entry))))
  }

  private read(entry: CircuitEntry): Effect.Effect<void, SharedStateError> {
    return Effect.suspend(() => {
      const { base } = entry
      return Effect.map(this.link.ask(this.link.backend.read(prefix + entry.key)), (kept) =>
        this.adopt(entry, kept, entry.base === base)
      )
    })
  }

  /**
   * Tells what is owed, and takes what `input` asks for. Whoever comes second steps again, from what the first has made.
   */
  private commit(
    entry: CircuitEntry,
    input: typeof admission | undefined,
    attempt: number
  ): Effect.Effect<Decision, SharedStateError> {
    const { link } = this
    if (entry.base === undefined) {
      return Effect.flatMap(this.begin(entry), () => this.commit(entry, input, attempt))
    }
    const { base, owed, policy } = entry
    if (input === undefined && owed.length === 0 && !entry.tripped && !entry.renew) {
      this.busy.delete(entry)
      return Effect.succeed(nothing)
    }
    const { backend, id, offset } = link
    const at = link.now + offset
    const count = owed.length
    const opened = entry.opened(entry.replay(circuitOf(base.document, at), offset, at, count), offset)
    const [decision, next] = input === undefined ? [nothing, opened] : step(policy, opened, input, at)
    if (decision.rejection !== undefined && count === 0) return Effect.succeed(decision)
    const document = documentOf(next, base.document, id, entry.isolations, at)
    entry.sealed = count
    entry.successes = 0
    const swapped = link.ask(
      backend.swap(prefix + entry.key, {
        expected: base.version,
        text: encodeDocument(document),
        timeToLive: timeToLive(document, this.bounds.idleTimeToLive, at),
        at,
        tell: isNews(base.document, document) ? "all" : "seldom"
      })
    )
    const unsealed = Effect.sync(() => {
      entry.sealed = 0
    })
    return Effect.flatMap(Effect.ensuring(swapped, unsealed), (kept) => {
      if (!kept.done) {
        // Either somebody was faster, or the clocks were not as they seemed, which the answer has put right.
        if (kept.version !== base.version) this.adopt(entry, kept, entry.base === base)
        return attempt >= mostAttempts
          ? this.later(entry, input)
          : Effect.zipRight(pauseAfter(attempt), this.commit(entry, input, attempt + 1))
      }
      const before = entry.circuit
      owed.splice(0, count)
      entry.tripped = false
      entry.renew = false
      if (decision.permit !== undefined) entry.running++
      const newer = entry.base
      if (newer === undefined || newer === base || isNewer(kept.version, newer.version)) {
        entry.base = { version: kept.version, document }
      }
      this.judge(entry, before, decision.change !== undefined)
      this.watchIsolation(entry)
      if (entry.owed.length === 0) this.busy.delete(entry)
      return Effect.succeed(entry.entered(shiftedDecision(decision, -offset), link.now))
    })
  }

  /** Too many change it at the same time. Places are gone then, and what is owed can wait. */
  private later(entry: CircuitEntry, input: typeof admission | undefined): Effect.Effect<Decision, SharedStateError> {
    return Effect.sync(() => {
      const { now } = this.link
      this.tellAt(entry, now + this.flushing.soon, now)
      if (input === undefined) return nothing
      const { lastFailure, phase } = entry.circuit
      const reason = phase._tag === "Closed" ? undefined : phase.reason
      return { ...nothing, rejection: { _tag: "HalfOpen", retryAfter: 0, reason, lastFailure } }
    })
  }

  private told(key: string, version: string, text: string): void {
    const entry = this.entries.get(key)
    // A circuit that is not known yet is read when a call comes to it.
    if (entry?.base === undefined) return
    if (!isNewer(version, entry.base.version)) return
    // What this process has written itself it knows from the answer, and would count twice until then.
    if (decodeDocument(text)?.by !== this.link.id) this.adopt(entry, { version, text }, false)
  }

  /** Takes what is shared for what it is now. What was answered is, what was told may be older than what is known. */
  private adopt(entry: CircuitEntry, kept: Pick<Kept, "version" | "text">, isAnswer: boolean): void {
    const { link } = this
    const now = link.now
    const known = entry.base
    entry.knownAt = now
    if (known !== undefined && kept.version === known.version) return
    if (known !== undefined && !isAnswer && !isNewer(kept.version, known.version)) return
    const document = kept.text === undefined ? undefined : decodeDocument(kept.text)
    const before = entry.circuit
    // A replica that takes over may be behind.
    const lost = known !== undefined && known.version !== "" && !follows(kept.version, known.version)
    entry.base = {
      version: kept.version,
      document: document ?? known?.document ?? newDocument(entry.policy, now + link.offset)
    }
    if (known === undefined) this.begun(entry, before, now)
    if (lost) this.tellAgain(entry, before, now)
    this.judge(entry, before, false)
    this.watchIsolation(entry)
  }

  /** A process that could ask nobody at first has counted for itself, and may have opened the circuit by that. */
  private begun(entry: CircuitEntry, before: Circuit, now: number): void {
    const kept = entry.tripped ? toRestore(entry.key, before, now) : undefined
    if (kept === undefined) {
      entry.born(entry.base!.document.circuit.generation)
      return
    }
    entry.owed = []
    entry.tripped = false
    entry.owe(kept, now, false)
  }

  /** What was shared has been lost. Whoever knows that a target is to be left alone tells it again. */
  private tellAgain(entry: CircuitEntry, before: Circuit, now: number): void {
    if (entry.isolations > 0) entry.renew = true
    const kept = toRestore(entry.key, before, now)
    if (kept !== undefined && !holdsAsLong(entry.circuitAt(now, this.link.offset), before)) {
      entry.owe(kept, now, false)
    }
    if (entry.owed.length === 0 && !entry.renew) return
    this.link.fork(
      Effect.flatMap(Random.next, (chance) =>
        Effect.sync(() => this.tellAt(entry, this.link.now + Math.floor(chance * 200), this.link.now))
      )
    )
  }

  private judge(entry: CircuitEntry, before: Circuit, isTold: boolean): void {
    const now = this.link.now
    entry.view(this.link.offset, now)
    if (isTold) return
    const change = changeBetween(before, entry.circuit, now)
    for (const listener of this.listeners) listener(entry.key, change)
  }

  /** Holding it open by hand has to be said again; where another process does not, it ends. */
  private watchIsolation(entry: CircuitEntry): void {
    entry.stopExpiry?.()
    entry.stopExpiry = undefined
    const { clock, id, now, offset } = this.link
    if (entry.isolations > 0) {
      entry.stopExpiry = startTimer(clock, isolationLease / 3, () => {
        entry.renew = true
        this.tellAt(entry, this.link.now, this.link.now)
        this.watchIsolation(entry)
      })
      return
    }
    const until = entry.base && isolatedUntil(entry.base.document, id, now + offset)
    if (until === undefined) return
    entry.stopExpiry = startTimer(clock, until - now - offset + 1, () => {
      this.judge(entry, entry.circuit, false)
      this.watchIsolation(entry)
    })
  }

  /** What happened while there was nobody to tell is told now, a little at a time; the rest when calls come. */
  private joined(): void {
    for (const [, entry] of this.entries) entry.missed = true
    this.link.fork(
      Effect.forEach([...this.busy], (entry) => Effect.ignore(this.flush(entry)), {
        concurrency: atOnce,
        discard: true
      })
    )
  }

  /** Tells what is left to tell, and gives up what it holds. */
  private get stop(): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const [, entry] of this.entries) {
        entry.stopTimer?.()
        entry.stopExpiry?.()
        if (entry.isolations > 0) {
          entry.isolations = 0
          entry.renew = true
          this.busy.add(entry)
        }
      }
      return Effect.forEach([...this.busy], (entry) => Effect.ignore(this.flush(entry)), { concurrency: 16 }).pipe(
        Effect.timeout(this.link.patience * 4),
        Effect.ignore
      )
    })
  }
}

const admission = { _tag: "Admit" } as const

const givenBack = (permit: NonNullable<Decision["permit"]>): Result => ({
  _tag: "Record",
  permit,
  outcome: "Ignored",
  retryAfter: 0,
  resetsIn: 0
})

const isQuick = (policy: Policy, { permit }: Result, now: number): boolean => {
  const slow = slowCall(policy.trip)
  return slow === undefined || (permit.answeredAt || now) - permit.startedAt < slow.threshold
}

/** A little longer each time, and not the same for all. */
const pauseAfter = (attempt: number): Effect.Effect<void> =>
  attempt < 2
    ? Effect.void
    : Effect.flatMap(Random.next, (chance) => Effect.sleep(Math.ceil(chance * Math.min(50, 2 ** attempt))))
