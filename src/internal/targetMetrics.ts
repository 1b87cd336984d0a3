/**
 * The metrics of one target. Their keys are tagged once, here, since tagging per call costs twenty times the update.
 *
 * @internal
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"

export interface TargetMetrics {
  /** An attempt ended; `outcome` is `success`, `interrupted`, `defect` or the tag of the failure. */
  readonly attempt: (outcome: string) => void
  /** A call, with all its attempts, ended. */
  readonly call: (outcome: string, millis: number) => void
}

/** From a cache hit to a long generation, in seconds. */
const seconds = MetricBoundaries.fromIterable([0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300])

const counters = (name: string, description: string, target: string): ((outcome: string) => void) => {
  const byOutcome = new Map<string, Metric.Metric.Counter<number>>()
  const key = MetricKey.counter(name, { description, incremental: true })
  return (outcome) => {
    let counter = byOutcome.get(outcome)
    if (counter === undefined) {
      const labels = [MetricLabel.make("target", target), MetricLabel.make("outcome", outcome)]
      counter = Metric.fromMetricKey(MetricKey.taggedWithLabels(key, labels))
      byOutcome.set(outcome, counter)
    }
    counter.unsafeUpdate(1, [])
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
    call: (outcome, millis) => {
      calls(outcome)
      durations.unsafeUpdate(millis / 1000, [])
    }
  }
}
