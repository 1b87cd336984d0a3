// Every query of the dashboard, asked of a real Prometheus that has scraped a run: `npm run check:dashboard`.
// With `--picture` the run is longer, and docs/grafana/dashboard.svg is drawn of what the queries give.
import { writeFileSync } from "node:fs"
import { createServer } from "node:http"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer, TestContext } from "effect"
import * as PrometheusMetrics from "effect-resilience/prometheus/PrometheusMetrics"
import { expected, layer, scriptedRun } from "../../test/scriptedRun.js"
import { panels, prometheusName } from "./panels.js"
import { picture, type Shown } from "./picture.js"
import * as Prometheus from "./prometheus.js"
import { policies, workload } from "./workload.js"

if (!Prometheus.isInstalled()) {
  console.error("There is no prometheus here (apt-get install prometheus)")
  process.exit(2)
}

const drawing = process.argv.includes("--picture")

const seconds = drawing ? 60 : 24

const served = HttpLayerRouter.serve(PrometheusMetrics.layerHttp(), {
  disableLogger: true,
  disableListenLog: true
}).pipe(Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })))

/** As Grafana asks, for all targets. */
const asked = (expr: string): string => expr.replaceAll("$__rate_interval", "5s").replaceAll("$target", ".*")

/** What the scripted run has to have come to, in the words of Prometheus. */
const numbers = (): ReadonlyArray<readonly [query: string, value: number]> => {
  const of = (name: string): string => {
    const [target, outcome] = name.split(" ")
    return `{target="scripted/${target}",outcome="${outcome}"}`
  }
  return [
    ...Object.entries(expected.attempts).flatMap(([name, { count, seconds }]) => [
      [`${prometheusName("attempts")}${of(name)}`, count] as const,
      [`${prometheusName("attemptDuration")}_sum${of(name)}`, seconds] as const
    ]),
    ...Object.entries(expected.calls).map(([name, count]) => [`${prometheusName("calls")}${of(name)}`, count] as const),
    ...Object.entries(expected.retries).map(([name, n]) => [`${prometheusName("retries")}${of(name)}`, n] as const),
    ...Object.entries(expected.fallbacks).map(([name, n]) => [`${prometheusName("fallbacks")}${of(name)}`, n] as const),
    ...Object.entries(expected.hedges).map(([name, n]) => [`${prometheusName("hedges")}${of(name)}`, n] as const),
    ...Object.entries(expected.cache).map(
      ([outcome, n]) => [`${prometheusName("cache")}{target="scripted",outcome="${outcome}"}`, n] as const
    ),
    ...Object.entries(expected.openings).map(
      ([name, n]) => [`${prometheusName("circuitOpenings")}{model="scripted/${name}"}`, n] as const
    )
  ]
}

/** In a runtime of its own, whose time is virtual. */
const scripted = scriptedRun("scripted").pipe(
  Effect.provide(layer("scripted")),
  Effect.provide(TestContext.TestContext)
)

const program = Effect.gen(function* () {
  const { address } = yield* HttpServer.HttpServer
  const prometheus = yield* Effect.acquireRelease(
    Effect.promise(() => Prometheus.start((address as { readonly port: number }).port)),
    ({ stop }) => Effect.sync(stop)
  )
  yield* Effect.promise(() => Effect.runPromise(scripted))
  const from = new Date()
  yield* workload(seconds)
  // The last scrape is to have all of it.
  yield* Effect.sleep("1500 millis")
  const to = new Date()

  const wrong: Array<string> = []
  const numbersRight = numbers().map(([query, value]) =>
    Effect.map(
      Effect.promise(() => prometheus.instant(query)),
      (series) => {
        const found = series.map(({ values }) => Number(values[0]?.[1]))
        if (found.length === 1 && found[0] === value) return
        wrong.push(`${query} is ${found.join(", ") || "nothing"}, not ${value}`)
      }
    )
  )
  const shown: Array<Shown> = panels.map((panel) => ({ panel, lines: [] }))
  const panelsShow = panels.flatMap(({ queries, title }, index) =>
    queries.map(({ expr, legend }) =>
      Effect.map(
        Effect.promise(() => prometheus.range(asked(expr), from, to)),
        (series) => {
          const { lines, panel } = shown[index] as Shown
          const named = series
            .filter(({ metric }) => !Object.values(metric).some((value) => value.startsWith("scripted")))
            .map(({ metric, values }) => ({
              name: legend.replace(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? ""),
              values
            }))
          shown[index] = { panel, lines: [...lines, ...named] }
          const isShown = series.some(({ values }) => values.some(([, value]) => Number(value) > 0))
          if (!isShown) wrong.push(`"${title}" shows nothing: ${expr}`)
        }
      )
    )
  )
  yield* Effect.all([...numbersRight, ...panelsShow], { concurrency: 4, discard: true })
  const [start, end] = [from.getTime() / 1000, to.getTime() / 1000]
  if (drawing) writeFileSync("docs/grafana/dashboard.svg", picture(shown, start, end))
  for (const one of wrong) console.error(one)
  console.log(`${numbersRight.length} numbers and ${panelsShow.length} queries asked, ${wrong.length} wrong`)
  return wrong.length
}).pipe(Effect.scoped, Effect.provide(policies), Effect.provide(served))

process.exit((await Effect.runPromise(program)) === 0 ? 0 : 1)
