/**
 * The options of a hedge, checked and made into a plan.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { Policies } from "../call/ready.js"
import { choice, type Settings as Walk } from "../fallback/settings.js"
import { count, invalid, millis, number, word } from "../options/check.js"
import { hedgeOptions, refuseUnknown } from "../options/names.js"
import type { Budget } from "../retry/budgetTypes.js"
import type { Hub } from "../telemetry/events.js"
import { LabelCapacity } from "../telemetry/labels.js"
import { hubIn, operationIn } from "../telemetry/operation.js"
import { type AskReady, Candidates } from "./candidates.js"
import { afterOther, afterSame, type Seen } from "./decide.js"
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
  readonly fallbackOn: Walk["fallbackOn"]
  readonly needs: Walk["needs"]
  readonly sticky: Options["sticky"]
  /** Milliseconds. */
  readonly patience: number
  readonly name: string
}

/** @internal */
export const settingsOf = (options: Options): Settings => {
  refuseUnknown(where, "", options, hedgeOptions)
  const { after, budget, hedges, name = "hedge", patience = "5 seconds", sticky } = options
  if (budget !== undefined && budget !== false && !isBudget(budget)) {
    throw invalid(where, "budget", budget, "made by RetryBudget.make, or false")
  }
  return {
    late: lateOf(after),
    hedges: hedges === undefined ? undefined : count(where, "hedges", hedges),
    budget,
    ...choice(where, options),
    sticky,
    patience: millis(where, "patience", patience),
    name: word(where, "name", name)
  }
}

const isBudget = (budget: unknown): boolean =>
  Predicate.hasProperty(budget, "deposit") && Predicate.hasProperty(budget, "take")

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
  /** Whether a target would take a call now, as far as the policies around the hedge know. */
  readonly askReady: AskReady
}

/** @internal */
export const surroundings = (state: (context: Context.Context<never>) => HedgingState): Effect.Effect<Surroundings> =>
  Effect.map(Effect.context<never>(), (context) => {
    const hub = hubIn(context)
    const policies = Context.getOption(context, Policies)
    return {
      state: state(context),
      hub,
      labels: Context.get(context, LabelCapacity),
      operation: operationIn(context, hub),
      askReady: Option.isSome(policies) ? policies.value.isReady : taken
    }
  })

const taken: AskReady = () => Effect.succeed(true)

/** A hedged call over targets that can do what it needs. @internal */
export interface Asked<A, E, R> {
  readonly targets: ReadonlyArray<Attempted<A, E, R>>
  /** The targets that were passed over, with the reason. */
  readonly unable: ReadonlyArray<Seen>
  /** All attempts are at one target. */
  readonly same: boolean
  /** What is measured, if it is not the whole answer. */
  readonly what: string
  readonly discard?: (answer: A) => Effect.Effect<void>
}

/** @internal */
export const planOf = <A, E, R>(
  settings: Settings,
  { askReady, hub, labels, operation, state }: Surroundings,
  { discard, same, targets, unable, what }: Asked<A, E, R>
): Plan<A, E, R> => {
  const { latencies } = state
  const { fallbackOn, sticky } = settings
  const [first, ...others] = targets as [Attempted<A, E, R>, ...ReadonlyArray<Attempted<A, E, R>>]
  const budget = settings.budget === false ? undefined : (settings.budget ?? state.budget)
  return {
    same,
    first,
    others: new Candidates(others, askReady, unable),
    hedges: settings.hedges ?? others.length,
    patience: settings.patience,
    lateAfter: (target) => settings.late(latencies, target + what),
    after: same ? afterSame : (failure, isFirst) => afterOther(failure, isFirst, fallbackOn),
    take: budget === undefined ? Effect.succeed(true) : budget.take(first.name),
    answered: (target, millis, now) => latencies.answered(target + what, millis, now),
    remember: sticky && ((target) => sticky.memory.answered(sticky.key, target)),
    cutOff: (target, millis, now) => latencies.cutOff(target + what, millis, now),
    discard,
    operation,
    report: new HedgeReport(hub, labels, operation)
  }
}

/** Each call adds its share to the budget. @internal */
export const deposited = (settings: Settings, state: HedgingState, name: string): Effect.Effect<void> => {
  const budget = settings.budget === false ? undefined : (settings.budget ?? state.budget)
  return budget === undefined ? Effect.void : budget.deposit(name)
}
