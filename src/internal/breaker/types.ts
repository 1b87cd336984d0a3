/**
 * What a circuit breaker is made of, what it is for its callers, and what its store has to do.
 *
 * @internal
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { CircuitHalfOpen, CircuitOpen, RateLimitExceeded } from "../../Rejection.js"
import type { Outcome } from "./outcome.js"
import type { Policy, TripPolicy } from "./policy.js"
import type { Amendment, Circuit, Counts, Decision, LastFailure, Reason, Result } from "./state.js"

/**
 * How a circuit behaves. Everything has a default.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Options {
  /** When a closed circuit opens. Default: 5 failures in a row. */
  readonly tripPolicy?: TripPolicy | undefined
  /**
   * How long it stays open (default 60 seconds). With a schedule the n-th opening in a row lasts the schedule's n-th
   * delay, and its last delay repeats; the row ends when the circuit has been closed for as long as it was last open. A
   * failure's own `retryAfter` can only make it longer.
   */
  readonly openDuration?: Duration.DurationInput | Schedule.Schedule<unknown, number> | undefined
  /**
   * The longest that the `retryAfter` of a failure keeps others away, whether it parks the target or opens the circuit
   * (default 1 hour). A target that has asked for more is then tried by one caller at a time. The date at which a quota
   * resets (`resetsAt`) is taken for what it says.
   */
  readonly maxRetryAfter?: Duration.DurationInput | undefined
  /**
   * What becomes of calls that find the circuit open: they are rejected at once (the default), or wait for its end like
   * for a parked target, if their deadline and `parking.maxWait` allow it, and then probe in turn. One that is held open
   * by hand is not waited for.
   */
  readonly whenOpen?: "reject" | "wait" | undefined
  readonly halfOpen?: HalfOpenOptions | undefined
  readonly parking?: ParkingOptions | undefined
}

/**
 * How an open circuit finds out whether the target is back.
 *
 * @since 0.1.0
 * @category Models
 */
export interface HalfOpenOptions {
  /** How many probes may run at once (default 1). */
  readonly probes?: number | undefined
  /** How many successes close the circuit (default 2). */
  readonly successes?: number | undefined
  /** A probe that has not ended by then gives up its place to another one (default 30 seconds). */
  readonly probeTimeout?: Duration.DurationInput | undefined
}

/**
 * What happens to calls to a target that asked to be left alone.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ParkingOptions {
  /** Wait, if the call's deadline allows it (the default), or be rejected at once so that another target is tried. */
  readonly whenParked?: "wait" | "reject" | undefined
  /** A longer wait is not begun; the call is rejected (default 60 seconds). */
  readonly maxWait?: Duration.DurationInput | undefined
  /**
   * Waiting calls come back spread over this time after the target's own. Default: a tenth of what each has to wait. It is
   * never more than that wait itself.
   */
  readonly stagger?: Duration.DurationInput | undefined
}

/**
 * Which circuit a call goes through, and how its end is read.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ExecuteOptions<A, E> {
  readonly key: string
  /** What the end of the call says about the target. Default: `classify`. An interrupted call is always ignored. */
  readonly classify?: ((exit: Exit.Exit<A, E>) => Outcome) | undefined
  /** Overrides `parking.whenParked` for this call. */
  readonly whenParked?: "wait" | "reject" | undefined
  /** Overrides `whenOpen` for this call. */
  readonly whenOpen?: "reject" | "wait" | undefined
}

/**
 * A circuit as it is now. `retryAfter` is the open time left; a circuit past its open time reads as open until the next
 * call probes it. `reason` and `lastFailure` say why it opened.
 *
 * @since 0.1.0
 * @category Models
 */
export type State =
  | { readonly _tag: "Closed"; readonly key: string; readonly calls: number; readonly failures: number }
  | {
      readonly _tag: "Open"
      readonly key: string
      readonly retryAfter: Duration.Duration
      readonly consecutiveOpenings: number
      readonly reason: Reason | undefined
      readonly lastFailure: LastFailure | undefined
    }
  | {
      readonly _tag: "HalfOpen"
      readonly key: string
      readonly probing: boolean
      readonly consecutiveOpenings: number
      readonly reason: Reason | undefined
      readonly lastFailure: LastFailure | undefined
    }
  | { readonly _tag: "Isolated"; readonly key: string }

