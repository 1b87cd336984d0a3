/** What the dashboard shows, in terms of the table that the metrics are made from. */
import { type MetricName, metricTable } from "../../src/internal/telemetry/metricTable.js"
import { nameOf } from "../../src/prometheus/internal/names.js"

export interface Query {
  readonly expr: string
  /** What each series is called. */
  readonly legend: string
}

export interface Panel {
  readonly title: string
  readonly about: string
  readonly unit: "short" | "s" | "percentunit" | "ops" | "none"
  readonly kind: "timeseries" | "state" | "stat" | "bars"
  /** Of 24 columns. */
  readonly width: number
  readonly queries: readonly [Query, ...Array<Query>]
}

export interface Row {
  readonly title: string
  readonly panels: ReadonlyArray<Panel>
}

/** What Prometheus calls a metric. */
export const prometheusName = (metric: MetricName): string => {
  const { name, type, unit, whose } = metricTable[metric]
  return nameOf("", name, type, whose === "OpenTelemetry" ? unit : undefined)
}

const labelOf = (metric: MetricName): string =>
  metricTable[metric].labels.includes("model") ? 'model=~"$target"' : 'target=~"$target"'

const selected = (metric: MetricName, suffix = "", more = ""): string =>
  `${prometheusName(metric)}${suffix}{${[labelOf(metric), more].filter(Boolean).join(",")}}`

const rate = (metric: MetricName, suffix = "", more = ""): string =>
  `rate(${selected(metric, suffix, more)}[$__rate_interval])`

const sumOf = (by: string, of: string): string => (by === "" ? `sum(${of})` : `sum by (${by}) (${of})`)

const quantile = (q: number, metric: MetricName, by = "target"): string =>
  `histogram_quantile(${q}, ${sumOf(`le, ${by}`, rate(metric, "_bucket"))})`

const perSecond = (metric: MetricName, by: string, more = ""): Query => ({
  expr: sumOf(by, rate(metric, "", more)),
  legend: by
    .split(", ")
    .map((label) => `{{${label}}}`)
    .join(" ")
})

const quantiles = (metric: MetricName, by = "target"): [Query, Query] => [
  { expr: quantile(0.5, metric, by), legend: `{{${by}}} p50` },
  { expr: quantile(0.95, metric, by), legend: `{{${by}}} p95` }
]

const now = (metric: MetricName, legend: string, more = ""): Query => ({ expr: selected(metric, "", more), legend })

