// An application whose calls are seen by Prometheus (http://localhost:9464/metrics, or the port METRICS_PORT) and by an OTLP
// collector (http://localhost:4318, or OTEL_EXPORTER_OTLP_ENDPOINT): `npx tsx examples/observed/main.ts`.
import { createServer } from "node:http"
import * as Otlp from "@effect/opentelemetry/Otlp"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Config, Effect, Layer, Schedule } from "effect"
import { LlmCall, LlmError, Resilience, ResilienceEvent, Telemetry } from "effect-resilience"
import * as PrometheusMetrics from "effect-resilience/prometheus/PrometheusMetrics"

const port = Config.withDefault(Config.integer("METRICS_PORT"), 9464)
const endpoint = Config.withDefault(Config.string("OTEL_EXPORTER_OTLP_ENDPOINT"), "http://localhost:4318")

const Prometheus = HttpLayerRouter.serve(PrometheusMetrics.layerHttp()).pipe(
  Layer.provide(NodeHttpServer.layerConfig(createServer, { port }))
)

const Collector = Effect.map(endpoint, (baseUrl) =>
  Otlp.layerJson({ baseUrl, resource: { serviceName: "observed" } })
).pipe(Layer.unwrapEffect, Layer.provide(FetchHttpClient.layer))

const Policies = Layer.mergeAll(Resilience.layer(), Telemetry.layerLogger(), Telemetry.layerMetrics()).pipe(
  Layer.provide(ResilienceEvent.layer())
)

// A model that is busy every third time.
let asked = 0
const ask = async () => {
  if (asked++ % 3 === 0) throw new LlmError.Overloaded({ message: "The model is busy", status: 529 })
  return { model: "large", text: "42" }
}

const answer = LlmCall.tryPromise({ try: ask }).pipe(Resilience.protect("acme/large"), Effect.withSpan("answer"))

const program = Effect.repeat(answer, Schedule.spaced("1 second"))

// The collector's logger, below, takes the lines of whatever stands above it.
NodeRuntime.runMain(program.pipe(Effect.provide(Layer.provideMerge(Layer.merge(Prometheus, Policies), Collector))))
