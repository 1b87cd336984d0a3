/**
 * What a process has of one limit: the slice it was given, how much of it is used, and how it is with the others.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { Amounts, Limit, Unit } from "../load/buckets.js"
import { Alone } from "./alone.js"
import { add, type Shares } from "./slices.js"

/** A slice is what a process uses in so many milliseconds. */
const sliceTime = 3_000

/** With less than this part of its slice left, a process asks for the next one. */
const low = 1 / 3

/** @internal */
export class Slice {
  /** What it may use by itself, until then. */
  rest: Amounts = {}
  until = 0
  /** How much it was given the last time. */
  given: Amounts = {}
  /** What it has used since it last asked. */
  used: Amounts = {}
  since: number
  /** When there is something for it again, as far as it knows, and when it asks whether that is still so. */
  waitUntil = 0
  askAgainAt = 0
  heldUntil = 0
  /** Others have still to be told that the target wants to be left alone. */
  holds = false
  /** How many use the limit, as it was last told. */
  users: number | undefined = undefined
  base: { readonly version: string; readonly shares: Shares } | undefined = undefined
  /** What it goes by until it is answered. */
  alone: Alone | undefined = undefined
  asking = false
  stopTimer: (() => void) | undefined = undefined
  readonly lock: Effect.Semaphore = Effect.unsafeMakeSemaphore(1)

  constructor(
    readonly name: string,
    readonly limits: ReadonlyArray<Limit>,
    now: number
  ) {
    this.since = now
  }

  covers(amounts: Amounts, now: number): boolean {
    if (now >= this.until) return false
    return this.limits.every(({ unit }) => (this.rest[unit] ?? 0) >= (amounts[unit] ?? 0) - 1e-9)
  }

  use(amounts: Amounts): void {
    this.rest = add(this.rest, amounts, -1)
    this.used = add(this.used, amounts)
  }

  get isLow(): boolean {
    return this.limits.some(({ unit }) => (this.rest[unit] ?? 0) < (this.given[unit] ?? 0) * low)
  }

  /** What it would use in the time of a slice, going by the time since it last asked. */
  more(now: number): Amounts {
    const passed = Math.max(sliceTime / 10, now - this.since)
    const used = add(this.used, this.alone?.used ?? {})
    const more: { [unit in Unit]?: number } = {}
    for (const { perMilli, unit } of this.limits) {
      // What does not come back is asked for call by call, so that nothing of it is lost with a process.
      more[unit] = perMilli > 0 ? (Math.max(0, used[unit] ?? 0) / passed) * sliceTime : 0
    }
    return more
  }

  /** Less than nothing counts however long ago it was; what was left over, until its time was up. */
  unused(now: number): Amounts {
    return now < this.until ? this.rest : debtsOf(this.rest)
  }

  /** Whether there is something to give back, or to pay. */
  owes(now: number): boolean {
    return this.alone !== undefined || Object.values(this.unused(now)).some((amount) => amount !== 0)
  }

  /** What there is, is gone. */
  drop(): void {
    this.rest = debtsOf(this.rest)
    this.given = {}
  }

  /** What it goes by without an answer, of which `shareAlone` is its part where it does not know how many there are. */
  aloneFrom(shareAlone: number, now: number): Alone {
    if (this.alone === undefined) {
      const { base, users } = this
      const share = users === undefined ? shareAlone : 1 / users
      const known: { [unit in Unit]?: number } = {}
      base?.shares.buckets.forEach(({ level }, i) => {
        const { unit } = this.limits[i]!
        known[unit] = Math.min(known[unit] ?? Number.POSITIVE_INFINITY, level)
      })
      this.alone = new Alone(this.limits, share, base && add(known, debtsOf(this.rest)), now)
      if (this.heldUntil > now) this.alone.hold(this.heldUntil, now)
    }
    return this.alone
  }
}

/** Debts stay. */
const debtsOf = (rest: Amounts): Amounts => {
  const debts: { [unit in Unit]?: number } = {}
  for (const unit of Object.keys(rest) as Array<Unit>) debts[unit] = Math.min(0, rest[unit] ?? 0)
  return debts
}
