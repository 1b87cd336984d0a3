/**
 * The metrics of one target and of one circuit. Their keys are tagged once, here, since tagging per call costs twenty
 * times the update.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"
import { count } from "../options/check.js"
import type { CircuitState } from "./events.js"
import { byLabel, LabelCapacity, named, shared } from "./labels.js"

/** How many names have labels of their own, as whoever makes the policies has set it. */
export const labelCapacity: Effect.Effect<number> = Effect.map(LabelCapacity, (capacity) =>
  count("Telemetry", "LabelCapacity", capacity)
)

/** What `Effect.tagMetrics` has put around a call. */
export type Tags = ReadonlyArray<MetricLabel.MetricLabel>

export interface TargetMetrics {
  /** An attempt ended; `outcome` is `success`, `interrupted`, `defect` or the tag of the failure as it was read. */
  readonly attempt: (outcome: string, millis: number, tags: Tags) => void
  /** Another attempt follows a failure of this tag, after so long. */
  readonly retry: (failure: string, millis: number, tags: Tags) => void
  /** A call, with all its attempts, ended. */
  readonly call: (outcome: string, millis: number, tags: Tags) => void
}

/** From a cache hit to a long generation, in seconds. */
const seconds = MetricBoundaries.fromIterable([0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300])

const same = (label: string): string => label

/** A histogram by target and by outcome, whose series are made with their first value. */
const timesOf = (name: string, description: string, target: string) => {
  const byOutcome = new Map<string, Metric.Metric.Histogram<number>>()
  const key = MetricKey.histogram(name, seconds, description)
  return (outcome: string, millis: number, tags: Tags): void => {
    let histogram = byOutcome.get(outcome)
    if (histogram === undefined) {
      const labels = [MetricLabel.make("target", target), MetricLabel.make("outcome", outcome)]
      histogram = Metric.fromMetricKey(MetricKey.taggedWithLabels(key, labels))
      byOutcome.set(outcome, histogram)
    }
    histogram.unsafeUpdate(millis / 1000, tags)
  }
}

const counters = (name: string, description: string, target: string) => {
  const byOutcome = new Map<string, Metric.Metric.Counter<number>>()
  const key = MetricKey.counter(name, { description, incremental: true })
  return (outcome: string, tags: Tags): void => {
    let counter = byOutcome.get(outcome)
    if (counter === undefined) {
      const labels = [MetricLabel.make("target", target), MetricLabel.make("outcome", outcome)]
      counter = Metric.fromMetricKey(MetricKey.taggedWithLabels(key, labels))
      byOutcome.set(outcome, counter)
    }
    counter.unsafeUpdate(1, tags)
  }
}

const targets = named<TargetMetrics>("targets")
const circuits = named<string>("circuits")

/** The metrics of a target, or those that all targets share for which there are no labels left. */
export const targetMetrics = (target: string, capacity: number): TargetMetrics =>
  byLabel(targets, target, capacity, metricsOf)

const histogram = (name: string, about: string, target: string) =>
  Metric.fromMetricKey(
    MetricKey.taggedWithLabels(MetricKey.histogram(name, seconds, about), [MetricLabel.make("target", target)])
  )

const metricsOf = (target: string): TargetMetrics => {
  const attempts = counters("llm_attempts_total", "Attempts sent to a target, by how they ended", target)
  const calls = counters("llm_calls_total", "Protected calls, by how they ended", target)
  const durations = histogram("llm_call_duration_seconds", "How long protected calls took, waits included", target)
  const attemptTimes = timesOf("llm_attempt_duration_seconds", "How long attempts took, by how they ended", target)
  const retries = counters("llm_retries_total", "Retries of an attempt that failed, by its failure", target)
  const waits = histogram("llm_retry_wait_seconds", "How long calls wait before they try again", target)
  return {
    attempt: (outcome, millis, tags) => {
      attempts(outcome, tags)
      attemptTimes(outcome, millis, tags)
    },
    retry: (failure, millis, tags) => {
      retries(failure, tags)
      waits.unsafeUpdate(millis / 1000, tags)
    },
    call: (outcome, millis, tags) => {
      calls(outcome, tags)
      durations.unsafeUpdate(millis / 1000, tags)
    }
  }
}

/** Names that are known beforehand come before those that turn up. */
export const reserveLabels = (name: string, capacity: number): void => {
  byLabel(targets, name, capacity, metricsOf)
  byLabel(circuits, name, capacity, same)
}

export interface CircuitMetrics {
  /** The circuit exists: its gauge is there, and is 0 unless a change has said otherwise. */
  readonly exists: () => void
  readonly changed: (to: CircuitState) => void
  /** The circuit opened because of what its calls met, not because somebody wanted it. */
  readonly tripped: () => void
}

const gaugeOf: Readonly<Record<CircuitState, number>> = { closed: 0, open: 1, isolated: 1, halfOpen: 2 }

/**
 * Made when it is asked for, since it seldom is. A gauge is the state of one circuit: those that share a label have none,
 * and only their openings are counted.
 */
export const circuitMetrics = (key: string, capacity: number, tags: Tags): CircuitMetrics => {
  const label = byLabel(circuits, key, capacity, same)
  const model = [MetricLabel.make("model", label)]
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
  const isShared = label === shared
  return {
    exists: () => {
      if (isShared) return
      state.unsafeModify(0, tags)
      openings.unsafeUpdate(0, tags)
    },
    changed: (to) => {
      if (!isShared) state.unsafeUpdate(gaugeOf[to], tags)
    },
    tripped: () => openings.unsafeUpdate(1, tags)
  }
}
