import { globalValue } from "effect/GlobalValue"
import * as Metric from "effect/Metric"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"
import { byLabel } from "./labels.js"

/**
 * A counter by target and by outcome, for outcomes of which there are few and which are the toolkit's own words. Names of
 * targets share a label beyond `capacity`.
 *
 * @internal
 */
export const outcomeCounters = (
  name: string,
  description: string
): ((target: string, outcome: string, capacity: number) => void) => {
  type Count = (outcome: string) => void
  const targets = globalValue(`effect-resilience/counters/${name}`, () => new Map<string, Count>())
  const key = MetricKey.counter(name, { description, incremental: true })
  const of = (target: string): Count => {
    const byOutcome = new Map<string, Metric.Metric.Counter<number>>()
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
  return (target, outcome, capacity) => byLabel(targets, target, capacity, of)(outcome)
}
