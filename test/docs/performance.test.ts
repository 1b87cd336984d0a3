import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { pages } from "../../bench/pages.js"
import { readResults } from "../../bench/record.js"
import { readSection } from "../../bench/section.js"

const told = pages(readResults())

it("docs/performance.md says what was measured; `npm run docs:performance` writes it", () => {
  for (const [name, text] of Object.entries(told.performance)) {
    expect(readSection("docs/performance.md", name)).toBe(text)
  }
})

it("README.md says what was measured", () => {
  expect(readSection("README.md", "cost")).toBe(told.readme)
})

it("bench/RESULTS.md shows what was measured", () => {
  expect(readFileSync("bench/RESULTS.md", "utf8") === told.results).toBe(true)
})
