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
import { cpuTime, quick, thorough, wallTime } from "./measure.js"
import { printed, promised, report } from "./report.js"
import { alone } from "./shapes/alone.js"
import { contention } from "./shapes/contention.js"
import { full } from "./shapes/full.js"
import { circuits, left, waiting } from "./shapes/heap.js"
import { inFlight } from "./shapes/inFlight.js"
import { model } from "./shapes/model.js"
import { open } from "./shapes/open.js"
import { recovery } from "./shapes/recovery.js"
import type { Shape } from "./shapes/shape.js"
import { streams } from "./shapes/streams.js"
import { window } from "./shapes/window.js"

const shapes: ReadonlyArray<Shape> = [
  full,
  alone,
  window,
  open,
  recovery,
  inFlight,
  contention,
  ...streams,
  model,
  circuits,
  waiting,
  left
]

const { values } = parseArgs({
  options: { quick: { type: "boolean" }, only: { type: "string" }, cpu: { type: "boolean" } }
})

const effort = { ...(values.quick ? quick : thorough), clock: values.cpu ? cpuTime : wallTime }
const chosen = shapes.filter(({ title }) => title.toLowerCase().includes((values.only ?? "").toLowerCase()))
const results = []
for (const shape of chosen) {
  const result = { shape, rows: await shape.run(effort) }
  results.push(result)
  console.log(printed(result))
}
if (values.quick === undefined) console.log(promised(results))
if (values.quick) console.log(`${chosen.length} shapes ran; the times of so short a run mean nothing`)
else if (values.only === undefined && values.cpu === undefined) writeFileSync("bench/RESULTS.md", report(results))
