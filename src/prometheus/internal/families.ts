/**
 * Effect's metrics as the families of series that Prometheus knows: one type and one help text for each name, and no series
 * twice.
 *
 * @internal
 */

import type * as MetricKey from "effect/MetricKey"
import type * as MetricPair from "effect/MetricPair"
import * as MetricState from "effect/MetricState"
import * as Option from "effect/Option"
import { labelNameOf, nameOf, type Type } from "./names.js"

export type Labels = ReadonlyArray<readonly [name: string, value: string]>

/** One line: what it adds to the name of its family, its labels, and its value. */
export interface Sample {
  readonly suffix: string
  readonly labels: Labels
  readonly value: number | bigint
}

export interface Family {
  readonly name: string
  readonly type: Type
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

type Pair = MetricPair.MetricPair.Untyped

/** @internal */
export const familiesOf = (pairs: Iterable<Pair>, prefix: string): ReadonlyArray<Family> => {
  const families = new Map<string, Family & { readonly series: Map<string, ReadonlyArray<Sample>> }>()
  for (const { metricKey, metricState } of pairs) {
    const type = typeOf(metricKey, metricState)
    if (type === undefined) continue
    const unit = metricKey.tags.find(({ key }) => key === "unit")?.value
    const name = nameIn(families, nameOf(prefix, metricKey.name, type, unit), type)
    const known = families.get(name)
    const family = known ?? { name, type, help: helpOf(metricKey), samples: [], series: new Map() }
    families.set(name, family)
    const labels = labelsOf(metricKey)
    const series = JSON.stringify(labels)
    const before = family.series.get(series)
    const samples = samplesOf(metricState, labels)
    // The same series under two descriptions, or two boundaries: what can be added is.
    family.series.set(series, before === undefined ? samples : type === "counter" ? sum(before, samples) : before)
  }
  return [...families.values()].map(({ help, name, series, type }) => ({
    name,
    type,
    help,
    samples: [...series.values()].flat()
  }))
}

/** A name that is another type's already has its own type behind it. */
const nameIn = (families: ReadonlyMap<string, Family>, name: string, type: Type): string => {
  const known = families.get(name)
  return known === undefined || known.type === type ? name : nameIn(families, `${name}_${type}`, type)
}

const typeOf = (key: MetricKey.MetricKey.Untyped, state: MetricState.MetricState.Untyped): Type | undefined => {
  if (MetricState.isCounterState(state)) {
    return (key.keyType as { readonly incremental?: boolean }).incremental === true ? "counter" : "gauge"
  }
  if (MetricState.isFrequencyState(state)) return "counter"
  if (MetricState.isGaugeState(state)) return "gauge"
  if (MetricState.isHistogramState(state)) return "histogram"
  return MetricState.isSummaryState(state) ? "summary" : undefined
}

const helpOf = ({ description, name }: MetricKey.MetricKey.Untyped): string =>
  Option.getOrElse(description, () => "") || `What Effect counts as ${name}`

/** Names that are one when they are written as Prometheus wants them share a label. */
const labelsOf = ({ tags }: MetricKey.MetricKey.Untyped): Labels => {
  const labels = new Map<string, string>()
  for (const { key, value } of [...tags].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))) {
    if (key === "unit") continue
    const name = labelNameOf(key)
    const before = labels.get(name)
    labels.set(name, before === undefined ? value : `${before};${value}`)
  }
  return [...labels]
}

const samplesOf = (state: MetricState.MetricState.Untyped, labels: Labels): ReadonlyArray<Sample> => {
  const plain = (value: number | bigint, suffix = ""): Sample => ({ suffix, labels, value })
  if (MetricState.isCounterState(state)) return [plain(state.count as number | bigint)]
  if (MetricState.isGaugeState(state)) return [plain(state.value as number | bigint)]
  if (MetricState.isFrequencyState(state)) {
    return [...state.occurrences].map(([key, value]) => ({ suffix: "", labels: [...labels, ["key", key]], value }))
  }
  if (MetricState.isHistogramState(state)) {
    const buckets = [...state.buckets].filter(([boundary]) => boundary !== Number.POSITIVE_INFINITY)
    const all = [...buckets, [Number.POSITIVE_INFINITY, state.count] as const]
    return [
      ...all.map(([boundary, value]): Sample => {
        const le = boundary === Number.POSITIVE_INFINITY ? "+Inf" : String(boundary)
        return { suffix: "_bucket", labels: [...labels, ["le", le]], value }
      }),
      plain(state.sum, "_sum"),
      plain(state.count, "_count")
    ]
  }
  if (MetricState.isSummaryState(state)) {
    return [
      ...[...state.quantiles].map(
        ([quantile, value]): Sample => ({
          suffix: "",
          labels: [...labels, ["quantile", String(quantile)]],
          value: Option.getOrElse(value, () => Number.NaN)
        })
      ),
      plain(state.sum, "_sum"),
      plain(state.count, "_count")
    ]
  }
  return []
}

const sum = (before: ReadonlyArray<Sample>, more: ReadonlyArray<Sample>): ReadonlyArray<Sample> => {
  const all = new Map(before.map((sample) => [JSON.stringify(sample.labels), sample]))
  for (const sample of more) {
    const key = JSON.stringify(sample.labels)
    const known = all.get(key)
    all.set(key, known === undefined ? sample : { ...sample, value: Number(known.value) + Number(sample.value) })
  }
  return [...all.values()]
}
