/**
 * Three targets, random outages, hedges, a cache and callers that leave, over an hour of virtual time: every call is
 * answered while any target is healthy, and from the cache when none is, and at the end nothing is left behind.
 */
import { describe, expect, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { hour, type Outage, type Plan, run } from "./chaos.js"

const outage: FastCheck.Arbitrary<Outage> = FastCheck.record({
  target: FastCheck.integer({ min: 0, max: 2 }),
  from: FastCheck.integer({ min: 60_000, max: hour }),
  millis: FastCheck.integer({ min: 1_000, max: 900_000 }),
  way: FastCheck.constantFrom("fails", "hangs", "busy")
})

const plan: FastCheck.Arbitrary<Plan> = FastCheck.record({
  outages: FastCheck.array(outage, { maxLength: 16 }),
  seed: FastCheck.string({ minLength: 1, maxLength: 4 }),
  hedge: FastCheck.constantFrom("fixed", "quantile"),
  fresh: FastCheck.constantFrom(0, 20_000),
  staleWhileRevalidate: FastCheck.constantFrom(0, 0, 60_000)
})

describe("chaos", () => {
  it("F1, F9, F10, F11: an hour of outages, hedges and callers that leave loses no call and leaves nothing behind", async () => {
    await FastCheck.assert(
      FastCheck.asyncProperty(plan, async (plan) => {
        const done = await run(plan)
        expect(done.ended).toBe(true)
        expect(done.calls).toBeGreaterThan(300)
        expect(done.unanswered).toEqual([])
        // Whoever may have what is not fresh while it is asked for anew has it while all are well, too.
        if (plan.staleWhileRevalidate === 0) expect(done.lost).toEqual([])
        if (plan.fresh === 0) expect(done.invented).toEqual([])
        // No request, timer, fiber, permit or key is left.
        const { asleep, fibers, held, probing, running } = done
        expect({ asleep, fibers, held, probing, running }).toEqual({
          asleep: 0,
          fibers: 0,
          held: 0,
          probing: 0,
          running: 0
        })
        expect(done.leftBehind).toEqual([])
        expect(done.again).toBe(8)
        expect(done.overHedged).toBe(false)
        expect(done.overRetried).toEqual([])
      }),
      { numRuns: 8 }
    )
  }, 180_000)
})
