import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { page } from "../../.ci/classification.js"

it("docs/classification.md is what the tables say; `npm run docs:classification` writes it", () => {
  const path = fileURLToPath(new URL("../../docs/classification.md", import.meta.url))
  expect(readFileSync(path, "utf8") === page).toBe(true)
})
