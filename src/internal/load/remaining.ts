/**
 * What a provider says is left of its limits, in the headers of its answers.
 *
 * OpenAI and those who follow it: `x-ratelimit-remaining-requests: 3`, `x-ratelimit-reset-requests: 6m0s`. Anthropic:
 * `anthropic-ratelimit-requests-remaining: 3`, `anthropic-ratelimit-requests-reset: 2026-01-01T00:00:00Z`.
 *
 * @internal
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { Remaining, Unit } from "./buckets.js"

type Told = { readonly [unit in Unit]?: Remaining | undefined }

const words: ReadonlyArray<readonly [Unit, string]> = [
  ["requests", "requests"],
  ["tokens", "tokens"],
  ["inputTokens", "input-tokens"],
  ["outputTokens", "output-tokens"]
]

const isHeaders = (told: Told | Readonly<Record<string, string>>): told is Readonly<Record<string, string>> =>
  Object.values(told).some((value) => typeof value === "string")

/** @internal */
export const remainingOf = (told: Told | Readonly<Record<string, string>>, now: number): Told => {
  if (!isHeaders(told)) return told
  const fields = new Map(Object.entries(told).map(([name, value]) => [name.toLowerCase(), value]))
  const found: { [unit in Unit]?: Remaining } = {}
  for (const [unit, word] of words) {
    const left = fields.get(`x-ratelimit-remaining-${word}`) ?? fields.get(`anthropic-ratelimit-${word}-remaining`)
    const reset = fields.get(`x-ratelimit-reset-${word}`) ?? fields.get(`anthropic-ratelimit-${word}-reset`)
    if (left !== undefined && /^\s*\d{1,15}\s*$/.test(left)) {
      found[unit] = { remaining: Number(left), reset: reset === undefined ? undefined : millisOf(reset, now) }
    }
  }
  return found
}

const units: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }

/** `6m0s`, `120ms`, seconds, or an instant. */
const millisOf = (text: string, now: number): number | undefined => {
  const trimmed = text.trim().slice(0, 64)
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1_000
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
