import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import * as Calls from "../../../src/internal/breaker/countWindow.js"
import * as InFlight from "../../../src/internal/breaker/inFlight.js"
import { openTime, type Policy, type TripPolicy } from "../../../src/internal/breaker/policy.js"
import { type Tally, tripped } from "../../../src/internal/breaker/tally.js"
import * as Slots from "../../../src/internal/breaker/timeWindow.js"
import * as Window from "../../../src/internal/breaker/window.js"

const sample = fc.record({ failed: fc.boolean(), slow: fc.boolean() })

const countsOf = (samples: ReadonlyArray<{ readonly failed: boolean; readonly slow: boolean }>) => ({
  calls: samples.length,
  failures: samples.filter((one) => one.failed).length,
  slow: samples.filter((one) => one.slow).length
})

const counts = ({ calls, failures, slow }: Tally) => ({ calls, failures, slow })

describe("the last n calls", () => {
  it("counts what a list of the last n would, over every edge of its words and blocks", () => {
    const sizes = fc.constantFrom(1, 2, 14, 15, 16, 29, 30, 31, 479, 480, 481, 1_000)
    fc.assert(
      fc.property(sizes, fc.array(sample, { minLength: 1, maxLength: 40 }), fc.nat(2_200), (size, pattern, length) => {
        let ring = Calls.empty
        const all: Array<(typeof pattern)[number]> = []
        for (let i = 0; i < length; i++) {
          const one = pattern[(i * 7 + (i >> 4)) % pattern.length]!
          all.push(one)
          ring = Calls.add(ring, size, one)
          if (i % 97 === 0) expect(counts(ring)).toEqual(countsOf(all.slice(-size)))
        }
        expect(counts(ring)).toEqual(countsOf(all.slice(-size)))
      }),
      { numRuns: 40, seed: 5 }
    )
  })

  it("keeps no more than it needs, and never changes what it gave out before", () => {
    let ring = Calls.empty
    for (let i = 0; i < 100_000; i++) ring = Calls.add(ring, 1_000, { failed: i % 3 === 0, slow: false })
    expect(ring.blocks.length).toBe(3)
    expect(ring.blocks.map((block) => block.length)).toEqual([32, 32, 3])
    const before = JSON.stringify(ring)
    let later = Calls.abandon(ring)
    for (let i = 0; i < 1_000; i++) later = Calls.add(later, 1_000, { failed: true, slow: true })
    expect(JSON.stringify(ring)).toBe(before)
  })

  it("counts abandoned calls since the last one that was answered", () => {
    const two = Calls.abandon(Calls.abandon(Calls.empty))
    expect(two.abandoned).toBe(2)
    expect(Calls.add(two, 5, { failed: true, slow: false }).abandoned).toBe(0)
  })
})

describe("the calls of a time", () => {
  const step = fc.record({
    after: fc.constantFrom(0, 1, 99, 100, 101, 500, 950, 1_000, 5_000),
    sample: fc.option(sample)
  })

  it("counts what a list with times would, a tenth of the window at a time", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let now = 12_345
        let slots = Slots.empty(1_000, now)
        const all: Array<{ readonly at: number; readonly sample: { failed: boolean; slow: boolean } | null }> = []
        for (const { after, sample } of steps) {
          now += after
          slots = Slots.age(slots, 1_000, now)
          slots = sample === null ? Slots.abandon(slots) : Slots.add(slots, sample)
          all.push({ at: now, sample })
          const inTime = all.filter((one) => Math.floor(now / 100) - Math.floor(one.at / 100) < 10)
          const answered = inTime.filter((one) => one.sample !== null)
          expect(counts(slots)).toEqual(countsOf(answered.map((one) => one.sample!)))
          const last = inTime.map((one) => one.sample !== null).lastIndexOf(true)
          expect(slots.abandoned).toBe(inTime.length - 1 - last)
          expect(slots.past.length).toBeLessThan(10)
        }
      }),
      { numRuns: 150, seed: 6 }
    )
  })

  it("stays as it is when nothing passes, and goes on from there when the clock is set back", () => {
    const slots = Slots.add(Slots.empty(1_000, 5_000), { failed: true, slow: true })
    const back = Slots.age(slots, 1_000, 4_000)
    expect(back).toEqual({ ...slots, slot: 40 })
    expect([4_999, 5_000].map((now) => Slots.age(back, 1_000, now).calls)).toEqual([1, 0])
    expect(Slots.age(slots, 1_000, 5_099)).toBe(slots)
    expect(Slots.age(slots, 1_000, 5_100).calls).toBe(1)
  })
})

describe("calls under way", () => {
  it("are overdue once they have run for the threshold and at most a tenth more", () => {
    const started = InFlight.enter(InFlight.empty(1_000, 250))
    expect(started.slot).toBe(2)
    expect(InFlight.age(started, 1_000, 1_299).overdue).toBe(0)
    expect(InFlight.age(started, 1_000, 1_300).overdue).toBe(1)
    expect(InFlight.age(started, 1_000, 999_999).overdue).toBe(1)
    const back = InFlight.age(started, 1_000, 100)
    expect(back).toEqual({ ...started, setBack: 1 })
    expect([1_199, 1_200].map((now) => InFlight.age(back, 1_000, now).overdue)).toEqual([0, 1])
    expect(InFlight.age(InFlight.leave(back, started.slot), 1_000, 9_999).overdue).toBe(0)
    expect(InFlight.age(started, 1_000, 299)).toBe(started)
  })

  it("leave where they are counted, whenever they end", () => {
    const step = fc.record({ after: fc.constantFrom(0, 1, 50, 100, 300, 1_100, 4_000), leave: fc.option(fc.nat(50)) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let now = 0
        let inFlight = InFlight.empty(1_000, now)
        const starts: Array<number> = []
        for (const { after, leave } of steps) {
          now += after
          inFlight = InFlight.age(inFlight, 1_000, now)
          if (leave === null) {
            inFlight = InFlight.enter(inFlight)
            starts.push(inFlight.slot)
          } else if (starts.length > 0) {
            inFlight = InFlight.leave(inFlight, starts.splice(leave % starts.length, 1)[0]!)
          }
          const overdue = starts.filter((slot) => Math.floor(now / 100) - slot > 10).length
          expect(inFlight.overdue).toBe(overdue)
          expect(inFlight.starts.reduce((sum, count) => sum + count, 0)).toBe(starts.length - overdue)
          expect(inFlight.starts.length).toBe(11)
        }
      }),
      { numRuns: 150, seed: 7 }
    )
  })
})

