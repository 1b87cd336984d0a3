/**
 * The metrics of one target and of one circuit. Their keys are tagged once, here, since tagging per call costs twenty
 * times the update.
 *
 * @internal
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"
import type { CircuitState } from "../ResilienceEvent.js"

/** What `Effect.tagMetrics` has put around a call. */
export type Tags = ReadonlyArray<MetricLabel.MetricLabel>

export interface TargetMetrics {
  /** An attempt ended; `outcome` is `success`, `interrupted`, `defect` or the tag of the failure. */
  readonly attempt: (outcome: string, tags: Tags) => void
  /** A call, with all its attempts, ended. */
  readonly call: (outcome: string, millis: number, tags: Tags) => void
}

/** From a cache hit to a long generation, in seconds. */
const seconds = MetricBoundaries.fromIterable([0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300])

const counters = (name: string, description: string, target: string): TargetMetrics["attempt"] => {
  const byOutcome = new Map<string, Metric.Metric.Counter<number>>()
  const key = MetricKey.counter(name, { description, incremental: true })
  return (outcome, tags) => {
    let counter = byOutcome.get(outcome)
    if (counter === undefined) {
      const labels = [MetricLabel.make("target", target), MetricLabel.make("outcome", outcome)]
      counter = Metric.fromMetricKey(MetricKey.taggedWithLabels(key, labels))
      byOutcome.set(outcome, counter)
    }
    counter.unsafeUpdate(1, tags)
  }
}

export const targetMetrics = (target: string): TargetMetrics => {
  const attempts = counters("llm_attempts_total", "Attempts sent to a target, by how they ended", target)
  const calls = counters("llm_calls_total", "Protected calls, by how they ended", target)
  const durations = Metric.fromMetricKey(
    MetricKey.taggedWithLabels(
      MetricKey.histogram("llm_call_duration_seconds", seconds, "How long protected calls took, waits included"),
      [MetricLabel.make("target", target)]
    )
  )
  return {
    attempt: attempts,
    call: (outcome, millis, tags) => {
      calls(outcome, tags)
      durations.unsafeUpdate(millis / 1000, tags)
    }
  }
}

export interface CircuitMetrics {
  /** The circuit exists: its gauge is there, and is 0 unless a change has said otherwise. */
  readonly exists: () => void
  readonly changed: (to: CircuitState) => void
  /** The circuit opened because of what its calls met, not because somebody wanted it. */
  readonly tripped: () => void
}

const gaugeOf: Readonly<Record<CircuitState, number>> = { closed: 0, open: 1, isolated: 1, halfOpen: 2 }

export const circuitMetrics = (key: string): CircuitMetrics => {
  const model = [MetricLabel.make("model", key)]
  const state = Metric.fromMetricKey(
    MetricKey.taggedWithLabels(
      MetricKey.gauge("llm_circuit_breaker_state", { description: "0 closed, 1 open or isolated, 2 half-open" }),
      model
    )
  )
  const openings = Metric.fromMetricKey(
    MetricKey.taggedWithLabels(
      MetricKey.counter("llm_circuit_breaker_failures_total", {
        description: "How often the circuit opened",
        incremental: true
      }),
      model
    )
  )
  return {
    exists: () => {
      state.unsafeModify(0, [])
      openings.unsafeUpdate(0, [])
    },
    changed: (to) => state.unsafeUpdate(gaugeOf[to], []),
    tripped: () => openings.unsafeUpdate(1, [])
  }
}
