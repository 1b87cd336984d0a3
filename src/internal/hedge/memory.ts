/**
 * The latencies of each target, within bounds.
 *
 * @internal
 */
import { BoundedMap, type Bounds } from "../keyed/boundedMap.js"
import { Latencies } from "./latencies.js"

/** @internal */
export class LatencyMemory {
  readonly #entries: BoundedMap<Entry>

  constructor(
    bounds: Bounds,
    private readonly halfLife: number
  ) {
    this.#entries = new BoundedMap<Entry>(bounds, () => true)
  }

  answered(key: string, millis: number, now: number): void {
    this.#use(key, now).answered(millis, now)
  }

  cutOff(key: string, millis: number, now: number): void {
    this.#use(key, now).cutOff(millis, now)
  }

  /** The quantile of this target's answers, once there have been enough of them. */
  quantile(key: string, q: number, minimumSamples: number): number | undefined {
    const latencies = this.#entries.get(key)?.latencies
    return latencies === undefined || latencies.answers < minimumSamples ? undefined : latencies.quantile(q)
  }

  #use(key: string, now: number): Latencies {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.used = true
      known.usedAt = now
      return known.latencies
    }
    const latencies = new Latencies(this.halfLife, now)
    this.#entries.add(key, { latencies, used: false, usedAt: now }, now)
    return latencies
  }
}

interface Entry {
  readonly latencies: Latencies
  used: boolean
  usedAt: number
}
