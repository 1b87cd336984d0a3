/** Writes the page of recipes from the tests that are run: `npm run docs:recipes`; with `--check` only compares. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"

const folder = new URL("../test/recipes/", import.meta.url)
const page = new URL("../docs/recipes.md", import.meta.url)

const titleOf = (code: string): string => {
  const title = /it\.effect\("([^"]+)"/.exec(code)?.[1] ?? ""
  return title.charAt(0).toUpperCase() + title.slice(1)
}

/** @internal */
export const written = (): string => {
  const recipes = readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts"))
    .sort()
    .map((name) => readFileSync(new URL(name, folder), "utf8"))
    .map((code) => `## ${titleOf(code)}\n\n\`\`\`ts\n${code.trim()}\n\`\`\`\n`)
  const before = readFileSync(page, "utf8").split("<!-- recipes:start -->")[0]
  return `${before}<!-- recipes:start -->\n\n${recipes.join("\n")}`
}

if (process.argv[1]?.endsWith("recipes.ts")) writeFileSync(page, written())
