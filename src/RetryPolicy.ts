/**
 * When, and how often, a failed call is made again.
 *
 * A policy is a plain `Schedule` that reads the failures it is given, so `Effect.retry(policy)` takes it whatever the
 * call's error type is. `make` builds the usual one from a few options. Every piece it is made of is exported as well,
 * each a `Schedule -> Schedule`, and works on schedules of any other origin.
 *
 * The order of the pieces matters: the delay grows, is capped, is jittered, and the server's hint is applied to it last,
 * as a floor; then come the limits.
 *
 * Whatever the policy, what a failure means stands in `LlmError.traits`. An error that is not an `LlmError` is read by
 * `Classifier.fromUnknown` for the decision, and reaches the caller unchanged. The toolkit's own rejections are never
 * retried.
 *
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Schedule from "effect/Schedule"
import * as backoff from "./internal/retry/backoff.js"
import { config as config_ } from "./internal/retry/config.js"
import * as limits from "./internal/retry/limits.js"
import * as policy from "./internal/retry/policy.js"
import type {
  ErrorSchedules,
  FailureRefinement,
  HintOptions,
  Options,
  Refinement,
  RetryableOptions,
  RetryPolicy
} from "./internal/retry/policyTypes.js"
import { retry as retry_ } from "./internal/retry/run.js"
import type { Tag } from "./LlmError.js"

export type {
  Attempt,
  BackoffOptions,
  EndedBy,
  ErrorOptions,
  ErrorSchedules,
  FailureRefinement,
  HintOptions,
  Jitter,
  Options,
  Refinement,
  RetryableOptions,
  RetryPolicy
} from "./internal/retry/policyTypes.js"

/**
 * The policy to start with: 3 attempts in all, 1 s and twice as long each time up to 10 s, equal jitter, the server's
 * hints honoured up to 60 s, and clipped to the call's deadline.
 *
 * *Details*: a failure that cannot help itself ends the retrying at once, and so does a hint or a delay that would
 * outlast `maxRetryAfter`, `maxElapsed` or the deadline; the caller gets that failure, and no wait follows the last
 * attempt. An unreadable answer is tried again once. One policy serves any number of calls: each has counts of its own.
 *
 * Throws a `RangeError` that names the option for options that make no sense.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmError, RetryPolicy } from "effect-resilience"
 *
 * const policy = RetryPolicy.make({
 *   maxAttempts: 4,
 *   perError: { RateLimited: { initialDelay: "10 seconds", maxDelay: "2 minutes" } }
 * })
 *
 * declare const call: Effect.Effect<string, LlmError.LlmError>
 *
 * const program = Effect.retry(call, policy)
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make: (options?: Options) => RetryPolicy = policy.make

/**
 * The policy that the environment, or any other `ConfigProvider`, describes:
 *
 * | variable | meaning | default |
 * |---|---|---|
 * | `LLM_MAX_RETRIES` | attempts in all, the first one included | 3 |
 * | `LLM_RETRY_INITIAL_DELAY` | the first delay, in seconds or as `2 seconds` | 1 |
 * | `LLM_RETRY_MAX_DELAY` | the cap, in the same way | 10, or the first delay if that is longer |
 * | `LLM_RETRY_BACKOFF_FACTOR` | the growth per failure | 2 |
 *
 * A value that makes no sense is a `ConfigError` that names the variable, its value and what is allowed. The policy's
 * `options` tell what was read.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const config: Config.Config<RetryPolicy> = config_

/**
 * The defaults of `make`. For most calls of most programs.
 *
 * @since 0.1.0
 * @category Presets
 */
export const standard: RetryPolicy = /*#__PURE__*/ make()

/**
 * From 10 s, twice as long each time up to 120 s, for five minutes in all; hints of up to five minutes are honoured, and
 * an open circuit is waited for as long.
 * For work that may wait, against a provider that counts requests or tokens per minute.
 *
 * @since 0.1.0
 * @category Presets
 */
export const rateLimit: RetryPolicy = /*#__PURE__*/ make({
  whenOpen: "wait",
  maxAttempts: Infinity,
  initialDelay: "10 seconds",
  maxDelay: "120 seconds",
  maxElapsed: "5 minutes",
  maxRetryAfter: "5 minutes"
})

