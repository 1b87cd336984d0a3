import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { rows } from "../../.ci/dashboard/panels.js"
import { dashboard, file, unshown } from "../../.ci/dashboard/write.js"
import { metricTable } from "../../src/internal/telemetry/metricTable.js"

describe("the dashboard for Grafana", () => {
  it("is the one that the table of metrics makes; `npm run docs:dashboard` writes it", () => {
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(JSON.stringify(dashboard())))
  })

  it("shows every metric but those named here", () => {
    expect([...unshown()].sort()).toEqual([
      "clientRetries",
      "faultsInjected",
      "observedDecisions",
      "operationLogRows",
      "sharedStateJoined",
      "storeFailures",
      "streamIncidents"
    ])
  })

  it("asks for no label that its metric does not have", () => {
    const labels = new Set(["le", ...Object.values(metricTable).flatMap((row) => row.labels)])
    for (const { queries } of rows.flatMap(({ panels }) => panels)) {
      for (const { expr, legend } of queries) {
        const asked = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => (list ?? "").split(/, ?/))
        const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? "")
        for (const label of [...asked, ...named]) {
          expect([...labels].map((known) => known.replaceAll(".", "_"))).toContain(label)
        }
        // What a series is called by is what is left of it.
        if (asked.length > 0) for (const label of named) expect(asked).toContain(label)
      }
    }
  })

  it("has rows that fill the width", () => {
    for (const { panels, title } of rows) {
      expect(panels.reduce((sum, { width }) => sum + width, 0) % 24, title).toBe(0)
    }
  })
})
