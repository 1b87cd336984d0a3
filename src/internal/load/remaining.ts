/**
 * What a provider says is left of its limits, in the headers of its answers.
 *
 * OpenAI and those who follow it (Azure, Groq, xAI and most others): `x-ratelimit-remaining-requests: 3`,
 * `x-ratelimit-reset-requests: 6m0s`; some name the time of the limit too (`...-requests-day`, `...-tokens-minute`).
 * Anthropic: `anthropic-ratelimit-requests-remaining: 3`, `anthropic-ratelimit-requests-reset: 2026-01-01T00:00:00Z`.
 * Gateways and the IETF's draft say `x-ratelimit-remaining` and `ratelimit-remaining`, which counts requests.
 *
 * @internal
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { Remaining, Unit } from "./buckets.js"

type Told = { readonly [unit in Unit]?: Remaining | undefined }

/** The names of one number: where what is left stands, and where the time until it is whole again. */
type Names = readonly [left: string, reset: string]

const openAi = (of: string): Names => [`x-ratelimit-remaining-${of}`, `x-ratelimit-reset-${of}`]
const anthropic = (of: string): Names => [`anthropic-ratelimit-${of}-remaining`, `anthropic-ratelimit-${of}-reset`]

const words: ReadonlyArray<readonly [Unit, ReadonlyArray<Names>]> = [
  [
    "requests",
    [
      openAi("requests"),
      anthropic("requests"),
      ...["requests-minute", "requests-day", "req-minute"].map(openAi),
      ["x-ratelimit-remaining", "x-ratelimit-reset"],
      ["ratelimit-remaining", "ratelimit-reset"]
    ]
  ],
  [
    "tokens",
    [
      openAi("tokens"),
      anthropic("tokens"),
      ...["tokens-minute", "tokens-day"].map(openAi),
      ["x-tokenlimit-remaining", "x-tokenlimit-reset"]
    ]
  ],
  ["inputTokens", [openAi("input-tokens"), anthropic("input-tokens"), openAi("tokens-prompt")]],
  ["outputTokens", [openAi("output-tokens"), anthropic("output-tokens"), openAi("tokens-generated")]]
]

/** Whether a header may say something of it. @internal */
export const isOfLimits = (header: string): boolean => /ratelimit|tokenlimit/i.test(header)

const isHeaders = (told: Told | Readonly<Record<string, string>>): told is Readonly<Record<string, string>> =>
  Object.values(told).some((value) => typeof value === "string")

/** @internal */
export const remainingOf = (told: Told | Readonly<Record<string, string>>, now: number): Told => {
  if (!isHeaders(told)) return told
  const fields = new Map(Object.entries(told).map(([name, value]) => [name.toLowerCase(), value]))
  const found: { [unit in Unit]?: Remaining } = {}
  for (const [unit, names] of words) {
    for (const [left, reset] of names) {
      const remaining = countIn(fields.get(left))
      // Of several limits of one unit the one counts of which least is left.
      if (remaining === undefined || remaining >= (found[unit]?.remaining ?? Number.POSITIVE_INFINITY)) continue
      const at = fields.get(reset)
      found[unit] = { remaining, reset: at === undefined ? undefined : millisOf(at, now) }
    }
  }
  return found
}

const countIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : undefined

const units: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }

/** `6m0s`, `120ms`, seconds, an instant, or one in seconds or milliseconds since 1970. */
const millisOf = (text: string, now: number): number | undefined => {
  const trimmed = text.trim().slice(0, 64)
  if (/^\d+(\.\d+)?$/.test(trimmed)) return numberOf(Number(trimmed), now)
  if (/^(\d+(\.\d+)?(ms|[dhms]))+$/.test(trimmed)) {
    return Array.from(trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)).reduce(
      (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ""] ?? 0),
      0
    )
  }
  return Option.getOrUndefined(
    Option.map(DateTime.make(trimmed), (at) => Math.max(0, DateTime.toEpochMillis(at) - now))
  )
}

/** No limit lasts for thirty years. */
const numberOf = (value: number, now: number): number =>
  value > 1e12 ? Math.max(0, value - now) : value > 1e9 ? Math.max(0, value * 1_000 - now) : value * 1_000
