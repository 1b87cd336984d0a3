import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Buckets from "../../../src/internal/load/buckets.js"

/**
 * A bucket that is filled a millisecond at a time, in whole units of a thousandth. It is slow, and right at sight.
 */
class Slow {
  level: number
  private held = 0
  constructor(
    private readonly burst: number,
    private readonly rate: number
  ) {
    this.level = burst * 1_000
  }
  pass(millis: number): void {
    for (let i = 0; i < millis; i++) {
      if (this.held > 0) this.held--
      else this.level = Math.min(this.burst * 1_000, this.level + this.rate)
    }
  }
  hold(millis: number): void {
    this.level = Math.min(0, this.level)
    this.held = Math.max(this.held, millis)
  }
  /** How long it takes until there is so much. */
  until(amount: number): number {
    const copy = new Slow(this.burst, this.rate)
    copy.level = this.level
    copy.held = this.held
    let millis = 0
    while (copy.held > 0 || copy.level < amount * 1_000) {
      copy.pass(1)
      millis++
    }
    return millis
  }
}

interface Machine {
  readonly reserve: typeof Buckets.reserve
  readonly settle: typeof Buckets.settle
  readonly hold: typeof Buckets.hold
}

const compare = (machine: Machine, numRuns: number): void => {
  const commands = FastCheck.array(FastCheck.nat({ max: 0xffff }), { maxLength: 25 })
  const property = FastCheck.property(
    commands,
    FastCheck.integer({ min: 1, max: 20 }),
    FastCheck.integer({ min: 50, max: 1_000 }),
    (commands, requests, rate) => {
      // So many thousandths a millisecond: requests and tokens per second.
      const limits: ReadonlyArray<Buckets.Limit> = [
        { unit: "requests", burst: requests, perMilli: rate / 1_000 },
        { unit: "tokens", burst: 100, perMilli: (rate * 3) / 1_000 }
      ]
      const slow = { requests: new Slow(requests, rate), tokens: new Slow(100, rate * 3) }
      const both = [slow.requests, slow.tokens]
      let now = 0
      let buckets = Buckets.full(limits, now)
      const open: Array<Buckets.Amounts> = []
      for (const command of commands) {
        const choice = command >> 2
        switch (command & 3) {
          case 0: {
            const amounts = { requests: 1, tokens: choice % 120 }
            const [answer, next] = machine.reserve(buckets, limits, amounts, {}, now)
            buckets = next
            const wait = Math.max(slow.requests.until(1), amounts.tokens > 100 ? 0 : slow.tokens.until(amounts.tokens))
            const expected = amounts.tokens > 100 ? "TooLarge" : wait > 0 ? "Wait" : "Granted"
            if (answer._tag !== expected) throw new Error(`${answer._tag} instead of ${expected}`)
            if (answer._tag === "Wait" && answer.millis !== wait)
              throw new Error(`${answer.millis} instead of ${wait} ms`)
            if (answer._tag !== "Granted") break
            open.push(amounts)
            slow.requests.level -= 1_000
            slow.tokens.level -= amounts.tokens * 1_000
            break
          }
          case 1: {
            const reserved = open.shift()
            if (reserved === undefined) break
            const used = { requests: choice & 1, tokens: (choice >> 1) % 200 }
            buckets = machine.settle(buckets, limits, reserved, used, now)
            slow.requests.level = Math.min(requests * 1_000, slow.requests.level + (1 - used.requests) * 1_000)
            slow.tokens.level = Math.min(100_000, slow.tokens.level + ((reserved.tokens ?? 0) - used.tokens) * 1_000)
            break
          }
          case 2: {
            const millis = choice % 97
            now += millis
            for (const one of both) one.pass(millis)
            break
          }
          default:
            if (choice % 5 > 0) break
            buckets = machine.hold(buckets, limits, now + (choice % 200), now)
            for (const one of both) one.hold(choice % 200)
        }
        const left = Buckets.left(buckets, limits, now)
        for (const unit of ["requests", "tokens"] as const) {
          const difference = Math.abs((left[unit] ?? 0) * 1_000 - slow[unit].level)
          if (difference > 1e-3) throw new Error(`${left[unit]} ${unit} instead of ${slow[unit].level / 1_000}`)
        }
      }
    }
  )
  FastCheck.assert(property, { numRuns, seed: 13 })
}

