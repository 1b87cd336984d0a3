/**
 * Circuit breakers: a target that keeps failing is left alone until it has had time to recover.
 *
 * One service holds one circuit per key; the key is the target's name. A circuit is closed while calls go through, open
 * while they are rejected with `CircuitOpen`, and half-open while a few probes find out whether the target is back;
 * others are then rejected with `CircuitHalfOpen`. What counts as a failure stands in `LlmError.traits`.
 *
 * A target that asks to be left alone (`RateLimited`, or `QuotaExhausted` with a date) is not ill, so its circuit stays
 * as it is; but it is parked: calls to it wait, and come back spread out, or are rejected with `RateLimitExceeded`, so
 * that they can go to another target.
 *
 * Its vocabulary is that of Effect 4.1's own breaker.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { abandonable as abandonable_ } from "./internal/breaker/abandoned.js"
import { makeBreaker } from "./internal/breaker/make.js"
import { Memory } from "./internal/breaker/memory.js"
import { fromExit, ignored as ignored_, type Outcome, success as success_ } from "./internal/breaker/outcome.js"
import type { Policy, TripPolicy } from "./internal/breaker/policy.js"
import { checkTrip, resolve } from "./internal/breaker/settings.js"
import type { Amendment, Circuit, Counts, Decision, LastFailure, Reason, Result } from "./internal/breaker/state.js"
import { fromMemory } from "./internal/breaker/store.js"
import { boundsOf } from "./internal/keyed/boundedMap.js"
import { millis } from "./internal/options/check.js"
import {
  boundsOptions,
  rateOptions,
  rateOverOptions,
  refuseUnknown,
  slowCallOptions
} from "./internal/options/names.js"
import { CircuitHalfOpen, CircuitOpen, type RateLimitExceeded } from "./Rejection.js"

export type {
  /**
   * @since 0.1.0
   * @category Outcomes
   */
  Outcome
} from "./internal/breaker/outcome.js"
export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  Policy,
  /**
   * @since 0.1.0
   * @category Models
   */
  SlowCall,
  /**
   * @since 0.1.0
   * @category Models
   */
  TripPolicy
} from "./internal/breaker/policy.js"
export type {
  /**
   * @since 0.1.0
   * @category Stores
   */
  Amendment,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Change,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Circuit,
  /**
   * @since 0.1.0
   * @category Models
   */
  Counts,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Decision,
  /**
   * @since 0.1.0
   * @category Models
   */
  LastFailure,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Lease,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Parking,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Permit,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Phase,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Reason,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Refusal,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Restore,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Result,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Row
} from "./internal/breaker/state.js"
export {
  /**
   * @since 0.1.0
   * @category Errors
   */
  CircuitHalfOpen,
  /**
   * @since 0.1.0
   * @category Errors
   */
  CircuitOpen
}

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

const Reasons: Schema.Literal<[Reason, ...Array<Reason>]> = Schema.Literal(
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
}

/**
 * The store of the breakers made under it.
 *
 * @since 0.1.0
 * @category Services
 */
export class CircuitBreakerStore extends Context.Tag("effect-resilience/CircuitBreakerStore")<
  CircuitBreakerStore,
  Store
>() {}

/**
 * Keeps circuits in the process. A key that is idle for `idleTimeToLive` (default 1 hour) is forgotten, unless its
 * circuit is open, isolated or parked at that moment or has a call under way; it then starts again as closed. Beyond
 * `capacity` keys (default 10 000) those that are closed and have not been used lately are forgotten at once.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerStoreMemory = (options?: {
  readonly idleTimeToLive?: Duration.DurationInput | undefined
  readonly capacity?: number | undefined
}): Layer.Layer<CircuitBreakerStore> =>
  Layer.sync(CircuitBreakerStore, () => {
    if (options !== undefined) refuseUnknown(where, "", options, boundsOptions)
    return fromMemory(new Memory(boundsOf(where, options)))
  })

/**
 * Makes a breaker over the current store. Options that no circuit can have (a threshold of 0, probes of -1) are a
 * defect that names the option, its value and what is allowed.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (
  options?: Options | ((key: string) => Options)
): Effect.Effect<CircuitBreaker, never, CircuitBreakerStore | Scope.Scope> =>
  Effect.flatMap(CircuitBreakerStore, (store) => makeBreaker(store, options))

/**
 * The breaker as a layer, over the current store. A function gives each key options of its own.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (
  options?: Options | ((key: string) => Options)
): Layer.Layer<CircuitBreaker, never, CircuitBreakerStore> => Layer.scoped(CircuitBreaker, make(options))

/**
 * The breaker with circuits kept in the process: the usual one.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerMemory = (options?: Options | ((key: string) => Options)): Layer.Layer<CircuitBreaker> =>
  Layer.provide(layer(options), layerStoreMemory())

/**
 * `layer` with options that are read from the configuration. Options that no circuit can have are a `ConfigError`.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<CircuitBreaker, ConfigError.ConfigError, CircuitBreakerStore> =>
  Layer.scoped(
    CircuitBreaker,
    Effect.flatMap(Config.unwrap(options), (read) =>
      Effect.zipRight(
        Effect.catchAllDefect(resolve(read), (defect) =>
          defect instanceof RangeError ? Effect.fail(ConfigError.InvalidData([], defect.message)) : Effect.die(defect)
        ),
        make(read)
      )
    )
  )

/**
 * Opens after so many failures in a row, in the order in which calls end; a success starts the count again.
 *
 * @since 0.1.0
 * @category Trip policies
 */
