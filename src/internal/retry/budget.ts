/**
 * The arithmetic of a retry budget: a bucket of tokens that calls and time fill, and retries empty. Times are in
 * milliseconds, and tokens are counted in millionths, so that ten shares of 0.1 make a whole one. What time adds is not
 * rounded, or a token an hour would be none; a token is whole within a billionth.
 *
 * @internal
 */
export interface Rates {
  /** What one call adds. */
  readonly perCall: number
  /** What a millisecond adds. */
  readonly perMilli: number
  /** The most the bucket holds. */
  readonly most: number
}

/** @internal */
export interface Bucket {
  readonly tokens: number
  readonly at: number
  /** How far the clock is behind what it would be if nobody had set it back. */
  readonly behind: number
}

/** @internal */
export const token = 1_000_000

/** @internal */
export const rates = (share: number, perSecond: number, burst: number): Rates => ({
  perCall: Math.round(share * token),
  perMilli: (perSecond * token) / 1_000,
  most: Math.round(burst * token)
})

/** As after one idle second. */
export const full = ({ most, perMilli }: Rates, now: number): Bucket => ({
  tokens: Math.min(most, perMilli * 1_000),
  at: now,
  behind: 0
})

/** Whether a new bucket would hold no more, so that nobody gains by this one being forgotten. @internal */
export const isReplaceable = (bucket: Bucket, rates: Rates, now: number): boolean =>
  aged(bucket, rates, now).tokens >= full(rates, now).tokens

/** What is lost where fractions of a token are added up, in millionths. */
const rounding = 0.001

/**
 * The milliseconds that have passed. A clock that goes back adds nothing and goes on from there; one that is then set
 * right again, to where it would have been by now or beyond, adds only what is beyond, so that no time counts twice.
 */
const passed = ({ at, behind }: Bucket, now: number): { readonly millis: number; readonly behind: number } => {
  if (now < at) return { millis: 0, behind: behind + at - now }
  return now - at < behind ? { millis: now - at, behind } : { millis: now - at - behind, behind: 0 }
}

const aged = (bucket: Bucket, { most, perMilli }: Rates, now: number): Bucket => {
  const { behind, millis } = passed(bucket, now)
  const gained = perMilli === Number.POSITIVE_INFINITY ? most : millis * perMilli
  return { tokens: Math.min(most, bucket.tokens + gained), at: now, behind }
}

const add = (bucket: Bucket, { most }: Rates, amount: number): Bucket => ({
  ...bucket,
  tokens: Math.min(most, bucket.tokens + amount)
})

/** @internal */
export const deposit = (bucket: Bucket, rates: Rates, now: number): Bucket =>
  add(aged(bucket, rates, now), rates, rates.perCall)

/** @internal */
export const giveBack = (bucket: Bucket, rates: Rates, now: number): Bucket =>
  add(aged(bucket, rates, now), rates, token)

/** @internal */
export const take = (bucket: Bucket, rates: Rates, now: number): readonly [boolean, Bucket] => {
  const state = aged(bucket, rates, now)
  return state.tokens + rounding >= token
    ? [true, { ...state, tokens: Math.max(0, state.tokens - token) }]
    : [false, state]
}

/** @internal */
export const available = (bucket: Bucket, rates: Rates, now: number): readonly [number, Bucket] => {
  const state = aged(bucket, rates, now)
  return [Math.floor((state.tokens + rounding) / token), state]
}
