/**
 * The metrics of one target and of one circuit.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as MetricLabel from "effect/MetricLabel"
import { count } from "../options/check.js"
import type { CircuitState } from "./events.js"
import { byLabel, LabelCapacity, named, shared } from "./labels.js"
import { metricTable } from "./metricTable.js"
import { byValue, counter, gauge, histogram } from "./series.js"

/** How many names have labels of their own, as whoever makes the policies has set it. */
export const labelCapacity: Effect.Effect<number> = Effect.map(LabelCapacity, (capacity) =>
  count("Telemetry", "LabelCapacity", capacity)
)

/** What `Effect.tagMetrics` has put around a call. */
export type Tags = ReadonlyArray<MetricLabel.MetricLabel>

export interface TargetMetrics {
  /** An attempt ended; `outcome` is `success`, `interrupted`, `defect` or the tag of the failure as it was read. */
  readonly attempt: (outcome: string, millis: number, tags: Tags) => void
  /** The first content of an attempt's stream came after so long. */
  readonly firstContent: (millis: number, tags: Tags) => void
  /** Another attempt follows a failure of this tag, after so long. */
  readonly retry: (failure: string, millis: number, tags: Tags) => void
  /** A call, with all its attempts, ended. */
  readonly call: (outcome: string, millis: number, tags: Tags) => void
  /** So many retries are left in the budget of the target. */
  readonly budget: (left: number) => void
}

const same = (label: string): string => label

const targets = named<TargetMetrics>("targets")
const circuits = named<string>("circuits")

/** The metrics of a target, or those that all targets share for which there are no labels left. */
export const targetMetrics = (target: string, capacity: number): TargetMetrics =>
  byLabel(targets, target, capacity, metricsOf)

const metricsOf = (target: string): TargetMetrics => {
  const attempts = byValue((outcome) => counter(metricTable.attempts, target, outcome))
  const attemptTimes = byValue((outcome) => histogram(metricTable.attemptDuration, target, outcome))
  const retries = byValue((failure) => counter(metricTable.retries, target, failure))
  const calls = byValue((outcome) => counter(metricTable.calls, target, outcome))
  const firstContents = byValue(() => histogram(metricTable.firstContent, target))
  const budgets = byValue(() => gauge(metricTable.retryBudget, target))
  const waits = histogram(metricTable.retryWait, target)
  const durations = histogram(metricTable.callDuration, target)
  return {
    attempt: (outcome, millis, tags) => {
      attempts(outcome).unsafeUpdate(1, tags)
      attemptTimes(outcome).unsafeUpdate(millis / 1000, tags)
    },
    firstContent: (millis, tags) => {
      firstContents("").unsafeUpdate(millis / 1000, tags)
    },
    retry: (failure, millis, tags) => {
      retries(failure).unsafeUpdate(1, tags)
      waits.unsafeUpdate(millis / 1000, tags)
    },
    call: (outcome, millis, tags) => {
      calls(outcome).unsafeUpdate(1, tags)
      durations.unsafeUpdate(millis / 1000, tags)
    },
    // A gauge is the state of one target: those that share a label have none.
    budget: (left) => {
      if (target !== shared) budgets("").unsafeUpdate(left, [])
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
  const state = gauge(metricTable.circuitState, label)
  const openings = counter(metricTable.circuitOpenings, label)
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
