import { createHash } from "node:crypto"
import { FastCheck, Redacted } from "effect"
import { ResponseCache } from "effect-resilience"
import { describe, expect, it } from "vitest"
import { canonical } from "../../../src/internal/cache/canonical.js"
import { sha256 } from "../../../src/internal/cache/sha256.js"

describe("sha256", () => {
  it("is the one of Node, for any text and any length of bytes", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(sha256(text)).toBe(createHash("sha256").update(text, "utf8").digest("hex"))
      })
    )
    for (let length = 0; length < 200; length++) {
      const bytes = new Uint8Array(length).fill(length)
      expect(sha256(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"))
    }
  })
})

describe("keyOf", () => {
  /** The same content with the fields of every object in another order. */
  const shuffled = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(shuffled)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([field, inner]) => [field, shuffled(inner)])
          )
        : value

  it("does not depend on the order of fields, and on everything else of a JSON value", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.jsonValue(), FastCheck.jsonValue(), (one, other) => {
        expect(ResponseCache.keyOf(shuffled(one))).toBe(ResponseCache.keyOf(one))
        const same = JSON.stringify(JSON.parse(canonical(one, []))) === JSON.stringify(JSON.parse(canonical(other, [])))
        expect(ResponseCache.keyOf(one) === ResponseCache.keyOf(other)).toBe(same)
      })
    )
  })

  it("is the same in every process: what the documentation says it is", () => {
    const request = { temperature: 0, model: "m", messages: [{ role: "user", content: "Grüße" }] }
    const text = '{"messages":[{"content":"Grüße","role":"user"}],"model":"m","temperature":0}'
    expect(ResponseCache.keyOf(request)).toBe(createHash("sha256").update(text).digest("hex"))
  })

  it("never depends on keys, headers or how the request is sent", () => {
    const request = { model: "m", messages: [] }
    const sent = {
      ...request,
      apiKey: "sk-1",
      api_key: "sk-2",
      headers: { authorization: "Bearer sk-3" },
      signal: new AbortController().signal,
      timeout: 1_000,
      key: Redacted.make("sk-4"),
      onDone: () => {},
      user: undefined
    }
    expect(ResponseCache.keyOf(sent)).toBe(ResponseCache.keyOf(request))
    // Only at the top: a message may speak of headers.
    expect(ResponseCache.keyOf({ tool: { headers: "a" } })).not.toBe(ResponseCache.keyOf({ tool: { headers: "b" } }))
  })

  it("takes parts out and puts parts in", () => {
    const one = { model: "a", messages: ["hi"] }
    const other = { model: "b", messages: ["hi"] }
    expect(ResponseCache.keyOf(one)).not.toBe(ResponseCache.keyOf(other))
    const leaveOut = ["model"]
    expect(ResponseCache.keyOf(one, { leaveOut })).toBe(ResponseCache.keyOf(other, { leaveOut }))
    const keys = ["x", "y", undefined].map((tenant) => ResponseCache.keyOf(one, tenant ? { add: { tenant } } : {}))
    expect(new Set(keys).size).toBe(3)
  })

  it("tells apart what JSON would not, and refuses what has no end", () => {
    const values = [1, "1", 1n, Number.NaN, null, true, [], {}, new Uint8Array([1]), new Uint8Array([2]), new Set([1])]
    const more = [new Map([["a", 1]]), new Date(0), new Date(1), [undefined], [1, 2], [2, 1]]
    const keys = [...values, ...more].map((value) => ResponseCache.keyOf({ value }))
    expect(new Set(keys).size).toBe(keys.length)
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    expect(() => ResponseCache.keyOf(cyclic)).toThrow(/without cycles/)
    const twice = { a: 1 }
    expect(ResponseCache.keyOf([twice, twice])).toBe(ResponseCache.keyOf([{ a: 1 }, { a: 1 }]))
  })
})