/**
 * A change of a circuit's state, made by this breaker. `reason` says why a circuit opened: too many failures, too many
 * slow calls, every call abandoned, a probe that failed, or somebody who opened it by hand; `counts` what it had counted.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Transition {
  readonly key: string
  readonly from: State["_tag"]
  readonly to: State["_tag"]
  readonly retryAfter: Duration.Duration
  readonly consecutiveOpenings: number
  readonly reason: Reason | undefined
  readonly counts: Counts | undefined
}

/**
 * The breaker: calls go through `execute` or `executeStream`, the rest is for operators.
 *
 * @since 0.1.0
 * @category Models
 */
export interface CircuitBreaker {
  /**
   * Runs a call through the circuit of its key. Fails with `CircuitOpen`, `CircuitHalfOpen`, or, while the target is
   * parked, `RateLimitExceeded`; the call's own errors pass through unchanged.
   */
  readonly execute: {
    (
      options: ExecuteOptions<never, never> & { readonly classify?: undefined }
    ): <A, E, R>(
      self: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E | CircuitOpen | CircuitHalfOpen | RateLimitExceeded, R>
    <A, E>(
      options: ExecuteOptions<A, E>
    ): <R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | CircuitOpen | CircuitHalfOpen | RateLimitExceeded, R>
    <A, E, R>(
      self: Effect.Effect<A, E, R>,
      options: ExecuteOptions<A, E>
    ): Effect.Effect<A, E | CircuitOpen | CircuitHalfOpen | RateLimitExceeded, R>
  }
  /** As `execute`. The stream is one call, from its first pull until its resources are closed. */
  readonly executeStream: {
    (
      options: ExecuteOptions<never, never> & { readonly classify?: undefined }
    ): <A, E, R>(
      self: Stream.Stream<A, E, R>
    ) => Stream.Stream<A, E | CircuitOpen | CircuitHalfOpen | RateLimitExceeded, R>
    <E>(
      options: ExecuteOptions<void, E>
    ): <A, R>(
      self: Stream.Stream<A, E, R>
    ) => Stream.Stream<A, E | CircuitOpen | CircuitHalfOpen | RateLimitExceeded, R>
    <A, E, R>(
      self: Stream.Stream<A, E, R>,
      options: ExecuteOptions<void, E>
    ): Stream.Stream<A, E | CircuitOpen | CircuitHalfOpen | RateLimitExceeded, R>
  }
  /** The circuit of a key; a key that was never used is closed. */
  readonly state: (key: string) => Effect.Effect<State, CircuitBreakerStoreError>
  /** Every change this breaker makes from the moment of subscription on. */
  readonly transitions: Stream.Stream<Transition>
  /** Holds a circuit open until the scope closes. Whoever isolates it, it stays so until the last of them is done. */
  readonly isolate: (key: string) => Effect.Effect<void, CircuitBreakerStoreError, Scope.Scope>
  /**
   * Opens a circuit by hand for so long, however it is; probes then find out whether the target is back. It is a change
   * with the reason `manual`, outlasts the process in a snapshot, and makes an open time longer, never shorter; `reset`
   * ends it before its time. A duration that is 0, infinite or none is a defect.
   */
  readonly open: (key: string, duration: Duration.DurationInput) => Effect.Effect<void, CircuitBreakerStoreError>
  /** Closes a circuit, forgets what it has counted and its row of openings, and ends a parking. */
  readonly reset: (key: string) => Effect.Effect<void, CircuitBreakerStoreError>
  /** What of the circuits outlasts the process: which are open or parked, and for how long. */
  readonly snapshot: Effect.Effect<Snapshot, CircuitBreakerStoreError>
  /** Takes up a snapshot, less the time that has passed since. Do it before the first call. */
  readonly restore: (snapshot: Snapshot) => Effect.Effect<void, CircuitBreakerStoreError>
}

export const Reasons: Schema.Literal<[Reason, ...Array<Reason>]> = Schema.Literal(
  "failures",
  "slowCalls",
  "abandoned",
  "probe",
  "manual"
)

/**
 * The circuits that hold calls back, as JSON. Times are milliseconds; `openFor`, `parkedFor` and `askedFor` (what the
 * target has asked for, where that is longer than a hint may keep others away) count from `takenAt`. A half-open circuit
 * is one whose open time is over. What closed circuits have counted, and isolations, end with the process.
 *
 * A snapshot that says more than `maxRetryAfter` holds nobody for longer than that, unless a circuit was opened by hand
 * or the date at which a quota resets was `stated`.
 *
 * @since 0.1.0
 * @category Models
 */
export const Snapshot = Schema.Struct({
  takenAt: Schema.Number,
  circuits: Schema.Array(
    Schema.Struct({
      key: Schema.String,
      openFor: Schema.NonNegative,
      consecutiveOpenings: Schema.NonNegativeInt,
      slow: Schema.optional(Schema.Boolean),
      reason: Schema.optional(Reasons),
      lastFailure: Schema.optional(Schema.Struct({ tag: Schema.String, at: Schema.Number })),
      parkedFor: Schema.NonNegative,
      askedFor: Schema.optional(Schema.NonNegative),
      stated: Schema.optional(Schema.Boolean)
    })
  )
})

/**
 * @since 0.1.0
 * @category Models
 */
export type Snapshot = typeof Snapshot.Type

/**
 * The breaker of the context.
 *
 * @since 0.1.0
 * @category Services
 */
export const CircuitBreaker: Context.Tag<CircuitBreaker, CircuitBreaker> = Context.GenericTag<CircuitBreaker>(
  "effect-resilience/CircuitBreaker"
)

/**
 * A store could not do what it was asked to. Calls go on as if there were no circuit.
 *
 * @since 0.1.0
 * @category Errors
 */
export class CircuitBreakerStoreError extends Schema.TaggedError<CircuitBreakerStoreError>(
  "effect-resilience/CircuitBreakerStoreError"
)("CircuitBreakerStoreError", { message: Schema.String, cause: Schema.optional(Schema.Defect) }) {}

/**
 * Where circuits are kept. Each operation is atomic: it applies one input to the circuit of a key at the store's own
 * time, and answers what follows from it. `record` fences by generation: what was admitted in another generation
 * changes nothing.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Store {
  readonly admit: (key: string, policy: Policy) => Effect.Effect<Decision, CircuitBreakerStoreError>
  readonly record: (key: string, policy: Policy, result: Result) => Effect.Effect<Decision, CircuitBreakerStoreError>
  readonly amend: (
    key: string,
    policy: Policy,
    amendment: Amendment
  ) => Effect.Effect<Decision, CircuitBreakerStoreError>
  readonly state: (key: string) => Effect.Effect<Circuit | undefined, CircuitBreakerStoreError>
  readonly all: Effect.Effect<ReadonlyArray<readonly [key: string, circuit: Circuit]>, CircuitBreakerStoreError>
  /**
   * How long a call waits for an answer, default 50 milliseconds. A call that has waited so long goes on as if there were
   * no circuit, and for a second after it nobody asks the store.
   */
  readonly patience?: Duration.DurationInput | undefined
}

