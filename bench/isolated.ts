/**
 * Each shape is measured in a process of its own, so that the machine code and the heap that one shape leaves behind do
 * not colour the next. The candidates of a shape share their process and take turns in it.
 */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { cpuTime, type Measured, quick, thorough, wallTime } from "./measure.js"
import type { Node } from "./nodes.js"
import { shapes } from "./shapes/all.js"

export interface Task {
  readonly title: string
  readonly quick: boolean
  /** Counts the process's own time and not the clock's. */
  readonly cpu: boolean
}

const self = fileURLToPath(import.meta.url)

/** What a shape's own process has measured. It fails with the title of a shape that fails; the process says why. */
export const isolated = (task: Task, node: Node): Promise<ReadonlyArray<Measured>> =>
  new Promise((resolve, reject) => {
    const child = fork(self, [JSON.stringify(task)], {
      execPath: node.execPath,
      execArgv: ["--expose-gc"],
      env: { ...process.env, BENCH_PEERS: node.folder }
    })
    let rows: ReadonlyArray<Measured> | undefined
    child.on("message", (message) => {
      rows = message as ReadonlyArray<Measured>
    })
    child.on("error", reject)
    child.on("exit", (code, signal) => {
      if (rows !== undefined && code === 0) resolve(rows)
      else reject(new Error(`"${task.title}" was not measured: its process ended with ${signal ?? code}`))
    })
  })

const run = async ({ cpu, quick: isQuick, title }: Task): Promise<ReadonlyArray<Measured>> => {
  const shape = shapes.find((shape) => shape.title === title)
  if (shape === undefined) throw new Error(`There is no shape "${title}"`)
  return shape.run({ ...(isQuick ? quick : thorough), clock: cpu ? cpuTime : wallTime })
}

if (process.argv[1] === self && process.send !== undefined) {
  process.send(await run(JSON.parse(process.argv[2] ?? "")))
  process.disconnect()
}
