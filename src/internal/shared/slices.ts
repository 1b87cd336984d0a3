/**
 * A limit that several processes share, as pure functions: the buckets, and the part of them that each process has been
 * given to use by itself for a time.
 *
 * What is given has left the buckets, which then fill up to that much less. So the fleet never has more than the limit:
 * what processes hold and what the buckets hold is no more than `burst`. What a process does not need comes back with its
 * next request, or when its time is up; what one holds that has died is lost, and from then on the buckets fill to the
 * top again.
 *
 * Those for whom there is not enough stand in a line, each process once.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import {
  type Amounts,
  type Buckets,
  full,
  type Limit,
  left,
  type Reserved,
  reserve,
  settle,
  type Unit
} from "../load/buckets.js"

const unit = Schema.optional(Schema.Number)

const AmountsSchema: Schema.Schema<Amounts> = Schema.Struct({
  requests: unit,
  tokens: unit,
  inputTokens: unit,
  outputTokens: unit,
  money: unit,
  retries: unit
})

const Shares = Schema.Struct({
  buckets: Schema.Array(
    Schema.Struct({ level: Schema.Number, at: Schema.Number, heldUntil: Schema.Number, dryUntil: Schema.Number })
  ),
  /** Who uses the limit, and what each holds. One that does not come again by `until` has died, or left. */
  holders: Schema.Array(Schema.Struct({ by: Schema.String, held: AmountsSchema, until: Schema.Number })),
  /** Who waits, and for what, the first one first. */
  line: Schema.Array(Schema.Struct({ by: Schema.String, amounts: AmountsSchema, until: Schema.Number })),
  /** The last time when nobody could ask, until the first of them came back. */
  apart: Schema.optional(Schema.Struct({ from: Schema.Number, to: Schema.Number }))
})

/** By the time of the backend. @internal */
export type Shares = typeof Shares.Type

const Text = Schema.parseJson(Shares)

/** @internal */
export const encodeShares: (shares: Shares) => string = Schema.encodeSync(Text)

const decode = Schema.decodeUnknownEither(Text)

/** @internal */
export const decodeShares = (text: string, limits: ReadonlyArray<Limit>): Shares | undefined => {
  const shares = Either.getOrUndefined(decode(text))
  return shares?.buckets.length === limits.length ? shares : undefined
}

/** @internal */
export const newShares = (limits: ReadonlyArray<Limit>, now: number): Shares => ({
  buckets: full(limits, now),
  holders: [],
  line: []
})

/** What is kept of a limit is kept under its numbers too, so that other numbers are another limit. @internal */
export const fingerprint = (limits: ReadonlyArray<Limit>): string =>
  limits.map(({ burst, perMilli, unit }) => `${unit}=${short(burst)}+${short(perMilli * 60_000)}pm`).join(",")

const short = (value: number): string => String(Number(value.toPrecision(6)))

/** A process that does not come again within so many milliseconds has nothing any more. @internal */
export const term = 5_000

/** Whoever is first in line and does not come lets the others pass after so many milliseconds. */
const grace = 2_000

/** @internal */
export const add = (one: Amounts, other: Amounts, sign: 1 | -1 = 1): Amounts => {
  const sum: { [unit in Unit]?: number | undefined } = { ...one }
  for (const unit of Object.keys(other) as Array<Unit>) sum[unit] = (sum[unit] ?? 0) + sign * (other[unit] ?? 0)
  return sum
}

/** What a process asks for. @internal */
export interface Request {
  readonly by: string
  /** What it has left of what it was given; less than nothing, if its calls have used more than that. */
  readonly unused: Amounts
  /** What its call has to have now. */
  readonly wanted: Amounts
  /** What it would use until it asks again. */
  readonly more: Amounts
}

/** @internal */
export interface Given {
  readonly reserved: Reserved
  /** What it may use besides what its call has. */
  readonly slice: Amounts
  /** How many use the limit. */
  readonly users: number
}

/** Without those whose time is up. */
const alive = ({ apart, buckets, holders, line }: Shares, now: number): Shares => ({
  buckets,
  ...(apart !== undefined && { apart }),
  holders: holders.filter(({ until }) => until > now),
  line: line.filter(({ until }) => until > now)
})

