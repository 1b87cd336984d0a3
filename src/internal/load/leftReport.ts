/**
 * What limits still allow, for the metrics.
 *
 * @internal
 */
import type { LoadGate } from "../telemetry/events.js"
import { labelOf, shared } from "../telemetry/labels.js"
import { metricTable } from "../telemetry/metricTable.js"
import { byValue, gauge } from "../telemetry/series.js"
import type { Amounts, Unit } from "./buckets.js"

const kinds: Readonly<Record<Unit, string>> = {
  requests: "requests",
  tokens: "tokens",
  inputTokens: "input_tokens",
  outputTokens: "output_tokens",
  money: "money"
}

/** Made with the first call that leaves something to tell. A label that several share has no gauge. @internal */
export const leftReport = (gate: LoadGate, target: string, capacity: number): ((left: Amounts) => void) => {
  let label: string | undefined
  const series = byValue((kind) => gauge(metricTable.limitLeft, label ?? shared, gate, kind))
  return (left) => {
    label ??= labelOf("limits", target, capacity)
    if (label === shared) return
    for (const unit in left) {
      const amount = left[unit as Unit]
      // A limit without an end is none.
      if (amount !== undefined && Number.isFinite(amount)) series(kinds[unit as Unit]).unsafeUpdate(amount, [])
    }
  }
}
