import { describe, expect, it } from "vitest"
import type { Limit } from "../../../src/internal/load/buckets.js"
import { newShares, take, term } from "../../../src/internal/shared/slices.js"

/** Full again in ten milliseconds. */
const limits: ReadonlyArray<Limit> = [{ unit: "requests", burst: 10, perMilli: 1 }]

const asks = (by: string, wanted: number, more = 0) => ({
  by,
  unused: {},
  wanted: { requests: wanted },
  more: { requests: more }
})

describe("slices of a limit", () => {
  const [first, held] = take(newShares(limits, 0), limits, asks("one", 1, 100), 0)

  it("a process is given no more than its part of what is there, however much it would use", () => {
    expect(first.reserved._tag).toBe("Granted")
    expect(first.slice.requests).toBe(9 / 2)
  })

  it("there is only room for what nobody holds", () => {
    expect(take(held, limits, asks("other", 5.5), 1_000)[0].reserved._tag).toBe("Granted")
    expect(take(held, limits, asks("other", 5.6), 1_000)[0].reserved._tag).toBe("Wait")
  })

  it("what somebody holds that does not come again is there for the others once its time is up", () => {
    expect(take(held, limits, asks("other", 10), term - 1)[0].reserved._tag).toBe("Wait")
    expect(take(held, limits, asks("other", 10), term)[0].reserved._tag).toBe("Granted")
  })
})
