/**
 * Token buckets: how much of each limit is left, and when there is enough. Times are in milliseconds.
 *
 * A bucket holds at most `burst`, gains `perMilli` in a millisecond, and may hold less than nothing once a call has used
 * more than was reserved for it. `ahead` is what others who wait in front have asked for already.
 *
 * @internal
 */
export type Unit = "requests" | "tokens" | "inputTokens" | "outputTokens" | "money" | "retries"

/** What a call uses of each; what is not there is nothing. */
export type Amounts = { readonly [unit in Unit]?: number | undefined }

/** @internal */
export interface Limit {
  readonly unit: Unit
  readonly burst: number
  readonly perMilli: number
  /** What there is at first. Default `burst`. */
  readonly initial?: number | undefined
}

interface Bucket {
  readonly level: number
  /** When `level` was true. */
  readonly at: number
  /** Nothing is gained before that, and nothing of the limit may be used. */
  readonly heldUntil: number
  /** Nothing is gained before that; what is there may be used. */
  readonly dryUntil: number
}

/** One bucket for each limit, in their order. */
export type Buckets = ReadonlyArray<Bucket>

export type Reserved =
  | { readonly _tag: "Granted" }
  | { readonly _tag: "Wait"; readonly millis: number }
  /** No waiting makes room for so much. */
  | { readonly _tag: "TooLarge"; readonly unit: Unit; readonly most: number; readonly amount: number }

export const granted: Reserved = { _tag: "Granted" }

/** What is lost where fractions are added up, as a part of the amount. */
const rounding = 1e-9

/** @internal */
export const full = (limits: ReadonlyArray<Limit>, now: number): Buckets =>
  limits.map(({ burst, initial = burst }) => ({ level: initial, at: now, heldUntil: 0, dryUntil: 0 }))

/** A clock that goes backwards adds nothing. */
const refill = (bucket: Bucket, { burst, perMilli }: Limit, now: number): Bucket => {
  if (now <= bucket.at) return bucket
  const from = Math.max(bucket.at, Math.min(now, Math.max(bucket.heldUntil, bucket.dryUntil)))
  const gained = perMilli === Number.POSITIVE_INFINITY ? burst - bucket.level : (now - from) * perMilli
  return { ...bucket, level: Math.min(burst, bucket.level + Math.max(0, gained)), at: now }
}

const of = (amounts: Amounts, { unit }: Limit): number => amounts[unit] ?? 0

/** The time until the bucket holds so much. One that is in debt lets nothing through, however small. */
const timeUntil = ({ at, dryUntil, heldUntil, level }: Bucket, { perMilli }: Limit, amount: number): number => {
  const held = Math.max(0, heldUntil - at)
  const lacking = amount - level
  if (lacking <= rounding * Math.max(1, amount)) return held
  return Math.max(held, dryUntil - at) + Math.ceil(lacking / perMilli - rounding)
}

/**
 * Takes so much out of all buckets, or out of none and says how long it would take.
 *
 * @internal
 */
export const reserve = (
  before: Buckets,
  limits: ReadonlyArray<Limit>,
  amounts: Amounts,
  ahead: Amounts,
  now: number
): readonly [Reserved, Buckets] => {
  const buckets = before.map((bucket, i) => refill(bucket, limits[i]!, now))
  let wait = 0
  let waits = false
  for (let i = 0; i < limits.length; i++) {
    const limit = limits[i]!
    const amount = of(amounts, limit)
    if (amount > limit.burst) return [{ _tag: "TooLarge", unit: limit.unit, most: limit.burst, amount }, buckets]
    const before = of(ahead, limit)
    if (before > 0) waits = true
    wait = Math.max(wait, timeUntil(buckets[i]!, limit, amount + before))
  }
  if (wait > 0 || waits) return [{ _tag: "Wait", millis: wait }, buckets]
  return [granted, buckets.map((bucket, i) => ({ ...bucket, level: bucket.level - of(amounts, limits[i]!) }))]
}

