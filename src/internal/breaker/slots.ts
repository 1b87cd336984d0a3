import type { Sample, Tally } from "./tally.js"

/**
 * The calls of the last `window` milliseconds, counted in slots of a tenth of it. What is older than the window is
 * never in it; what is younger than nine tenths of it always is.
 *
 * @internal
 */
export interface Slots extends Tally {
  readonly _tag: "Slots"
  /** The number of the current slot, counted from time 0. */
  readonly slot: number
  /** The current slot. */
  readonly current: Tally
  /** The slots before it, the latest last. */
  readonly past: ReadonlyArray<Tally>
}

/** @internal */
export const slotsPerWindow = 10

const none: Tally = { calls: 0, failures: 0, slow: 0, abandoned: 0 }

const slotAt = (window: number, now: number): number => Math.floor(now / (window / slotsPerWindow))

/** @internal */
export const empty = (window: number, now: number): Slots => ({
  _tag: "Slots",
  ...none,
  slot: slotAt(window, now),
  current: none,
  past: []
})

const plus = (a: Tally, b: Tally, sign: 1 | -1): Tally => ({
  calls: a.calls + sign * b.calls,
  failures: a.failures + sign * b.failures,
  slow: a.slow + sign * b.slow,
  abandoned: a.abandoned + sign * b.abandoned
})

/**
 * Moves on to the slot of `now`: as many slots as have passed come in empty, and as many of the oldest leave. A clock
 * that was set back changes nothing.
 *
 * @internal
 */
export const age = (self: Slots, window: number, now: number): Slots => {
  const slot = slotAt(window, now)
  const passed = slot - self.slot
  if (passed <= 0) return self
  if (passed >= slotsPerWindow) return empty(window, now)
  const past = [...self.past, self.current]
  for (let i = 1; i < passed; i++) past.push(none)
  let total: Tally = self
  while (past.length >= slotsPerWindow) total = plus(total, past.shift()!, -1)
  return { ...self, ...plus(total, none, 1), slot, current: none, past }
}

/** @internal */
export const add = (self: Slots, sample: Sample): Slots => {
  const one: Tally = { calls: 1, failures: sample.failed ? 1 : 0, slow: sample.slow ? 1 : 0, abandoned: 0 }
  const current = { ...plus(self.current, one, 1), abandoned: 0 }
  const past = self.abandoned === 0 ? self.past : self.past.map((slot) => ({ ...slot, abandoned: 0 }))
  return { ...self, ...plus(self, one, 1), abandoned: 0, current, past }
}

/** @internal */
export const abandon = (self: Slots): Slots => ({
  ...self,
  abandoned: self.abandoned + 1,
  current: { ...self.current, abandoned: self.current.abandoned + 1 }
})
