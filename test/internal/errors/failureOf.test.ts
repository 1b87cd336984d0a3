import { expect, it } from "@effect/vitest"
import { LlmError } from "effect-resilience"
import { failureOf } from "../../../src/internal/errors/failureOf.js"

it("a failure of an unknown kind is read once, however many policies ask", () => {
  const thrown = { status: 429, headers: {}, error: {} }
  expect(failureOf(thrown)).toMatchObject({ _tag: "RateLimited" })
  expect(failureOf(thrown)).toBe(failureOf(thrown))
  expect(failureOf({ ...thrown })).not.toBe(failureOf(thrown))
  const own = new LlmError.ServerError({})
  expect(failureOf(own)).toBe(own)
})
