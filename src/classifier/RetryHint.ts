/**
 * The one place that knows how servers say when to come back.
 *
 * Several hints may stand in one response and disagree. The first of these that is a time in the future decides:
 *
 * 1. the header `retry-after-ms`, or `x-ms-retry-after-ms`
 * 2. the header `retry-after`: seconds, or a date
 * 3. a field of the body made for it: `RetryInfo.retryDelay`, `retry_after`, headers quoted in the body, ...
 * 4. the words: "try again in 1m0.36s", "retry after 33 seconds", "regain access on 2026-04-01"
 * 5. the reset of a limit that the headers report as used up
 *
 * Zero, a negative number, a date that has passed and anything unreadable is no hint. Fractions are rounded up to the
 * next millisecond. A moment counts from the response's own `date`, else from `now`, and is no hint where neither is
 * known. The fifth is read only where the failure is a limit: those headers come with every response.
 */

import { structured } from "./RateLimitFields.js"
import type { Facts } from "./Said.js"
import { clockAt, durationAt, goDuration, momentAt, momentIn, type When } from "./Time.js"

/** @internal */
export interface RetryHint {
  /** How long to wait, in whole milliseconds. */
  readonly wait: number | undefined
  /** When it will be over, in milliseconds since 1970. */
  readonly until: number | undefined
}

/** The order of precedence, for the documentation. @internal */
export const precedence: ReadonlyArray<string> = [
  "the header `retry-after-ms`, `x-ms-retry-after-ms` or `x-retry-after-ms`, in milliseconds",
  "the header `retry-after` or `x-retry-after`: seconds, an HTTP-date, RFC 3339 or a Go duration",
  "a field of the body: `retryDelay` (google.rpc.RetryInfo), `quotaResetDelay`, `retry_after_ms`, `retry_after`, `resets_in_seconds`, `resets_at`, `estimated_time`, and the headers a gateway quotes in its body",
  "the words: `try again in 1m0.36s`, `retry after 33 seconds`, `regain access on 2026-04-01 at 00:00 UTC`",
  'the reset of a limit that the headers report as used up: `x-ratelimit-reset-*`, `anthropic-ratelimit-*-reset`, `x-ratelimit-reset`, `ratelimit-reset`, and the fields `RateLimit` (`"api";r=0;t=55`, several policies, `limit=, remaining=, reset=`) and `RateLimit-Policy`, whose window counts where no reset is said'
]

const none: RetryHint = { wait: undefined, until: undefined }
const longest = 400 * 86_400_000

/**
 * @internal
 */
export const retryHint = (facts: Facts, now: number | undefined, limited: boolean, zone = "Z"): RetryHint => {
  const date = facts.header("date")
  const base = (date === undefined ? undefined : momentIn(date)) ?? now

  const waiting = (millis: number | undefined): RetryHint | undefined => {
    if (millis === undefined || !(millis > 0) || millis > longest) return undefined
    const wait = roundedUp(millis)
    return { wait, until: base === undefined ? undefined : base + wait }
  }
  const moment = (until: number | undefined): RetryHint | undefined =>
    until === undefined ? undefined : base === undefined ? { wait: undefined, until } : waiting(until - base)

  const later = [
    ...["retry-after-ms", "x-ms-retry-after-ms", "x-retry-after-ms"].map(
      (name) => () => waiting(number(facts.header(name)))
    ),
    ...["retry-after", "x-retry-after", "x-ms-retry-after", "x-ratelimit-retry-after"].map(
      (name) => () => retryAfter(facts.header(name), waiting, moment)
    ),
    () => field(facts, waiting, moment),
    () => prose(facts.words, waiting, moment, { zone, base }),
    () => (limited ? windows(facts, waiting, moment) : undefined)
  ]
  let dated: RetryHint | undefined
  for (const source of later) {
    const hint = source()
    if (hint?.wait !== undefined) return dated?.until === undefined ? hint : { ...hint, until: dated.until }
    dated ??= hint
  }
  return dated ?? none
}

/** Products of decimal fractions carry noise in their last digits, which must not count as one more millisecond. */
const roundedUp = (millis: number): number => Math.ceil(Math.round(millis * 1e6) / 1e6)

type Read<A> = (value: A | undefined) => RetryHint | undefined

const number = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}(?:\.\d{1,15})?$/.test(text.trim()) ? Number(text) : undefined

const seconds = (text: string | undefined): number | undefined => {
  const read = number(text)
  return read === undefined ? undefined : read * 1000
}

