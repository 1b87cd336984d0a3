import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { openAfter, riseAfter } from "../../../src/internal/load/rampUp.js"

const usual = FastCheck.double({ min: 1, max: 500, noNaN: true })
const duration = FastCheck.integer({ min: 1, max: 600_000 })

describe("the places of a target that comes back", () => {
  it("rise with the time, from one to what is usual, and never fall", () => {
    FastCheck.assert(
      FastCheck.property(
        usual,
        duration,
        FastCheck.double({ min: 0, max: 1, noNaN: true }),
        (usual, duration, part) => {
          const elapsed = part * duration
          const places = openAfter(elapsed, usual, duration)
          expect(places).toBeGreaterThanOrEqual(1)
          expect(places).toBeLessThanOrEqual(usual)
          // max(1, usual * t / rampUp), in whole places.
          expect(Math.abs(places - Math.max(1, usual * part))).toBeLessThan(1)
          expect(openAfter(elapsed + 1, usual, duration)).toBeGreaterThanOrEqual(places)
        }
      ),
      { numRuns: 10_000, seed: 13 }
    )
  })

  it("there is one more at the moment for which whoever waits is woken, and not a millisecond before", () => {
    FastCheck.assert(
      FastCheck.property(usual, duration, FastCheck.nat({ max: 500 }), (usual, duration, asked) => {
        const places = Math.max(1, Math.min(asked, Math.floor(usual)))
        const at = riseAfter(places, usual, duration)
        expect(openAfter(at + 1, usual, duration)).toBeGreaterThan(places)
        expect(openAfter(at - 1, usual, duration)).toBeLessThanOrEqual(places)
      }),
      { numRuns: 10_000, seed: 13 }
    )
  })
})
