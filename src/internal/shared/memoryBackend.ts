/**
 * A backend in the memory of one process, which those share that are given the same one.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { type Backend, type Kept, type Listener, numberOf, rowOf, seldom, tolerance } from "./backend.js"

interface Entry {
  readonly version: string
  readonly text: string
  readonly until: number
  readonly toldAt: number
}

/** @internal */
export const memoryBackend: Effect.Effect<Backend> = Effect.gen(function* () {
  const entries = new Map<string, Entry>()
  const listeners = new Set<Listener>()
  const rows = yield* Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER)
  let row = 0

  const at = <A>(use: (now: number) => A): Effect.Effect<A> =>
    Effect.clockWith((clock) => Effect.sync(() => use(clock.unsafeCurrentTimeMillis())))
  const entryAt = (key: string, now: number): Entry | undefined => {
    const entry = entries.get(key)
    if (entry === undefined || entry.until > now) return entry
    entries.delete(key)
    return undefined
  }
  const keptOf = (entry: Entry | undefined, now: number): Kept => ({
    version: entry?.version ?? "",
    text: entry?.text,
    now
  })
  const next = (version: string): string =>
    version === "" ? `${rows.toString(36)}${(row++).toString(36)}:1` : `${rowOf(version)}:${numberOf(version) + 1}`

  return {
    read: (key) => at((now) => keptOf(entryAt(key, now), now)),
    swap: (key, swap) =>
      at((now) => {
        const before = entryAt(key, now)
        const kept = keptOf(before, now)
        if (kept.version !== swap.expected || Math.abs(now - swap.at) > tolerance) return { ...kept, done: false }
        const version = next(kept.version)
        const isTold = swap.tell === "all" || (swap.tell === "seldom" && now - (before?.toldAt ?? 0) >= seldom)
        const toldAt = isTold ? now : (before?.toldAt ?? 0)
        if (swap.timeToLive <= 0) entries.delete(key)
        else entries.set(key, { version, text: swap.text, until: now + swap.timeToLive, toldAt })
        if (isTold) for (const listener of listeners) listener.told(key, version, swap.text)
        return { version, text: undefined, now, done: true }
      }),
    listen: (listener) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => {
            listeners.add(listener)
            listener.began()
          }),
          () => Effect.sync(() => listeners.delete(listener))
        )
      )
  }
})
