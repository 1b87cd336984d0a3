import { describe, expect, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import * as FastCheck from "effect/FastCheck"
import * as formulas from "../../../src/internal/retry/formulas.js"

const cases = { numRuns: 10_000 }

const chance = FastCheck.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const base = FastCheck.double({ min: 0, max: 1e7, noNaN: true })
const cap = FastCheck.double({ min: 0, max: 1e10, noNaN: true })
const factor = FastCheck.double({ min: 1, max: 1_000, noNaN: true })
const attempt = FastCheck.integer({ min: 1, max: 2_000 })
const ratio = FastCheck.double({ min: 0, max: 1, noNaN: true })

/** The capped delay that every jitter starts from, for any base, factor, cap and attempt. */
const delay = FastCheck.tuple(base, factor, cap, attempt).map(([base, factor, cap, attempt]) =>
  Math.min(formulas.exponential(base, factor, attempt), cap)
)

/** All are linear in chance, so the mean over all chances is the value at one half, and at 0 and 1 are the bounds. */
const hold = (
  f: (delay: number, chance: number) => number,
  bounds: (delay: number) => { readonly low: number; readonly mean: number; readonly high: number }
) => {
  FastCheck.assert(
    FastCheck.property(delay, chance, (delay, chance) => {
      const { high, low, mean } = bounds(delay)
      const value = f(delay, chance)
      expect(value).toBeGreaterThanOrEqual(low)
      expect(value).toBeLessThanOrEqual(high)
      expect((f(delay, chance) + f(delay, 1 - chance)) / 2).toBeCloseTo(mean, Math.max(0, 5 - Math.log10(mean + 1)))
    }),
    cases
  )
}

/** The mean of a uniform draw is off by less than five standard errors. */
const meanOf = (f: (chance: number) => number) =>
  Effect.runSync(
    Effect.replicateEffect(Effect.map(Random.next, f), 10_000).pipe(
      Effect.map((all) => all.reduce((sum, value) => sum + value, 0) / all.length),
      Effect.withRandom(Random.make("mean"))
    )
  )

describe("jitter, for attempts 1 to 2 000 and any base, factor and cap", () => {
  it("full: from 0 to the delay, half of it on average", () => {
    hold(formulas.full, (delay) => ({ low: 0, mean: delay / 2, high: delay }))
    expect(Math.abs(meanOf((chance) => formulas.full(1_000, chance)) - 500)).toBeLessThan(5 * 2.89)
  })

  it("equal: from half of the delay to all of it, three quarters on average", () => {
    hold(formulas.equal, (delay) => ({ low: delay / 2, mean: delay * 0.75, high: delay }))
    expect(Math.abs(meanOf((chance) => formulas.equal(1_000, chance)) - 750)).toBeLessThan(5 * 1.45)
  })

  it("proportional: the delay give or take its share, and the delay on average", () => {
    FastCheck.assert(
      FastCheck.property(delay, ratio, chance, (delay, ratio, chance) => {
        const value = formulas.proportional(delay, ratio, chance)
        const high = delay * (1 + ratio)
        expect(value).toBeGreaterThanOrEqual(Math.min(delay * (1 - ratio), formulas.longest))
        expect(value).toBeLessThanOrEqual(Math.min(high, formulas.longest))
        if (high > formulas.longest) return
        const mean = (value + formulas.proportional(delay, ratio, 1 - chance)) / 2
        expect(Math.abs(mean - delay)).toBeLessThanOrEqual(1e-9 * Math.max(1, delay))
      }),
      cases
    )
    expect(Math.abs(meanOf((chance) => formulas.proportional(1_000, 0.2, chance)) - 1_000)).toBeLessThan(5 * 1.16)
  })

  it("decorrelated: from the base to three times the previous delay, both capped, midway on average", () => {
    FastCheck.assert(
      FastCheck.property(
        base,
        cap,
        attempt,
        chance,
        FastCheck.array(chance, { minLength: 1, maxLength: 20 }),
        (base, cap, attempt, chance, chances) => {
          let previous = base
          for (let n = 1; n < attempt; n++) {
            previous = formulas.decorrelated(base, previous, cap, chances[n % chances.length] ?? 0)
            if (n > 40 && previous === Math.min(base, cap)) break
          }
          const value = formulas.decorrelated(base, previous, cap, chance)
          const [low, high] = [Math.min(base, cap), Math.min(3 * previous, cap)]
          expect(high).toBeGreaterThanOrEqual(low)
          expect(value).toBeGreaterThanOrEqual(low)
          expect(value).toBeLessThanOrEqual(high)
          const mean = (value + formulas.decorrelated(base, previous, cap, 1 - chance)) / 2
          expect(Math.abs(mean - (low + high) / 2)).toBeLessThanOrEqual(1e-9 * Math.max(1, high))
        }
      ),
      cases
    )
    expect(Math.abs(meanOf((chance) => formulas.decorrelated(1_000, 1_000, 10_000, chance)) - 2_000)).toBeLessThan(
      5 * 5.78
    )
  })

  it("a hint is a floor, and its spread only adds", () => {
    FastCheck.assert(
      FastCheck.property(delay, base, ratio, chance, (delay, hint, spread, chance) => {
        const value = formulas.withHint(delay, hint, spread, chance)
        expect(value).toBeGreaterThanOrEqual(Math.max(delay, hint))
        expect(value).toBeLessThanOrEqual(Math.max(delay, hint * (1 + spread)))
      }),
      cases
    )
  })
})

describe("growth, for attempts 1 to 2 000", () => {
  it("is finite, starts at the first delay and never shrinks", () => {
    FastCheck.assert(
      FastCheck.property(base, factor, base, attempt, (base, factor, increment, attempt) => {
        for (const f of [
          (n: number) => formulas.exponential(base, factor, n),
          (n: number) => formulas.linear(base, increment, n),
          (n: number) => formulas.fibonacci(base, n)
        ]) {
          expect(f(1)).toBe(base)
          expect(f(attempt)).toBeLessThanOrEqual(formulas.longest)
          expect(f(attempt + 1)).toBeGreaterThanOrEqual(f(attempt))
        }
      }),
      cases
    )
  })

  it("is the exact power, as long as it fits", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.integer({ min: 1, max: 1_000 }),
        FastCheck.integer({ min: 1, max: 4 }),
        FastCheck.integer({ min: 1, max: 10 }),
        (base, factor, attempt) => {
          let expected = base
          for (let n = 1; n < attempt; n++) expected *= factor
          expect(formulas.exponential(base, factor, attempt)).toBe(expected)
        }
      ),
      cases
    )
  })
})
