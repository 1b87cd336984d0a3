import { describe, expect, it } from "vitest"
import { hedging, table } from "../../bench/hedging.js"
import { readSection } from "../../bench/section.js"

const documented = readSection("docs/hedging.md", "hedging")

/** The rows of the documented tables, whatever the width of their columns. */
const rowsOf = (text: string): ReadonlyArray<string> =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| |"))
    .map((row) => row.replace(/\s*\|\s*/g, "|"))

const rowOf = (condition: string, title: string): ReadonlyArray<number> => {
  const [, after] = documented.split(`**${condition}**`)
  const row = rowsOf(after ?? "").find((row) => row.startsWith(`|${title}|`))
  return (row ?? "").split("|").slice(2, -1).map(Number.parseFloat)
}

describe("docs/hedging.md", () => {
  it("shows the simulation as it is", { timeout: 60_000 }, async () => {
    const again = await hedging(["slow by chance"], ["no hedge", "quantile 0.95"])
    for (const row of rowsOf(table(again))) expect(rowsOf(documented)).toContain(row)
  })

  it("F9: shows what hedging gains, when it makes things worse, and what the budget saves", () => {
    const [, , none = 0] = rowOf("slow by chance", "no hedge")
    const [, , late = 0, extra = 100] = rowOf("slow by chance", "quantile 0.95")
    expect(late).toBeLessThan(none / 2)
    expect(extra).toBeLessThan(10)
    const limit = "near its limit, slower the more is under way"
    const [, , calm = 0] = rowOf(limit, "no hedge")
    const [, , storm = 0] = rowOf(limit, "after 2 s, no budget")
    const [, , spared = 0] = rowOf(limit, "after 2 s")
    expect(storm).toBeGreaterThan(3 * calm)
    expect(spared).toBeLessThan(calm)
  })
})
