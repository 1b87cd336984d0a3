/**
 * Budgets: so much money in a time, for each key, reserved before a call and settled after it.
 *
 * The cost of a call is its tokens times the prices of its key, first as estimated (`RateLimit.withEstimate`) and then as
 * the answer tells; a caller who knows the cost says so (`cost`). The reservation is atomic: of ten calls of $0.30 that
 * come at once, a budget of $1 lets three in. The budget fills evenly, as a `RateLimit` does; without an end of `per` it
 * does not fill at all. Calls that do not fit are rejected with `RateLimitExceeded`, or wait if `whenExceeded` is `wait`.
 *
 * Money is in whatever unit the prices are.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

import type { Rejected } from "./internal/load/rateGate.js"
import { make, type Options, SpendLimit } from "./internal/load/spendLimit.js"
import { fromConfig } from "./internal/options/fromConfig.js"
import { layerStoreMemory, type RateLimitStore } from "./RateLimit.js"

export { make, type Options, type Price, SpendLimit, TypeId } from "./internal/load/spendLimit.js"

/**
 * Budgets for the whole program, over the current store. A rate limit and a budget need stores of their own.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options: Options | ((key: string) => Options)): Layer.Layer<SpendLimit, never, RateLimitStore> =>
  Layer.effect(SpendLimit, make(options))

/**
 * Budgets kept in the process.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmCall, RateLimit, SpendLimit } from "effect-resilience"
 *
 * const answer = LlmCall.tryPromise({ target: "acme/large", try: async () => "42" }).pipe(
 *   SpendLimit.protect("customer 7"),
 *   RateLimit.withEstimate({ inputTokens: 2_000, outputTokens: 500 })
 * )
 *
 * export const program = answer.pipe(
 *   Effect.provide(SpendLimit.layerMemory({ limit: 5, per: "1 day", prices: { input: 1.25, output: 10 } }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerMemory = (options: Options | ((key: string) => Options)): Layer.Layer<SpendLimit> =>
  Layer.provide(layer(options), layerStoreMemory())

/**
 * As `layer`, with options from a `Config`. Options that make no sense are a `ConfigError`.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<SpendLimit, ConfigError.ConfigError, RateLimitStore> =>
  Layer.effect(SpendLimit, fromConfig(Config.unwrap(options), make))

/**
 * Runs a call if the budget of the key allows it. Fails with `RateLimitExceeded` where it does not now, and with
 * `RequestTooLarge` where it never will.
 *
 * @since 0.1.0
 * @category Operators
 */
export const protect: {
  (key: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Rejected, R | SpendLimit>
  <A, E, R>(self: Effect.Effect<A, E, R>, key: string): Effect.Effect<A, E | Rejected, R | SpendLimit>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, key: string): Effect.Effect<A, E | Rejected, R | SpendLimit> =>
    Effect.flatMap(SpendLimit, (limit) => limit.protect(self, key))
)

/**
 * Runs a stream if the budget of the key allows it.
 *
 * @since 0.1.0
 * @category Operators
 */
export const protectStream: {
  (key: string): <A, E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E | Rejected, R | SpendLimit>
  <A, E, R>(self: Stream.Stream<A, E, R>, key: string): Stream.Stream<A, E | Rejected, R | SpendLimit>
} = dual(
  2,
  <A, E, R>(self: Stream.Stream<A, E, R>, key: string): Stream.Stream<A, E | Rejected, R | SpendLimit> =>
    Stream.unwrap(Effect.map(SpendLimit, (limit) => limit.protectStream(self, key)))
)
