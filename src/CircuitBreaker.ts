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
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Amendment, Change, Circuit, Decision, Input, Reason, Result } from "./internal/breaker/circuit.js"
import { Gated, type Gates } from "./internal/breaker/gated.js"
import { type Announce, gate } from "./internal/breaker/guard.js"
import { type Apply, Immediate } from "./internal/breaker/immediate.js"
import { Memory } from "./internal/breaker/memory.js"
import { fromExit, ignored as ignored_, type Outcome, success as success_ } from "./internal/breaker/outcome.js"
import type { Policy, TripPolicy } from "./internal/breaker/policy.js"
import { checkTrip, resolve, type Settings } from "./internal/breaker/settings.js"
import * as Gate from "./internal/gate.js"
import { CircuitHalfOpen, CircuitOpen, type RateLimitExceeded } from "./Rejection.js"
import { type CircuitState, ResilienceEvent, ResilienceEvents } from "./ResilienceEvent.js"

export type { Amendment, Change, Circuit, Decision, Outcome, Policy, Reason, Result, TripPolicy }
export { CircuitHalfOpen, CircuitOpen }

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
   * delay, and its last delay repeats; the row ends when the circuit closes. A failure's own `retryAfter` can only make
   * it longer.
   */
  readonly openDuration?: Duration.DurationInput | Schedule.Schedule<unknown, number> | undefined
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
  /** Waiting calls come back spread over this time after the target's own (default 1 second). */
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
}

/**
 * A circuit as it is now. `retryAfter` is the open time left; a circuit past its open time reads as open until the next
 * call probes it.
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
    }
  | {
      readonly _tag: "HalfOpen"
      readonly key: string
      readonly probing: boolean
      readonly consecutiveOpenings: number
    }
  | { readonly _tag: "Isolated"; readonly key: string }

/**
 * A change of a circuit's state, made by this breaker. `reason` says why a circuit opened: too many failures, too many
 * slow calls, every call abandoned, or a probe that failed.
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
  /** Closes a circuit, forgets what it has counted, and ends a parking. */
  readonly reset: (key: string) => Effect.Effect<void, CircuitBreakerStoreError>
}

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
 * circuit is open, isolated or parked at that moment; it then starts again as closed.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerStoreMemory = (options?: {
  readonly idleTimeToLive?: Duration.DurationInput | undefined
}): Layer.Layer<CircuitBreakerStore> =>
  Layer.sync(CircuitBreakerStore, () => {
    const memory = new Memory(Duration.toMillis(options?.idleTimeToLive ?? "1 hour"))
    const apply: Apply = (key, policy, input, now) => memory.apply(key, policy, input, now)
    const now = (key: string, policy: Policy, input: Input) =>
      Effect.map(Clock.currentTimeMillis, (now) => apply(key, policy, input, now))
    const store: Store & { readonly [Immediate]: Apply } = {
      admit: (key, policy) => now(key, policy, { _tag: "Admit" }),
      record: now,
      amend: now,
      state: (key) => Effect.sync(() => memory.get(key)),
      [Immediate]: apply
    }
    return store
  })

const eventState: Readonly<Record<State["_tag"], CircuitState>> = {
  Closed: "closed",
  Open: "open",
  HalfOpen: "halfOpen",
  Isolated: "isolated"
}

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
  Effect.gen(function* () {
    const store = yield* CircuitBreakerStore
    const hub = yield* ResilienceEvents
    const pubsub = yield* Effect.acquireRelease(PubSub.unbounded<Transition>(), PubSub.shutdown)
    const settings = yield* settingsByKey(options)

    const announce: Announce = {
      changed: (key, { at, from, openFor, openings, reason, to }) => {
        pubsub.unsafeOffer({
          key,
          from,
          to,
          retryAfter: Duration.millis(openFor),
          consecutiveOpenings: openings,
          reason
        })
        if (hub.listening()) {
          hub.publish(ResilienceEvent.CircuitChanged({ at, target: key, from: eventState[from], to: eventState[to] }))
        }
      },
      parked: (key, at, wait, error) => {
        if (hub.listening()) {
          hub.publish(ResilienceEvent.TargetParked({ at, target: key, wait: Duration.millis(wait), error }))
        }
      },
      storeFailed: (key, at, error) => {
        if (hub.listening()) {
          hub.publish(ResilienceEvent.StoreFailed({ at, target: key, policy: "circuitBreaker", error }))
        }
      }
    }

    const gateOf = <A, E>(known: Settings, options: ExecuteOptions<A, E>) => gate(store, announce, known, options)

    const amend = (key: string, _tag: "Isolate" | "Rejoin" | "Reset") =>
      Effect.flatMap(settings.resolve(key), ({ policy }) =>
        Effect.map(store.amend(key, policy, { _tag }), ({ change }) => {
          if (change !== undefined) announce.changed(key, change)
        })
      )

    const gates: Gates = (key) => Effect.map(settings.resolve(key), (found) => gateOf(found, { key }))

    const breaker: CircuitBreaker & { readonly [Gated]: Gates } = {
      [Gated]: gates,
      execute: dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, options: ExecuteOptions<A, E>) => {
        const known = settings.known(options.key)
        return known === undefined
          ? Effect.flatMap(settings.resolve(options.key), (found) => Gate.effect(self, gateOf(found, options)))
          : Gate.effect(self, gateOf(known, options))
      }),
      executeStream: dual(2, <A, E, R>(self: Stream.Stream<A, E, R>, options: ExecuteOptions<void, E>) =>
        Stream.unwrap(Effect.map(settings.resolve(options.key), (found) => Gate.stream(self, gateOf(found, options))))
      ),
      state: (key) =>
        Effect.zipWith(store.state(key), Clock.currentTimeMillis, (circuit, now) => stateOf(key, circuit, now)),
      transitions: Stream.fromPubSub(pubsub),
      isolate: (key) =>
        Effect.asVoid(Effect.acquireRelease(amend(key, "Isolate"), () => Effect.ignore(amend(key, "Rejoin")))),
      reset: (key) => amend(key, "Reset")
    }
    return breaker
  })