/** Several `retry-after` headers arrive joined by a comma. */
const retryAfter = (text: string | undefined, waiting: Read<number>, moment: Read<number>): RetryHint | undefined =>
  text === undefined
    ? undefined
    : (waiting(seconds(text) ?? seconds(text.split(",")[0]) ?? goDuration(text.trim())) ?? moment(momentIn(text)))

/** What the fields are called, `_` and case aside, and the unit of a plain number in them. @internal */
export const fields: ReadonlyArray<readonly [name: string, unit: "ms" | "s" | "moment"]> = [
  ["retryDelay", "s"],
  ["retryAfterMs", "ms"],
  ["retryAfterSeconds", "s"],
  ["retryAfter", "s"],
  ["retryInSeconds", "s"],
  ["quotaResetDelay", "s"],
  ["resetsInSeconds", "s"],
  ["resetAfter", "s"],
  ["resetsAt", "moment"],
  ["resetAt", "moment"],
  ["quotaResetTimeStamp", "moment"],
  ["xRateLimitReset", "moment"],
  ["estimatedTime", "s"]
]

const field = (facts: Facts, waiting: Read<number>, moment: Read<number>): RetryHint | undefined => {
  for (const [name, unit] of fields) {
    for (const text of facts.values(name)) {
      const plain = number(text)
      const hint =
        unit === "moment"
          ? moment(plain === undefined ? momentIn(text) : epoch(plain))
          : (waiting(plain === undefined ? goDuration(text) : plain * (unit === "s" ? 1000 : 1)) ??
            moment(plain === undefined ? momentIn(text) : undefined))
      if (hint !== undefined) return hint
    }
  }
  return undefined
}

/** Seconds or milliseconds since 1970; a smaller number is no moment. */
const epoch = (value: number): number | undefined => (value > 1e12 ? value : value > 1e9 ? value * 1000 : undefined)

const saysWhen =
  /(?:try(?:ing)? again|retry|retrying|retry_after|wait|resets?|reset time|replenished|available again|back off|regain access|unblocked|resume[sd]?|restored|renews?|refresh(?:es|ed)?)\b|\u5c06\u5728|\u8bf7\u5728|\u8bf7\u4e8e/g

const prose = (words: string, waiting: Read<number>, moment: Read<number>, when: When): RetryHint | undefined => {
  for (const found of words.matchAll(saysWhen)) {
    const at = found.index + found[0].length
    const hint = waiting(clockAt(words, at) ?? durationAt(words, at)) ?? moment(momentAt(words, at, when))
    if (hint !== undefined) return hint
  }
  return undefined
}

/**
 * These headers come with every response, so a reset counts only where the same limit has nothing left. Where they say
 * nothing of what is left, the latest reset does.
 */
const windows = (facts: Facts, waiting: Read<number>, moment: Read<number>): RetryHint | undefined => {
  const resets = limits.flatMap(({ reset, remaining }) => {
    const text = facts.header(reset)
    const left = number(facts.header(remaining))
    const plain = number(text)
    if (text === undefined || text === "0") return []
    const read =
      plain === undefined
        ? (waiting(goDuration(text)) ?? moment(momentIn(text)))
        : plain > 1e9
          ? moment(epoch(plain))
          : waiting(plain * 1000)
    return read === undefined ? [] : [{ ...read, left }]
  })
  for (const { left, reset } of structured(facts.header("ratelimit"), facts.header("ratelimit-policy"))) {
    const read = waiting(reset)
    if (read !== undefined) resets.push({ ...read, left })
  }
  const counted = resets.some(({ left }) => left !== undefined) ? resets.filter(({ left }) => left === 0) : resets
  return counted.reduce<RetryHint | undefined>(
    (latest, { until, wait }) =>
      (wait ?? 0) > (latest?.wait ?? 0) || (until ?? 0) > (latest?.until ?? 0) ? { until, wait } : latest,
    undefined
  )
}

const limits = [
  ...["requests", "tokens", "tokens-minute", "requests-minute", "requests-day"].map((of) => ({
    reset: `x-ratelimit-reset-${of}`,
    remaining: `x-ratelimit-remaining-${of}`
  })),
  ...["requests", "tokens", "input-tokens", "output-tokens"].map((of) => ({
    reset: `anthropic-ratelimit-${of}-reset`,
    remaining: `anthropic-ratelimit-${of}-remaining`
  })),
  { reset: "anthropic-ratelimit-unified-reset", remaining: "anthropic-ratelimit-unified-remaining" },
  { reset: "x-ratelimit-reset", remaining: "x-ratelimit-remaining" },
  { reset: "x-ratelimit-reset-after", remaining: "x-ratelimit-remaining" },
  { reset: "ratelimit-reset", remaining: "ratelimit-remaining" }
]
