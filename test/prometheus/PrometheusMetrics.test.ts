import { createServer } from "node:http"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, Effect, FastCheck, Layer, Metric, MetricBoundaries, Schema, TestContext } from "effect"
import { ResilienceEvent, Telemetry } from "effect-resilience"
import * as PrometheusMetrics from "effect-resilience/prometheus/PrometheusMetrics"
import { driveEveryEvent } from "../everyEvent.js"
import { checkMetrics, hasPromtool } from "./promtool.js"

const linesOf = (text: string, name: string): ReadonlyArray<string> =>
  text.split("\n").filter((line) => line.includes(name))

const formatted = (name: string) => Effect.map(PrometheusMetrics.format(), (text) => linesOf(text, name))

describe("a metric as Prometheus reads it", () => {
  it.effect("a counter ends in _total, and one that may go down is a gauge", () =>
    Effect.gen(function* () {
      yield* Metric.increment(Metric.counter("prom_up", { incremental: true, description: "Goes up" }))
      yield* Metric.incrementBy(Metric.counter("prom_both"), -2)
      yield* Metric.increment(Metric.counter("prom_big_total", { bigint: true, incremental: true }))
      expect(yield* formatted("prom_up")).toEqual([
        "# HELP prom_up_total Goes up",
        "# TYPE prom_up_total counter",
        "prom_up_total 1"
      ])
      expect((yield* formatted("prom_both")).slice(1)).toEqual(["# TYPE prom_both gauge", "prom_both -2"])
      expect((yield* formatted("prom_big")).slice(1)).toEqual(["# TYPE prom_big_total counter", "prom_big_total 1"])
    })
  )

  it.effect("a histogram has cumulative buckets up to infinity, a sum and a count", () =>
    Effect.gen(function* () {
      const histogram = Metric.histogram("prom_times", MetricBoundaries.fromIterable([1, 5]), "Times")
      for (const value of [0.5, 3, 4, 100]) yield* Metric.update(Metric.tagged(histogram, "unit", "s"), value)
      expect((yield* formatted("prom_times")).slice(1)).toEqual([
        "# TYPE prom_times_seconds histogram",
        'prom_times_seconds_bucket{le="1"} 1',
        'prom_times_seconds_bucket{le="5"} 3',
        'prom_times_seconds_bucket{le="+Inf"} 4',
        "prom_times_seconds_sum 107.5",
        "prom_times_seconds_count 4"
      ])
    })
  )

  it.effect("a frequency is counted by key, and a summary has its quantiles", () =>
    Effect.gen(function* () {
      yield* Metric.update(Metric.frequency("prom_words"), "a")
      const options = { name: "prom_sum", maxAge: "1 day", maxSize: 10, error: 0, quantiles: [0.5] } as const
      yield* Metric.update(Metric.summary(options), 3)
      expect((yield* formatted("prom_words")).slice(1)).toEqual([
        "# TYPE prom_words_total counter",
        'prom_words_total{key="a"} 1'
      ])
      expect((yield* formatted("prom_sum")).slice(1)).toEqual([
        "# TYPE prom_sum summary",
        'prom_sum{quantile="0.5"} 3',
        "prom_sum_sum 3",
        "prom_sum_count 1"
      ])
    })
  )

  it.effect("one name of two types, one series twice, and labels that become one, are no scrape that is refused", () =>
    Effect.gen(function* () {
      yield* Metric.increment(Metric.counter("prom_odd_total", { incremental: true, description: "one" }))
      yield* Metric.increment(Metric.counter("prom_odd_total", { incremental: true, description: "other" }))
      yield* Metric.set(Metric.gauge("prom_odd_total"), 7)
      const dots = Metric.tagged(Metric.counter("prom.dots", { incremental: true }), "a.b", "1")
      yield* Metric.update(Metric.tagged(dots, "a-b", "2"), 1)
      const lines = yield* formatted("prom_odd")
      expect(lines.filter((line) => !line.startsWith("#"))).toEqual(["prom_odd_total 2", "prom_odd_total_gauge 7"])
      expect((yield* formatted("prom_dots")).slice(2)).toEqual(['prom_dots_total{a_b="2;1"} 1'])
    })
  )

  it.effect("a prefix, if one is wanted", () =>
    Effect.gen(function* () {
      yield* Metric.set(Metric.gauge("prom_gauge"), Number.POSITIVE_INFINITY)
      expect(linesOf(yield* PrometheusMetrics.format({ prefix: "my_" }), "prom_gauge").slice(2)).toEqual([
        "my_prom_gauge +Inf"
      ])
    })
  )

  it.skipIf(!hasPromtool)("whatever names, labels and texts are, promtool can read them", () => {
    const some = FastCheck.record({
      name: Arbitrary.make(Schema.NonEmptyString),
      label: Arbitrary.make(Schema.String),
      value: FastCheck.oneof(FastCheck.string({ unit: "binary" }), FastCheck.constant('a"b\\c\nd')),
      help: FastCheck.string({ unit: "binary" }),
      amount: FastCheck.double({ min: 0, noNaN: true })
    })
    for (const { amount, help, label, name, value } of FastCheck.sample(some, { numRuns: 200, seed: 7 })) {
      const counter = Metric.counter(`prom odd ${name}`, { description: help, incremental: true })
      Effect.runSync(Metric.incrementBy(Metric.tagged(counter, label, value), amount))
    }
    const wrong = checkMetrics(Effect.runSync(PrometheusMetrics.format()))
    // It may not like a name, but it can read all of it.
    expect(wrong).not.toMatch(/error while linting/)
  })
})

describe("what the policies count", () => {
  const served = HttpLayerRouter.serve(PrometheusMetrics.layerHttp(), { disableLogger: true }).pipe(
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }))
  )

  it.live("is served at /metrics, and promtool finds nothing wrong with it", () =>
    Effect.gen(function* () {
      yield* driveEveryEvent("served").pipe(
        Effect.provide(Telemetry.layerMetrics({ prices: { "served/broken": { input: 1, output: 2 } } })),
        Effect.provide(ResilienceEvent.layer()),
        Effect.provide(TestContext.TestContext)
      )
      const { address } = yield* HttpServer.HttpServer
      const { port } = address as { readonly port: number }
      const { body, type } = yield* Effect.promise(async () => {
        const response = await fetch(`http://127.0.0.1:${port}/metrics`)
        return { type: response.headers.get("content-type"), body: await response.text() }
      })
      expect(type).toBe("text/plain; version=0.0.4; charset=utf-8")
      expect(body).toContain('llm_attempts_total{outcome="ServerError",target="served/retries"} 2\n')
      const ours = body
        .split(/(?=^# HELP )/m)
        .filter((family) => /^# HELP (llm|gen_ai|effect)_/.test(family))
        .join("")
      if (hasPromtool) expect(checkMetrics(ours)).toBe("")
    }).pipe(Effect.provide(served))
  )
})
