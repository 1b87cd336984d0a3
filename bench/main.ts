/**
 * What the toolkit costs, beside what one would use instead. Everything is measured in one run.
 *
 *   npm run bench                    measures and writes bench/RESULTS.md
 *   npm run bench -- --quick         only shows that everything runs
 *   npm run bench -- --only stream   the shapes whose title contains the word; writes nothing
 *   npm run bench -- --cpu           counts the process's own time, for a machine that has other things to do; writes nothing
 */
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { isolated } from "./isolated.js"
import { printed, promised, type Result, report } from "./report.js"
import { shapes } from "./shapes/all.js"

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    cpu: { type: "boolean", default: false }
  }
})
const { cpu, only, quick } = values

const measured = async (): Promise<ReadonlyArray<Result>> => {
  const chosen = shapes.filter(({ title }) => title.toLowerCase().includes((only ?? "").toLowerCase()))
  if (chosen.length === 0) throw new Error(`No shape has "${only}" in its title`)
  const results: Array<Result> = []
  for (const shape of chosen) {
    const result = { shape, rows: await isolated({ title: shape.title, quick, cpu }) }
    results.push(result)
    console.log(printed(result))
  }
  return results
}

try {
  const results = await measured()
  if (quick) console.log(`${results.length} shapes ran; the times of so short a run mean nothing`)
  else console.log(promised(results))
  if (!quick && !cpu && only === undefined) writeFileSync("bench/RESULTS.md", report(results))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
