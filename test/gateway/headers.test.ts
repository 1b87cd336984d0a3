import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc, Redacted } from "effect"
import { decided } from "../../src/gateway/internal/decided.js"
import { toUpstream } from "../../src/gateway/internal/headers.js"

describe("which headers pass to an upstream", () => {
  it("are the same the second time", () => {
    const given = {
      "content-type": "application/json",
      "idempotency-key": "i",
      "x-trace": "t",
      authorization: "Bearer of-the-client",
      cookie: "c",
      "x-forwarded-for": "1.2.3.4",
      "content-length": "3",
      "x-effect-resilience-delivery": "buffered"
    }
    for (let time = 0; time < 2; time++) {
      expect(toUpstream(given, "openai", { "x-own": "o" }, Redacted.make("k"))).toEqual({
        "accept-encoding": "identity",
        "content-type": "application/json",
        "idempotency-key": "i",
        "x-trace": "t",
        authorization: "Bearer k",
        "x-own": "o"
      })
    }
  })
})

describe("decided", () => {
  it("decides for a name once", () => {
    let decisions = 0
    const passes = decided((name) => {
      decisions++
      return name === "a"
    })
    for (let time = 0; time < 3; time++) expect([passes("a"), passes("b")]).toEqual([true, false])
    expect(decisions).toBe(2)
  })

  it("says what it would decide anew, whatever and however many names have been", () => {
    const decide = (name: string): boolean => name.length % 2 === 0
    const passes = decided(decide)
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (name) => passes(name) === decide(name)),
      { numRuns: 2_000 }
    )
  })

  it("forgets names that somebody makes up", () => {
    let decisions = 0
    const passes = decided(() => {
      decisions++
      return true
    })
    passes("usual")
    for (let made = 0; made < 600; made++) passes(`x-${made}`)
    const before = decisions
    passes("usual")
    expect(decisions).toBe(before + 1)
    const long = "x".repeat(65)
    passes(long)
    passes(long)
    expect(decisions).toBe(before + 3)
  })
})
