import { describe, expect, it } from "@effect/vitest"
import { DateTime, Duration, FastCheck as fc } from "effect"
import { Classifier, type LlmError } from "effect-resilience"

const base = Date.UTC(2026, 9, 21, 7, 28, 0)
const date = "Wed, 21 Oct 2026 07:28:00 GMT"

const hintOf = (headers: Record<string, string>, body?: unknown, more: object = {}): number | undefined => {
  const { retryAfter } = Classifier.fromHttpResponse({ status: 429, headers, body, ...more })
  return retryAfter === undefined ? undefined : Duration.toMillis(retryAfter)
}

const goDuration = (millis: number): string => {
  const hours = Math.floor(millis / 3_600_000)
  const minutes = Math.floor((millis % 3_600_000) / 60_000)
  const seconds = (millis % 60_000) / 1000
  return `${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${seconds}s`
}

/** Every way of saying "in so many milliseconds", from the one that goes first to the one that goes last. */
const sources: ReadonlyArray<{
  readonly level: number
  readonly headers?: (millis: number) => Record<string, string>
  readonly body?: (millis: number) => object
}> = [
  { level: 1, headers: (ms) => ({ "retry-after-ms": String(ms) }) },
  { level: 2, headers: (ms) => ({ "retry-after": String(ms / 1000) }) },
  { level: 2, headers: (ms) => ({ "retry-after": new Date(base + ms).toUTCString(), date }) },
  { level: 2, headers: (ms) => ({ "retry-after": new Date(base + ms).toISOString(), date }) },
  { level: 2, headers: (ms) => ({ "retry-after": goDuration(ms) }) },
  {
    level: 3,
    body: (ms) => ({ error: { details: [{ " @type": "google.rpc.RetryInfo", retryDelay: `${ms / 1000}s` }] } })
  },
  { level: 3, body: (ms) => ({ retryable: true, retry_after: ms / 1000 }) },
  { level: 3, body: (ms) => ({ error: { retry_after_ms: ms } }) },
  { level: 3, body: (ms) => ({ error: { resets_in_seconds: ms / 1000 } }) },
  { level: 3, body: (ms) => ({ error: { metadata: { headers: { "Retry-After": String(ms / 1000) } } } }) },
  { level: 4, body: (ms) => ({ error: { message: `Please try again in ${goDuration(ms)}.` } }) },
  { level: 4, body: (ms) => ({ error: { message: `Please retry after ${ms / 1000} seconds.` } }) },
  { level: 4, body: (ms) => ({ message: `No deployments, Try again in ${ms / 1000} seconds. Passed model=x` }) },
  { level: 5, headers: (ms) => ({ "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": goDuration(ms) }) },
  {
    level: 5,
    headers: (ms) => ({
      "anthropic-ratelimit-requests-remaining": "0",
      "anthropic-ratelimit-requests-reset": new Date(base + ms).toISOString(),
      date
    })
  },
  { level: 5, headers: (ms) => ({ "x-ratelimit-reset": String((base + ms) / 1000), date }) }
]

