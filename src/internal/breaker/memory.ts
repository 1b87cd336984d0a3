import * as Circuit from "./circuit.js"
import type { Policy } from "./policy.js"

interface Entry {
  circuit: Circuit.Circuit
  usedAt: number
}

/**
 * The circuits of a process. A circuit is read, stepped and replaced in one synchronous call, which nothing can come
 * between: what `Ref.modify` gives, without a step of the fiber for it.
 *
 * A key that has not been used for `idleTimeToLive` milliseconds, and whose circuit holds nothing back at that moment,
 * is forgotten: it starts again as closed. Keys are looked through when a new one arrives, and at most once per
 * `idleTimeToLive`.
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

  apply(key: string, policy: Policy, input: Circuit.Input, now: number): Circuit.Decision {
    const entry = this.#entries.get(key) ?? this.#add(key, policy, now)
    const [decision, next] = this.#step(policy, entry.circuit, input, now)
    entry.circuit = next
    entry.usedAt = now
    return decision
  }

  get(key: string): Circuit.Circuit | undefined {
    return this.#entries.get(key)?.circuit
  }

  get all(): ReadonlyArray<readonly [key: string, circuit: Circuit.Circuit]> {
    return Array.from(this.#entries, ([key, { circuit }]) => [key, circuit])
  }

  #add(key: string, policy: Policy, now: number): Entry {
    if (now - this.#sweptAt >= this.#idleTimeToLive) this.#forget(now)
    const entry = { circuit: Circuit.initial(policy, this.#generation, now), usedAt: now }
    this.#entries.set(key, entry)
    return entry
  }

  #forget(now: number): void {
    this.#sweptAt = now
    for (const [key, { circuit, usedAt }] of this.#entries) {
      if (now - usedAt >= this.#idleTimeToLive && Circuit.atRest(circuit, now)) {
        this.#generation = Math.max(this.#generation, circuit.generation + 1)
        this.#entries.delete(key)
      }
    }
  }
}
