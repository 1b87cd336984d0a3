/**
 * What a process tells the others of its circuits, and what it hears of theirs.
 *
 * Where two processes have changed a circuit at the same time, the second one steps again from what the first one has made
 * of it.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { step } from "../breaker/circuit.js"
import { shiftedDecision } from "../breaker/shift.js"
import type { Change, Circuit, Decision } from "../breaker/state.js"
import { nothing } from "../breaker/transitions.js"
import type { Kept, SharedStateError } from "./backend.js"
import { changeBetween, follows, holdsAsLong, isClean, isNewer, tellOf, toRestore } from "./circuitChanges.js"
import {
  type CircuitDocument,
  circuitOf,
  decodeDocument,
  documentOf,
  encodeDocument,
  isolatedUntil,
  isolationLease,
  newDocument,
  timeToLive,
  writtenBy
} from "./circuitDocument.js"
import { type CircuitEntry, givenBack, type InDoubt } from "./circuitEntry.js"
import { type Flushing, lateFor } from "./flushing.js"
import { away, type Link, pauseAfter } from "./link.js"

/** A circuit that is not closed is looked at anew at most so often, in milliseconds. */
const lookAgainAfter = 1_000

/** So many circuits at once are looked at anew. */
const atOnce = 16

/** Whoever always comes second leaves it at that, and tries again with the next flush. */
const mostAttempts = 10

/** Those who have lost the same state do not tell it again all at once, but within so many milliseconds. */
const tellAgainWithin = 200

/** @internal */
export const prefix = "circuit/"

/** @internal */
export const admission = { _tag: "Admit" } as const

/** @internal */
export class CircuitExchange {
  /** The circuits that there is something to tell of. */
  private readonly busy = new Set<CircuitEntry>()
  private readonly looks = Effect.unsafeMakeSemaphore(atOnce)
  /** What this process is called as a writer: enough to tell it from the others, since each document has several of them. */
  private readonly writer: string

  constructor(
    private readonly link: Link,
    private readonly flushing: Flushing,
    private readonly idleTimeToLive: number,
    /** A circuit has become another one without a call of this process. */
    private readonly became: (key: string, change: Change | undefined) => void
  ) {
    this.writer = link.id.slice(-7)
  }

  /** Everything that there is to tell. */
  get owed(): ReadonlyArray<Effect.Effect<unknown, SharedStateError>> {
    return Array.from(this.busy, (entry) => this.flush(entry))
  }

  /** Has what it holds open by hand, or has let go, said with the next flush. */
  renew(entry: CircuitEntry): void {
    entry.renew = true
    this.busy.add(entry)
  }

  /** Sees to it that what is owed is told at this time, if not before. */
  tellAt(entry: CircuitEntry, at: number, now: number): void {
    this.busy.add(entry)
    if (!this.link.answers || at >= entry.dueAt) return
    entry.stopTimer?.()
    entry.stopTimer = undefined
    entry.dueAt = at
    const tell = (): void => {
      entry.stopTimer = undefined
      entry.dueAt = Number.POSITIVE_INFINITY
      this.link.fork(this.flush(entry))
    }
    if (at <= now) tell()
    else entry.stopTimer = this.link.later(at - now, tell)
  }

  flush(entry: CircuitEntry): Effect.Effect<unknown, SharedStateError> {
    return entry.lock.withPermits(1)(Effect.suspend(() => this.commit(entry, undefined, 0)))
  }

  /** Whoever comes first writes a new circuit down, so that all count for the same one. */
  begin(entry: CircuitEntry): Effect.Effect<unknown, SharedStateError> {
    return Effect.flatMap(this.read(entry), () => {
      if (entry.base?.version !== "") return Effect.void
      entry.renew = true
      return this.commit(entry, undefined, 0)
    })
  }

