import { inspect } from "node:util"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Duration, Redacted, Schema } from "effect"
import { LlmError, Rejection } from "effect-resilience"

const secret = "sk-live-1234567890"

const failure = new LlmError.RateLimited({
  target: "openai/gpt-5",
  status: 429,
  retryAfter: Duration.seconds(3),
  providerMessage: Redacted.make(`key ${secret}`),
  cause: Redacted.make(new Error(`request with ${secret}`))
})

describe("LlmError", () => {
  it("C14: no way of printing a failure shows what it came from", () => {
    const printed = [
      JSON.stringify(failure),
      inspect(failure),
      inspect({ nested: [failure] }, { depth: 10, showHidden: true }),
      String(failure),
      Cause.pretty(Cause.fail(failure), { renderErrorCause: true }),
      JSON.stringify(Schema.encodeSync(LlmError.LlmError)(failure))
    ]
    for (const text of printed) expect(text).not.toContain(secret)
  })

  it("survives the way to JSON and back, without its cause", () => {
    const back = Schema.decodeUnknownSync(LlmError.LlmError)(JSON.parse(JSON.stringify(failure)))
    expect(back).toBeInstanceOf(LlmError.RateLimited)
    expect(back).toMatchObject({ target: "openai/gpt-5", status: 429 })
    expect(back.retryAfter).toEqual(Duration.seconds(3))
    expect(back.cause).toBeUndefined()
  })

  it("one failure's own `retryable` overrides the table", () => {
    expect(LlmError.traits(new LlmError.ServerError({})).retryable).toBe(true)
    expect(LlmError.traits(new LlmError.ServerError({ retryable: false }))).toMatchObject({
      retryable: false,
      sameTarget: "never",
      countsAgainstHealth: true
    })
    expect(LlmError.traits(new LlmError.InvalidRequest({ retryable: true })).retryable).toBe(true)
  })

  it("a rejection is neither retried nor counted", () => {
    const rejection = new Rejection.CircuitOpen({ key: "a", retryAfter: Duration.seconds(30) })
    expect(LlmError.traits(rejection)).toMatchObject({ retryable: false, countsAgainstHealth: false, fallback: true })
    expect(LlmError.isLlmError(rejection)).toBe(false)
    expect(Rejection.isRejection(rejection)).toBe(true)
  })

  it("a table of one's own replaces the user messages in part", () => {
    expect(LlmError.userMessage(failure, { RateLimited: "Un instant, s'il vous plaît." })).toBe(
      "Un instant, s'il vous plaît."
    )
    expect(LlmError.userMessage(failure, {})).toBe(LlmError.userMessages.RateLimited)
  })
})
