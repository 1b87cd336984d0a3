import * as Circuit from "./circuit.js"
import type { Policy } from "./policy.js"
import { StateRef } from "./stateRef.js"

interface Entry {
  readonly state: StateRef<Circuit.Circuit>
  usedAt: number
}

/**
 * The circuits of a process, in one `Ref` each. A circuit is read, stepped and replaced by one `modify`, which nothing
 * can come between.
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
    entry.usedAt = now
    return entry.state.modifyNow((circuit) => this.#step(policy, circuit, input, now))
  }

  get(key: string): Circuit.Circuit | undefined {
    return this.#entries.get(key)?.state.getNow()
  }

  get all(): ReadonlyArray<readonly [key: string, circuit: Circuit.Circuit]> {
    return Array.from(this.#entries, ([key, { state }]) => [key, state.getNow()])
  }

  #add(key: string, policy: Policy, now: number): Entry {
    if (now - this.#sweptAt >= this.#idleTimeToLive) this.#forget(now)
    const entry = { state: new StateRef(Circuit.initial(policy, this.#generation, now)), usedAt: now }
    this.#entries.set(key, entry)
    return entry
  }

  #forget(now: number): void {
    this.#sweptAt = now
    for (const [key, { state, usedAt }] of this.#entries) {
      const circuit = state.getNow()
      if (now - usedAt >= this.#idleTimeToLive && Circuit.atRest(circuit, now)) {
        this.#generation = Math.max(this.#generation, circuit.generation + 1)
        this.#entries.delete(key)
      }
    }
  }
}