describe("what opens a circuit", () => {
  const rate: TripPolicy = { _tag: "Rate", threshold: 0.7, size: 10, minimumCalls: 4 }
  const slow: TripPolicy = { ...rate, slowCall: { threshold: 1_000, rate: 0.3 } }
  const tally = (calls: number, failures: number, slow = 0, abandoned = 0): Tally => ({
    calls,
    failures,
    slow,
    abandoned
  })

  it.each([
    [{ _tag: "Consecutive", failures: 3 }, tally(2, 2), 0, undefined],
    [{ _tag: "Consecutive", failures: 3 }, tally(3, 3), 0, "failures"],
    [{ _tag: "Consecutive", failures: 3 }, tally(0, 0, 0, 2), 0, undefined],
    [{ _tag: "Consecutive", failures: 3 }, tally(0, 0, 0, 3), 0, "abandoned"],
    [rate, tally(3, 3), 0, undefined],
    [rate, tally(4, 3), 0, "failures"],
    [rate, tally(10, 6), 0, undefined],
    [rate, tally(10, 7), 0, "failures"],
    [{ ...rate, threshold: 0.01 }, tally(4, 0), 0, undefined],
    [rate, tally(2, 1, 0, 4), 0, "abandoned"],
    [rate, tally(10, 0, 10), 10, undefined],
    [slow, tally(10, 0, 2), 0, undefined],
    [slow, tally(10, 0, 3), 0, "slowCalls"],
    [slow, tally(3, 0, 3), 0, undefined],
    [slow, tally(2, 0, 0), 2, "slowCalls"],
    [slow, tally(0, 0, 0), 3, undefined],
    [slow, tally(0, 0, 0), 4, "slowCalls"],
    [slow, tally(9, 0, 1), 1, undefined],
    [slow, tally(9, 0, 2), 1, "slowCalls"],
    [slow, tally(10, 7, 10), 0, "failures"]
  ] as ReadonlyArray<readonly [TripPolicy, Tally, number, string | undefined]>)(
    "%j with %j and %d overdue: %s",
    (trip, tally, overdue, reason) => {
      const causes = ["abandoned", "failure", "slow"] as const
      const reasons = causes.map((cause) => tripped(trip, tally, overdue, cause))
      expect(reasons.find((one) => one !== undefined)).toBe(reason)
    }
  )

  it("B15, B16: each reason only by its own kind of call", () => {
    const ill = tally(10, 7, 10, 4)
    expect(tripped(slow, ill, 0, "failure")).toBe("failures")
    expect(tripped(slow, ill, 0, "slow")).toBe("slowCalls")
    expect(tripped(slow, ill, 0, "abandoned")).toBe("abandoned")
    expect(tripped(rate, ill, 0, "slow")).toBe(undefined)
  })

  it("a window belongs to its policy, and one of another kind starts a streak", () => {
    const consecutive: TripPolicy = { _tag: "Consecutive", failures: 3 }
    const over: TripPolicy = { _tag: "RateOver", threshold: 0.5, window: 1_000, minimumCalls: 2 }
    expect(Window.empty(consecutive, 0)._tag).toBe("Streak")
    expect(Window.empty(rate, 0)._tag).toBe("Calls")
    expect(Window.empty(over, 0)._tag).toBe("Slots")
    const failed = { failed: true, slow: false }
    for (const [policy, other] of [
      [rate, consecutive],
      [over, rate],
      [consecutive, over]
    ] as const) {
      const window = Window.add(Window.empty(policy, 0), other, failed, 5_000)
      expect(window).toEqual({ _tag: "Streak", calls: 1, failures: 1, slow: 0, abandoned: 0 })
      expect(Window.age(Window.empty(policy, 0), other, 5_000)).toEqual(Window.empty(policy, 0))
    }
    expect(Window.abandon(Window.empty(over, 0), over, 9_000)).toMatchObject({ slot: 90, abandoned: 1 })
    expect(Window.abandon(Window.empty(rate, 0), over, 9_000)).toEqual({ ...Window.empty(rate, 0), abandoned: 1 })
    expect(Window.abandon(Window.empty(over, 0), rate, 9_000)).toMatchObject({ slot: 0, abandoned: 1 })
  })

  it("the last open time repeats", () => {
    const policy: Policy = {
      trip: rate,
      maxRetryAfter: 3_600_000,
      openFor: [1, 2, 4],
      halfOpen: { probes: 1, successes: 1, probeTimeout: 1 }
    }
    expect([1, 2, 3, 4, 9].map((opening) => openTime(policy, opening))).toEqual([1, 2, 4, 4, 4])
  })
})
