import { expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { fits } from "../../src/gateway/internal/namePattern.js"

const text = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 12 })

const patterns = fc.tuple(text("ab.*"), text("ab.*")).map((parts) => parts.join("*"))

it("a name fits a pattern as it fits the expression that the pattern stands for", () => {
  fc.assert(
    fc.property(patterns, text("ab.\n"), (pattern, name) => {
      const expression = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`, "s")
      expect(fits(pattern)(name)).toBe(expression.test(name))
    }),
    { numRuns: 3_000 }
  )
})

it("a name of megabytes that almost fits is seen through at once", () => {
  expect(fits("*a*b*c")("ab".repeat(4_000_000))).toBe(false)
  expect(fits("*a*b*c")(`${"ab".repeat(4_000_000)}c`)).toBe(true)
})