/** There is only room for what nobody holds. */
const room = (limits: ReadonlyArray<Limit>, holders: Shares["holders"]): ReadonlyArray<Limit> =>
  limits.map((limit) => ({
    ...limit,
    burst: holders.reduce((burst, { held }) => burst - Math.max(0, held[limit.unit] ?? 0), limit.burst)
  }))

/**
 * Takes back what a process has left, and gives it what its call has to have, and as much more as it would use, within its
 * part of what is there.
 *
 * @internal
 */
export const take = (
  before: Shares,
  limits: ReadonlyArray<Limit>,
  { by, more, unused, wanted }: Request,
  now: number
): readonly [Given, Shares] => {
  const { buckets: kept, holders, line, ...rest } = alive(before, now)
  const others = holders.filter((holder) => holder.by !== by)
  const within = room(limits, others)
  const back = settle(kept, within, unused, {}, now)
  const place = line.findIndex((waiting) => waiting.by === by)
  const inFront = place < 0 ? line : line.slice(0, place)
  const ahead = inFront.reduce<Amounts>((sum, { amounts }) => add(sum, amounts), {})
  const full = within.map((limit, i) => ({ ...limit, burst: Math.max(limit.burst, limits[i]!.burst) }))
  // Where there is enough for those in front as well, nobody waits for them to come and fetch it.
  const [forAll] = reserve(back, full, add(wanted, ahead), {}, now)
  const [reserved, buckets] = reserve(back, full, wanted, forAll._tag === "Granted" ? {} : ahead, now)
  const holder = { by, held: {}, until: now + term }
  const users = new Set([by, ...others.map(({ by }) => by), ...line.map(({ by }) => by)]).size
  if (reserved._tag !== "Granted") {
    const until = now + (reserved._tag === "Wait" && Number.isFinite(reserved.millis) ? reserved.millis : 0) + grace
    const waiting = { by, amounts: wanted, until }
    const next = place < 0 ? [...line, waiting] : line.with(place, waiting)
    return [
      { reserved, slice: {}, users },
      { ...rest, buckets, holders: [...others, holder], line: next }
    ]
  }
  const waiting = line.filter((one) => one.by !== by)
  const slice = part(buckets, limits, waiting, more, users, now)
  const given = settle(buckets, limits, {}, slice, now)
  return [
    { reserved, slice, users },
    { ...rest, buckets: given, holders: [...others, { ...holder, held: slice }], line: waiting }
  ]
}

/** Of what nobody waits for, everybody can have a part. */
const part = (
  buckets: Buckets,
  limits: ReadonlyArray<Limit>,
  line: Shares["line"],
  more: Amounts,
  users: number,
  now: number
): Amounts => {
  const there = left(buckets, limits, now)
  const slice: { [unit in Unit]?: number } = {}
  for (const { unit } of limits) {
    const free = (there[unit] ?? 0) - line.reduce((sum, { amounts }) => sum + (amounts[unit] ?? 0), 0)
    slice[unit] = Math.max(0, Math.min(more[unit] ?? 0, free / (users + 1)))
  }
  return slice
}

/** A process that has nothing to do gives back what it holds. @internal */
export const giveBack = (
  before: Shares,
  limits: ReadonlyArray<Limit>,
  by: string,
  unused: Amounts,
  now: number
): Shares => {
  const { buckets, holders, line, ...rest } = alive(before, now)
  const others = holders.filter((holder) => holder.by !== by)
  return {
    ...rest,
    buckets: settle(buckets, room(limits, others), unused, {}, now),
    holders: others,
    line: line.filter((waiting) => waiting.by !== by)
  }
}

/** What all of them hold. @internal */
export const heldByAll = ({ holders }: Shares, now: number): Amounts =>
  holders.reduce<Amounts>((sum, { held, until }) => (until > now ? add(sum, held) : sum), {})

/** Until when nothing of the limit may be used. @internal */
export const heldUntil = ({ buckets }: Shares): number => Math.max(0, ...buckets.map(({ heldUntil }) => heldUntil))

/** Buckets that would be full again may be forgotten, and those that never are may not. @internal */
export const lifetime = (shares: Shares, limits: ReadonlyArray<Limit>, idle: number, at: number): number => {
  const fillsIn = Math.max(...limits.map(({ burst, perMilli }) => burst / perMilli))
  return Math.min(idle + fillsIn + Math.max(0, heldUntil(shares) - at), longest)
}

/** A year. */
const longest = 365 * 86_400_000
