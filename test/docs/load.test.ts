import { describe, expect, it } from "vitest"
import { fairness, load, table } from "../../bench/load.js"
import { readSection } from "../../bench/section.js"

/** The rows of a table, whatever the width of its columns. */
const rowsOf = (table: string): ReadonlyArray<string> =>
  table
    .split("\n")
    .slice(2)
    .map((row) => row.replace(/\s*\|\s*/g, "|"))

const documented = rowsOf(readSection("docs/load.md", "load"))

/** Answers a minute, refusals in per cent, waits in seconds, fairness. */
const rowOf = (title: string): ReadonlyArray<number> =>
  (documented.find((row) => row.startsWith(`|${title}|`)) ?? "")
    .split("|")
    .slice(2, -1)
    .map((cell) => Number.parseFloat(cell))

describe("docs/load.md", () => {
  it("shows the load as it is", { timeout: 60_000 }, async () => {
    const again = await load(["retry only", "adaptive, aimd"])
    for (const row of rowsOf(table(again))) expect(documented).toContain(row)
  })

  it("L2, L4: shows what limits are for", () => {
    const [, refusedBare] = rowOf("nothing")
    const [, refusedRetrying] = rowOf("retry only")
    const [answersKnown, refusedKnown] = rowOf("rate limit known, and a bulkhead of 60")
    const [answersAdaptive, refusedAdaptive, , , fair] = rowOf("adaptive, aimd")
    expect(refusedBare).toBeGreaterThan(50)
    expect(refusedRetrying).toBeGreaterThan(refusedBare!)
    expect(refusedKnown).toBeLessThan(1)
    expect(answersKnown).toBeGreaterThan(590)
    expect(refusedAdaptive).toBeLessThan(1)
    expect(answersAdaptive).toBeGreaterThan(580)
    expect(fair).toBeGreaterThan(0.99)
    const [answersFlapping, refusedFlapping] = rowOf("circuit breaker")
    const [answersRising, refusedRising] = rowOf("circuit breaker, ramp up of 20 s")
    expect(answersRising).toBeGreaterThan(answersFlapping!)
    expect(refusedRising).toBeLessThan(refusedFlapping!)
  })

  it("measures fairness by Jain's index", () => {
    expect(fairness([3, 3, 3])).toBe(1)
    expect(fairness([9, 0, 0])).toBeCloseTo(1 / 3)
  })
})
