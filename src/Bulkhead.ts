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
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { BulkheadFull } from "./internal/errors/rejection.js"
import { Bulkhead, make, type Options } from "./internal/load/bulkhead.js"
import { Priority, Tenant } from "./internal/load/caller.js"
import { fromConfig } from "./internal/options/fromConfig.js"

export { Bulkhead, make, type Options, type State, TypeId } from "./internal/load/bulkhead.js"

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
 * As `layer`, with options from a `Config`. Options that make no sense are a `ConfigError`.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerConfig = (options: Config.Config.Wrap<Options>): Layer.Layer<Bulkhead, ConfigError.ConfigError> =>
  Layer.effect(Bulkhead, fromConfig(Config.unwrap(options), make))

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
