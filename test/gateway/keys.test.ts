/**
 * How long it takes to find whose key it is tells nothing: whatever was sent, as much is compared.
 */
import * as Crypto from "node:crypto"
import * as Redacted from "effect/Redacted"
import { expect, it, vi } from "vitest"
import { finder } from "../../src/gateway/internal/clients.js"

vi.mock("node:crypto", async (original) => {
  const real = await original<typeof Crypto>()
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) }
})

it("W7: every key is compared each time, in constant time, by digests of one length", () => {
  const names = ["first", "second", "third"]
  const of = finder(names.map((name) => ({ key: Redacted.make(`key-of-${name}`), of: name })))
  const compare = vi.mocked(Crypto.timingSafeEqual)
  const sent = ["key-of-first", "key-of-third", "key-of-thirst", "k", "", "x".repeat(30_000)]
  const found = sent.map((key) => {
    compare.mockClear()
    const name = of({ authorization: `Bearer ${key}` })
    const lengths = compare.mock.calls.flat().map((bytes) => bytes.byteLength)
    return [name, lengths]
  })
  const six = Array.from({ length: 6 }, () => 32)
  expect(found).toEqual(["first", "third", undefined, undefined, undefined, undefined].map((name) => [name, six]))
})
