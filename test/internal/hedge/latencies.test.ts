import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { accuracy, Latencies } from "../../../src/internal/hedge/latencies.js"

const halfLife = 600_000

interface Sample {
  readonly millis: number
  readonly cutOff: boolean
}

const sample: FastCheck.Arbitrary<Sample> = FastCheck.record({
  millis: FastCheck.double({ min: 1, max: 3_000_000, noNaN: true }),
  cutOff: FastCheck.boolean()
})

const of = (samples: ReadonlyArray<Sample>): Latencies => {
  const latencies = new Latencies(halfLife, 0)
  for (const { cutOff, millis } of samples) latencies[cutOff ? "cutOff" : "answered"](millis, 0)
  return latencies
}

/** The smallest value within which at least the share `q` lies. */
const nearestRank = (values: ReadonlyArray<number>, q: number): number =>
  [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * q - 1e-6) - 1)]!

const within = (found: number | undefined, expected: number): void => {
  expect(found).toBeGreaterThanOrEqual(expected * (1 - accuracy) - 1e-6)
  expect(found).toBeLessThanOrEqual(expected * (1 + accuracy) + 1e-6)
}

describe("Latencies", () => {
  it("gives the quantile of what was answered to within the stated share of it", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(FastCheck.double({ min: 1, max: 3_000_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        FastCheck.double({ min: 0.01, max: 1, noNaN: true }),
        (values, q) => {
          within(of(values.map((millis) => ({ millis, cutOff: false }))).quantile(q), nearestRank(values, q))
        }
      )
    )
  })

  it("F8: a call that was cut off never makes a target look quicker, and is no answer", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(sample, { minLength: 1, maxLength: 100 }),
        FastCheck.double({ min: 0.01, max: 0.999, noNaN: true }),
        (samples, q) => {
          const found = of(samples).quantile(q)!
          const answered = samples.filter(({ cutOff }) => !cutOff).map(({ millis }) => millis)
          const asIfAnswered = nearestRank(
            samples.map(({ millis }) => millis),
            q
          )
          // No sooner than if those had been answered the moment they were cut off.
          expect(found).toBeGreaterThanOrEqual((asIfAnswered * (1 - accuracy)) / (1 + accuracy))
          // And no later than the longest that is known of.
          const longest = Math.max(...samples.map(({ millis }) => millis))
          expect(found).toBeLessThanOrEqual(longest * (1 + accuracy) + 1e-6)
          expect(of(samples).answers).toBe(answered.length)
        }
      )
    )
  })

  it("F8: half of the calls cut off at 3 s leave the 95th percentile beyond what was answered", () => {
    const quick = Array.from({ length: 50 }, () => ({ millis: 1_000, cutOff: false }))
    const slow = Array.from({ length: 50 }, () => ({ millis: 3_000, cutOff: true }))
    within(of(quick).quantile(0.95), 1_000)
    within(of([...quick, ...slow]).quantile(0.95), 3_000)
  })

  it("lets a sample lose half of its weight in each half-life, through any number of them", () => {
    const latencies = new Latencies(halfLife, 0)
    for (let i = 0; i < 100; i++) latencies.answered(100, 0)
    // Two half-lives later the hundred weigh as much as 25.
    for (let i = 0; i < 24; i++) latencies.answered(1_000, 2 * halfLife)
    within(latencies.quantile(0.5), 100)
    for (let i = 0; i < 2; i++) latencies.answered(1_000, 2 * halfLife)
    within(latencies.quantile(0.5), 1_000)
    // After ten thousand half-lives nothing but the newest counts, and nothing overflows.
    latencies.answered(10, 10_000 * halfLife)
    within(latencies.quantile(0.99), 10)
  })

  it("knows nothing before the first sample, and takes a clock that goes backwards", () => {
    expect(new Latencies(halfLife, 0).quantile(0.5)).toBeUndefined()
    const latencies = new Latencies(halfLife, 1_000)
    latencies.answered(50, 0)
    within(latencies.quantile(0.5), 50)
  })
})
