// Writes the dashboard for Grafana, from the same table as the metrics: `npm run docs:dashboard`.
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type MetricName, metricTable } from "../../src/internal/telemetry/metricTable.js"
import { type Panel, prometheusName, rows } from "./panels.js"

export const file = "docs/grafana/dashboard.json"

const datasource = { type: "prometheus", uid: "$datasource" }

const height = 7

const types: Readonly<Record<Panel["kind"], string>> = {
  timeseries: "timeseries",
  bars: "timeseries",
  state: "state-timeline",
  stat: "stat"
}

const states = [
  { type: "value", options: { 0: { text: "closed", color: "green", index: 0 } } },
  { type: "value", options: { 1: { text: "open", color: "red", index: 1 } } },
  { type: "value", options: { 2: { text: "half-open", color: "yellow", index: 2 } } }
]

const panelOf = (panel: Panel, id: number, gridPos: object): object => ({
  id,
  type: types[panel.kind],
  title: panel.title,
  description: panel.about,
  datasource,
  gridPos,
  fieldConfig: {
    defaults: {
      unit: panel.unit,
      min: 0,
      ...(panel.kind === "state" && { mappings: states }),
      custom: panel.kind === "bars" ? { drawStyle: "bars", fillOpacity: 60 } : { lineWidth: 1, fillOpacity: 10 }
    },
    overrides: []
  },
  options: panel.kind === "state" ? { showValue: "never" } : { legend: { displayMode: "list", placement: "bottom" } },
  targets: panel.queries.map(({ expr, legend }, index) => ({
    refId: String.fromCharCode(65 + index),
    datasource,
    expr,
    legendFormat: legend
  }))
})

const laidOut = (): ReadonlyArray<object> => {
  const all: Array<object> = []
  let [id, y] = [1, 0]
  for (const row of rows) {
    all.push({
      id: id++,
      type: "row",
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: 24, h: 1 }
    })
    y++
    let x = 0
    for (const panel of row.panels) {
      if (x + panel.width > 24) [x, y] = [0, y + height]
      all.push(panelOf(panel, id++, { x, y, w: panel.width, h: height }))
      x += panel.width
    }
    y += height
  }
  return all
}

/** As Grafana exports and imports one. */
export const dashboard = (): object => ({
  uid: "effect-resilience",
  title: "LLM calls (effect-resilience)",
  tags: ["llm", "effect-resilience"],
  schemaVersion: 39,
  timezone: "browser",
  refresh: "30s",
  time: { from: "now-1h", to: "now" },
  templating: {
    list: [
      { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" },
      {
        name: "target",
        label: "Target",
        type: "query",
        datasource,
        query: { query: `label_values(${prometheusName("calls")}, target)`, refId: "targets" },
        includeAll: true,
        allValue: ".*",
        multi: true,
        current: { text: "All", value: "$__all" },
        refresh: 2
      }
    ]
  },
  panels: laidOut()
})

/** The metrics that no panel shows. */
export const unshown = (): ReadonlyArray<string> => {
  const text = JSON.stringify(dashboard())
  return (Object.keys(metricTable) as ReadonlyArray<MetricName>).filter(
    (metric) => !new RegExp(`\\b${prometheusName(metric)}(_bucket)?\\b`).test(text)
  )
}

export const text = (): string => `${JSON.stringify(dashboard(), undefined, 2)}\n`

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, text())
