/**
 * The options of a target, checked and made into its policies.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { inOrder, type Limits } from "../admission/inOrder.js"
import type { CircuitGate } from "../breaker/gated.js"
import { settingsOf } from "../hedge/plan.js"
import { given, invalid, millis } from "../options/check.js"
import * as known from "../options/names.js"
import type { Budget } from "../retry/budgetTypes.js"
import { make as makeRetry } from "../retry/policy.js"
import type * as RetryPolicy from "../retry/policyTypes.js"
import type { Hub } from "../telemetry/events.js"
import { type TargetMetrics, targetMetrics } from "../telemetry/targetMetrics.js"
import type { BoundBudget, Target } from "./target.js"
import type { TargetOptions } from "./types.js"

/** What options say, whatever the name of the target. @internal */
export interface Policies
  extends Pick<
    Target,
    | "deadline"
    | "attemptMillis"
    | "retry"
    | "retryWithOthers"
    | "hedge"
    | "stream"
    | "observeOnly"
    | "provider"
    | "model"
  > {
  readonly counts: "attempts" | "calls" | "nothing"
}

/** @internal */
export const compile = (options: TargetOptions): Policies => {
  check(options)
  const { attemptTimeout = "2 minutes", circuitBreaker, model, observeOnly = false, provider, retry = {} } = options
  if (typeof observeOnly !== "boolean") throw invalid("Resilience", "observeOnly", observeOnly, "true or false")
  const counts = countsOf(circuitBreaker)
  return {
    counts,
    deadline: deadlineOf(options),
    attemptMillis:
      attemptTimeout === false ? Number.POSITIVE_INFINITY : millis("Resilience", "attemptTimeout", attemptTimeout),
    ...schedules(retry),
    hedge: hedgeOf(options),
    stream: options.stream,
    observeOnly,
    provider: named("provider", provider),
    model: named("model", model)
  }
}

const countsOf = (options: TargetOptions["circuitBreaker"] = {}): Policies["counts"] => {
  if (options === false) return "nothing"
  const { counts = "attempts" } = options
  if (counts === "attempts" || counts === "calls") return counts
  throw invalid("Resilience", "circuitBreaker.counts", counts, "attempts or calls")
}

/** What a target shares with the others, or is made elsewhere. */
interface Shared {
  readonly scope: object
  readonly circuit: CircuitGate
  readonly limits: Limits
  readonly budget: Budget | undefined
  readonly hub: Hub
  readonly labels: number
}

/** @internal */
export const makeTarget = (name: string, { counts, ...policies }: Policies, shared: Shared): Target => {
  const { budget, circuit, hub, labels, limits, scope } = shared
  const metrics = targetMetrics(name, labels)
  const gates = (one: CircuitGate): Pick<Target, "attemptCircuit" | "callCircuit"> => ({
    attemptCircuit: inOrder(counts === "attempts" ? one : undefined, limits),
    callCircuit: inOrder(counts === "calls" ? one : undefined, unlimited)
  })
  return {
    name,
    scope,
    ...policies,
    budget: budget && boundBudget(name, budget, metrics),
    ...gates(circuit),
    waitingAs: (own) => gates(circuit.waitingAs?.(own) ?? circuit),
    metrics,
    labels,
    hub
  }
}

/** The gauge of the budget begins with the first retry, and rests while the budget is full: a call that needs none pays nothing. */
const boundBudget = (name: string, budget: Budget, metrics: TargetMetrics): BoundBudget => {
  let most: number | undefined
  const tell = Effect.map(budget.available(name), metrics.budget)
  const deposit = budget.deposit(name)
  const told = Effect.zipRight(
    deposit,
    Effect.map(budget.available(name), (left) => {
      metrics.budget(left)
      if (left === most) most = undefined
    })
  )
  const take = Effect.flatMap(budget.available(name), (left) => {
    most ??= left
    return Effect.tap(budget.take(name), () => tell)
  })
  return {
    deposit: Effect.suspend(() => (most === undefined ? deposit : told)),
    take,
    giveBack: Effect.zipRight(budget.giveBack(name), tell)
  }
}

/** Limits hold for each attempt, whatever the circuit counts. */
const unlimited: Limits = { rampUp: undefined, concurrency: undefined, rate: undefined, spend: undefined }

const hedgeOf = ({ hedge = false }: TargetOptions): Policies["hedge"] => {
  if (hedge === false) return undefined
  known.refuseUnknown("Resilience", "hedge", hedge, known.againOptions)
  settingsOf(hedge)
  return hedge
}

/** The time a call has in all. @internal */
export const deadlineOf = ({ deadline = "5 minutes" }: TargetOptions): Duration.Duration | undefined =>
  deadline === false ? undefined : Duration.millis(millis("Resilience", "deadline", deadline))

/** What a policy's own module would not say, or would say without the name of the option. */
const check = ({ circuitBreaker, retry, stream }: TargetOptions): void => {
  if (circuitBreaker !== undefined && circuitBreaker !== false) {
    known.refuseUnknown("Resilience", "circuitBreaker", circuitBreaker, known.circuitOptions)
    const { halfOpen, parking } = circuitBreaker
    if (halfOpen !== undefined) {
      known.refuseUnknown("Resilience", "circuitBreaker.halfOpen", halfOpen, known.halfOpenOptions)
    }
    if (parking !== undefined) {
      known.refuseUnknown("Resilience", "circuitBreaker.parking", parking, known.parkingOptions)
    }
  }
  if (stream !== undefined) known.refuseUnknown("Resilience", "stream", stream, known.streamPolicy)
  if (retry !== undefined && retry !== false && (typeof retry !== "object" || retry === null)) {
    throw invalid("Resilience", "retry", retry, "an object with options, a schedule, or false")
  }
}

const named = (option: string, value: unknown): string | undefined => {
  if (value === undefined || (typeof value === "string" && value !== "")) return value
  throw invalid("Resilience", option, value, "a name")
}

const schedules = (retry: Exclude<TargetOptions["retry"], undefined>): Pick<Target, "retry" | "retryWithOthers"> => {
  if (retry === false) return { retry: undefined, retryWithOthers: undefined }
  if (Schedule.isSchedule(retry) && !("options" in retry)) return { retry, retryWithOthers: retry }
  const options = "options" in retry ? (retry as RetryPolicy.RetryPolicy).options : (retry as RetryPolicy.Options)
  return {
    retry: makeRetry(options),
    retryWithOthers: makeRetry({ lastTarget: false, ...given(options) })
  }
}