describe("token buckets", () => {
  it("L2, L7: 10 000 sequences differ in nothing from a bucket that is filled each millisecond", () => {
    compare(Buckets, 10_000)
  })

  const planted: ReadonlyArray<readonly [string, Partial<Machine>]> = [
    [
      "a double refund",
      {
        settle: (b, l, r, u, now) =>
          Buckets.settle(Buckets.settle(b, l, r, u, now), l, r, r.tokens === 60 ? {} : r, now)
      }
    ],
    ["a reservation that is forgotten", { settle: (b) => b }],
    [
      "one bucket that is asked and not the other",
      { reserve: (b, l, a, ahead, now) => Buckets.reserve(b, l, { requests: a.requests }, ahead, now) }
    ],
    ["a hold that others cut short", { hold: (b, l, until, now) => Buckets.hold(b, l, until - 1, now) }]
  ]
  it.each(planted)("finds %s", (_, bug) => {
    expect(() => compare({ ...Buckets, ...bug }, 10_000)).toThrow()
  })

  const perSecond: ReadonlyArray<Buckets.Limit> = [{ unit: "requests", burst: 10, perMilli: 0.001 }]

  it("L3: a hint empties the limit of the shortest time, and not what is left of the day's", () => {
    const limits: ReadonlyArray<Buckets.Limit> = [
      { unit: "requests", burst: 60, perMilli: 0.001 },
      { unit: "requests", burst: 8_640, perMilli: 0.0001 }
    ]
    const held = Buckets.hold(Buckets.full(limits, 0), limits, 1_000, 0)
    expect(Buckets.reserve(held, limits, { requests: 1 }, {}, 999)[0]).toEqual({ _tag: "Wait", millis: 1_001 })
    // As the minute's fills, at once and again: the day's would have one in ten seconds.
    let buckets = held
    for (const at of [2_000, 3_000, 4_000]) {
      const [answer, next] = Buckets.reserve(buckets, limits, { requests: 1 }, {}, at)
      expect(answer).toEqual(Buckets.granted)
      buckets = next
    }
  })

  it("L3: a short hint is waited for, and takes nothing of a limit that would need longer than that to come back", () => {
    const day: ReadonlyArray<Buckets.Limit> = [{ unit: "requests", burst: 1_000, perMilli: 1_000 / 86_400_000 }]
    const after = (until: number) => {
      const buckets = Buckets.hold(Buckets.full(day, 0), day, until, 0)
      expect(Buckets.reserve(buckets, day, { requests: 1 }, {}, 0)[0]).toEqual({ _tag: "Wait", millis: until })
      return Buckets.left(buckets, day, until).requests
    }
    for (const until of [1, 3_000, 3_600_000, 86_399_999]) expect(after(until)).toBe(1_000)
    const nextDay = Buckets.hold(Buckets.full(day, 0), day, 86_400_000, 0)
    expect(Buckets.left(nextDay, day, 86_400_000)).toEqual({ requests: 0 })
  })

  it("L3: a minute's limit is emptied whatever its numbers are", () => {
    for (let limit = 1; limit <= 1_000; limit++) {
      const minute: ReadonlyArray<Buckets.Limit> = [{ unit: "requests", burst: limit, perMilli: limit / 60_000 }]
      expect(Buckets.left(Buckets.hold(Buckets.full(minute, 0), minute, 1, 0), minute, 1)).toEqual({ requests: 0 })
    }
  })

  it("those who wait in front are counted, and nobody passes them", () => {
    const empty = Buckets.settle(Buckets.full(perSecond, 0), perSecond, {}, { requests: 10 }, 0)
    expect(Buckets.reserve(empty, perSecond, { requests: 1 }, { requests: 3 }, 0)[0]).toEqual({
      _tag: "Wait",
      millis: 4_000
    })
    const full = Buckets.full(perSecond, 0)
    expect(Buckets.reserve(full, perSecond, { requests: 1 }, { requests: 3 }, 0)[0]).toEqual({
      _tag: "Wait",
      millis: 0
    })
  })

  it("L8: what is larger than the bucket is told so", () => {
    const [answer] = Buckets.reserve(Buckets.full(perSecond, 0), perSecond, { requests: 11 }, {}, 0)
    expect(answer).toEqual({ _tag: "TooLarge", unit: "requests", most: 10, amount: 11 })
  })

  it("L10: 3 requests left for 40 s are three, and no more before that", () => {
    const minute: ReadonlyArray<Buckets.Limit> = [{ unit: "requests", burst: 60, perMilli: 0.001 }]
    let buckets = Buckets.observe(Buckets.full(minute, 0), minute, { requests: { remaining: 3, reset: 40_000 } }, 0)
    for (let i = 0; i < 3; i++) {
      const [answer, next] = Buckets.reserve(buckets, minute, { requests: 1 }, {}, 0)
      expect(answer._tag).toBe("Granted")
      buckets = next
    }
    expect(Buckets.reserve(buckets, minute, { requests: 1 }, {}, 0)[0]).toEqual({ _tag: "Wait", millis: 41_000 })
  })

  it("L10: a provider whose bucket is like ours goes on filling", () => {
    const minute: ReadonlyArray<Buckets.Limit> = [{ unit: "requests", burst: 60, perMilli: 0.001 }]
    const buckets = Buckets.observe(Buckets.full(minute, 0), minute, { requests: { remaining: 0, reset: 60_000 } }, 0)
    expect(Buckets.reserve(buckets, minute, { requests: 1 }, {}, 0)[0]).toEqual({ _tag: "Wait", millis: 1_000 })
  })

  it("L10: a provider that knows of more changes nothing", () => {
    const spent = Buckets.settle(Buckets.full(perSecond, 0), perSecond, {}, { requests: 9 }, 0)
    expect(Buckets.observe(spent, perSecond, { requests: { remaining: 5, reset: 1_000 } }, 0)).toEqual(spent)
  })

  it("a clock that goes backwards adds nothing", () => {
    const before = Buckets.settle(Buckets.full(perSecond, 10_000), perSecond, {}, { requests: 5 }, 10_000)
    expect(Buckets.left(before, perSecond, 5_000)).toEqual({ requests: 5 })
  })
})
