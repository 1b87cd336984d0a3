/**
 * What every protected call leaves behind, for people and dashboards: metrics, spans, log annotations, and the attempt
 * trail for those who ask for it. All of it is written by the call itself; `ResilienceEvent` is the place for readers
 * of one's own.
 *
 * *Metrics* (Effect's `Metric`, so any exporter of Effect's has them): attempts, calls, retries, their durations and waits
 * by `target` and `outcome`, circuits by `model`, queues by `gate`, fallbacks, hedges and caches; `docs/telemetry.md` has
 * the table of all. `layerMetrics` adds what is in the answers: tokens, cost, waste, and OpenTelemetry's names.
 *
 * An `outcome` is `success`, `interrupted`, `defect`, or the tag of the failure or rejection as the policies read it: a 429
 * is `RateLimited` whatever error it came in, and what nobody knows is `Unclassified`. A `model` is the key of the
 * circuit, which is the target's name. Names have labels of their own as long
 * as `LabelCapacity` allows; what comes after them counts under `other`.
 *
 * *Spans*: within a span, each attempt is a child span `llm.attempt` with the attributes `llm.target` and `llm.attempt`.
 * Without one around the call, none is made.
 *
 * *Logs*: what the code inside a call logs is annotated with `llm.target` and `llm.attempt`.
 *
 * @since 0.1.0
 */

export { layerMetrics, type MetricsOptions } from "./internal/telemetry/answerMetrics.js"
export { CorrelationId } from "./internal/telemetry/correlation.js"
export { LabelCapacity } from "./internal/telemetry/labels.js"
export { type LoggerOptions, layerLogger } from "./internal/telemetry/logger.js"
export { type Trail, type TrailEntry, TrailRecorder, withTrail } from "./internal/telemetry/trail.js"
