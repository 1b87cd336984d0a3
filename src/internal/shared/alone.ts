/**
 * What a process goes by of a limit while nobody answers: its part of it.
 *
 * All of them together have no more so than the limit. Of what there was when they were last told, each has its part as
 * well.
 *
 * @internal
 */
import {
  type Amounts,
  type Buckets,
  full,
  granted,
  hold,
  type Limit,
  left,
  type Reserved,
  reserve,
  settle
} from "../load/buckets.js"
import { add } from "./slices.js"

/** @internal */
export class Alone {
  private buckets: Buckets
  private readonly limits: ReadonlyArray<Limit>
  /** What was used since it was last answered. */
  used: Amounts = {}

  /** `known` is what was left, as far as anybody has told. */
  constructor(
    limits: ReadonlyArray<Limit>,
    readonly share: number,
    known: Amounts | undefined,
    readonly since: number
  ) {
    this.limits = limits.map(({ burst, initial = burst, perMilli, unit }) => ({
      unit,
      burst: burst * share,
      perMilli: perMilli * share,
      initial: initial * share
    }))
    const buckets = full(this.limits, since)
    this.buckets =
      known === undefined
        ? buckets
        : buckets.map((bucket, i) => ({
            ...bucket,
            level: Math.min(bucket.level, Math.max(0, known[limits[i]!.unit] ?? 0) * share)
          }))
  }

  reserve(amounts: Amounts, ahead: Amounts, now: number): Reserved {
    // One call may need more than the part ever holds at once: it waits until that has come together.
    const limits = this.limits.map((limit) => ({ ...limit, burst: Math.max(limit.burst, amounts[limit.unit] ?? 0) }))
    const [reserved, buckets] = reserve(this.buckets, limits, amounts, ahead, now)
    this.buckets = buckets
    if (reserved === granted) this.used = add(this.used, amounts)
    return reserved
  }

  /** A call has used so much more than was reserved for it. */
  settle(more: Amounts, now: number): void {
    this.used = add(this.used, more)
    this.buckets = settle(this.buckets, this.limits, {}, more, now)
  }

  hold(until: number, now: number): void {
    this.buckets = hold(this.buckets, this.limits, until, now)
  }

  left(now: number): Amounts {
    return left(this.buckets, this.limits, now)
  }
}