export const consecutive = (failures: number): TripPolicy => checkTrip({ _tag: "Consecutive", failures })

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

/**
 * Opens when `threshold` (default 0.5) of the last `size` calls (default 100) have failed, once there were
 * `minimumCalls` of them (default 20, or `size` if that is less).
 *
 * @since 0.1.0
 * @category Trip policies
 */
export const rate = (options?: RateOptions): TripPolicy => {
  if (options !== undefined) refuseUnknown(where, "rate", options, rateOptions)
  const size = options?.size ?? 100
  return checkTrip({
    _tag: "Rate",
    threshold: options?.threshold ?? 0.5,
    size,
    minimumCalls: options?.minimumCalls ?? Math.min(20, size),
    slowCall: slow("rate", options?.slowCall)
  })
}

/**
 * Opens when `threshold` (default 0.5) of the calls that ended in the last `window` (default 30 seconds) have failed,
 * once there were `minimumCalls` of them (default 20). The window moves on in tenths.
 *
 * @since 0.1.0
 * @category Trip policies
 */
export const rateOver = (options?: RateOverOptions): TripPolicy => {
  if (options !== undefined) refuseUnknown(where, "rateOver", options, rateOverOptions)
  return checkTrip({
    _tag: "RateOver",
    threshold: options?.threshold ?? 0.5,
    window: millis(where, "rateOver.window", options?.window ?? "30 seconds"),
    minimumCalls: options?.minimumCalls ?? 20,
    slowCall: slow("rateOver", options?.slowCall)
  })
}

const slow = (of: string, options: SlowCallOptions | undefined) => {
  if (options === undefined) return undefined
  refuseUnknown(where, `${of}.slowCall`, options, slowCallOptions)
  return { threshold: millis(where, `${of}.slowCall.threshold`, options.threshold), rate: options.rate }
}

/**
 * How the end of a call is read by default: `LlmError.traits` says what counts against the target and what parks it. A
 * success is a success; rejections of the toolkit itself and interruptions are ignored.
 *
 * @since 0.1.0
 * @category Outcomes
 */
export const classify: (exit: Exit.Exit<unknown, unknown>) => Outcome = fromExit

/**
 * A call that can be given up on because it takes too long, which is not the same as a call that nobody wants any more:
 * both end as an interruption, but if all calls to a target are given up on, its circuit opens (reason `abandoned`).
 *
 * `call` is the call, and `abandon` says that it is being given up on: run it before you interrupt the call. `Hedge` and
 * the deadline of `Resilience` do so by themselves; this is for a race of one's own.
 *
 * @example
 * ```ts
 * import { Duration, Effect, Fiber, Option } from "effect"
 * import { CircuitBreaker, type LlmError, Resilience } from "effect-resilience"
 *
 * declare const ask: Effect.Effect<string, LlmError.LlmError>
 *
 * // Waits for two seconds, and tells the circuit of the target if that was not enough.
 * const program = Effect.gen(function* () {
 *   const { abandon, call } = yield* CircuitBreaker.abandonable(ask.pipe(Resilience.protect("acme/large")))
 *   const running = yield* Effect.fork(call)
 *   const answer = yield* Effect.timeoutOption(Fiber.join(running), Duration.seconds(2))
 *   if (Option.isNone(answer)) yield* Effect.zipRight(abandon, Fiber.interruptFork(running))
 *   return answer
 * })
 * ```
 *
 * @since 0.1.0
 * @category Outcomes
 */
export const abandonable: <A, E, R>(
  self: Effect.Effect<A, E, R>
) => Effect.Effect<{ readonly call: Effect.Effect<A, E, R>; readonly abandon: Effect.Effect<void> }> = abandonable_

/**
 * The target is well.
 *
 * @since 0.1.0
 * @category Outcomes
 */
export const success: Outcome = success_

/**
 * It counts against the target. If it opens the circuit, that stays open for at least `retryAfter`, as far as
 * `maxRetryAfter` allows. `tag` is what a rejection then calls the failure; by default the tag of the `LlmError` that it
 * is, or is read as.
 *
 * @since 0.1.0
 * @category Outcomes
 */
export const failure = (options?: {
  readonly retryAfter?: Duration.DurationInput | undefined
  readonly tag?: string | undefined
}): Outcome => ({
  _tag: "Failure",
  retryAfter: options?.retryAfter === undefined ? undefined : wait(options.retryAfter),
  tag: options?.tag
})

/**
 * It says nothing about the target's health.
 *
 * @since 0.1.0
 * @category Outcomes
 */
export const ignored: Outcome = ignored_

/**
 * It says nothing about the target's health; the target asks to be left alone for so long.
 *
 * @since 0.1.0
 * @category Outcomes
 */
export const parked = (retryAfter: Duration.DurationInput): Outcome => ({
  _tag: "Ignored",
  retryAfter: wait(retryAfter)
})

const where = "CircuitBreaker"

const wait = (input: Duration.DurationInput): Duration.Duration => Duration.millis(millis(where, "retryAfter", input))
