import { describe, expect, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { LlmError } from "effect-resilience"
import { dialects } from "../../src/classifier/Dialects.js"
import { meaningOf } from "../../src/classifier/HttpResponse.js"
import { sayNothing } from "../../src/classifier/Words.js"

const unknown: ReadonlyArray<string> = ["MalformedResponse", "StreamInterrupted", "Unclassified"]

/** What failures say, and pieces of what the tables look for. */
const sayings = [
  ...[
    "upstream",
    "fetch failed",
    "Request timed out.",
    "Missing credentials",
    "the widget is bent",
    "3040: no capacity"
  ],
  ...["Unexpected end of JSON input", "socket hang up", "connect ECONNREFUSED 127.0.0.1:1", "no api key", "", " "],
  ...['{"error":{"code":"rate_limit_exceeded","message":"slow down"}}', '429 {"error":"busy"}', "<html>busy</html>"],
  ...["Limit 30000, Requested 40000", "over\u0000loaded", "OVERLOADED", "see https://a.b/rate-limit", "rate\n limit"],
  ...["'error': 'quota'", '"message": "too many requests"', "\u4f59\u989d\u4e0d\u8db3", "it\u2019s overloaded"]
]

const pieces = dialects
  .flatMap(({ rules, vague = [] }) => [...rules, ...vague])
  .flatMap(({ says = [] }) => says)
  .flatMap(({ source }) => source.match(/[a-z]+(?: [a-z]+)*/g) ?? [])

const words = FastCheck.array(
  FastCheck.oneof(FastCheck.constantFrom(...sayings), FastCheck.constantFrom(...pieces), FastCheck.string()),
  { minLength: 1, maxLength: 4 }
).map((parts) => parts.join(" "))

const plain = (error: unknown) => {
  const failure = LlmError.from(error, { target: "t" })
  const { _tag, message } = failure
  return LlmError.isLlmError(failure) ? { _tag, message, code: failure.code, retryable: failure.retryable } : { _tag }
}

describe("an error that holds nothing but words", () => {
  it("is read as one is that has to be asked for everything", () => {
    const agree = (said: string): void => {
      const asked = Object.assign(new Error(said), { success: true })
      expect(plain(new Error(said))).toEqual(plain(asked))
    }
    for (const said of sayings) agree(said)
    FastCheck.assert(FastCheck.property(words, agree), { numRuns: 2_000 })
  })

  it("says nothing only where no table knows its words", () => {
    const holds = (said: string): void => {
      if (sayNothing(said)) expect(unknown).toContain(meaningOf({ status: 200, body: said }).is)
    }
    for (const said of [...sayings, ...pieces]) holds(said)
    FastCheck.assert(FastCheck.property(words, holds), { numRuns: 2_000 })
    expect(sayNothing("the widget is bent")).toBe(true)
  })

  it("is none where anything hangs on it, its own or of its class", () => {
    class Late extends Error {
      readonly code = "ETIMEDOUT"
    }
    const marks: ReadonlyArray<readonly [object, string]> = [
      [{ status: 429 }, "RateLimited"],
      [{ code: "ECONNREFUSED" }, "ConnectionFailed"],
      [{ name: "AI_LoadAPIKeyError" }, "AuthenticationFailed"],
      [{ cause: Object.assign(new Error("x"), { statusCode: 503 }) }, "Overloaded"],
      [{ errors: [new Late("x")] }, "TimedOut"],
      [{ base_resp: { status_code: 1008, status_msg: "x" } }, "QuotaExhausted"]
    ]
    for (const [more, tag] of marks) expect(plain(Object.assign(new Error("x"), more))._tag, tag).toBe(tag)
    expect(plain(new Late("x"))._tag).toBe("TimedOut")
    const hostile = Object.defineProperty(new Error("x"), "status", {
      get: () => {
        throw new Error("no")
      }
    })
    expect(plain(hostile)._tag).toBe("Unclassified")
  })
})
