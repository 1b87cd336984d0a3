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

const sum = (a: Tally, b: Tally): Tally => ({
  calls: a.calls + b.calls,
  failures: a.failures + b.failures,
  slow: a.slow + b.slow,
  abandoned: a.abandoned + b.abandoned
})

const make = (slot: number, current: Tally, past: ReadonlyArray<Tally>, all: Tally): Slots => ({
  _tag: "Slots",
  calls: all.calls,
  failures: all.failures,
  slow: all.slow,
  abandoned: all.abandoned,
  slot,
  current,
  past
})

/**
 * Moves on to the slot of `now`: as many slots as have passed come in empty, and as many of the oldest leave. After a
 * clock that was set back, what was counted last counts as of now.
 *
 * @internal
 */
export const age = (self: Slots, window: number, now: number): Slots => {
  const slot = slotAt(window, now)
  const passed = slot - self.slot
  if (passed === 0) return self
  if (passed < 0) return { ...self, slot }
  if (passed >= slotsPerWindow) return empty(window, now)
  const past = [...self.past, self.current, ...new Array<Tally>(passed - 1).fill(none)].slice(1 - slotsPerWindow)
  return make(slot, none, past, past.reduce(sum, none))
}

/** @internal */
export const add = (self: Slots, sample: Sample): Slots => {
  const one: Tally = { calls: 1, failures: sample.failed ? 1 : 0, slow: sample.slow ? 1 : 0, abandoned: 0 }
  const answered = self.abandoned === 0 ? self : forgetAbandoned(self)
  return make(self.slot, sum(answered.current, one), answered.past, sum(answered, one))
}

const forgetAbandoned = (self: Slots): Slots => {
  const past = self.past.map((slot) => ({ ...slot, abandoned: 0 }))
  return make(self.slot, { ...self.current, abandoned: 0 }, past, { ...self, abandoned: 0 })
}

/** @internal */
export const abandon = (self: Slots): Slots => {
  const one: Tally = { ...none, abandoned: 1 }
  return make(self.slot, sum(self.current, one), self.past, sum(self, one))
}
