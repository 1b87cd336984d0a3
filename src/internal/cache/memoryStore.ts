/**
 * Entries in the memory of the process, the least recently used first to go.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Store } from "./types.js"

interface Kept {
  readonly text: string
  readonly size: number
  readonly until: number
}

/** What a character may take, and what an entry takes besides its text. */
const perCharacter = 2
const perEntry = 100

/** @internal */
export class MemoryStore implements Store {
  /** From the least recently used to the one used last. */
  readonly #entries = new Map<string, Kept>()
  #bytes = 0

  constructor(
    private readonly mostEntries: number,
    private readonly mostBytes: number
  ) {}

  get size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#entries.size, bytes: this.#bytes }
  }

  readonly get = (key: string): Effect.Effect<string | undefined> =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const kept = this.#entries.get(key)
      if (kept === undefined) return undefined
      this.#forget(key)
      if (kept.until <= now) return undefined
      this.#keep(key, kept)
      return kept.text
    })

  readonly set = (key: string, text: string, timeToLive: Duration.Duration): Effect.Effect<void> =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      this.#forget(key)
      const size = perEntry + perCharacter * (key.length + text.length)
      if (size > this.mostBytes) return
      this.#keep(key, { text, size, until: now + Duration.toMillis(timeToLive) })
      while (this.#entries.size > this.mostEntries || this.#bytes > this.mostBytes) {
        this.#forget(this.#entries.keys().next().value!)
      }
    })

  readonly remove = (key: string): Effect.Effect<void> => Effect.sync(() => this.#forget(key))

  #keep(key: string, kept: Kept): void {
    this.#entries.set(key, kept)
    this.#bytes += kept.size
  }

  #forget(key: string): void {
    const kept = this.#entries.get(key)
    if (kept === undefined) return
    this.#entries.delete(key)
    this.#bytes -= kept.size
  }
}
