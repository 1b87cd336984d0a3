import * as Calls from "./countWindow.js"
import type { TripPolicy } from "./policy.js"
import type { Sample, Tally } from "./tally.js"
import * as Slots from "./timeWindow.js"

/**
 * Failures in a row, which needs no memory of single calls.
 *
 * @internal
 */
export interface Streak extends Tally {
  readonly _tag: "Streak"
}

/** @internal */
export type Window = Streak | Calls.Calls | Slots.Slots

const noStreak: Streak = { _tag: "Streak", calls: 0, failures: 0, slow: 0, abandoned: 0 }

const isNone = ({ abandoned, calls, failures, slow }: Streak): boolean =>
  calls === 0 && failures === 0 && slow === 0 && abandoned === 0

/** @internal */
export const empty = (trip: TripPolicy, now: number): Window =>
  trip._tag === "Consecutive" ? noStreak : trip._tag === "Rate" ? Calls.empty : Slots.empty(trip.window, now)

/**
 * A call ended with a verdict. The window keeps its kind for as long as it lives: a policy of another kind starts
 * another one.
 *
 * @internal
 */
export const add = (self: Window, trip: TripPolicy, sample: Sample, now: number): Window => {
  if (self._tag === "Calls" && trip._tag === "Rate") return Calls.add(self, trip.size, sample)
  if (self._tag === "Slots" && trip._tag === "RateOver") return Slots.add(Slots.age(self, trip.window, now), sample)
  // One that was read from somewhere is as good, and stays the same: nothing has happened.
  if (!sample.failed) return self._tag === "Streak" && isNone(self) ? self : noStreak
  return { _tag: "Streak", calls: self.calls + 1, failures: self.failures + 1, slow: 0, abandoned: 0 }
}

/** @internal */
export const abandon = (self: Window, trip: TripPolicy, now: number): Window => {
  if (self._tag === "Slots" && trip._tag === "RateOver") return Slots.abandon(Slots.age(self, trip.window, now))
  return { ...self, abandoned: self.abandoned + 1 }
}

/** @internal */
export const age = (self: Window, trip: TripPolicy, now: number): Window =>
  self._tag === "Slots" && trip._tag === "RateOver" ? Slots.age(self, trip.window, now) : self
