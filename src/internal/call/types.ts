/**
 * What the policies of targets are made of.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import type * as Schedule from "effect/Schedule"
import type * as CircuitBreaker from "../breaker/types.js"
import type * as Hedge from "../hedge/types.js"
import type * as AdaptiveLimit from "../load/adaptiveLimit.js"
import type * as Bulkhead from "../load/bulkhead.js"
import type * as RateLimit from "../load/rateLimit.js"
import type * as SpendLimit from "../load/spendLimit.js"
import type * as RetryBudget from "../retry/budgetTypes.js"
import type * as RetryPolicy from "../retry/policyTypes.js"
import type { StreamPolicy } from "../stream/options.js"
import type { Target } from "./handle.js"

/**
 * The policies of a target. Whatever is left out has its default; `false` leaves the policy itself out. Options are
 * merged, field by field: what one target's leave out is as in the general ones, within `retry`, `circuitBreaker` and
 * `stream` too. A schedule, a trip policy or a `RetryPolicy` is one value, and replaces the general one.
 *
 * @since 0.1.0
 * @category Models
 */
export interface TargetOptions {
  /** The time a call has in all: attempts, waits and queues. Default 5 minutes. A shorter deadline around it holds. */
  readonly deadline?: Duration.DurationInput | false | undefined
  /** The time one attempt has. Default 2 minutes. */
  readonly attemptTimeout?: Duration.DurationInput | false | undefined
  /**
   * The options of a retry policy, or a schedule, which then decides alone. Default: `RetryPolicy.standard`, 3 attempts
   * in all. A call that has timed out is repeated only if there is no other target to turn to.
   */
  readonly retry?: RetryPolicy.Options | Schedule.Schedule<unknown, unknown> | false | undefined
  /**
   * The circuit breaker. Default: open after 5 consecutive failures, for 60 seconds. `counts` says what a failure is:
   * each attempt (the default), or a call whose retries have all failed. With `calls` a target that asks to be left
   * alone is parked when the call ends, not at the attempt that was told so.
   */
  readonly circuitBreaker?: CircuitBreakerOptions | false | undefined
  /** How many calls run at once. Default: any number. See `Bulkhead`. */
  readonly bulkhead?: Bulkhead.Options | false | undefined
  /** As many calls at once as the target turns out to take, in place of a bulkhead. Default: none. See `AdaptiveLimit`. */
  readonly adaptiveLimit?: AdaptiveLimit.Options | false | undefined
  /**
   * For so long after its circuit has closed, or after it wanted to be left alone, a rising part of the usual number of
   * calls runs at once, and the others wait: `usual * elapsed / rampUp`, at least one. Usual is what `bulkhead` or
   * `adaptiveLimit` allow, or as many as ran before; while somebody waits it goes on rising. Default: none.
   */
  readonly rampUp?: Duration.DurationInput | false | undefined
  /** Requests and tokens in a time. Default: none. See `RateLimit`. */
  readonly rateLimit?: RateLimit.Options | false | undefined
  /** Money in a time. Default: none. See `SpendLimit`. */
  readonly spendLimit?: SpendLimit.Options | false | undefined
  /** The limits of streams, and how they are read. */
  readonly stream?: StreamPolicy | undefined
  /**
   * Asks this target once more when an answer is late, as `Hedge.again`: each such attempt passes the policies for itself,
   * and all of them have the call's deadline. Default: none.
   */
  readonly hedge?: Hedge.AgainOptions | false | undefined
  /**
   * All that the policies decide is told (`DecisionObserved`, `llm_observed_decisions_total`) and nothing of it is done:
   * calls and streams go through as if there were no policies. Default `false`. `Resilience.observeOnly` switches it
   * while the program runs.
   */
  readonly observeOnly?: boolean | undefined
  /**
   * Who answers for this target, as OpenTelemetry names providers (`openai`, `anthropic`, `gcp.gemini`, `aws.bedrock`).
   * Only metrics, spans and events say so. Default: the target's name up to its first `/`.
   */
  readonly provider?: string | undefined
  /** The model that is asked, as its provider names it. Only metrics, spans and events say so. Default: not known. */
  readonly model?: string | undefined
}

/**
 * @since 0.1.0
 * @category Models
 */
export interface CircuitBreakerOptions extends CircuitBreaker.Options {
  readonly counts?: "attempts" | "calls" | undefined
}

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options extends TargetOptions {
  /** The share of calls that retries may add, over all calls to a target together. Default: no budget. */
  readonly retryBudget?: RetryBudget.Options | false | undefined
  /** What is different for one target, by its name; or the targets themselves, made by `Resilience.target`. */
  readonly targets?: Readonly<Record<string, TargetOptions>> | ReadonlyArray<Target> | undefined
  /** For how long what is known of a target that nobody asks is kept: its circuit, its budget. Default 1 hour. */
  readonly idleTimeToLive?: Duration.DurationInput | undefined
  /**
   * Of how many targets something is kept. Beyond that, those that have not been asked lately are forgotten: they start
   * again with a closed circuit. One whose circuit is open, parked or isolated, or that has a call under way, never is.
   * Default 10 000.
   */
  readonly capacity?: number | undefined
}
