import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as budget from "../../../src/internal/retry/budget.js"

describe("the bucket of a retry budget", () => {
  it("allows what calls, time and burst have paid for, to the token", () => {
    const step = FastCheck.oneof(
      FastCheck.constant("deposit" as const),
      FastCheck.constant("take" as const),
      FastCheck.constant("giveBack" as const),
      FastCheck.integer({ min: 1, max: 5_000 })
    )
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(step, { maxLength: 60 }),
        FastCheck.constantFrom(0, 10, 25, 100),
        FastCheck.constantFrom(0, 1, 3),
        FastCheck.integer({ min: 1, max: 20 }),
        (steps, percent, perSecond, burst) => {
          const rates = budget.rates(percent / 100, perSecond, burst)
          let now = 0
          let bucket = budget.full(rates, now)
          // The reference counts in thousandths of a token, of which all amounts are whole numbers.
          let expected = Math.min(burst, perSecond) * 1_000
          const add = (amount: number) => {
            expected = Math.min(burst * 1_000, expected + amount)
          }
          for (const step of steps) {
            if (step === "deposit") {
              bucket = budget.deposit(bucket, rates, now)
              add(percent * 10)
            } else if (step === "giveBack") {
              bucket = budget.giveBack(bucket, rates, now)
              add(1_000)
            } else if (step === "take") {
              const [allowed, next] = budget.take(bucket, rates, now)
              expect(allowed).toBe(expected >= 1_000)
              bucket = next
              if (allowed) expected -= 1_000
            } else {
              now += step
              add(perSecond * step)
            }
            const [available, next] = budget.available(bucket, rates, now)
            expect(available).toBe(Math.floor(expected / 1_000))
            bucket = next
          }
        }
      ),
      { numRuns: 2_000 }
    )
  })

  it.each([
    [1 / 3600, 1],
    [1 / 60, 60],
    [1 / 7, 514],
    [1 / 86_400, 0]
  ])("R16: %d retries a second are %d an hour, asked every second", (perSecond, anHour) => {
    const rates = budget.rates(0, perSecond, 100)
    let bucket = budget.full(rates, 0)
    let taken = 0
    for (let now = 1_000; now <= 3_600_000; now += 1_000) {
      const [allowed, next] = budget.take(bucket, rates, now)
      bucket = next
      if (allowed) taken++
    }
    expect(taken).toBe(anHour)
  })

  it("R16: without a bound in time, every retry is allowed", () => {
    const rates = budget.rates(0, Number.POSITIVE_INFINITY, 1)
    let bucket = budget.full(rates, 0)
    for (let i = 0; i < 10; i++) {
      const [allowed, next] = budget.take(bucket, rates, 0)
      expect(allowed).toBe(true)
      bucket = next
    }
  })

  it("a clock that goes backwards adds nothing", () => {
    const rates = budget.rates(0, 1, 10)
    const before = budget.full(rates, 10_000)
    expect(budget.available(before, rates, 5_000)[0]).toBe(1)
  })
})
