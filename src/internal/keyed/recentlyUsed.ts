/**
 * What can be made anew at any time, kept for the keys in use: the newest half of them, and the half before. A known key
 * costs one look, and none has to be moved or marked. When the newer half is full, or the time is up, it becomes the
 * older one, and what was older and has not been asked for since is let go.
 *
 * @internal
 */
import type { Bounds } from "./boundedMap.js"

/** @internal */
export class RecentlyUsed<A> {
  #newer = new Map<string, A>()
  #older = new Map<string, A>()
  #turnedAt = 0
  readonly #half: number
  readonly #idleTimeToLive: number

  constructor({ capacity, idleTimeToLive }: Bounds) {
    this.#half = Math.max(1, capacity / 2)
    this.#idleTimeToLive = idleTimeToLive
  }

  /** One that is among the newer half, which whoever is asked for often always is. */
  known(key: string): A | undefined {
    return this.#newer.get(key)
  }

  /** One that is known, or else is made. */
  get(key: string, now: number, make: () => A): A {
    const known = this.#newer.get(key)
    if (known !== undefined) return known
    if (now < this.#turnedAt) this.#turnedAt = now
    if (this.#newer.size >= this.#half || now - this.#turnedAt >= this.#idleTimeToLive) this.#turn(now)
    const found = this.#older.get(key) ?? make()
    this.#newer.set(key, found)
    return found
  }

  #turn(now: number): void {
    this.#turnedAt = now
    this.#older = this.#newer
    this.#newer = new Map()
  }
}
