/**
 * What becomes of a limit when a process comes back that could ask nobody, as a pure function.
 *
 * Where nobody could, what came in meanwhile belonged to all of them, each its part: the first one to come back adds nothing
 * for that time but its own part, less what it has used, and so do the others after it. Where only this one could not, the
 * others had all that came in, and it owes them what it has used.
 *
 * @internal
 */
import { type Amounts, type Limit, settle, type Unit } from "../load/buckets.js"
import type { Shares } from "./slices.js"

/** How a process did without the others. Times are the backend's. @internal */
export interface Apart {
  readonly since: number
  /** Its part of the limit, from 0 to 1. */
  readonly share: number
  readonly used: Amounts
}

/** A limit that is used is written at least so often, in milliseconds, by those who can. */
const often = 1_000

/** @internal */
export const rejoin = (
  before: Shares,
  limits: ReadonlyArray<Limit>,
  { share, since, used }: Apart,
  now: number
): Shares => {
  const wereAll = now - since > often && before.buckets.every(({ at }) => at <= since)
  const apart = wereAll ? { from: since, to: now } : before.apart
  // What it did before that, and after the first one had come back, is its own affair.
  const alone = apart === undefined ? 0 : Math.max(0, apart.to - Math.max(apart.from, since))
  const spent: { [unit in Unit]?: number } = {}
  for (const { burst, perMilli, unit } of limits) {
    const more = Math.min(burst * share, used[unit] ?? 0) - Math.min(burst, perMilli * alone) * share
    spent[unit] = Math.max(spent[unit] ?? Number.NEGATIVE_INFINITY, more)
  }
  const buckets = wereAll
    ? settle(before.buckets, limits, {}, {}, since).map((bucket) => ({ ...bucket, at: now }))
    : before.buckets
  return { ...before, ...(apart !== undefined && { apart }), buckets: settle(buckets, limits, {}, spent, now) }
}
