// The tables of metrics in docs/telemetry.md are written from the table they are made from: `npm run docs:metrics`.
import { fileURLToPath } from "node:url"
import { writeSection } from "../bench/section.js"
import { type MetricRow, metricTable } from "../src/internal/telemetry/metricTable.js"

const row = ({ labels, meaning, name, type, unit, whose }: MetricRow): string => {
  const list = labels.map((label) => `\`${label}\``).join(", ")
  return `| \`${name}\` | ${type} | ${unit ?? ""} | ${list} | ${meaning} | ${whose} |`
}

const tableOf = (rows: ReadonlyArray<MetricRow>): string =>
  [
    "| name | kind | unit | labels | what it counts | whose name |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map(row)
  ].join("\n")

const rows: ReadonlyArray<MetricRow> = Object.values(metricTable)

/** Those that nobody has to ask for, and those that are read from the answers. */
export const tables = {
  metrics: tableOf(rows.filter((row) => row.from !== "answers")),
  "metrics of answers": tableOf(rows.filter((row) => row.from === "answers"))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [section, table] of Object.entries(tables)) writeSection("docs/telemetry.md", section, table)
}
