import * as Otlp from "@effect/opentelemetry/Otlp"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Logger, TestContext } from "effect"
import { ResilienceEvent, Telemetry } from "effect-resilience"
import * as PrometheusMetrics from "effect-resilience/prometheus/PrometheusMetrics"
import { secret } from "./events.js"
import { type Attributes, collector } from "./otlp.js"
import { expected, layer, scriptedRun } from "./scriptedRun.js"

/** The run in virtual time, with everything that tells of it, in a span. */
const observed = (run: string) =>
  scriptedRun(run).pipe(
    Effect.withSpan("scripted run"),
    Effect.provide(
      Layer.mergeAll(
        layer(run),
        Telemetry.layerLogger(),
        Telemetry.layerMetrics({ prices: { [`${run}/broken`]: { input: 1_000_000, output: 2_000_000 } } })
      ).pipe(Layer.provide(ResilienceEvent.layer({ capacity: 10_000 })))
    )
  )

const nameOf = ({ target, outcome }: Attributes): string => `${String(target).replace(/^\w+\//, "")} ${outcome}`

// A name of its own for each try: metrics go on counting. The exporter works in real time, on a machine that has other tests.
let runs = 0

describe("O3: a scripted run, in which everything happens, is found whole", () => {
  it.live(
    "by an OTLP collector: its metrics, spans and logs",
    () =>
      Effect.gen(function* () {
        const otlp = yield* collector
        const run = `otlp${runs++}`
        const inVirtualTime = observed(run).pipe(Effect.provide(TestContext.TestContext))
        yield* inVirtualTime.pipe(
          Effect.provide(
            Otlp.layerJson({
              baseUrl: otlp.url,
              resource: { serviceName: "scripted" },
              replaceLogger: Logger.defaultLogger
            }).pipe(Layer.provide(FetchHttpClient.layer))
          )
        )
        const of = (metric: string) =>
          otlp.points(metric).filter(({ attributes }) => String(attributes.target ?? "").startsWith(`${run}/`))
        const counts = (metric: string) =>
          Object.fromEntries(of(metric).map(({ attributes, value }) => [nameOf(attributes), value]))
        const attempts = Object.entries(expected.attempts)
        expect(counts("llm_attempts_total")).toEqual(
          Object.fromEntries(attempts.map(([name, { count }]) => [name, count]))
        )
        expect(counts("llm_attempt_duration_seconds")).toEqual(
          Object.fromEntries(attempts.map(([name, { seconds }]) => [name, seconds]))
        )
        expect(counts("llm_calls_total")).toEqual(expected.calls)
        expect(counts("llm_retries_total")).toEqual(expected.retries)
        expect(counts("llm_fallbacks_total")).toEqual(expected.fallbacks)
        expect(counts("llm_hedges_total")).toEqual(expected.hedges)
        expect(of("llm_time_to_first_token_seconds").map(({ count, value }) => [count, value])).toEqual([
          [1, 2],
          [1, 2]
        ])
        const genAi = otlp
          .points("gen_ai.client.operation.duration")
          .filter(
            ({ attributes }) =>
              attributes["gen_ai.request.model"] === "retries" && attributes["gen_ai.provider.name"] === run
          )
        expect(genAi).toMatchObject([
          { attributes: { "gen_ai.request.model": "retries", "error.type": "ServerError" }, count: 2, value: 1 },
          { attributes: { "gen_ai.response.model": "large-2025-01", "gen_ai.operation.name": "chat" }, count: 1 }
        ])
        expect(otlp.unit("gen_ai.client.operation.duration")).toBe("s")

        const spans = otlp.spans()
        const around = spans.find(({ name }) => name === "scripted run")
        const sent = spans.filter(({ name }) => name === "llm.attempt")
        expect(sent).toHaveLength(expected.events.AttemptStarted)
        const spent: Record<string, { count: number; seconds: number }> = {}
        for (const { attributes, millis, parentSpanId } of sent) {
          expect(parentSpanId).toBe(around?.spanId)
          const name = nameOf({ target: attributes["llm.target"], outcome: attributes["error.type"] ?? "success" })
          const { count, seconds } = spent[name] ?? { count: 0, seconds: 0 }
          spent[name] = { count: count + 1, seconds: seconds + millis / 1000 }
          expect(attributes["gen_ai.provider.name"]).toBe(run)
          if (attributes["error.type"] === undefined) {
            expect(attributes).toMatchObject({
              "gen_ai.response.model": "large-2025-01",
              "gen_ai.usage.input_tokens": 100,
              "gen_ai.usage.output_tokens": 20
            })
          }
        }
        expect(spent).toEqual(expected.attempts)
        expect(around?.events.map(({ name }) => name).sort()).toEqual(
          [
            ...Array(expected.events.RetryScheduled).fill("llm.wait"),
            "llm.parked",
            "llm.hedge",
            "llm.hedge_won",
            "llm.fallback",
            "llm.queued"
          ].sort()
        )
        expect(around?.events.find(({ name }) => name === "llm.wait")?.attributes).toEqual({
          "llm.target": `${run}/retries`,
          "llm.attempt": 2,
          "llm.wait_ms": 1_000,
          "error.type": "ServerError"
        })

        const logs = otlp.logs().filter(({ attributes }) => attributes["llm.event"] !== undefined)
        const lines = (event: string) => logs.filter(({ attributes }) => attributes["llm.event"] === event)
        // Of a kind that comes again within the interval there is one line, and then one with how many more there were.
        const told = (event: string) =>
          lines(event).reduce((sum, { attributes }) => sum + Number(attributes["llm.more"] ?? 1), 0)
        for (const event of [
          "RetryScheduled",
          "TargetParked",
          "FallbackTaken",
          "HedgeStarted",
          "CircuitChanged"
        ] as const) {
          expect(told(event), event).toBe(expected.events[event])
        }
        expect(told("CallFailed")).toBe(expected.events.CallFailed)
        expect(otlp.bodies.join()).not.toContain(secret)
      }).pipe(Effect.scoped),
    { retry: 2 }
  )

  it.effect("in Prometheus' text: tokens, waste, and what is not known", () =>
    Effect.gen(function* () {
      yield* Effect.provide(observed("prom"), Logger.remove(Logger.defaultLogger))
      const text = yield* PrometheusMetrics.format()
      const value = (series: string) =>
        Number(
          text
            .split("\n")
            .find((line) => line.startsWith(`${series} `))
            ?.split(" ")
            .at(-1)
        )
      const labelled = (name: string, labels: Readonly<Record<string, string>>) =>
        `${name}{${Object.entries(labels)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([label, value]) => `${label}="${value}"`)
          .join(",")}}`
      for (const [name, { count, seconds }] of Object.entries(expected.attempts)) {
        const [target, outcome] = name.split(" ") as [string, string]
        const labels = { outcome, target: `prom/${target}` }
        expect(value(labelled("llm_attempts_total", labels)), name).toBe(count)
        expect(value(labelled("llm_attempt_duration_seconds_sum", labels)), name).toBe(seconds)
      }
      for (const [target, { count, seconds }] of Object.entries(expected.retryWaits)) {
        expect(value(labelled("llm_retry_wait_seconds_count", { target: `prom/${target}` }))).toBe(count)
        expect(value(labelled("llm_retry_wait_seconds_sum", { target: `prom/${target}` }))).toBe(seconds)
      }
      for (const [outcome, count] of Object.entries(expected.cache)) {
        expect(value(labelled("llm_cache_total", { outcome, target: "prom" }))).toBe(count)
      }
      const tokens = (name: string, target: string, kind: string) =>
        value(labelled(name, { kind, target: `prom/${target}` }))
      const { answer, cutOff } = expected.tokens
      expect(tokens("llm_tokens_total", "queue", "input")).toBe(2 * answer.inputTokens)
      expect(tokens("llm_tokens_total", "queue", "cached_input")).toBe(2 * answer.cachedInputTokens)
      expect(tokens("llm_wasted_tokens_total", "queue", "input")).toBeNaN()
      for (const target of ["broken", "left"]) {
        expect(tokens("llm_tokens_total", target, "input")).toBe(cutOff.inputTokens)
        expect(tokens("llm_wasted_tokens_total", target, "output")).toBe(cutOff.outputTokens)
      }
      expect(value('llm_cost_total{target="prom/broken"}')).toBe(50 + 4)
      expect(value('llm_wasted_cost_total{target="prom/broken"}')).toBe(50 + 4)
      // The hedge that lost, and the streams that were cut off: what they cost is at least what is counted.
      const unknown = (name: string, outcome: string) =>
        value(labelled("llm_usage_unknown_total", { outcome, target: `prom/${name}` }))
      expect(unknown("slow", "interrupted")).toBe(1)
      expect(unknown("left", "interrupted")).toBe(1)
      expect(unknown("broken", "StreamInterrupted")).toBe(1)
      expect(unknown("retries", "ServerError")).toBeNaN()
      expect(value('llm_circuit_breaker_state{model="prom/circuit"}')).toBe(0)
      expect(value('llm_circuit_breaker_failures_total{model="prom/circuit"}')).toBe(1)
      expect(value('llm_queue_wait_seconds_sum{gate="bulkhead",target="prom/queue"}')).toBe(1)
      expect(value('llm_time_to_first_token_seconds_sum{target="prom/left"}')).toBe(2)
    })
  )
})