describe("hints of when to come back", () => {
  it("R5: every format gives the same wait", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), (seconds) => {
        for (const { body, headers } of sources) {
          expect(hintOf(headers?.(seconds * 1000) ?? {}, body?.(seconds * 1000))).toBe(seconds * 1000)
        }
      })
    )
  })

  it("R5: where several disagree, the documented order decides", () => {
    const indices = fc.uniqueArray(fc.nat(sources.length - 1), { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(indices, (chosen) => {
        const all = chosen.map((index, at) => ({ ...sources[index]!, wait: (at + 1) * 7_000 }))
        const firsts = [1, 2, 3, 4, 5].flatMap((level) => all.find((one) => one.level === level) ?? [])
        const headers = Object.assign({}, ...firsts.map(({ headers, wait }) => headers?.(wait) ?? {}))
        const bodies = firsts.flatMap(({ body, wait }) => (body === undefined ? [] : [body(wait)]))
        const expected = firsts[0]!.wait
        expect(hintOf(headers, bodies)).toBe(expected)
      })
    )
  })

  it("R5: fractions are rounded up to whole milliseconds, and by no more", () => {
    expect(hintOf({ "retry-after-ms": "0.2" })).toBe(1)
    expect(hintOf({ "retry-after": "2.007" })).toBe(2007)
    expect(hintOf({}, { message: "Please try again in 1.984999999s." })).toBe(1_985)
    expect(hintOf({}, { message: "Please try again in 1m0.363142857s." })).toBe(60_364)
    expect(hintOf({}, { message: "Please retry in 40.025771073s." })).toBe(40_026)
  })

  it.each([
    ...["soon", "-1", "0", "0.0", "", " ", "NaN", "Infinity", "1e9", "0x10", "--3", "1.2.3", "99999999999999999"],
    "Wed, 21 Oct 2015 07:28:00 GMT",
    "2015-10-21T07:28:00Z",
    date
  ])("R4: `Retry-After: %s` is no hint", (value) => {
    expect(hintOf({ "retry-after": value, date })).toBeUndefined()
    expect(hintOf({ "retry-after-ms": value, date })).toBeUndefined()
    expect(hintOf({ date }, { retry_after: value })).toBeUndefined()
  })

  it("R4: a hint is never zero or less, whatever is sent", () => {
    const text = fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String), fc.date().map(String))
    fc.assert(
      fc.property(text, text, text, (one, two, three) => {
        const hint = hintOf(
          { "retry-after": one, "retry-after-ms": two, "x-ratelimit-reset": three, date },
          { retry_after: three, retryDelay: one, message: `try again in ${two}s` }
        )
        if (hint !== undefined) expect(hint).toBeGreaterThan(0)
        if (hint !== undefined) expect(Number.isInteger(hint)).toBe(true)
      })
    )
  })

  it("R4: junk in the first place leaves the next one to speak", () => {
    expect(hintOf({ "retry-after-ms": "0", "retry-after": "soon" }, { message: "Try again in 3s" })).toBe(3_000)
  })

  it("R4: a limit that says 0 or -1 does not know", () => {
    expect(hintOf({ "x-ratelimit-reset-requests": "0", "x-ratelimit-limit-requests": "-1" })).toBeUndefined()
    expect(hintOf({ "x-ratelimit-reset-requests": "-1", "x-ratelimit-remaining-requests": "0" })).toBeUndefined()
  })

  it("a date counts from the response's own date, else from `now`, else not at all", () => {
    const later = new Date(base + 30_000).toUTCString()
    expect(hintOf({ "retry-after": later, date }, undefined, { now: base + 20_000 })).toBe(30_000)
    expect(hintOf({ "retry-after": later }, undefined, { now: base + 20_000 })).toBe(10_000)
    expect(hintOf({ "retry-after": later })).toBeUndefined()
  })

  it("a limit that still has something left is not what stopped the request", () => {
    const headers = {
      "x-ratelimit-remaining-requests": "7",
      "x-ratelimit-reset-requests": "6m0s",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "2s"
    }
    expect(hintOf(headers)).toBe(2_000)
    expect(hintOf({ ...headers, "x-ratelimit-remaining-tokens": "5" })).toBeUndefined()
  })

  it.each<[headers: Record<string, string>, hint: number | undefined]>([
    [{ ratelimit: '"api";r=0;t=55' }, 55_000],
    [{ ratelimit: '"api";r=3;t=55' }, undefined],
    [{ ratelimit: '"burst";r=0;t=5, "day";r=900;t=43200' }, 5_000],
    [{ ratelimit: '"burst";r=0;t=5, "minute";r=0;t=40' }, 40_000],
    [{ ratelimit: "limit=100, remaining=0, reset=50" }, 50_000],
    [{ ratelimit: "limit=100, remaining=9, reset=50" }, undefined],
    [{ ratelimit: "limit=100;w=60, remaining=0, reset=50" }, 50_000],
    [{ ratelimit: '"api";r=0', "ratelimit-policy": '"other";q=5;w=9, "api";q=100;w=60' }, 60_000],
    [{ "ratelimit-policy": '"api";q=100;w=60' }, undefined],
    [{ ratelimit: '"api";r=0;t=0' }, undefined],
    [{ ratelimit: '=;=,;;,,"' }, undefined],
    [{ ratelimit: "r=0;t=9" }, 9_000],
    [{ "x-ratelimit-reset-after": "3.5" }, 3_500],
    [{ "x-ms-retry-after-ms": "2500" }, 2_500],
    [{ "llm_provider-retry-after": "7" }, 7_000],
    [{ "llm_provider-retry-after-ms": "700" }, 700],
    [{ "llm_provider-x-ratelimit-reset-tokens": "9s", "llm_provider-x-ratelimit-remaining-tokens": "0" }, 9_000],
    [{ "x-upstream-retry-after": "8", "retry-after": "3" }, 3_000]
  ])("C19: %j", (headers, hint) => {
    expect(hintOf(headers)).toBe(hint)
  })

  it("C19: a moment without a zone is in UTC, and in Beijing where Zhipu names it", () => {
    const at = (message: string, provider?: string) =>
      hintOf({ date }, { error: { message } }, provider === undefined ? {} : { provider })
    expect(at("Your limit will reset at 2026-10-21 07:58:00")).toBe(1_800_000)
    expect(at("Your limit will reset at 2026/10/21 07:58:00 UTC")).toBe(1_800_000)
    expect(at("Your limit will reset at 2026-10-21 15:58:00", "zai")).toBe(1_800_000)
    expect(at("Your limit will reset at 2026-10-21 07:58:00Z", "zai")).toBe(1_800_000)
    expect(at("Your limit will reset at 07:58")).toBe(1_800_000)
    expect(at("Your limit resets at 7:58 AM (UTC)")).toBe(1_800_000)
    expect(at("Your limit will reset at 15:58:00", "zai")).toBe(1_800_000)
    expect(at("Your limit resets at 2:58 AM EST")).toBe(1_800_000)
    expect(at("Your limit will reset on Oct 21, 2026 at 7:58 AM")).toBe(1_800_000)
    expect(at("Your limit resets at 7:58 (America/New_York)")).toBeUndefined()
    expect(at("Your limit resets at 7:28")).toBe(86_400_000)
  })

  it("words that promise nothing give no hint", () => {
    for (const message of [
      "Please retry your request with the ID of a profile",
      "Try again later",
      "Please wait 30 tokens"
    ]) {
      expect(hintOf({}, { message })).toBeUndefined()
    }
  })

  it("C6: a spent limit that names its day says when it is back", () => {
    const body = {
      type: "error",
      error: {
        type: "invalid_request_error",
        message: "You have reached your specified API usage limits. You will regain access on 2026-04-01 at 00:00 UTC."
      }
    }
    const error = Classifier.fromHttpResponse({ status: 400, body }) as LlmError.QuotaExhausted
    expect(error._tag).toBe("QuotaExhausted")
    expect(error.resetsAt && DateTime.formatIso(error.resetsAt)).toBe("2026-04-01T00:00:00.000Z")
    expect(error.retryAfter).toBeUndefined()
    const dated = Classifier.fromHttpResponse({ status: 400, body, now: Date.UTC(2026, 2, 31) })
    expect(dated.retryAfter).toEqual(Duration.days(1))
  })

  it("C4: a hint of seconds is not when a day's quota is back", () => {
    const details = [{ violations: [{ quotaId: "RequestsPerDay" }] }, { retryDelay: "47s" }]
    const body = { error: { code: 429, status: "RESOURCE_EXHAUSTED", message: "Quota", details } }
    const error = Classifier.fromHttpResponse({ status: 429, headers: { date }, body }) as LlmError.QuotaExhausted
    expect(error.resetsAt).toBeUndefined()
    expect(error.retryAfter).toEqual(Duration.seconds(47))
    expect(error.message).toContain("trying again will not help, though it names a wait of 47s")
  })

  it("a spent quota with a hint is back at the response's date and the hint", () => {
    const error = Classifier.fromHttpResponse({ status: 429, headers: { date, "retry-after": "13262" } })
    expect(error).toMatchObject({ _tag: "QuotaExhausted", resetsAt: DateTime.unsafeMake(base + 13_262_000) })
  })
})
