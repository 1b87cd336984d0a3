/**
 * Tables of aligned columns.
 *
 * @internal
 */

/** @internal */
export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => string
  /** Numbers stand at the right. */
  readonly right?: boolean
  /** What is shortened where a line is too long. */
  readonly shrinks?: boolean
}

const gap = "  "

/** A line for the heads, and one for each row; none is longer than `width`, as far as what shrinks can be shortened. @internal */
export const table = <Row>(columns: ReadonlyArray<Column<Row>>, rows: ReadonlyArray<Row>, width: number): string => {
  const cells = [columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ cell }) => cell(row)))]
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => lengthOf(line[at] ?? ""))))
  let surplus = widths.reduce((sum, one) => sum + one + gap.length, 0) - width
  for (const [at, { shrinks }] of columns.entries()) {
    if (!shrinks || surplus <= 0) continue
    const shorter = Math.max(least, (widths[at] ?? 0) - surplus)
    surplus -= (widths[at] ?? 0) - shorter
    widths[at] = shorter
  }
  return cells
    .map((line) =>
      line
        .map((cell, at) => {
          const fitting = shortened(cell, widths[at] ?? 0)
          const space = " ".repeat(Math.max(0, (widths[at] ?? 0) - lengthOf(fitting)))
          return columns[at]?.right ? space + fitting : fitting + space
        })
        .join(gap)
        .trimEnd()
    )
    .map((line) => `${gap}${line}`)
    .join("\n")
}

/** A name is not shortened to less. */
const least = 12

const lengthOf = (text: string): number => Array.from(text).length

/** Names differ at their ends more often than in the middle. */
const shortened = (text: string, width: number): string => {
  const letters = Array.from(text)
  if (letters.length <= width) return text
  const end = (width - 1) >> 1
  return `${letters.slice(0, width - 1 - end).join("")}…${letters.slice(letters.length - end).join("")}`
}
