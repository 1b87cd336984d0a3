/**
 * State by key that stays within bounds: what is idle is forgotten after a time and beyond a number.
 *
 * Beyond the number the keys are looked at from the oldest on, as in the clock algorithm of page caches: what was used
 * since it was last looked at, or has to be kept, goes to the end of the row, anything else is forgotten. A use costs no
 * more than setting `used`, and a new key looks at a fixed number of others, however many there are. Where so much has to
 * be kept that none of these can go, the map grows, and shrinks again with the keys that follow.
 *
 * Source: F. J. Corbató, "A Paging Experiment with the Multics System", 1968.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import { count, millis } from "../options/check.js"

/** @internal */
export interface Bounds {
  /** Milliseconds. */
  readonly idleTimeToLive: number
  readonly capacity: number
}

/** @internal */
export interface BoundsOptions {
  readonly idleTimeToLive?: Duration.DurationInput | undefined
  readonly capacity?: number | undefined
}

/** @internal */
export const boundsOf = (
  where: string,
  { capacity = 10_000, idleTimeToLive = "1 hour" }: BoundsOptions = {}
): Bounds => ({
  idleTimeToLive: millis(where, "idleTimeToLive", idleTimeToLive),
  capacity: count(where, "capacity", capacity)
})

/** What an entry lets others know of its use. */
interface Used {
  /** It was used again since it was last looked at. */
  used: boolean
  usedAt: number
}

/** Keys looked at for each new one; more than one, so that a map that had to grow shrinks again. */
const looks = 8

/** All keys are looked through for idle ones, at most so often. Milliseconds. */
const mostOften = 1_000

/** @internal */
export class BoundedMap<Entry extends Used> {
  readonly #entries = new Map<string, Entry>()
  readonly #bounds: Bounds
  readonly #mayGo: (entry: Entry, now: number, idle: boolean) => boolean
  // One iterator that stays, since a new one would have to pass over all that was deleted before it.
  #hand = this.#entries.entries()
  #sweptAt = 0

  /** `mayGo` says whether an entry holds nothing that somebody still needs; `idle` whether its time is up as well. */
  constructor(bounds: Bounds, mayGo: (entry: Entry, now: number, idle: boolean) => boolean) {
    this.#bounds = bounds
    this.#mayGo = mayGo
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  [Symbol.iterator](): IterableIterator<[string, Entry]> {
    return this.#entries.entries()
  }

  /** A key that is not there yet. */
  add(key: string, entry: Entry, now: number): void {
    // A clock that was set back has everything begin anew, rather than wait until it is where it was.
    if (now < this.#sweptAt) this.#sweptAt = now
    if (now - this.#sweptAt >= Math.max(mostOften, this.#bounds.idleTimeToLive)) this.#forgetIdle(now)
    for (let i = 0; i < looks && this.#entries.size >= this.#bounds.capacity; i++) this.#lookAtNext(now)
    this.#entries.set(key, entry)
  }

  #lookAtNext(now: number): void {
    const next = this.#hand.next()
    if (next.done === true) {
      this.#hand = this.#entries.entries()
      return
    }
    const [key, entry] = next.value
    const goes = !entry.used && this.#mayGo(entry, now, false)
    this.#entries.delete(key)
    entry.used = false
    if (!goes) this.#entries.set(key, entry)
  }

  #forgetIdle(now: number): void {
    this.#sweptAt = now
    const { idleTimeToLive } = this.#bounds
    for (const [key, entry] of this.#entries) {
      if (now < entry.usedAt) entry.usedAt = now
      if (now - entry.usedAt >= idleTimeToLive && this.#mayGo(entry, now, true)) this.#entries.delete(key)
    }
  }
}
