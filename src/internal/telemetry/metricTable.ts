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
  /** Counted only under `Telemetry.layerMetrics`, which looks into the answers, or by an operation log. */
  readonly from?: "answers" | "operationLog" | undefined
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
  | "retriesWithheld"
  | "rejections"
  | "parked"
  | "streamIncidents"
  | "storeFailures"
  | "clientRetries"
  | "faultsInjected"
  | "tokens"
  | "wastedTokens"
  | "cost"
  | "wastedCost"
  | "usageUnknown"
  | "operationLogRows"
type Gauges = "circuitState" | "sharedStateJoined" | "queueLength" | "concurrencyLimit" | "limitLeft" | "retryBudget"
type Histograms =
  | "attemptDuration"
  | "firstContent"
  | "retryWait"
  | "callDuration"
  | "queueWait"
  | "genAiDuration"
  | "genAiFirstChunk"
  | "genAiChunk"
  | "genAiTokens"

/** @internal */
export type MetricName = Counters | Gauges | Histograms

/** From a cache hit to a long generation, in seconds. */
const callTimes = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300]

const waits = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60]

const ours = "effect-resilience"

const genAi = ["gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.model"]

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
  firstContent: {
    name: "llm_time_to_first_token_seconds",
    type: "histogram",
    unit: "s",
    labels: ["target"],
    meaning: "How long the first content of streams took",
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
  retriesWithheld: {
    name: "llm_retries_withheld_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning: "Retries that were wanted and did not happen, by what kept them",
    whose: ours
  },
  rejections: {
    name: "llm_rejections_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning: "Attempts that a policy did not let through, by its rejection",
    whose: ours
  },
  retryBudget: {
    name: "llm_retry_budget_left",
    type: "gauge",
    labels: ["target"],
    meaning: "Retries that the budget allows, as the last call left it; from the first retry on",
    whose: ours
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
  parked: {
    name: "llm_parked_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning: "How often a target asked to be left alone, by its failure",
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
  limitLeft: {
    name: "llm_limit_left",
    type: "gauge",
    labels: ["target", "gate", "kind"],
    meaning: "What a rate limit or a budget of money still allows, as the last call left it; below 0 it is owed",
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
  streamIncidents: {
    name: "llm_stream_incidents_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning: "Streams restarted, elements skipped, and streams of an unknownFormat",
    whose: ours
  },
  storeFailures: {
    name: "llm_store_failures_total",
    type: "counter",
    labels: ["target", "policy"],
    meaning: "Failures of a store behind a policy, by the policy that was passed over",
    whose: ours
  },
  sharedStateJoined: {
    name: "llm_shared_state_joined",
    type: "gauge",
    labels: ["target"],
    meaning: "1 while circuits and limits are shared, 0 while the process goes by what it knows itself",
    whose: ours
  },
  clientRetries: {
    name: "llm_client_retries_total",
    type: "counter",
    labels: ["target", "client"],
    meaning: "Clients found to repeat calls on their own, which multiplies the attempts",
    whose: ours
  },
  faultsInjected: {
    name: "llm_faults_injected_total",
    type: "counter",
    labels: ["target", "fault"],
    meaning: "Calls that Chaos has disturbed: what follows of it is not real",
    whose: ours
  },
  observedDecisions: {
    name: "llm_observed_decisions_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning: "What the policies of observed calls would have done, as policy:action",
    whose: ours
  },
  operationLogRows: {
    name: "llm_operation_log_rows_total",
    type: "counter",
    labels: ["outcome"],
    meaning: "Rows of the operation log: written, or dropped since the database did not take them in time",
    whose: ours,
    from: "operationLog"
  },
  tokens: {
    name: "llm_tokens_total",
    type: "counter",
    labels: ["target", "kind"],
    meaning: "Tokens that attempts have used, as their answers said",
    whose: ours,
    from: "answers"
  },
  wastedTokens: {
    name: "llm_wasted_tokens_total",
    type: "counter",
    labels: ["target", "kind"],
    meaning: "Those of attempts whose answer nobody got",
    whose: ours,
    from: "answers"
  },
  cost: {
    name: "llm_cost_total",
    type: "counter",
    labels: ["target"],
    meaning: "What these tokens cost, in the money of the prices given",
    whose: ours,
    from: "answers"
  },
  wastedCost: {
    name: "llm_wasted_cost_total",
    type: "counter",
    labels: ["target"],
    meaning: "What those of attempts cost whose answer nobody got",
    whose: ours,
    from: "answers"
  },
  usageUnknown: {
    name: "llm_usage_unknown_total",
    type: "counter",
    labels: ["target", "outcome"],
    meaning:
      "Attempts that may have used tokens and did not say how many: tokens and cost are at least what is counted",
    whose: ours,
    from: "answers"
  },
  genAiDuration: {
    name: "gen_ai.client.operation.duration",
    type: "histogram",
    unit: "s",
    labels: [...genAi, "error.type"],
    meaning: "GenAI operation duration: of each attempt",
    whose: "OpenTelemetry",
    from: "answers",
    boundaries: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
  },
  genAiFirstChunk: {
    name: "gen_ai.client.operation.time_to_first_chunk",
    type: "histogram",
    unit: "s",
    labels: genAi,
    meaning: "Time to receive the first chunk of a stream",
    whose: "OpenTelemetry",
    from: "answers",
    boundaries: [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
  },
  genAiChunk: {
    name: "gen_ai.client.operation.time_per_output_chunk",
    type: "histogram",
    unit: "s",
    labels: genAi,
    meaning: "Time per chunk of a stream after the first",
    whose: "OpenTelemetry",
    from: "answers",
    boundaries: [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
  },
  genAiTokens: {
    name: "gen_ai.client.token.usage",
    type: "histogram",
    unit: "{token}",
    labels: [...genAi, "gen_ai.token.type"],
    meaning: "Number of input and output tokens used by an attempt",
    whose: "OpenTelemetry",
    from: "answers",
    boundaries: [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]
  }
}
