/** A table as the formatter would write it; the columns to the right of the first `left` are aligned to the right. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>, left = 1): string => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(3, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`
  const padded = rows.map((row) =>
    line(widths.map((width, i) => (i < left ? (row[i] ?? "").padEnd(width) : (row[i] ?? "").padStart(width))))
  )
  const rule = line(widths.map((width, i) => (i < left ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)))
  return [padded[0], rule, ...padded.slice(1)].join("\n")
}
