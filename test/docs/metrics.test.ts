import { expect, it } from "vitest"
import { tables } from "../../.ci/metrics.js"
import { readSection } from "../../bench/section.js"

/** The rows, whatever the width of the columns. */
const rowsOf = (text: string): ReadonlyArray<string> =>
  text
    .split("\n")
    .filter((line) => !/^[|\s-]+$/.test(line))
    .map((row) => row.replace(/\s*\|\s*/g, "|"))

it("docs/telemetry.md has the metrics that there are; `npm run docs:metrics` writes them", () => {
  for (const [section, table] of Object.entries(tables)) {
    expect(rowsOf(readSection("docs/telemetry.md", section))).toEqual(rowsOf(table))
    expect(rowsOf(table).length).toBeGreaterThan(9)
  }
})
