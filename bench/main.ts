/**
 * What the toolkit costs, beside what one would use instead. Everything is measured in one run.
 *
 *   npm run bench                    measures, keeps bench/results.json, and writes what is told of it
 *   npm run bench -- --quick         only shows that everything runs
 *   npm run bench -- --only stream   the shapes whose title contains the word, on this Node; writes nothing
 *   npm run bench -- --node24        only what is measured on Node 24; writes nothing
 *   npm run bench -- --cpu           counts the process's own time, for a machine that has other things to do; writes nothing
 */
import { parseArgs } from "node:util"
import { isolated } from "./isolated.js"
import { type Node, node24, thisNode, versionOf } from "./nodes.js"
import { pages, writePages } from "./pages.js"
import { origin, type Result, type Run, readResults, writeResults } from "./record.js"
import { printed, promised } from "./report.js"
import { shapes } from "./shapes/all.js"
import type { Shape } from "./shapes/shape.js"

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    node24: { type: "boolean", default: false },
    cpu: { type: "boolean", default: false }
  }
})
const { cpu, only, quick } = values
const all = only === undefined && !values.node24
const kept = all && !quick && !cpu

const measured = async (shapes: ReadonlyArray<Shape>, node: Node, peers: ReadonlyArray<string>): Promise<Run> => {
  console.log(`\nNode ${node.version}`)
  const results: Array<Result> = []
  for (const shape of shapes) {
    const { about, title, unit } = shape
    const result = { shape: { title, about, unit }, rows: await isolated({ title, quick, cpu }, node) }
    results.push(result)
    console.log(printed(result))
  }
  return {
    node: node.version,
    versions: Object.fromEntries(peers.map((name) => [name, versionOf(name, node)])),
    results
  }
}

const peers = ["effect", "@effect/ai", "cockatiel", "opossum", "p-retry", "ai", "fetch-retry", "ky", "got", "undici"]
const newestPeers = ["effect", "cockatiel", "opossum", "p-retry"]

const main = async (): Promise<void> => {
  const from = origin()
  const chosen = shapes
    .filter(({ title }) => title.toLowerCase().includes((only ?? "").toLowerCase()))
    .filter(({ newest }) => newest || !values.node24)
  if (chosen.length === 0) throw new Error(`No shape has "${only}" in its title`)
  const onNode24 = chosen.filter(({ newest }) => newest)
  const measured24 = (node: Node): Promise<Run> => measured(onNode24, node, newestPeers)

  if (values.node24) {
    const node = node24(true)
    if (typeof node === "string") throw new Error(`Node 24 is not measured: ${node}`)
    await measured24(node)
    return
  }
  const node = all ? node24(kept) : "it was not asked for"
  if (all && typeof node === "string") console.log(`Node 24 is not measured: ${node}`)
  const run = await measured(chosen, thisNode, peers)
  const results = { ...from, run, newest: typeof node === "string" ? node : await measured24(node) }

  if (quick) {
    if (all) pages(results)
    console.log(`${chosen.length} shapes ran; the times of so short a run mean nothing`)
  } else console.log(promised(run.results))
  if (kept) {
    writeResults(results)
    writePages(pages(readResults()))
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
