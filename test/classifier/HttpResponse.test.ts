import { describe, expect, it } from "@effect/vitest"
import { Duration } from "effect"
import { Classifier } from "effect-resilience"

describe("fromHttpResponse", () => {
  it("C1: a spent quota is no rate limit", () => {
    const error = Classifier.fromHttpResponse({
      status: 429,
      headers: { "Retry-After": "3", "X-Request-Id": "req_1" },
      body: JSON.stringify({ error: { message: "No more", type: "insufficient_quota", param: null, code: null } }),
      target: "openai/gpt-5"
    })
    expect(error).toMatchObject({ _tag: "QuotaExhausted", requestId: "req_1", retryAfter: Duration.seconds(3) })
  })

  it("C2: a headerless plain 429 is a rate limit", () => {
    expect(Classifier.fromHttpResponse({ status: 429 })._tag).toBe("RateLimited")
  })
})
