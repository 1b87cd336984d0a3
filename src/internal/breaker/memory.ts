import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Circuit from "./circuit.js"
import type { Policy } from "./policy.js"

interface Entry {
  readonly circuit: Ref.Ref<Circuit.Circuit>
  usedAt: number
}

/**
 * One `Ref` a key. A key that has not been used for `idleTimeToLive` milliseconds, and whose circuit holds nothing back
 * at that moment, is forgotten: it would start as closed, and so it does.
 *
 * Keys are looked through only when a new one arrives, and at most once per `idleTimeToLive`.
 *
 * @internal
 */
export class Memory {
  readonly #entries = new Map<string, Entry>()
  readonly #idleTimeToLive: number
  readonly #step: typeof Circuit.step
  /** Above every generation of a forgotten circuit, so that its late results stay without effect. */
  #generation = 0
  #sweptAt = 0

  constructor(idleTimeToLive: number, step: typeof Circuit.step = Circuit.step) {
    this.#idleTimeToLive = idleTimeToLive
    this.#step = step
  }

  apply(key: string, policy: Policy, input: Circuit.Input): Effect.Effect<Circuit.Decision> {
    return Effect.clockWith((clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      const entry = this.#entries.get(key)
      if (entry === undefined) {
        return Effect.flatMap(this.#forget(now), () => this.#modify(this.#add(key, policy, now), policy, input, now))
      }
      entry.usedAt = now
      return this.#modify(entry, policy, input, now)
    })
  }

  get(key: string): Effect.Effect<Circuit.Circuit | undefined> {
    return Effect.suspend(() => {
      const entry = this.#entries.get(key)
      return entry === undefined ? Effect.succeed(undefined) : Ref.get(entry.circuit)
    })
  }

  get all(): Effect.Effect<ReadonlyArray<readonly [key: string, circuit: Circuit.Circuit]>> {
    return Effect.suspend(() =>
      Effect.forEach([...this.#entries], ([key, entry]) =>
        Effect.map(Ref.get(entry.circuit), (circuit) => [key, circuit] as const)
      )
    )
  }

  #modify(entry: Entry, policy: Policy, input: Circuit.Input, now: number): Effect.Effect<Circuit.Decision> {
    return Ref.modify(entry.circuit, (circuit) => this.#step(policy, circuit, input, now))
  }

  #add(key: string, policy: Policy, now: number): Entry {
    const there = this.#entries.get(key)
    if (there !== undefined) return there
    const entry = { circuit: Ref.unsafeMake(Circuit.initial(policy, this.#generation, now)), usedAt: now }
    this.#entries.set(key, entry)
    return entry
  }

  #forget(now: number): Effect.Effect<void> {
    if (now - this.#sweptAt < this.#idleTimeToLive) return Effect.void
    this.#sweptAt = now
    return Effect.map(this.all, (circuits) => {
      for (const [key, circuit] of circuits) {
        const entry = this.#entries.get(key)
        if (entry !== undefined && now - entry.usedAt >= this.#idleTimeToLive && Circuit.atRest(circuit, now)) {
          this.#generation = Math.max(this.#generation, circuit.generation + 1)
          this.#entries.delete(key)
        }
      }
    })
  }
}
