/**
 * How many of the calls under way have been running for longer than a threshold.
 *
 * Starts are counted in slots of a tenth of the threshold, so a call is seen to be overdue once it has run for the
 * threshold and at most a tenth of it more, and entering and leaving cost the same however many calls are under way.
 *
 * @internal
 */
export interface InFlight {
  /** The number of the current slot. It never goes back, since calls under way bring theirs back when they end. */
  readonly slot: number
  /** How many slots the clock has been set back by; the current slot is that many after the one of the time. */
  readonly setBack: number
  /** The calls under way that started in the current slot (last) and in those before it. */
  readonly starts: ReadonlyArray<number>
  readonly overdue: number
}

const slotsPerThreshold = 10

const slotAt = (threshold: number, now: number): number => Math.floor(now / (threshold / slotsPerThreshold))

/** @internal */
export const empty = (threshold: number, now: number): InFlight => ({
  slot: slotAt(threshold, now),
  setBack: 0,
  starts: new Array(slotsPerThreshold + 1).fill(0),
  overdue: 0
})

/** @internal */
export const age = (self: InFlight, threshold: number, now: number): InFlight => {
  const slot = slotAt(threshold, now) + self.setBack
  if (slot < self.slot) return { ...self, setBack: self.setBack + self.slot - slot }
  const passed = Math.min(slot - self.slot, self.starts.length)
  if (passed === 0) return self
  const left = self.starts.slice(0, passed)
  return {
    slot,
    setBack: self.setBack,
    starts: [...self.starts.slice(passed), ...left.map(() => 0)],
    overdue: left.reduce((sum, started) => sum + started, self.overdue)
  }
}

const change = (self: InFlight, slot: number, by: 1 | -1): InFlight => {
  const index = self.starts.length - 1 - (self.slot - slot)
  return index < 0
    ? { ...self, overdue: self.overdue + by }
    : { ...self, starts: self.starts.with(index, self.starts[index]! + by) }
}

/**
 * A call starts now. The answer's `slot` has to come back with `leave`.
 *
 * @internal
 */
export const enter = (self: InFlight): InFlight => change(self, self.slot, 1)

/**
 * A call that started in `slot` has ended.
 *
 * @internal
 */
export const leave = (self: InFlight, slot: number): InFlight => change(self, slot, -1)
