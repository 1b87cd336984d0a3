/**
 * Effect's metrics, those of the policies among them, in the text format of Prometheus, and the route that serves them.
 *
 * Effect 3.22 has no exporter of its own for it; Effect 4 has this module under the same name, so that moving on is a
 * change of imports. It reads what is in Effect's registry when it is asked, and costs nothing besides.
 *
 * @since 0.1.0
 */
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { familiesOf, type Labels } from "./internal/families.js"

/**
 * Options of `format`.
 *
 * @since 0.1.0
 * @category Models
 */
export interface FormatOptions {
  /** What every name begins with. Default: nothing. */
  readonly prefix?: string | undefined
}

/**
 * Options of `layerHttp`.
 *
 * @since 0.1.0
 * @category Models
 */
export interface HttpOptions extends FormatOptions {
  /** Where they are served. Default `/metrics`. */
  readonly path?: `/${string}` | undefined
}

/**
 * All metrics of the process, as Prometheus reads them: version 0.0.4 of its text format.
 *
 * Names are written as OpenTelemetry's own exporters write them: a dot is an underscore, a unit (the label `unit` of a
 * metric) and the `_total` of a counter stand at the end. A counter that may go down is a gauge. Names of two types, and
 * series that would be there twice, are kept apart or added, so that a scrape is never refused for one odd metric.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import * as PrometheusMetrics from "effect-resilience/prometheus/PrometheusMetrics"
 *
 * // llm_attempts_total{outcome="success",target="openai/gpt-5"} 12
 * export const program = Effect.flatMap(PrometheusMetrics.format(), Effect.log)
 * ```
 *
 * @since 0.1.0
 * @category Formatting
 */
export const format = ({ prefix = "" }: FormatOptions = {}): Effect.Effect<string> =>
  Effect.map(Metric.snapshot, (pairs) =>
    familiesOf(pairs, prefix)
      .map(
        ({ help, name, samples, type }) =>
          `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${samples
            .map(({ labels, suffix, value }) => `${name}${suffix}${written(labels)} ${numeral(value)}\n`)
            .join("")}`
      )
      .join("")
  )

/**
 * Answers a scrape, for a router of any kind.
 *
 * @since 0.1.0
 * @category Serving
 */
export const response = (options?: FormatOptions): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.map(format(options), (text) => HttpServerResponse.text(text, { contentType }))

/**
 * Serves `/metrics` for Prometheus to scrape.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http"
 * import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
 * import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
 * import { Layer } from "effect"
 * import * as PrometheusMetrics from "effect-resilience/prometheus/PrometheusMetrics"
 *
 * // http://localhost:9464/metrics
 * export const Metrics = HttpLayerRouter.serve(PrometheusMetrics.layerHttp()).pipe(
 *   Layer.provide(NodeHttpServer.layer(createServer, { port: 9464 }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category Serving
 */
export const layerHttp = ({
  path = "/metrics",
  ...options
}: HttpOptions = {}): Layer.Layer<never, never, HttpLayerRouter.HttpRouter> =>
  HttpLayerRouter.add("GET", path, response(options))

const contentType = "text/plain; version=0.0.4; charset=utf-8"

const escaped = (text: string): string => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")

const written = (labels: Labels): string =>
  labels.length === 0
    ? ""
    : `{${labels.map(([name, value]) => `${name}="${escaped(value).replace(/"/g, '\\"')}"`).join(",")}}`

const numeral = (value: number | bigint): string => {
  if (value === Number.POSITIVE_INFINITY) return "+Inf"
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value)
}