/**
 * 3 attempts, from 200 ms up to 1 s, and no hint longer than 2 s is waited for. For a person who is watching.
 *
 * @since 0.1.0
 * @category Presets
 */
export const interactive: RetryPolicy = /*#__PURE__*/ make({
  initialDelay: "200 millis",
  maxDelay: "1 second",
  maxElapsed: "5 seconds",
  maxRetryAfter: "2 seconds"
})

/**
 * 10 attempts, from 2 s up to 2 minutes with full jitter, hints of up to 15 minutes, for an hour in all; an open circuit
 * is waited for as long as a hint. For jobs that nobody waits for. Give such a call a `deadline` that leaves it the time.
 *
 * @since 0.1.0
 * @category Presets
 */
export const batch: RetryPolicy = /*#__PURE__*/ make({
  whenOpen: "wait",
  maxAttempts: 10,
  initialDelay: "2 seconds",
  maxDelay: "2 minutes",
  jitter: "full",
  maxElapsed: "1 hour",
  maxRetryAfter: "15 minutes"
})

/**
 * The first failure is the last. For calls that must not be made twice.
 *
 * @since 0.1.0
 * @category Presets
 */
export const never: RetryPolicy = /*#__PURE__*/ make({ maxAttempts: 1 })

/**
 * `initialDelay * factor^(n - 1)` after the `n`th failure, for ever. `factor` is 2 unless given, and at least 1.
 *
 * Growth ends at 2^31 - 1 milliseconds, the longest time a timer can measure.
 *
 * Source: R. Metcalfe and D. Boggs, "Ethernet: Distributed Packet Switching for Local Computer Networks", 1976.
 *
 * @since 0.1.0
 * @category Delays
 */
export const exponential: (
  initialDelay: Duration.DurationInput,
  factor?: number
) => Schedule.Schedule<Duration.Duration> = backoff.exponential

/**
 * `initialDelay + increment * (n - 1)` after the `n`th failure, for ever. `increment` is `initialDelay` unless given.
 *
 * Source: `wait_incrementing` of [tenacity](https://tenacity.readthedocs.io/en/latest/api.html), 2016.
 *
 * @since 0.1.0
 * @category Delays
 */
export const linear: (
  initialDelay: Duration.DurationInput,
  increment?: Duration.DurationInput
) => Schedule.Schedule<Duration.Duration> = backoff.linear

/**
 * `delay` after every failure, for ever, counted from the failure (`Schedule.fixed` counts from the attempt before).
 *
 * Source: `wait_fixed` of [tenacity](https://tenacity.readthedocs.io/en/latest/api.html), 2016.
 *
 * @since 0.1.0
 * @category Delays
 */
export const fixed: (delay: Duration.DurationInput) => Schedule.Schedule<Duration.Duration> = backoff.fixed

/**
 * `initialDelay` times 1, 1, 2, 3, 5, 8 and so on, for ever: in the long run a growth by 1.618.
 *
 * Source: `Schedule.fibonacci` of [Effect](https://effect.website/docs/scheduling/built-in-schedules/) and, before it,
 * of ZIO, 2018.
 *
 * @since 0.1.0
 * @category Delays
 */
export const fibonacci: (initialDelay: Duration.DurationInput) => Schedule.Schedule<Duration.Duration> =
  backoff.fibonacci

/**
 * `min(delay, maxDelay)`. Apply it before any jitter: capped afterwards, all who are at the cap come back together.
 *
 * Source: the truncated binary exponential backoff of IEEE 802.3, 1985.
 *
 * @since 0.1.0
 * @category Delays
 */
export const cappedAt: {
  (maxDelay: Duration.DurationInput): Refinement
  <Out, In, R>(self: Schedule.Schedule<Out, In, R>, maxDelay: Duration.DurationInput): Schedule.Schedule<Out, In, R>
} = backoff.cappedAt

/**
 * Anything from 0 to `delay`, half of it on average. Spreads best, and may come back at once.
 *
 * Source: M. Brooker,
 * ["Exponential Backoff And Jitter"](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), AWS
 * Architecture Blog, 2015.
 *
 * @since 0.1.0
 * @category Jitter
 */
