/** The results as text: for the terminal, and as the page that is kept. */
import type { Result, Results, Run } from "./record.js"
import type { Question } from "./shapes/shape.js"
import { table } from "./table.js"
import { type Target, targets } from "./targets.js"

export const amount = ({ unit }: Question, value: number): string =>
  unit === "bytes"
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

const figure = (value: number, limit: number): string =>
  Number.isNaN(value) ? "not measured" : value.toFixed(limit < 10 ? 3 : 0)

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

const judged = ({ limit, value }: Target): string => (Number.isNaN(value) ? "" : value <= limit ? "kept" : "**missed**")

const promises = ({ results }: Run): string =>
  table([
    ["", "at most", "measured", "floor", ""],
    ...targets(results).map((target) => {
      const { limit, value, what } = target
      const floor = hasFloor(target) ? figure(target.floor, limit) : ""
      return [what, String(limit), figure(value, limit), floor, judged(target)]
    })
  ])

const listed = ({ node, versions }: Run): string =>
  [`Node ${node}`, ...Object.entries(versions).map(([name, version]) => `${name} ${version}`)].join(", ")

const shapes = ({ results }: Run, heading: string): string =>
  results
    .map((result) => `${heading} ${result.shape.title}\n\n${result.shape.about}\n\n${table(cells(result))}`)
    .join("\n\n")

const onNode24 = (newest: Run | string): string =>
  typeof newest === "string"
    ? `It was not measured: ${newest}.`
    : `The shapes that the newest versions of cockatiel and opossum take part in, which demand a newer Node.

- ${listed(newest)}

${shapes(newest, "###")}`

export const page = ({ commit, date, machine, newest, run }: Results): string => `# What it costs

Written by \`npm run bench\`. The ratios are what lasts: all rows of a table come from the same process, in turns, and the
first row is 1. Times are medians of batches, with their quartiles.

- Machine: ${machine}
- ${listed(run)}
- Commit ${commit}, ${date}

## Promises

A floor is what the least that must be done takes by itself; where the limit is below it, no code can keep the promise.

${promises(run)}

${shapes(run, "##")}

## On Node 24

${onNode24(newest)}
`