/**
 * When slow calls open a circuit, even if they succeed.
 *
 * @since 0.1.0
 * @category Models
 */
export interface SlowCallOptions {
  /** From how long on a call is slow. */
  readonly threshold: Duration.DurationInput
  /** The share of slow calls, above 0 and at most 1, that opens the circuit. */
  readonly rate: number
}

/**
 * @since 0.1.0
 * @category Models
 */
export interface RateOptions {
  /** The share of failed calls, above 0 and at most 1, that opens the circuit. Default 0.5. */
  readonly threshold?: number | undefined
  /** How many of the last calls are looked at. Default 100. */
  readonly size?: number | undefined
  /** Before there were so many, nothing opens. Default 20, or `size` if that is less. */
  readonly minimumCalls?: number | undefined
  readonly slowCall?: SlowCallOptions | undefined
}

/**
 * @since 0.1.0
 * @category Models
 */
export interface RateOverOptions {
  /** The share of failed calls, above 0 and at most 1, that opens the circuit. Default 0.5. */
  readonly threshold?: number | undefined
  /** The calls that ended within this time are looked at. Default 30 seconds. */
  readonly window?: Duration.DurationInput | undefined
  /** Before there were so many, nothing opens. Default 20. */
  readonly minimumCalls?: number | undefined
  readonly slowCall?: SlowCallOptions | undefined
}