export const fullJitter: Refinement = backoff.fullJitter

/**
 * `delay / 2` and anything up to `delay / 2` more, three quarters of it on average. Never comes back at once.
 *
 * Source: M. Brooker,
 * ["Exponential Backoff And Jitter"](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), AWS
 * Architecture Blog, 2015.
 *
 * @since 0.1.0
 * @category Jitter
 */
export const equalJitter: Refinement = backoff.equalJitter

/**
 * Anything from the first delay to three times the previous one, so each client grows on its own path. The growth is
 * the jitter's own: of the schedule's delays only the first is used.
 *
 * `maxDelay` caps the upper end before the draw (the source caps the result, which gathers everyone at the cap).
 *
 * Source: M. Brooker,
 * ["Exponential Backoff And Jitter"](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), AWS
 * Architecture Blog, 2015.
 *
 * @since 0.1.0
 * @category Jitter
 */
export const decorrelatedJitter: {
  (maxDelay?: Duration.DurationInput): Refinement
  <Out, In, R>(self: Schedule.Schedule<Out, In, R>, maxDelay?: Duration.DurationInput): Schedule.Schedule<Out, In, R>
} = backoff.decorrelatedJitter

/**
 * From `delay * (1 - ratio)` to `delay * (1 + ratio)`, `delay` on average. `ratio` is from 0 to 1, default 0.2.
 *
 * Source: [gRPC Connection Backoff Protocol](https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md), 2015.
 *
 * @since 0.1.0
 * @category Jitter
 */
export const proportionalJitter: {
  (ratio?: number): Refinement
  <Out, In, R>(self: Schedule.Schedule<Out, In, R>, ratio?: number): Schedule.Schedule<Out, In, R>
} = backoff.proportionalJitter

/**
 * `max(delay, retryAfter)`, where the failure carries the server's hint: never earlier than the server asks, and later
 * if the delay is longer. The current failure's hint counts, not an earlier one's. Apply it after the jitter.
 *
 * `spread` is a share of the hint, of which a random part is added to it, so that those who were told the same time do
 * not all come back at it. Default 0 here; `make` uses 0.1 unless its jitter is `none`. A hint longer than
 * `maxRetryAfter` (default 60 seconds) ends the schedule.
 *
 * Source: [RFC 9110, section 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3), 2022.
 *
 * @since 0.1.0
 * @category Limits
 */
export const honorRetryAfter: {
  (options?: HintOptions): FailureRefinement
  <Out, R>(self: Schedule.Schedule<Out, unknown, R>, options?: HintOptions): Schedule.Schedule<Out, unknown, R>
} = limits.honorRetryAfter

/**
 * Ends at the failure that makes `count` attempts in all, the first one included.
 *
 * Source: `stop_after_attempt` of [tenacity](https://tenacity.readthedocs.io/en/latest/api.html), 2016.
 *
 * @since 0.1.0
 * @category Limits
 */
export const maxAttempts: {
  (count: number): Refinement
  <Out, In, R>(self: Schedule.Schedule<Out, In, R>, count: number): Schedule.Schedule<Out, In, R>
} = limits.maxAttempts

/**
 * Ends where the next wait would be over later than `duration` after the first failure. (`Schedule.upTo` looks before
 * the wait, and so goes past its limit.) `Deadline.within` limits a call from its start, attempts included.
 *
 * Source: `stop_before_delay` of [tenacity](https://tenacity.readthedocs.io/en/latest/api.html), 2024.
 *
 * @since 0.1.0
 * @category Limits
 */
export const maxElapsed: {
  (duration: Duration.DurationInput): Refinement
  <Out, In, R>(self: Schedule.Schedule<Out, In, R>, duration: Duration.DurationInput): Schedule.Schedule<Out, In, R>
} = limits.maxElapsed

/**
 * Ends where the next attempt would start at the call's deadline or later, or where it would start too late for even
 * the quickest attempt so far (one that timed out does not count). No deadline, no limit.
 *
 * Source: deadline propagation, B. Beyer et al.,
 * ["Site Reliability Engineering"](https://sre.google/sre-book/addressing-cascading-failures/), chapter 22, 2016.
 *
 * @since 0.1.0
 * @category Limits
 */
