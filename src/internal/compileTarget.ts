/**
 * The options of a target, checked and made into its policies.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"
import type { TargetOptions } from "../Resilience.js"
import type { Hub } from "../ResilienceEvent.js"
import type { Budget } from "../RetryBudget.js"
import * as RetryPolicy from "../RetryPolicy.js"
import type { CircuitGate } from "./breaker/gated.js"
import { invalid, millis } from "./options.js"
import type { Target } from "./target.js"
import { targetMetrics } from "./targetMetrics.js"

/** What a target shares with the others, or is made elsewhere. */
interface Shared {
  readonly circuit: CircuitGate
  readonly budget: Budget | undefined
  readonly hub: Hub
}

/** @internal */
export const compileTarget = (name: string, options: TargetOptions, { budget, circuit, hub }: Shared): Target => {
  const { attemptTimeout = "2 minutes", circuitBreaker, retry = {} } = options
  const counts = circuitBreaker === false ? "nothing" : (circuitBreaker?.counts ?? "attempts")
  if (counts !== "attempts" && counts !== "calls" && counts !== "nothing") {
    throw invalid("Resilience", "circuitBreaker.counts", counts, "attempts or calls")
  }
  return {
    name,
    deadline: deadlineOf(options),
    attemptMillis:
      attemptTimeout === false ? Number.POSITIVE_INFINITY : millis("Resilience", "attemptTimeout", attemptTimeout),
    ...schedules(retry),
    budget: budget && { deposit: budget.deposit(name), take: budget.take(name), giveBack: budget.giveBack(name) },
    attemptCircuit: counts === "attempts" ? circuit : undefined,
    callCircuit: counts === "calls" ? circuit : undefined,
    metrics: targetMetrics(name),
    hub
  }
}

/** The time a call has in all. @internal */
export const deadlineOf = ({ deadline = "5 minutes" }: TargetOptions): Duration.Duration | undefined =>
  deadline === false ? undefined : Duration.millis(millis("Resilience", "deadline", deadline))

const schedules = (retry: Exclude<TargetOptions["retry"], undefined>): Pick<Target, "retry" | "retryWithOthers"> => {
  if (retry === false) return { retry: undefined, retryWithOthers: undefined }
  if (Schedule.isSchedule(retry) && !("options" in retry)) return { retry, retryWithOthers: retry }
  const options = "options" in retry ? (retry as RetryPolicy.RetryPolicy).options : (retry as RetryPolicy.Options)
  return {
    retry: RetryPolicy.make(options),
    retryWithOthers: RetryPolicy.make({ lastTarget: false, ...given(options) })
  }
}

/**
 * What was given, without what is only there as `undefined`.
 *
 * @internal
 */
export const given = <A extends object>(options: A | undefined): Partial<A> =>
  Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as Partial<A>
