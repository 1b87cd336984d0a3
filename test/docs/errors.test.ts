import { expect, it } from "vitest"
import { table } from "../../.ci/errors.js"
import { readSection } from "../../bench/section.js"

/** The rows, whatever the width of the columns. */
const rowsOf = (text: string): ReadonlyArray<string> =>
  text
    .split("\n")
    .filter((line) => !/^[|\s-]+$/.test(line))
    .map((row) => row.replace(/\s*\|\s*/g, "|"))

it("docs/errors.md has the table that decides; `npm run docs:errors` writes it", () => {
  expect(rowsOf(readSection("docs/errors.md", "tags"))).toEqual(rowsOf(table))
  expect(rowsOf(table).length).toBeGreaterThan(20)
})
