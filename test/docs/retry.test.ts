import { describe, expect, it } from "vitest"
import { pictures } from "../../bench/delays.js"
import { readSection } from "../../bench/section.js"
import { storm, table } from "../../bench/storm.js"

const file = "docs/retry.md"

/** The rows of a table, whatever the width of its columns. */
const rowsOf = (table: string): ReadonlyArray<string> =>
  table
    .split("\n")
    .slice(2)
    .map((row) => row.replace(/\s*\|\s*/g, "|"))

const documented = rowsOf(readSection(file, "storm"))
const rowOf = (title: string): ReadonlyArray<string> =>
  documented
    .find((row) => row.startsWith(`|${title}|`))
    ?.split("|")
    .slice(2, -1) ?? []
const number = (cell: string | undefined): number => Number(cell?.replaceAll(" ", ""))

describe("docs/retry.md", () => {
  it("shows the delays as they are", () => {
    const drawn = pictures()
    expect(readSection(file, "pieces")).toBe(drawn.pieces)
    expect(readSection(file, "presets")).toBe(drawn.presets)
  })

  it("R7, R12: shows the retry storm as it is", { timeout: 60_000 }, async () => {
    const again = await storm(["retry, no jitter", "retry, equal jitter, budget and circuit breaker"])
    for (const row of rowsOf(table(again))) expect(documented).toContain(row)
  })

  it("R7, R12: shows what jitter, budget and breaker are for", () => {
    const [, , herd] = rowOf("retry, no jitter")
    const [, , spread] = rowOf("retry, equal jitter")
    expect(number(herd)).toBe(1_000)
    expect(number(spread)).toBeLessThan(500)
    const [made, sent] = rowOf("retry, equal jitter, budget of 10 %")
    expect(number(sent)).toBeLessThan(1.1 * number(made))
    const [, spared] = rowOf("retry, equal jitter, circuit breaker")
    expect(number(spared)).toBeLessThan(20)
  })
})
