import { BoundedMap, type Bounds } from "../keyed/boundedMap.js"
import * as Circuit from "./circuit.js"
import { atClock } from "./clockSetBack.js"
import type { Policy } from "./policy.js"
import { StateRef } from "./stateRef.js"

interface Entry {
  readonly state: StateRef<Circuit.Circuit>
  /** Calls that were let through and have not come back. */
  running: number
  used: boolean
  usedAt: number
}

/**
 * The circuits of a process, in one `Ref` each. A circuit is read, stepped and replaced by one `modify`, which nothing
 * can come between.
 *
 * A key that has not been used for `idleTimeToLive` milliseconds, whose circuit holds nothing back at that moment and has
 * no call under way, is forgotten: it starts again as closed. Keys are looked through when a new one arrives, and at most
 * once per `idleTimeToLive`. Beyond `capacity` keys the closed ones of them that have not been used lately go at once.
 *
 * @internal
 */
export class Memory {
  readonly #entries: BoundedMap<Entry>
  readonly #step: typeof Circuit.step
  /** Above every generation of a forgotten circuit, so that a result of it that comes late stays without effect. */
  #generation = 0

  constructor(bounds: Bounds, step: typeof Circuit.step = Circuit.step) {
    this.#entries = new BoundedMap(bounds, (entry, now, idle) => this.#mayGo(entry, now, idle))
    this.#step = step
  }

  apply(key: string, policy: Policy, input: Circuit.Input, now: number): Circuit.Decision {
    const known = this.#entries.get(key)
    const entry = known ?? this.#add(key, policy, now)
    entry.usedAt = now
    const decision = entry.state.modifyNow((circuit) => this.#step(policy, circuit, input, now))
    if (input._tag === "Record") {
      if (entry.running > 0) entry.running--
    } else if (input._tag === "Admit") {
      // What was asked for once, and never again, is the first to go.
      entry.used = known !== undefined
      if (decision.permit !== undefined) entry.running++
    }
    return decision
  }

  get(key: string): Circuit.Circuit | undefined {
    return this.#entries.get(key)?.state.getNow()
  }

  get all(): ReadonlyArray<readonly [key: string, circuit: Circuit.Circuit]> {
    return Array.from(this.#entries, ([key, { state }]) => [key, state.getNow()])
  }

  #add(key: string, policy: Policy, now: number): Entry {
    const state = new StateRef(Circuit.initial(policy, this.#generation, now))
    const entry = { state, running: 0, used: false, usedAt: now }
    this.#entries.add(key, entry, now)
    return entry
  }

  /** An open circuit whose time is over still has its probes before it, so it goes only once nobody comes any more. */
  #mayGo({ running, state }: Entry, now: number, idle: boolean): boolean {
    // What a clock that was set back means for it has to be kept, or it would begin anew at each look.
    const circuit = state.modifyNow((kept) => {
      const circuit = atClock(kept, now)
      return [circuit, circuit]
    })
    if (running > 0 || !Circuit.atRest(circuit, now) || !(idle || circuit.phase._tag === "Closed")) return false
    this.#generation = Math.max(this.#generation, circuit.generation + 1)
    return true
  }
}