export const withinDeadline: FailureRefinement = limits.withinDeadline

/**
 * Ends at a failure that `LlmError.traits` calls not retryable. An unreadable answer is retried once; a call that timed
 * out only if `lastTarget` (default `true`) says that there is nobody else to ask.
 *
 * `retry` decides for single tags instead of the table, but not against a failure that says itself that it is of no use.
 *
 * Source: `retry_if_exception_type` of [tenacity](https://tenacity.readthedocs.io/en/latest/api.html), 2016.
 *
 * @since 0.1.0
 * @category Limits
 */
export const whileRetryable: {
  (options?: RetryableOptions): FailureRefinement
  <Out, R>(self: Schedule.Schedule<Out, unknown, R>, options?: RetryableOptions): Schedule.Schedule<Out, unknown, R>
} = limits.whileRetryable

/**
 * Failures of the given tags follow their own schedules, each with counts of its own; all others follow `self`.
 *
 * Source: `DelayGenerator` of [Polly 8](https://www.pollydocs.org/strategies/retry.html), 2023.
 *
 * @since 0.1.0
 * @category Limits
 */
export const perError: {
  <Out2, R2 = never>(
    schedules: {
      readonly [tag in Tag]?: Schedule.Schedule<Out2, unknown, R2>
    }
  ): <Out, R>(self: Schedule.Schedule<Out, unknown, R>) => Schedule.Schedule<Out | Out2, unknown, R | R2>
  <Out, R, Out2, R2 = never>(
    self: Schedule.Schedule<Out, unknown, R>,
    schedules: ErrorSchedules<Out2, R2>
  ): Schedule.Schedule<Out | Out2, unknown, R | R2>
} = limits.perError

/**
 * The waits a policy would make, without running anything or waiting for it: after so many failures in a row of an
 * ordinary kind (`ServerError`), or after these failures. Attempts are taken to fail at once. There are fewer waits than
 * failures where the policy ends before.
 *
 * Chance comes from `Random`; give it a seed (`Effect.withRandom(Random.make("seed"))`) for waits that repeat.
 *
 * @example
 * ```ts
 * import { Duration, Effect } from "effect"
 * import { RetryPolicy } from "effect-resilience"
 *
 * const policy = RetryPolicy.make({ maxAttempts: 4, jitter: "none" })
 *
 * const waits = Effect.runSync(RetryPolicy.delays(policy, 10)).map(Duration.toMillis) // [1000, 2000, 4000]
 * ```
 *
 * @since 0.1.0
 * @category Sampling
 */
export const delays: <Out, In, R>(
  policy: Schedule.Schedule<Out, In, R>,
  failures: number | ReadonlyArray<NoInfer<In>>
) => Effect.Effect<ReadonlyArray<Duration.Duration>, never, R> = policy.delays

/**
 * `Effect.retry` for a call under a deadline: an attempt or a wait that is under way when time is up ends with the last
 * real error, and not with `DeadlineExceeded`. It also says what it does as `ResilienceEvent`s, and costs a call that
 * succeeds next to nothing, since it makes nothing before the first failure.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Deadline, LlmError, RetryPolicy } from "effect-resilience"
 *
 * declare const call: Effect.Effect<string, LlmError.LlmError>
 *
 * const program = call.pipe(RetryPolicy.retry(RetryPolicy.standard), Deadline.within("30 seconds"))
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const retry: {
  <B, E, R1>(
    policy: Schedule.Schedule<B, NoInfer<E>, R1>
  ): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R | R1>
  <A, E, R, B, R1>(
    self: Effect.Effect<A, E, R>,
    policy: Schedule.Schedule<B, NoInfer<E>, R1>
  ): Effect.Effect<A, E, R | R1>
} = dual(
  2,
  <A, E, R, B, R1>(self: Effect.Effect<A, E, R>, policy: Schedule.Schedule<B, E, R1>): Effect.Effect<A, E, R | R1> =>
    retry_(self, policy, undefined)
)