const stateOf = (key: string, circuit: Circuit | undefined, now: number): State => {
  if (circuit === undefined) return { _tag: "Closed", key, calls: 0, failures: 0 }
  if (circuit.isolations > 0) return { _tag: "Isolated", key }
  const phase = circuit.phase
  switch (phase._tag) {
    case "Closed":
      return { _tag: "Closed", key, calls: phase.window.calls, failures: phase.window.failures }
    case "Open":
      return {
        _tag: "Open",
        key,
        retryAfter: Duration.millis(Math.max(0, phase.until - now)),
        consecutiveOpenings: phase.openings
      }
    case "HalfOpen":
      return {
        _tag: "HalfOpen",
        key,
        probing: phase.leases.some((lease) => lease.expiresAt > now),
        consecutiveOpenings: phase.openings
      }
  }
}

/** Options by key are read once a key; beyond so many keys they are read anew. */
const rememberedKeys = 10_000

const settingsByKey = (options: Options | ((key: string) => Options) | undefined) =>
  Effect.gen(function* () {
    if (typeof options !== "function") {
      const same = yield* resolve(options)
      return { known: (): Settings | undefined => same, resolve: () => Effect.succeed(same) }
    }
    const byKey = new Map<string, Settings>()
    const known = (key: string): Settings | undefined => byKey.get(key)
    const read = (key: string) =>
      Effect.map(
        Effect.suspend(() => resolve(options(key))),
        (found) => {
          if (byKey.size >= rememberedKeys) byKey.clear()
          byKey.set(key, found)
          return found
        }
      )
    return {
      known,
      resolve: (key: string) =>
        Effect.suspend(() => Effect.succeed(known(key))).pipe(
          Effect.flatMap((found) => (found === undefined ? read(key) : Effect.succeed(found)))
        )
    }
  })

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
 * Opens when `threshold` (default 0.5) of the last `size` calls (default 100) have failed, once there were
 * `minimumCalls` of them (default 20, or `size` if that is less).
 *
 * @since 0.1.0
 * @category Trip policies
 */
export const rate = (options?: {
  readonly threshold?: number | undefined
  readonly size?: number | undefined
  readonly minimumCalls?: number | undefined
  readonly slowCall?: SlowCallOptions | undefined
}): TripPolicy => {
  const size = options?.size ?? 100
  return checkTrip({
    _tag: "Rate",
    threshold: options?.threshold ?? 0.5,
    size,
    minimumCalls: options?.minimumCalls ?? Math.min(20, size),
    slowCall: slow(options?.slowCall)
  })
}

/**
 * Opens when `threshold` (default 0.5) of the calls that ended in the last `window` (default 30 seconds) have failed,
 * once there were `minimumCalls` of them (default 20). The window moves on in tenths.
 *
 * @since 0.1.0
 * @category Trip policies
 */
export const rateOver = (options?: {
  readonly threshold?: number | undefined
  readonly window?: Duration.DurationInput | undefined
  readonly minimumCalls?: number | undefined
  readonly slowCall?: SlowCallOptions | undefined
}): TripPolicy =>
  checkTrip({
    _tag: "RateOver",
    threshold: options?.threshold ?? 0.5,
    window: Duration.toMillis(options?.window ?? "30 seconds"),
    minimumCalls: options?.minimumCalls ?? 20,
    slowCall: slow(options?.slowCall)
  })

const slow = (options: SlowCallOptions | undefined) =>
  options && { threshold: Duration.toMillis(options.threshold), rate: options.rate }

/**
 * How the end of a call is read by default: `LlmError.traits` says what counts against the target and what parks it. A
 * success is a success; rejections of the toolkit itself and interruptions are ignored.
 *
 * @since 0.1.0
 * @category Outcomes
 */
export const classify: (exit: Exit.Exit<unknown, unknown>) => Outcome = fromExit

/**
 * The target is well.
 *
 * @since 0.1.0
 * @category Outcomes
 */
export const success: Outcome = success_

/**
 * It counts against the target. If it opens the circuit, that stays open for at least `retryAfter`.
 *
 * @since 0.1.0
 * @category Outcomes
 */
export const failure = (options?: { readonly retryAfter?: Duration.DurationInput | undefined }): Outcome => ({
  _tag: "Failure",
  retryAfter: options?.retryAfter === undefined ? undefined : Duration.decode(options.retryAfter)
})

/**
 * It says nothing about the target's health.
 *
 * @since 0.1.0
 * @category Outcomes
 */
export const ignored: Outcome = ignored_