/**
 * What was reserved goes back, less what was used after all, which may be more.
 *
 * @internal
 */
export const settle = (
  before: Buckets,
  limits: ReadonlyArray<Limit>,
  reserved: Amounts,
  used: Amounts,
  now: number
): Buckets =>
  before.map((bucket, i) => {
    const limit = limits[i]!
    const filled = refill(bucket, limit, now)
    return { ...filled, level: Math.min(limit.burst, filled.level + of(reserved, limit) - of(used, limit)) }
  })

/** Of several limits in one unit, the one of the shortest time, which is the first. */
const isFirst = (limits: ReadonlyArray<Limit>, i: number): boolean =>
  limits.findIndex(({ unit }) => unit === limits[i]!.unit) === i

const minute = 60_000

/** Whether an empty bucket is whole again within so many milliseconds. */
const fillsWithin = ({ burst, perMilli }: Limit, millis: number): boolean => burst / perMilli <= millis * (1 + rounding)

/**
 * The target wants to be left alone until then: whatever was saved up is gone, so that not everybody comes back at once. Of
 * several limits in one unit the first sees to that, if what is gone is back within a minute, or the time of the hint: what
 * is left of a day's is not gone for a few seconds'.
 *
 * @internal
 */
export const hold = (before: Buckets, limits: ReadonlyArray<Limit>, until: number, now: number): Buckets =>
  before.map((bucket, i) => {
    const filled = refill(bucket, limits[i]!, now)
    const empties = isFirst(limits, i) && fillsWithin(limits[i]!, Math.max(minute, until - now))
    const level = empties ? Math.min(0, filled.level) : filled.level
    return { ...filled, level, heldUntil: Math.max(filled.heldUntil, until) }
  })

/** What a provider says is left of its own limit, and the milliseconds until that is whole again. */
export interface Remaining {
  readonly remaining: number
  readonly reset?: number | undefined
}

/** How far the provider's time may be from ours, as a part of it. */
const sameTime = 0.1

/**
 * The provider knows better, if it knows of less. What it says of a unit is said of the first limit that is in it. A bucket like ours is whole again once what is missing has been gained;
 * where the time it names is another one, it counts in windows, and nothing is gained before the window's end.
 *
 * @internal
 */
export const observe = (
  before: Buckets,
  limits: ReadonlyArray<Limit>,
  told: { readonly [unit in Unit]?: Remaining | undefined },
  now: number
): Buckets =>
  before.map((bucket, i) => {
    const limit = limits[i]!
    const filled = refill(bucket, limit, now)
    const said = isFirst(limits, i) ? told[limit.unit] : undefined
    if (said === undefined || said.remaining >= filled.level) return filled
    const reset = said.reset ?? 0
    const refilling = (limit.burst - said.remaining) / limit.perMilli
    const isWindow = reset > 0 && Math.abs(refilling - reset) > sameTime * reset
    return {
      ...filled,
      level: said.remaining,
      dryUntil: isWindow ? Math.max(filled.dryUntil, now + reset) : filled.dryUntil
    }
  })

/** What is left now of each limit. @internal */
export const left = (before: Buckets, limits: ReadonlyArray<Limit>, now: number): Amounts => {
  const least: { [unit in Unit]?: number } = {}
  before.forEach((bucket, i) => {
    const { unit } = limits[i]!
    least[unit] = Math.min(least[unit] ?? Number.POSITIVE_INFINITY, refill(bucket, limits[i]!, now).level)
  })
  return least
}

/** Whether new buckets would hold no more, so that nobody gains by these being forgotten. @internal */
export const isReplaceable = (before: Buckets, limits: ReadonlyArray<Limit>, now: number): boolean =>
  before.every((bucket, i) => {
    const { burst, initial = burst } = limits[i]!
    const { heldUntil, level } = refill(bucket, limits[i]!, now)
    return level >= initial && heldUntil <= now
  })
