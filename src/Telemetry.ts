/**
 * What every protected call leaves behind, for people and dashboards: metrics, spans, log annotations, and the attempt
 * trail for those who ask for it. All of it is written by the call itself; `ResilienceEvent` is the place for readers
 * of one's own.
 *
 * *Metrics* (Effect's `Metric`, so any exporter of Effect's has them):
 *
 * - `llm_attempts_total`, a counter: attempts sent to a target, by `target` and `outcome`.
 * - `llm_attempt_duration_seconds`, a histogram: how long attempts took, by `target` and `outcome`.
 * - `llm_retries_total`, a counter, and `llm_retry_wait_seconds`, a histogram: attempts that follow a failure, by `target`
 *   and the failure (`outcome`), and the waits before them, by `target`.
 * - `llm_calls_total`, a counter: protected calls, by `target` and `outcome`.
 * - `llm_call_duration_seconds`, a histogram: how long protected calls took, waits included, by `target`.
 * - `llm_circuit_breaker_state`, a gauge: 0 closed, 1 open (or isolated), 2 half-open, by `model`.
 * - `llm_circuit_breaker_failures_total`, a counter: how often a circuit opened, by `model`.
 * - `llm_observed_decisions_total`, a counter: what policies that only observe would have done, by `target` and `outcome`,
 *   which is `policy:action`.
 * - `llm_queue_length`, a gauge, and `llm_queue_wait_seconds`, a histogram: calls that wait for a turn, by `target` and
 *   `gate` (`bulkhead`, `adaptiveLimit`, `rateLimit`, `spendLimit`).
 * - `llm_concurrency_limit`, a gauge: how many calls an `AdaptiveLimit` lets run at once, by `target`.
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
