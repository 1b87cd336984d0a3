/**
 * Bulkheads: no more than so many calls to one target at once, so that a slow one cannot take all there is.
 *
 * Who comes when all places are taken waits in a queue, first come, first served; interactive callers go before batch
 * ones, who keep a share of the turns, and tenants take turns among themselves (`withPriority`, `withTenant`). A caller
 * that is interrupted leaves at once. Where the queue is full too, the call is rejected with `BulkheadFull`, which never
 * counts against the target's health and may fall back; an interactive caller then takes the place of the last batch
 * caller, and one tenant the place of another that waits with more than one call more.
 *
 * A stream holds its permit until it ends. A call from within a call to the same key takes no second permit.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { BulkheadFull } from "./internal/errors/rejection.js"
import { type BoundsOptions, boundsOf } from "./internal/keyed/boundedMap.js"
import { Priority, Tenant } from "./internal/load/caller.js"
import { concurrencyGate, type Place } from "./internal/load/concurrencyGate.js"
import { Gated, LimitNow, type LimitOf, type LoadGate, type Operators, operators } from "./internal/load/operators.js"
import { PerKey } from "./internal/load/perKey.js"
import { queueReport } from "./internal/load/queueReport.js"
import { byKey, type QueueOptions, queueSettings } from "./internal/load/settings.js"
import { Turnstile } from "./internal/load/turnstile.js"
import { count } from "./internal/options/check.js"
import { bulkheadOptions, refuseUnknown } from "./internal/options/names.js"
import { labelCapacity } from "./internal/telemetry/targetMetrics.js"
import { ResilienceEvents } from "./ResilienceEvent.js"

export {
  /**
   * @since 0.1.0
   * @category References
   */
  Priority,
  /**
   * @since 0.1.0
   * @category References
   */
  Tenant
} from "./internal/load/caller.js"
export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  Operators
} from "./internal/load/operators.js"
export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  QueueOptions
} from "./internal/load/settings.js"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options extends QueueOptions, BoundsOptions {
  /** How many calls may run at once. */
  readonly maxConcurrent: number
}

/**
 * What of a bulkhead is in use.
 *
 * @since 0.1.0
 * @category Models
 */
export interface State {
  readonly running: number
  readonly queued: number
  readonly limit: number
}

/**
 * @since 0.1.0
 * @category Symbols
 */
export const TypeId: unique symbol = Symbol.for("effect-resilience/Bulkhead")

/**
 * @since 0.1.0
 * @category Symbols
 */
export type TypeId = typeof TypeId

/**
 * One bulkhead for each key; the key is the target's name.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Bulkhead extends Operators<BulkheadFull> {
  readonly [TypeId]: TypeId
  /** How many calls run, and how many wait. */
  readonly state: (key: string) => Effect.Effect<State>
}

/**
 * The bulkheads of the context.
 *
 * @since 0.1.0
 * @category Services
 */
export const Bulkhead: Context.Tag<Bulkhead, Bulkhead> = Context.GenericTag<Bulkhead>("effect-resilience/Bulkhead")

const where = "Bulkhead"

const settingsOf = (options: Options) => {
  refuseUnknown(where, "", options, bulkheadOptions)
  return {
    maxConcurrent: count(where, "maxConcurrent", options.maxConcurrent),
    queue: queueSettings(where, options)
  }
}

/**
 * Makes bulkheads in memory, with the same options for every key or with each its own. Throws a `RangeError` that names
 * the option for options that make no sense.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options | ((key: string) => Options)): Effect.Effect<Bulkhead> =>
  Effect.gen(function* () {
    const hub = yield* ResilienceEvents
    const labels = yield* labelCapacity
    const settings = byKey(options, settingsOf)
    const places = new PerKey<Place>(
      boundsOf(where, typeof options === "function" ? {} : options),
      (key) => {
        const { maxConcurrent, queue } = settings(key)
        const turnstile = new Turnstile(maxConcurrent, queue, queueReport("bulkhead", key, hub, labels))
        return { turnstile, maxWait: queue.maxWait }
      },
      ({ turnstile }) => turnstile.idle
    )
    const scope = {}
    const gateOf = (key: string) => concurrencyGate(scope, key, (now) => places.get(key, now), false)
    const bulkhead: Bulkhead & {
      readonly [Gated]: (key: string) => LoadGate<BulkheadFull>
      readonly [LimitNow]: LimitOf
    } = {
      [TypeId]: TypeId,
      [Gated]: gateOf,
      [LimitNow]: (key, now) => places.get(key, now).turnstile.limit,
      ...operators(gateOf),
      state: (key) =>
        Effect.clockWith((clock) =>
          Effect.sync(() => {
            const { limit, queued, running } = places.get(key, clock.unsafeCurrentTimeMillis()).turnstile
            return { running, queued, limit }
          })
        )
    }
    return bulkhead
  })

/**
 * Bulkheads for the whole program, kept in memory.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Bulkhead, LlmCall } from "effect-resilience"
 *
 * const answer = LlmCall.tryPromise({ target: "acme/large", try: async () => "42" }).pipe(
 *   Bulkhead.protect("acme/large"),
 *   Bulkhead.withPriority("batch"),
 *   Bulkhead.withTenant("customer 7")
 * )
 *
 * export const program = answer.pipe(
 *   Effect.provide(Bulkhead.layer({ maxConcurrent: 20, maxQueued: 200, maxWait: "10 seconds" }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options: Options | ((key: string) => Options)): Layer.Layer<Bulkhead> =>
  Layer.effect(Bulkhead, make(options))

/**
 * Runs a call once there is a place for it. Fails with `BulkheadFull` if the queue is full, or if there was none within
 * `maxWait` or the call's deadline.
 *
 * @since 0.1.0
 * @category Operators
 */
export const protect: {
  (key: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | BulkheadFull, R | Bulkhead>
  <A, E, R>(self: Effect.Effect<A, E, R>, key: string): Effect.Effect<A, E | BulkheadFull, R | Bulkhead>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, key: string): Effect.Effect<A, E | BulkheadFull, R | Bulkhead> =>
    Effect.flatMap(Bulkhead, (bulkhead) => bulkhead.protect(self, key))
)

/**
 * Runs a stream once there is a place for it, which it holds until it ends.
 *
 * @since 0.1.0
 * @category Operators
 */
export const protectStream: {
  (key: string): <A, E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E | BulkheadFull, R | Bulkhead>
  <A, E, R>(self: Stream.Stream<A, E, R>, key: string): Stream.Stream<A, E | BulkheadFull, R | Bulkhead>
} = dual(
  2,
  <A, E, R>(self: Stream.Stream<A, E, R>, key: string): Stream.Stream<A, E | BulkheadFull, R | Bulkhead> =>
    Stream.unwrap(Effect.map(Bulkhead, (bulkhead) => bulkhead.protectStream(self, key)))
)

/**
 * Says whether somebody waits for the answers of these calls, or a job does. It holds for every queue of the toolkit.
 *
 * @since 0.1.0
 * @category Operators
 */
export const withPriority: {
  (priority: "interactive" | "batch"): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, priority: "interactive" | "batch"): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, priority: "interactive" | "batch") =>
  Effect.provideService(self, Priority, priority)
)

/**
 * Says for whom these calls are made. In every queue of the toolkit tenants take turns.
 *
 * @since 0.1.0
 * @category Operators
 */
export const withTenant: {
  (tenant: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, tenant: string): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, tenant: string) => Effect.provideService(self, Tenant, tenant))
