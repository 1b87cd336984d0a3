/**
 * Every metric there is: what the code makes them from, and what the documentation and the dashboard are written from.
 *
 * @internal
 */

/** @internal */
export interface MetricRow {
  readonly name: string
  readonly type: "counter" | "gauge" | "histogram"
  /** In UCUM, as OpenTelemetry writes it; a count of things has none. */
  readonly unit?: "s" | "{token}" | undefined
  readonly labels: ReadonlyArray<string>
  readonly meaning: string
  /** Whose name it is: ours, or one of OpenTelemetry's conventions for generative AI. */
  readonly whose: "effect-resilience" | "OpenTelemetry"
  readonly boundaries?: ReadonlyArray<number> | undefined
}

/** @internal */
export type Row<Type extends MetricRow["type"]> = MetricRow & { readonly type: Type }

type Rows<Type extends MetricRow["type"], Name extends string> = { readonly [name in Name]: Row<Type> }

type Counters =
  | "attempts"
  | "retries"
  | "calls"
  | "circuitOpenings"
  | "fallbacks"
  | "hedges"
  | "cache"
  | "observedDecisions"
type Gauges = "circuitState" | "queueLength" | "concurrencyLimit"
type Histograms = "attemptDuration" | "retryWait" | "callDuration" | "queueWait"

/** From a cache hit to a long generation, in seconds. */
const callTimes = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300]

const waits = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60]

const ours = "effect-resilience"

/** @internal */
export const metricTable: Rows<"counter", Counters> & Rows<"gauge", Gauges> & Rows<"histogram", Histograms> = {
  attempts: {
    name: "llm_attempts_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning: "Attempts sent to a target, by how they ended",
    whose: ours
  },
  attemptDuration: {
    name: "llm_attempt_duration_seconds",
    type: "histogram",
    unit: "s",
    labels: ["target", "outcome"],
    meaning: "How long attempts took, by how they ended",
    whose: ours,
    boundaries: callTimes
  },
  retries: {
    name: "llm_retries_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning: "Retries of an attempt that failed, by its failure",
    whose: ours
  },
  retryWait: {
    name: "llm_retry_wait_seconds",
    type: "histogram",
    unit: "s",
    labels: ["target"],
    meaning: "How long calls wait before they try again",
    whose: ours,
    boundaries: callTimes
  },
  calls: {
    name: "llm_calls_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning: "Protected calls, with all their attempts, by how they ended",
    whose: ours
  },
  callDuration: {
    name: "llm_call_duration_seconds",
    type: "histogram",
    unit: "s",
    labels: ["target"],
    meaning: "How long protected calls took, waits included",
    whose: ours,
    boundaries: callTimes
  },
  circuitState: {
    name: "llm_circuit_breaker_state",
    type: "gauge",
    labels: ["model"],
    meaning: "0 closed, 1 open or isolated, 2 half-open",
    whose: ours
  },
  circuitOpenings: {
    name: "llm_circuit_breaker_failures_total",
    type: "counter",
    labels: ["model"],
    meaning: "How often the circuit opened because of what its calls met",
    whose: ours
  },
  queueLength: {
    name: "llm_queue_length",
    type: "gauge",
    labels: ["target", "gate"],
    meaning: "Calls that wait for a turn",
    whose: ours
  },
  queueWait: {
    name: "llm_queue_wait_seconds",
    type: "histogram",
    unit: "s",
    labels: ["target", "gate"],
    meaning: "How long calls waited for a turn, those included that left without one",
    whose: ours,
    boundaries: waits
  },
  concurrencyLimit: {
    name: "llm_concurrency_limit",
    type: "gauge",
    labels: ["target"],
    meaning: "How many calls an adaptive limit lets run at once",
    whose: ours
  },
  fallbacks: {
    name: "llm_fallbacks_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning: "Targets asked in place of another (taken), passed over (skipped), and last answers (given)",
    whose: ours
  },
  hedges: {
    name: "llm_hedges_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning: "Attempts started beside or after a first one, by what became of them",
    whose: ours
  },
  cache: {
    name: "llm_cache_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning: "Calls through a response cache, by what they found and what was kept",
    whose: ours
  },
  observedDecisions: {
    name: "llm_observed_decisions_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning: "What the policies of observed calls would have done, as policy:action",
    whose: ours
  }
}
