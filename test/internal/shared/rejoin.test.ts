import { describe, expect, it } from "vitest"
import type { Limit } from "../../../src/internal/load/buckets.js"
import { rejoin } from "../../../src/internal/shared/rejoin.js"
import { newShares, type Shares } from "../../../src/internal/shared/slices.js"

/** Ten a second, of which a quarter is each one's. */
const limits: ReadonlyArray<Limit> = [{ unit: "requests", burst: 1_000, perMilli: 0.01 }]
const share = 0.25

const at = (level: number, time: number): Shares => {
  const { buckets, ...shares } = newShares(limits, time)
  return { ...shares, buckets: buckets.map((bucket) => ({ ...bucket, level })) }
}

const levelOf = ({ buckets }: Shares): number => buckets[0]!.level

describe("coming back to a limit", () => {
  it("where the others could ask meanwhile, it owes what it has used", () => {
    const back = rejoin(at(100, 9_000), limits, { since: 1_000, share, used: { requests: 7 } }, 9_000)
    expect(levelOf(back)).toBe(93)
    expect(back.apart).toBeUndefined()
  })

  it("where nobody could, each adds its part of the time less what it has used, whoever comes first", () => {
    const first = rejoin(at(100, 1_000), limits, { since: 1_000, share, used: { requests: 15 } }, 9_000)
    expect(levelOf(first)).toBe(100 + 80 * share - 15)
    const second = rejoin(first, limits, { since: 1_000, share, used: { requests: 20 } }, 9_000)
    expect(levelOf(second)).toBe(levelOf(first) + 80 * share - 20)
  })

  it("nothing is added for a time when others could ask, however long it was away", () => {
    // The others wrote until 5 000, and what came in until then is in the bucket.
    const first = rejoin(at(100, 5_000), limits, { since: 5_000, share, used: {} }, 9_000)
    const longer = rejoin(first, limits, { since: 1_000, share, used: {} }, 9_000)
    expect(levelOf(longer)).toBe(levelOf(first) + 40 * share)
    const later = rejoin(first, limits, { since: 7_000, share, used: {} }, 9_000)
    expect(levelOf(later)).toBe(levelOf(first) + 20 * share)
  })

  it("what calls did not need that were let in before goes back", () => {
    const back = rejoin(at(100, 9_000), limits, { since: 1_000, share, used: { requests: -40 } }, 9_000)
    expect(levelOf(back)).toBe(140)
  })
})
