// An application whose calls are seen by Prometheus (http://localhost:9464/metrics) and by an OTLP collector
// (http://localhost:4318): `npx tsx examples/observed/main.ts`.
import { createServer } from "node:http"
import * as Otlp from "@effect/opentelemetry/Otlp"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, Schedule } from "effect"
import { LlmCall, Resilience, ResilienceEvent, Telemetry } from "effect-resilience"
import * as PrometheusMetrics from "effect-resilience/prometheus/PrometheusMetrics"

const Prometheus = HttpLayerRouter.serve(PrometheusMetrics.layerHttp()).pipe(
  Layer.provide(NodeHttpServer.layer(createServer, { port: 9464 }))
)

const Collector = Otlp.layerJson({ baseUrl: "http://localhost:4318", resource: { serviceName: "observed" } }).pipe(
  Layer.provide(FetchHttpClient.layer)
)

const Policies = Layer.mergeAll(Resilience.layer(), Telemetry.layerLogger(), Telemetry.layerMetrics()).pipe(
  Layer.provide(ResilienceEvent.layer())
)

const answer = LlmCall.tryPromise({ try: async () => ({ model: "large", text: "42" }) }).pipe(
  Resilience.protect("acme/large"),
  Effect.withSpan("answer")
)

const program = Effect.repeat(answer, Schedule.spaced("1 second"))

NodeRuntime.runMain(program.pipe(Effect.provide(Layer.mergeAll(Prometheus, Collector, Policies))))
