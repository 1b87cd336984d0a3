/**
 * Whether a call waits before a circuit that lets nobody through, and for how long, as pure functions.
 *
 * @internal
 */
import type { Bounds } from "../admission/outlook.js"
import { atClock } from "./clockSetBack.js"
import type { Circuit, Refusal } from "./state.js"

/** The options of a breaker that say so, in milliseconds. @internal */
export interface Waiting {
  readonly whenOpen: "wait" | "reject"
  readonly whenParked: "wait" | "reject"
  readonly maxWait: number
  readonly stagger: number | undefined
}

/** @internal */
export const unbounded: Bounds = { left: Number.POSITIVE_INFINITY, patience: Number.POSITIVE_INFINITY }

/** What is in the way of calls, and for how many milliseconds it is known to be. @internal */
export interface Ahead {
  readonly open: number
  readonly parked: number
}

/** Who finds out whether a target is back may know at any time, so that is in nobody's way. @internal */
export const aheadOf = (kept: Circuit | undefined, now: number): Ahead => {
  if (kept === undefined) return { open: 0, parked: 0 }
  const { isolations, parking, phase } = atClock(kept, now)
  const open = phase._tag === "Open" ? Math.max(0, phase.until - now) : 0
  return {
    open: isolations > 0 ? Number.POSITIVE_INFINITY : open,
    parked: parking === undefined ? 0 : Math.max(0, parking.until - now)
  }
}

/** The same, as far as a refusal tells. @internal */
export const aheadBy = ({ _tag, retryAfter }: Refusal): Ahead =>
  _tag === "Parked" ? { open: 0, parked: retryAfter } : { open: retryAfter, parked: 0 }

/** @internal */
export const longest = ({ open, parked }: Ahead): number => Math.max(open, parked)

/** Whether a call that comes `after` so many milliseconds is let in then, or waits for the rest. @internal */
export const mayEnter = (
  ahead: Ahead,
  after: number,
  { maxWait, whenOpen, whenParked }: Waiting,
  { left, patience }: Bounds
): boolean => {
  const wait = longest(ahead)
  if (wait <= after) return true
  if (ahead.open > after && whenOpen === "reject") return false
  if (ahead.parked > after && whenParked === "reject") return false
  return wait - after <= maxWait && wait < left && wait <= patience
}

/** In how many milliseconds a call that comes now is let in; infinitely many, where it is rejected instead. @internal */
export const freeIn = (kept: Circuit | undefined, probes: number, waiting: Waiting, now: number): number => {
  const ahead = aheadOf(kept, now)
  if (!mayEnter(ahead, 0, waiting, unbounded)) return Number.POSITIVE_INFINITY
  return waiting.whenOpen === "reject" && isFull(kept, probes, now) ? Number.POSITIVE_INFINITY : longest(ahead)
}

const isFull = (kept: Circuit | undefined, probes: number, now: number): boolean => {
  const phase = kept && atClock(kept, now).phase
  return phase?._tag === "HalfOpen" && phase.leases.filter(({ expiresAt }) => expiresAt > now).length >= probes
}

/** A tenth of the wait, as of a hint, or what the options say; but never more than the wait itself. @internal */
export const spreadOf = (
  wait: number,
  { stagger = wait / 10 }: Pick<Waiting, "stagger">,
  left: number,
  chance: number
): number => Math.floor(chance * Math.min(stagger, wait, left - wait))

/** Until the first of those who find out gives up its place. @internal */
export const placeFreeIn = (kept: Circuit | undefined, now: number): number => {
  if (kept === undefined) return 0
  const { phase } = atClock(kept, now)
  if (phase._tag !== "HalfOpen" || phase.leases.length === 0) return 0
  return Math.max(0, Math.min(...phase.leases.map(({ expiresAt }) => expiresAt)) - now)
}
