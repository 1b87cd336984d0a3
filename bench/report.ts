/** The results as text: for the terminal, and as the page that is kept. */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { cpus, totalmem } from "node:os"
import type { Measured } from "./measure.js"
import type { Shape } from "./shapes/shape.js"
import { type Target, targets } from "./targets.js"

export interface Result {
  readonly shape: Shape
  readonly rows: ReadonlyArray<Measured>
}

const peers = ["effect", "@effect/ai", "cockatiel", "opossum", "p-retry", "ai"]

const amount = (shape: Shape, value: number): string =>
  shape.unit === "bytes"
    ? `${Math.round(value).toLocaleString("en").replaceAll(",", " ")} B`
    : value < 1_000
      ? `${value.toFixed(0)} ns`
      : `${(value / 1_000).toFixed(value < 10_000 ? 2 : 1)} µs`

const cells = ({ shape, rows }: Result): ReadonlyArray<ReadonlyArray<string>> => [
  ["", "median", "quartiles", "ratio"],
  ...rows.map(({ name, median, low, high }) => [
    name,
    amount(shape, median),
    `${amount(shape, low)} to ${amount(shape, high)}`,
    (median / (rows[0]?.median ?? Number.NaN)).toFixed(2)
  ])
]

export const printed = (result: Result): string => {
  const table = cells(result)
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const lines = table.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  "))
  return `\n${result.shape.title}\n${lines.map((line) => `  ${line.trimEnd()}`).join("\n")}`
}

const figure = (value: number, limit: number): string => value.toFixed(limit < 10 ? 3 : 0)

const hasFloor = (target: Target): target is Target & { readonly floor: number } =>
  target.floor !== undefined && !Number.isNaN(target.floor)

/** What was promised about the shapes that were measured. */
export const promised = (results: ReadonlyArray<Result>): string =>
  targets(results)
    .filter(({ value }) => !Number.isNaN(value))
    .map((target) => {
      const { limit, value, what } = target
      const floor = value > limit && hasFloor(target) ? ` (floor: ${figure(target.floor, limit)})` : ""
      return `  ${value <= limit ? "kept  " : "missed"}  ${figure(value, limit).padStart(8)} of ${limit}: ${what}${floor}`
    })
    .join("\n")

const versionOf = (name: string): string => {
  const require = createRequire(import.meta.url)
  const folder = require.resolve.paths(name)?.[0] ?? "node_modules"
  for (const base of require.resolve.paths(name) ?? [folder]) {
    try {
      return JSON.parse(readFileSync(`${base}/${name}/package.json`, "utf8")).version
    } catch {}
  }
  return "?"
}

const commit = (): string => {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim()
  } catch {
    return "unknown"
  }
}

export const report = (results: ReadonlyArray<Result>): string => `# What it costs

Written by \`npm run bench\`. The ratios are what lasts: all rows of a table come from the same run, in turns, and the
first row is 1. Times are medians of batches, with their quartiles.

- Machine: ${cpus().length} x ${cpus()[0]?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB
- Node ${process.version}, ${peers.map((name) => `${name} ${versionOf(name)}`).join(", ")}
- Commit ${commit()}, ${new Date().toISOString().slice(0, 10)}

## Promises

A floor is what the least that must be done takes by itself; where the limit is below it, no code can keep the promise.

| | at most | measured | floor | |
| --- | --- | --- | --- | --- |
${targets(results)
  .map((target) => {
    const { limit, value, what } = target
    const floor = hasFloor(target) ? figure(target.floor, limit) : ""
    return `| ${what} | ${limit} | ${figure(value, limit)} | ${floor} | ${value <= limit ? "kept" : "**missed**"} |`
  })
  .join("\n")}
${results
  .map(
    (result) => `
## ${result.shape.title}

${result.shape.about}

${cells(result)
  .map((row, i) => `| ${row.join(" | ")} |${i === 0 ? "\n| --- | --- | --- | --- |" : ""}`)
  .join("\n")}
`
  )
  .join("")}`
