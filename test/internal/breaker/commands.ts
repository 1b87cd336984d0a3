import { FastCheck as fc } from "effect"
import type { Policy, TripPolicy } from "../../../src/internal/breaker/policy.js"
import type { End } from "./reference.js"

// What can happen to three circuits of one policy, at random.

export type Ending =
  | "success"
  | "failure"
  | "hinted"
  | "refused"
  | "limited"
  | "tooLong"
  | "quota"
  | "defect"
  | "deadlyFailure"
  | "interrupt"
  | "abandon"

export type Command =
  | { readonly _tag: "Start"; readonly key: number; readonly count: number }
  | { readonly _tag: "End"; readonly which: number; readonly count: number; readonly how: Ending }
  | { readonly _tag: "Wait"; readonly millis: number }
  | { readonly _tag: "Reset" | "Isolate" | "Rejoin"; readonly key: number }
  | { readonly _tag: "Open"; readonly key: number; readonly millis: number }

export const hint = 7_000

/** More than a hint may do to others. */
export const tooLong = 60_000_000

export const endings: Readonly<Record<Ending, readonly [end: End, hint: number, resetsIn?: number]>> = {
  success: ["success", 0],
  failure: ["failure", 0],
  hinted: ["failure", hint],
  refused: ["ignored", 0],
  limited: ["ignored", hint],
  tooLong: ["ignored", tooLong],
  quota: ["ignored", 0, tooLong],
  defect: ["ignored", 0],
  deadlyFailure: ["failure", 0],
  interrupt: ["ignored", 0],
  abandon: ["abandoned", 0]
}

const trip = fc.oneof(
  fc.record({ _tag: fc.constant("Consecutive" as const), failures: fc.integer({ min: 1, max: 4 }) }),
  fc
    .record({
      _tag: fc.constant("Rate" as const),
      threshold: fc.constantFrom(0.2, 0.5, 1),
      size: fc.constantFrom(1, 2, 3, 14, 15, 16, 40),
      minimumCalls: fc.integer({ min: 1, max: 5 }),
      slowCall: fc.option(fc.record({ threshold: fc.constantFrom(1_000, 5_000), rate: fc.constantFrom(0.3, 1) }), {
        nil: undefined
      })
    })
    .map((rate) => ({ ...rate, minimumCalls: Math.min(rate.minimumCalls, rate.size) })),
  fc.record({
    _tag: fc.constant("RateOver" as const),
    threshold: fc.constantFrom(0.2, 0.5, 1),
    window: fc.constantFrom(1_000, 10_000, 30_000),
    minimumCalls: fc.integer({ min: 1, max: 5 }),
    slowCall: fc.option(fc.record({ threshold: fc.constantFrom(1_000, 5_000), rate: fc.constantFrom(0.3, 1) }), {
      nil: undefined
    })
  })
) satisfies fc.Arbitrary<TripPolicy>

export const policies: fc.Arbitrary<Policy> = fc.record({
  trip,
  openFor: fc.constantFrom([5_000], [1_000, 2_000, 4_000]),
  maxRetryAfter: fc.constantFrom(500, 30_000),
  halfOpen: fc.record({
    probes: fc.integer({ min: 1, max: 3 }),
    successes: fc.integer({ min: 1, max: 3 }),
    probeTimeout: fc.constantFrom(500, 3_000)
  })
})

const count = fc.oneof(
  { weight: 300, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 1, arbitrary: fc.constant(300) }
)
const key = fc.integer({ min: 0, max: 2 })

export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ _tag: fc.constant("Start" as const), key, count }) },
  {
    weight: 8,
    arbitrary: fc.record({
      _tag: fc.constant("End" as const),
      which: fc.nat(1_000),
      count,
      how: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom<Ending>("success", "failure") },
        { weight: 2, arbitrary: fc.constantFrom<Ending>(...(Object.keys(endings) as Array<Ending>)) }
      )
    })
  },
  {
    weight: 5,
    arbitrary: fc.record({
      _tag: fc.constant("Wait" as const),
      millis: fc.oneof(
        fc.constantFrom(1, 100, 500, 1_000, 2_000, 3_000, 5_000, hint),
        fc.integer({ min: 1, max: 40_000 }),
        fc.constantFrom(3_600_000, 7_777_777)
      )
    })
  },
  {
    weight: 1,
    arbitrary: fc.record({ _tag: fc.constant("Open" as const), key, millis: fc.constantFrom(1_000, 50_000) })
  },
  {
    weight: 1,
    arbitrary: fc.record({ _tag: fc.constantFrom("Reset" as const, "Isolate" as const, "Rejoin" as const), key })
  }
)

/** A policy, what happens, and whether the store answers at once. */
export const sequences = fc.tuple(
  policies,
  fc.array(command, { minLength: 1, maxLength: 30, size: "max" }),
  fc.boolean()
)
