/**
 * The options of a hedge, checked and made into a plan.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { count, invalid, millis, number } from "../options/check.js"
import { hedgeOptions, refuseUnknown } from "../options/names.js"
import type { Budget } from "../retry/budgetTypes.js"
import type { Hub } from "../telemetry/events.js"
import { LabelCapacity } from "../telemetry/labels.js"
import { hubIn, operationIn } from "../telemetry/operation.js"
import { Candidates } from "./candidates.js"
import { afterOther, afterSame } from "./decide.js"
import type { LatencyMemory } from "./memory.js"
import type { Attempted, Plan } from "./race.js"
import { HedgeReport } from "./report.js"
import type { Options, Quantile } from "./types.js"

/** What hedged calls remember between them. @internal */
export interface HedgingState {
  readonly latencies: LatencyMemory
  readonly budget: Budget | undefined
}

const where = "Hedge"

/** @internal */
export const isQuantile = (after: Options["after"]): after is Quantile =>
  typeof after === "object" && after !== null && "_tag" in after && after._tag === "Quantile"

/** When an answer is late. @internal */
export type Late = (latencies: LatencyMemory, key: string) => number | undefined

/** What the options say, whatever the targets. @internal */
export interface Settings {
  readonly late: Late
  readonly hedges: number | undefined
  readonly budget: Budget | false | undefined
  readonly fallbackOn: Exclude<Options["fallbackOn"], undefined>
  readonly name: string
}

/** @internal */
export const settingsOf = (options: Options): Settings => {
  refuseUnknown(where, "", options, hedgeOptions)
  const { after, budget, fallbackOn = [], hedges, name = "hedge" } = options
  return {
    late: lateOf(after),
    hedges: hedges === undefined ? undefined : count(where, "hedges", hedges),
    budget,
    fallbackOn,
    name
  }
}

const lateOf = (after: Options["after"]): Late => {
  if (!isQuantile(after)) {
    const fixed = millis(where, "after", after)
    return () => fixed
  }
  const q = number(where, "after.q", after.q, 0, 1)
  const minimumSamples = count(where, "after.minimumSamples", after.minimumSamples)
  const initial = after.initial === undefined ? undefined : millis(where, "after.initial", after.initial)
  if (q === 0) throw invalid(where, "after.q", q, "a number above 0, such as 0.95")
  return (latencies, key) => latencies.quantile(key, q, minimumSamples) ?? initial
}

/** Where a hedge runs, which is read when the call begins. @internal */
export interface Surroundings {
  readonly state: HedgingState
  readonly hub: Hub
  readonly labels: number
  /** The number of the operation that the attempts are a part of, if anybody listens. */
  readonly operation: number | undefined
}

/** @internal */
export const surroundings = (state: (context: Context.Context<never>) => HedgingState): Effect.Effect<Surroundings> =>
  Effect.map(Effect.context<never>(), (context) => {
    const hub = hubIn(context)
    const labels = Context.get(context, LabelCapacity)
    return { state: state(context), hub, labels, operation: operationIn(context, hub) }
  })

/** @internal */
export const planOf = <A, E, R>(
  settings: Settings,
  { hub, labels, operation, state }: Surroundings,
  targets: ReadonlyArray<Attempted<A, E, R>>,
  of: { readonly same: boolean; readonly what: string; readonly discard?: (answer: A) => Effect.Effect<void> }
): Plan<A, E, R> => {
  const { latencies } = state
  const [first, ...others] = targets as [Attempted<A, E, R>, ...ReadonlyArray<Attempted<A, E, R>>]
  const budget = settings.budget === false ? undefined : (settings.budget ?? state.budget)
  return {
    same: of.same,
    first,
    others: new Candidates(others),
    hedges: settings.hedges ?? others.length,
    lateAfter: (target) => settings.late(latencies, target + of.what),
    after: of.same ? afterSame : (failure, isFirst) => afterOther(failure, isFirst, settings.fallbackOn),
    take: budget === undefined ? Effect.succeed(true) : budget.take(first.name),
    answered: (target, millis, now) => latencies.answered(target + of.what, millis, now),
    cutOff: (target, millis, now) => latencies.cutOff(target + of.what, millis, now),
    discard: of.discard,
    operation,
    report: new HedgeReport(hub, labels, operation)
  }
}

/** Each call adds its share to the budget. @internal */
export const deposited = (settings: Settings, state: HedgingState, name: string): Effect.Effect<void> => {
  const budget = settings.budget === false ? undefined : (settings.budget ?? state.budget)
  return budget === undefined ? Effect.void : budget.deposit(name)
}
