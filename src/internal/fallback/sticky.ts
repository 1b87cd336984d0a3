/**
 * Which target answered last, by a key of the user's, for a while and within bounds.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { BoundedMap, type Bounds, boundsOf } from "../keyed/boundedMap.js"
import { millis } from "../options/check.js"
import { refuseUnknown, stickyOptions } from "../options/names.js"
import type { Sticky, StickyOptions } from "./types.js"

interface Entry {
  target: string
  used: boolean
  usedAt: number
}

/** @internal */
export class LastAnswered {
  readonly #entries: BoundedMap<Entry>

  constructor(
    bounds: Bounds,
    private readonly keepFor: number
  ) {
    this.#entries = new BoundedMap<Entry>(bounds, () => true)
  }

  answered(key: string, target: string, now: number): void {
    const known = this.#entries.get(key)
    if (known === undefined) {
      this.#entries.add(key, { target, used: false, usedAt: now }, now)
      return
    }
    known.target = target
    known.used = true
    known.usedAt = now
  }

  /** The targets with the one first that answered this key last. */
  inOrder<T extends { readonly name: string }>(key: string, targets: ReadonlyArray<T>, now: number): ReadonlyArray<T> {
    const known = this.#entries.get(key)
    if (known === undefined || now - known.usedAt >= this.keepFor) return targets
    const at = targets.findIndex(({ name }) => name === known.target)
    return at <= 0 ? targets : [targets[at]!, ...targets.slice(0, at), ...targets.slice(at + 1)]
  }
}

/** @internal */
export const makeSticky = (options: StickyOptions): Effect.Effect<Sticky> =>
  Effect.sync(() => {
    const where = "Fallback.makeSticky"
    refuseUnknown(where, "", options, stickyOptions)
    const { capacity, keepFor: time = "5 minutes" } = options
    const keepFor = millis(where, "keepFor", time)
    const last = new LastAnswered(boundsOf(where, { capacity, idleTimeToLive: keepFor }), keepFor)
    return {
      inOrder: (key, targets) => Effect.map(Clock.currentTimeMillis, (now) => last.inOrder(key, targets, now)),
      answered: (key, target) => Effect.map(Clock.currentTimeMillis, (now) => last.answered(key, target, now))
    }
  })
