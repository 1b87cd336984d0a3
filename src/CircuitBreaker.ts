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
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"

import type * as Scope from "effect/Scope"

import { abandonable as abandonable_ } from "./internal/breaker/abandoned.js"
import { makeBreaker } from "./internal/breaker/make.js"
import { Memory } from "./internal/breaker/memory.js"
import { fromExit, ignored as ignored_, type Outcome, success as success_ } from "./internal/breaker/outcome.js"
import type { TripPolicy } from "./internal/breaker/policy.js"
import { checkTrip, resolve } from "./internal/breaker/settings.js"

import { fromMemory } from "./internal/breaker/store.js"
import {
  CircuitBreaker,
  type Options,
  type RateOptions,
  type RateOverOptions,
  type SlowCallOptions,
  type Store
} from "./internal/breaker/types.js"
import { boundsOf } from "./internal/keyed/boundedMap.js"
import { millis } from "./internal/options/check.js"
import { fromConfig } from "./internal/options/fromConfig.js"
import {
  boundsOptions,
  rateOptions,
  rateOverOptions,
  refuseUnknown,
  slowCallOptions
} from "./internal/options/names.js"
import { CircuitHalfOpen, CircuitOpen } from "./Rejection.js"

export {
  /**
   * A circuit that nobody has used: of this policy, with this generation, at this time in milliseconds. A generation is a
   * number that no circuit of the key had before; the time does for it.
   *
   * @since 0.1.0
   * @category Stores
   */
  initial,
  /**
   * The whole state machine, as a pure function: what an input means for a circuit of a policy at a time, in milliseconds,
   * and the circuit it leaves behind. A store applies it to what it keeps, atomically, and needs no other.
   *
   * @example
   * ```ts
   * import { CircuitBreaker } from "effect-resilience"
   *
   * // One operation of a store that keeps circuits as JSON.
   * export const admit = (policy: CircuitBreaker.Policy, circuit: CircuitBreaker.Circuit, now: number) => {
   *   const [decision, next] = CircuitBreaker.step(policy, circuit, { _tag: "Admit" }, now)
   *   return { decision, changed: next !== circuit, next }
   * }
   * ```
   *
   * @since 0.1.0
   * @category Stores
   */
  step
} from "./internal/breaker/circuit.js"
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
   * @category Stores
   */
  Input,
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
   * The state of a circuit as JSON. What a process counts only for itself (how long its calls are under way) is not in it.
   *
   * @since 0.1.0
   * @category Stores
   */
  CircuitSchema
} from "./internal/breaker/stateSchema.js"
export {
  CircuitBreaker,
  CircuitBreakerStoreError,
  type ExecuteOptions,
  type HalfOpenOptions,
  type Options,
  type ParkingOptions,
  type RateOptions,
  type RateOverOptions,
  type SlowCallOptions,
  Snapshot,
  type State,
  type Store,
  type Transition
} from "./internal/breaker/types.js"
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
    fromConfig(Config.unwrap(options), (read) => Effect.zipRight(resolve(read), make(read)))
  )

/**
 * Opens after so many failures in a row, in the order in which calls end; a success starts the count again.
 *
 * @since 0.1.0
 * @category Trip policies
 */
export const consecutive = (failures: number): TripPolicy => checkTrip({ _tag: "Consecutive", failures })

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
