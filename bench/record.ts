/** What a run of the benchmarks has found: kept as `bench/results.json`, from which the pages are written. */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { cpus, totalmem } from "node:os"
import type { Measured } from "./measure.js"
import type { Question } from "./shapes/shape.js"

export interface Result {
  readonly shape: Question
  readonly rows: ReadonlyArray<Measured>
}

/** What was measured on one Node. */
export interface Run {
  readonly node: string
  /** Of Effect and of the peers. */
  readonly versions: Readonly<Record<string, string>>
  readonly results: ReadonlyArray<Result>
}

export interface Results {
  readonly machine: string
  readonly commit: string
  readonly date: string
  readonly run: Run
  /** The same on Node 24 with the newest peers, or why it was not measured. */
  readonly newest: Run | string
}

const commit = (): string => {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty", "--exclude", "*"], { encoding: "utf8" }).trim()
  } catch {
    return "unknown"
  }
}

/** Where, of what and when: to be asked before anything is written. */
export const origin = (): Pick<Results, "machine" | "commit" | "date"> => ({
  machine: `${cpus().length} x ${cpus()[0]?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  commit: commit(),
  date: new Date().toISOString().slice(0, 10)
})

const file = "bench/results.json"

export const readResults = (): Results => JSON.parse(readFileSync(file, "utf8"))

export const writeResults = (results: Results): void =>
  writeFileSync(
    file,
    `${JSON.stringify(results, (_, value) => (typeof value === "number" ? Number(value.toPrecision(5)) : value), 2)}\n`
  )
