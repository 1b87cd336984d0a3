/**
 * Metrics made from their rows in the table, with labels that are put on once: tagging per call costs twenty times the
 * update.
 *
 * @internal
 */
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"
import type { MetricRow, Row } from "./metricTable.js"

/** The values of a row's labels, in the order of the row; an empty one is not known. @internal */
export type LabelValues = ReadonlyArray<string>

/** @internal */
export const counter = (row: Row<"counter">, ...values: LabelValues): Metric.Metric.Counter<number> =>
  Metric.fromMetricKey(
    labelled(MetricKey.counter(row.name, { description: row.meaning, incremental: true }), row, values)
  )

/** @internal */
export const gauge = (row: Row<"gauge">, ...values: LabelValues): Metric.Metric.Gauge<number> =>
  Metric.fromMetricKey(labelled(MetricKey.gauge(row.name, { description: row.meaning }), row, values))

/** @internal */
export const histogram = (row: Row<"histogram">, ...values: LabelValues): Metric.Metric.Histogram<number> => {
  const boundaries = MetricBoundaries.fromIterable(row.boundaries ?? [])
  const series = Metric.fromMetricKey(labelled(MetricKey.histogram(row.name, boundaries, row.meaning), row, values))
  // A clock that was set back makes no time negative: a sum that falls is taken for a restart.
  return Metric.mapInput(series, (value: number) => Math.max(0, value))
}

/** What is not known has no label. The exporter of `@effect/opentelemetry` looks for the unit among the labels. */
const labelled = <Key extends MetricKey.MetricKey.Untyped>(key: Key, row: MetricRow, values: LabelValues): Key => {
  const { labels, unit, whose } = row
  const known = labels.flatMap((label, index) => (values[index] ? [MetricLabel.make(label, values[index])] : []))
  const all = whose === "OpenTelemetry" && unit !== undefined ? [...known, MetricLabel.make("unit", unit)] : known
  return MetricKey.taggedWithLabels(key, all) as Key
}

/** What is made with the first value of its kind, and kept. @internal */
export const byValue = <A>(make: (value: string) => A): ((value: string) => A) => {
  const known = new Map<string, A>()
  return (value) => {
    let one = known.get(value)
    if (one === undefined) {
      one = make(value)
      known.set(value, one)
    }
    return one
  }
}
