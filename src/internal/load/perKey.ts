/**
 * What is kept of each key, within bounds: whoever is in use, or has something held against it, is never forgotten.
 *
 * @internal
 */
import { BoundedMap, type Bounds } from "../keyed/boundedMap.js"

interface Entry<State> {
  readonly state: State
  used: boolean
  usedAt: number
}

/** @internal */
export class PerKey<State> {
  readonly #entries: BoundedMap<Entry<State>>
  readonly #make: (key: string, now: number) => State

  constructor(
    bounds: Bounds,
    make: (key: string, now: number) => State,
    mayGo: (state: State, now: number, idle: boolean) => boolean
  ) {
    this.#entries = new BoundedMap(bounds, ({ state }, now, idle) => mayGo(state, now, idle))
    this.#make = make
  }

  get(key: string, now: number): State {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.used = true
      known.usedAt = now
      return known.state
    }
    const state = this.#make(key, now)
    this.#entries.add(key, { state, used: false, usedAt: now }, now)
    return state
  }

  known(key: string): State | undefined {
    return this.#entries.get(key)?.state
  }
}