export const rows: ReadonlyArray<Row> = [
  {
    title: "Health",
    panels: [
      {
        title: "Circuits",
        about: "0 closed, 1 open or isolated, 2 half-open.",
        unit: "none",
        kind: "state",
        width: 12,
        queries: [now("circuitState", "{{model}}")]
      },
      {
        title: "Attempts by outcome",
        about:
          "What was sent to the targets, by how it ended. Many failures and few failed calls: the policies are at work.",
        unit: "ops",
        kind: "timeseries",
        width: 12,
        queries: [perSecond("attempts", "outcome")]
      },
      {
        title: "Calls that failed",
        about: "After all retries, by target: what users notice, unless another target has answered.",
        unit: "ops",
        kind: "timeseries",
        width: 8,
        queries: [perSecond("calls", "target, outcome", 'outcome!~"success|interrupted"')]
      },
      {
        title: "Openings",
        about: "How often circuits opened because of what their calls met.",
        unit: "none",
        kind: "bars",
        width: 8,
        queries: [
          {
            expr: sumOf("model", `increase(${selected("circuitOpenings")}[$__rate_interval])`),
            legend: "{{model}}"
          }
        ]
      },
      {
        title: "Not let through, and parked",
        about: "Attempts that a policy rejected, and targets that asked to be left alone.",
        unit: "ops",
        kind: "timeseries",
        width: 8,
        queries: [
          perSecond("rejections", "outcome"),
          { expr: sumOf("target", rate("parked")), legend: "{{target}} parked" }
        ]
      }
    ]
  },
  {
    title: "Latency",
    panels: [
      {
        title: "Calls, retries and waits included",
        about: "How long callers waited.",
        unit: "s",
        kind: "timeseries",
        width: 8,
        queries: quantiles("callDuration")
      },
      {
        title: "Attempts",
        about: "How long targets take, by how it ended.",
        unit: "s",
        kind: "timeseries",
        width: 8,
        queries: [{ expr: quantile(0.95, "attemptDuration", "outcome"), legend: "{{outcome}} p95" }]
      },
      {
        title: "Time to first token",
        about: "Of streams, to their first content.",
        unit: "s",
        kind: "timeseries",
        width: 8,
        queries: quantiles("firstContent")
      }
    ]
  },
  {
    title: "Retries, hedges, fallbacks, cache",
    panels: [
      {
        title: "Attempts for each call",
        about: "How much the retries add: 1 is none.",
        unit: "short",
        kind: "timeseries",
        width: 6,
        queries: [
          {
            expr: `${sumOf("target", rate("attempts"))} / ${sumOf("target", rate("calls"))}`,
            legend: "{{target}}"
          }
        ]
      },
      {
        title: "Retries by failure, and withheld",
        about: "What is tried again, and what kept a retry from happening.",
        unit: "ops",
        kind: "timeseries",
        width: 6,
        queries: [
          perSecond("retries", "outcome"),
          { expr: sumOf("outcome", rate("retriesWithheld")), legend: "withheld: {{outcome}}" }
        ]
      },
      {
        title: "Who answers",
        about: "The share of each target in all answers.",
        unit: "percentunit",
        kind: "timeseries",
        width: 6,
        queries: [
          {
            expr: `${sumOf("target", rate("calls", "", 'outcome="success"'))} / scalar(${sumOf("", rate("calls", "", 'outcome="success"'))})`,
            legend: "{{target}}"
          }
        ]
      },
      {
        title: "Answered by somebody else",
        about: "Targets asked in place of another, passed over, and last answers.",
        unit: "ops",
        kind: "timeseries",
        width: 6,
        queries: [perSecond("fallbacks", "target, outcome")]
      },
      {
        title: "Hedges",
        about: "Attempts started beside a first one, and what became of them.",
        unit: "ops",
        kind: "timeseries",
        width: 12,
        queries: [{ expr: sumOf("outcome", rate("hedges")), legend: "{{outcome}}" }]
      },
      {
        title: "Cache",
        about: "What calls through a cache found. `target` is the cache's name.",
        unit: "ops",
        kind: "timeseries",
        width: 12,
        queries: [
          { expr: `sum by (outcome) (rate(${prometheusName("cache")}[$__rate_interval]))`, legend: "{{outcome}}" }
        ]
      }
    ]
  },
  {
    title: "Waits and limits",
    panels: [
      {
        title: "Waits before retries",
        about: "Backoff, and what targets asked for.",
        unit: "s",
        kind: "timeseries",
        width: 8,
        queries: [{ expr: quantile(0.95, "retryWait"), legend: "{{target}} p95" }]
      },
      {
        title: "In the queue",
        about: "Calls that wait for a turn.",
        unit: "none",
        kind: "timeseries",
        width: 8,
        queries: [now("queueLength", "{{target}} {{gate}}")]
      },
      {
        title: "Time in the queue",
        about: "How long they waited for it.",
        unit: "s",
        kind: "timeseries",
        width: 8,
        queries: [{ expr: quantile(0.95, "queueWait"), legend: "{{target}} p95" }]
      },
      {
        title: "At once, and retries left",
        about: "How many calls an adaptive limit lets run at once, and how many retries a budget still allows.",
        unit: "none",
        kind: "timeseries",
        width: 6,
        queries: [now("concurrencyLimit", "{{target}} at once"), now("retryBudget", "{{target}} retries left")]
      },
      {
        title: "Requests left",
        about: "What rate limits still allow, as the last call left it.",
        unit: "short",
        kind: "timeseries",
        width: 6,
        queries: [now("limitLeft", "{{target}}", 'kind="requests"')]
      },
      {
        title: "Tokens left",
        about: "What rate limits still allow, as the last call left it. Below 0 more was used than there was.",
        unit: "short",
        kind: "timeseries",
        width: 6,
        queries: [now("limitLeft", "{{target}} {{kind}}", 'kind=~".*tokens"')]
      },
      {
        title: "Money left",
        about: "What spend limits still allow, as the last call left it, in the money of their prices.",
        unit: "short",
        kind: "timeseries",
        width: 6,
        queries: [now("limitLeft", "{{target}}", 'kind="money"')]
      }
    ]
  },
  {
    title: "Tokens, cost and waste (with Telemetry.layerMetrics)",
    panels: [
      {
        title: "Tokens",
        about: "As the answers said. `cached_input` is a part of the input.",
        unit: "ops",
        kind: "timeseries",
        width: 6,
        queries: [perSecond("tokens", "kind")]
      },
      {
        title: "Wasted tokens",
        about: "Of attempts whose answer nobody got. At least: what was cut off often does not say.",
        unit: "ops",
        kind: "timeseries",
        width: 6,
        queries: [perSecond("wastedTokens", "target, kind")]
      },
      {
        title: "Cost an hour (at least)",
        about: "In the money of the prices given.",
        unit: "short",
        kind: "timeseries",
        width: 6,
        queries: [
          { expr: `3600 * ${sumOf("target", rate("cost"))}`, legend: "{{target}}" },
          { expr: `3600 * ${sumOf("", rate("wastedCost"))}`, legend: "wasted" }
        ]
      },
      {
        title: "Attempts that did not say what they used",
        about: "Where this is above 0, tokens and cost are at least what is shown.",
        unit: "ops",
        kind: "timeseries",
        width: 6,
        queries: [perSecond("usageUnknown", "outcome")]
      }
    ]
  },
  {
    title: "By OpenTelemetry's names",
    panels: [
      {
        title: "Operation duration",
        about: "gen_ai.client.operation.duration, by model.",
        unit: "s",
        kind: "timeseries",
        width: 8,
        queries: [
          {
            expr: `histogram_quantile(0.95, sum by (le, gen_ai_request_model) (rate(${prometheusName("genAiDuration")}_bucket[$__rate_interval])))`,
            legend: "{{gen_ai_request_model}} p95"
          }
        ]
      },
      {
        title: "Time to first chunk, and per chunk",
        about: "gen_ai.client.operation.time_to_first_chunk and .time_per_output_chunk.",
        unit: "s",
        kind: "timeseries",
        width: 8,
        queries: (["genAiFirstChunk", "genAiChunk"] as const).map((metric) => ({
          expr: `histogram_quantile(0.95, sum by (le) (rate(${prometheusName(metric)}_bucket[$__rate_interval])))`,
          legend: metric === "genAiChunk" ? "per chunk p95" : "first chunk p95"
        })) as [Query, Query]
      },
      {
        title: "Tokens of an operation",
        about: "gen_ai.client.token.usage.",
        unit: "none",
        kind: "timeseries",
        width: 8,
        queries: [
          {
            expr: `histogram_quantile(0.95, sum by (le, gen_ai_token_type) (rate(${prometheusName("genAiTokens")}_bucket[$__rate_interval])))`,
            legend: "{{gen_ai_token_type}} p95"
          }
        ]
      }
    ]
  }
]

export const panels: ReadonlyArray<Panel> = rows.flatMap((row) => row.panels)
