/** The dashboard as a picture, drawn of what its queries gave: each panel's lines over the time of the run. */
import type { Panel } from "./panels.js"
import type { Series } from "./prometheus.js"

export interface Shown {
  readonly panel: Panel
  readonly lines: ReadonlyArray<{ readonly name: string; readonly values: Series["values"] }>
}

const [columns, unit, height, gap] = [24, 52, 190, 8] as const

const colours = ["#3b78e7", "#d95f02", "#1b9e77", "#c2185b", "#7570b3", "#a6761d", "#e6ab02", "#4d4d4d"]

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")

const numeral = (value: number): string => String(Number(value.toPrecision(2)))

const labelled = (value: number, of: Panel["unit"]): string => {
  if (of === "percentunit") return `${numeral(value * 100)} %`
  return of === "s" ? `${numeral(value)} s` : of === "ops" ? `${numeral(value)} /s` : numeral(value)
}

const drawn = ({ lines, panel }: Shown, left: number, top: number, from: number, to: number): string => {
  const width = panel.width * unit - gap
  const [x0, y0, w, h] = [left + 48, top + 28, width - 58, height - 74]
  const all = lines.flatMap(({ values }) => values.map(([, value]) => Number(value))).filter(Number.isFinite)
  const most = Math.max(...all, 0) || 1
  const x = (at: number): string => (x0 + ((at - from) / (to - from)) * w).toFixed(1)
  const y = (value: number): string => (y0 + h - (value / most) * h).toFixed(1)
  const text = (at: readonly [number, number], words: string, more = ""): string =>
    `<text x="${at[0]}" y="${at[1]}" ${more}>${escaped(words)}</text>`
  const grid = [0, 0.5, 1].map(
    (part) =>
      `<line x1="${x0}" x2="${x0 + w}" y1="${y(most * part)}" y2="${y(most * part)}" stroke="#ddd"/>${text(
        [x0 - 5, Number(y(most * part)) + 3],
        labelled(most * part, panel.unit),
        'text-anchor="end" fill="#666"'
      )}`
  )
  const shown = lines.slice(0, colours.length)
  const paths = shown.map(({ values }, index) => {
    const points = values.filter(([, value]) => Number.isFinite(Number(value)))
    return `<polyline fill="none" stroke-width="1.5" stroke="${colours[index]}" points="${points
      .map(([at, value]) => `${x(at)},${y(Number(value))}`)
      .join(" ")}"/>`
  })
  let [lx, ly] = [left + 8, top + height - 32]
  const legend = shown.map(({ name }, index) => {
    const wide = name.length * 5.6 + 18
    if (lx + wide > left + width) [lx, ly] = [left + 8, ly + 12]
    const here = `<rect x="${lx}" y="${ly - 7}" width="8" height="8" fill="${colours[index]}"/>${text([lx + 11, ly], name)}`
    lx += wide
    return here
  })
  const frame = `<rect x="${left}" y="${top}" width="${width}" height="${height - gap}" rx="3" fill="#fff" stroke="#ccc"/>`
  const title = text([left + 8, top + 17], panel.title, 'font-size="12" font-weight="bold"')
  return [frame, title, ...grid, ...paths, ...legend].join("\n")
}

/** Panels in rows of 24 columns, as the dashboard has them. */
export const picture = (all: ReadonlyArray<Shown>, from: number, to: number): string => {
  let [column, row] = [0, 0]
  const parts = all.map((shown) => {
    if (column + shown.panel.width > columns) [column, row] = [0, row + 1]
    const part = drawn(shown, gap + column * unit, gap + row * height, from, to)
    column += shown.panel.width
    return part
  })
  const [width, tall] = [columns * unit + gap, (row + 1) * height + gap]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${tall}" font-family="sans-serif" font-size="10">
<title>The panels of the dashboard over a minute of calls</title>
<rect width="${width}" height="${tall}" fill="#f4f5f5"/>
${parts.join("\n")}
</svg>
`
}
