/**
 * What is told of the results, on every page that tells of them.
 *
 *   npm run docs:performance     writes it anew from bench/results.json, without measuring
 */
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { ahead, behind, inShort, newest, picture, share } from "./performance.js"
import { type Results, readResults } from "./record.js"
import { page } from "./report.js"
import { writeSection } from "./section.js"

export interface Pages {
  /** The whole of `bench/RESULTS.md`. */
  readonly results: string
  /** What stands in each section of `docs/performance.md`. */
  readonly performance: Readonly<Record<string, string>>
  /** The section `cost` of `README.md`. */
  readonly readme: string
}

export const pages = (results: Results): Pages => ({
  results: page(results),
  performance: {
    share: share(results.run),
    picture: picture(results.run),
    ahead: ahead(results.run),
    behind: behind(results.run),
    node24: newest(results.newest)
  },
  readme: inShort(results.run)
})

export const writePages = ({ performance, readme, results }: Pages): void => {
  writeFileSync("bench/RESULTS.md", results)
  for (const [name, text] of Object.entries(performance)) writeSection("docs/performance.md", name, text)
  writeSection("README.md", "cost", readme)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writePages(pages(readResults()))