  /** A circuit that is not closed is looked at anew when calls come, and one of which something may have been missed. */
  lookAgain(entry: CircuitEntry, now: number): void {
    if (!this.link.answers || (!entry.missed && Math.abs(now - entry.knownAt) < lookAgainAfter)) return
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
  commit(
    entry: CircuitEntry,
    input: typeof admission | undefined,
    attempt: number
  ): Effect.Effect<Decision, SharedStateError> {
    const { link } = this
    if (entry.base === undefined) {
      return Effect.flatMap(this.begin(entry), () => this.commit(entry, input, attempt))
    }
    const { base, owed, policy } = entry
    if (input === undefined && owed.length === 0 && !entry.renew) {
      this.busy.delete(entry)
      return Effect.succeed(nothing)
    }
    const { backend, id, offset } = link
    const at = link.now + offset
    const told = entry.replayed(circuitOf(base.document, at), offset, at)
    const [decision, next] = input === undefined ? [nothing, told] : step(policy, told, input, at)
    if (decision.rejection !== undefined && owed.length === 0) return Effect.succeed(decision)
    const write = entry.begun()
    const document = documentOf(next, base.document, id, [this.writer, write], entry.isolations, at)
    const wait = isClean(next) ? lateFor(this.flushing, policy) : this.flushing.soon
    const wasTold = Math.abs(link.now - entry.toldAt) < wait
    const swapped = link.ask(
      backend.swap(prefix + entry.key, {
        expected: base.version,
        text: encodeDocument(document),
        timeToLive: timeToLive(document, this.idleTimeToLive, at),
        at,
        tell: tellOf(base.document, document, wasTold)
      })
    )
    const unanswered = (error: SharedStateError): Effect.Effect<void> =>
      Effect.sync(() => error !== away && this.doubt(entry, base, { write, permit: decision.permit }))
    const ended = Effect.sync(() => {
      entry.writing = 0
    })
    return Effect.flatMap(Effect.ensuring(Effect.tapError(swapped, unanswered), ended), (kept) => {
      if (!kept.done) {
        // Either somebody was faster, or the clocks were not as they seemed, which the answer has put right.
        if (kept.version !== base.version) this.adopt(entry, kept, entry.base === base)
        return attempt >= mostAttempts
          ? this.later(entry, input)
          : Effect.zipRight(pauseAfter(attempt), this.commit(entry, input, attempt + 1))
      }
      const before = entry.circuit
      entry.made(write)
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

  /** A write was not answered. Another document tells whether it was made, or has told so already. */
  private doubt(entry: CircuitEntry, base: CircuitEntry["base"], write: InDoubt): void {
    if (entry.base === base) {
      entry.doubt(write)
      // A place that it may have taken has to be given back.
      if (write.permit !== undefined) this.renew(entry)
    } else if (entry.base !== undefined && writtenBy(entry.base.document, this.writer) === write.write) {
      this.giveBack(entry, write)
    }
  }

  /** A write was made that was not answered, so that nobody has the place that it has taken. */
  private giveBack(entry: CircuitEntry, { permit }: InDoubt): void {
    if (permit === undefined) return
    const { now } = this.link
    entry.owe(givenBack(permit), now, false)
    this.tellAt(entry, now, now)
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

  heard(entry: CircuitEntry | undefined, version: string, text: string): void {
    // A circuit that is not known yet is read when a call comes to it.
    if (entry?.base === undefined) return
    entry.toldAt = this.link.now
    if (!isNewer(version, entry.base.version)) return
    const document = decodeDocument(text)
    // What this process is writing just now it knows from the answer, with what it was let do.
    const [latest] = document?.writers ?? []
    const isOwn = latest !== undefined && latest[0] === this.writer && latest[1] === entry.writing
    if (!isOwn) this.adopt(entry, { version, text }, false)
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
    const write = document === undefined ? 0 : writtenBy(document, this.writer)
    const isOwn = write > 0 && write === entry.writing
    const made = entry.settle(write)
    // A replica that takes over may be behind, and what was not there yet may have been written by another one.
    const isOther = !isOwn && made === undefined && (known === undefined || !follows(kept.version, known.version))
    entry.base = { version: kept.version, document: document ?? known?.document ?? this.anew(entry, now) }
    if (document !== undefined) entry.adopts(document.circuit)
    if (isOther) this.tellAgain(entry, before, now)
    this.judge(entry, before, false)
    this.watchIsolation(entry)
    if (made !== undefined) this.giveBack(entry, made)
  }

  /** Whoever comes first writes a circuit down as it has begun in its process. */
  private anew({ bornAs, policy }: CircuitEntry, now: number): CircuitDocument {
    return newDocument(policy, bornAs, now + this.link.offset)
  }

  /** What is there knows nothing of what this process knows. If a target is to be left alone, it is told. */
  private tellAgain(entry: CircuitEntry, before: Circuit, now: number): void {
    const { base, isolations } = entry
    const kept = toRestore(entry.key, before, now)
    // Where nothing is there at all, it is written as it is known.
    if (isolations > 0 || (kept !== undefined && base?.version === "")) entry.renew = true
    if (kept !== undefined && !holdsAsLong(entry.replayed(entry.circuitAt(now, this.link.offset), 0, now), before)) {
      entry.owe(kept, now, false)
    }
    if (entry.owed.length === 0 && !entry.renew) return
    this.link.fork(
      Effect.flatMap(Random.next, (chance) =>
        Effect.sync(() => this.tellAt(entry, this.link.now + Math.floor(chance * tellAgainWithin), this.link.now))
      )
    )
  }

  private judge(entry: CircuitEntry, before: Circuit, isTold: boolean): void {
    const now = this.link.now
    entry.view(this.link.offset, now)
    if (isTold) return
    const change = changeBetween(before, entry.circuit, now)
    this.became(entry.key, change)
  }

  /** Holding it open by hand has to be said again; where another process does not, it ends. */
  private watchIsolation(entry: CircuitEntry): void {
    entry.stopExpiry?.()
    entry.stopExpiry = undefined
    const { id, now, offset } = this.link
    if (entry.isolations > 0) {
      entry.stopExpiry = this.link.later(isolationLease / 3, () => {
        entry.renew = true
        this.tellAt(entry, this.link.now, this.link.now)
        this.watchIsolation(entry)
      })
      return
    }
    const until = entry.base && isolatedUntil(entry.base.document, id, now + offset)
    if (until === undefined) return
    entry.stopExpiry = this.link.later(until - now - offset + 1, () => {
      this.judge(entry, entry.circuit, false)
      this.watchIsolation(entry)
    })
  }
}
