import { globalValue } from "effect/GlobalValue"
import { byLabel } from "./labels.js"
import type { Row } from "./metricTable.js"
import { byValue, counter } from "./series.js"

/** Counts one more, where `capacity` names of targets have labels of their own. @internal */
export type OutcomeCount = (target: string, outcome: string, capacity: number) => void

/**
 * A counter by target and by outcome, for outcomes of which there are few and which are the toolkit's own words. Names of
 * targets share a label beyond `capacity`.
 *
 * @internal
 */
export const outcomeCounters = (row: Row<"counter">): OutcomeCount => {
  type Count = (outcome: string) => void
  const targets = globalValue(`effect-resilience/counters/${row.name}`, () => new Map<string, Count>())
  const of = (target: string): Count => {
    const byOutcome = byValue((outcome) => counter(row, target, outcome))
    return (outcome) => byOutcome(outcome).unsafeUpdate(1, [])
  }
  return (target, outcome, capacity) => byLabel(targets, target, capacity, of)(outcome)
}
