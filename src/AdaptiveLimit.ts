/**
 * A limit on what runs at once that finds itself: it rises while calls are answered, and falls when the target says that
 * it is too much.
 *
 * `RateLimited`, `Overloaded` and `TimedOut` are drops, however fast they came. Other failures and calls that were not
 * wanted any more say nothing. The limit does not rise while less than half of it is in use, and stays between `min` and
 * `max`. It queues and rejects as a `Bulkhead` does. The gauge `llm_concurrency_limit` shows it.
 *
 * `aimd` (the default) looks at drops alone: 1 more for each success until the first drop, `1 / limit` more after it, and
 * `limit * backoff` at a drop. `gradient` looks at latencies too: at the time to the first element of a stream, and at
 * the time for each token of a whole answer that tells its usage. Models take as long as their answers are, so the time
 * of a whole answer by itself says nothing.
 *
 * Sources: D.-M. Chiu and R. Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance in Computer
 * Networks", 1989; [concurrency-limits](https://github.com/Netflix/concurrency-limits) of Netflix, 2018.
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

import { AdaptiveLimit, make, type Options } from "./internal/load/adaptiveLimit.js"
import { fromConfig } from "./internal/options/fromConfig.js"

export { AdaptiveLimit, make, type Options, TypeId } from "./internal/load/adaptiveLimit.js"

/**
 * Limits for the whole program, kept in memory.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { AdaptiveLimit, LlmCall } from "effect-resilience"
 *
 * const answer = LlmCall.tryPromise({ target: "acme/large", try: async () => "42" }).pipe(
 *   AdaptiveLimit.protect("acme/large")
 * )
 *
 * export const program = answer.pipe(Effect.provide(AdaptiveLimit.layer({ min: 2, max: 100 })))
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options?: Options | ((key: string) => Options)): Layer.Layer<AdaptiveLimit> =>
  Layer.effect(AdaptiveLimit, make(options))

/**
 * As `layer`, with options from a `Config`. Options that make no sense are a `ConfigError`.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<AdaptiveLimit, ConfigError.ConfigError> =>
  Layer.effect(AdaptiveLimit, fromConfig(Config.unwrap(options), make))

/**
 * Runs a call once there is a place for it, and learns from how it ends. Fails with `BulkheadFull` if the queue is full,
 * or if there was no place within `maxWait` or the call's deadline.
 *
 * @since 0.1.0
 * @category Operators
 */
export const protect: {
  (key: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | BulkheadFull, R | AdaptiveLimit>
  <A, E, R>(self: Effect.Effect<A, E, R>, key: string): Effect.Effect<A, E | BulkheadFull, R | AdaptiveLimit>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, key: string): Effect.Effect<A, E | BulkheadFull, R | AdaptiveLimit> =>
    Effect.flatMap(AdaptiveLimit, (limit) => limit.protect(self, key))
)

/**
 * Runs a stream once there is a place for it, which it holds until it ends.
 *
 * @since 0.1.0
 * @category Operators
 */
export const protectStream: {
  (key: string): <A, E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E | BulkheadFull, R | AdaptiveLimit>
  <A, E, R>(self: Stream.Stream<A, E, R>, key: string): Stream.Stream<A, E | BulkheadFull, R | AdaptiveLimit>
} = dual(
  2,
  <A, E, R>(self: Stream.Stream<A, E, R>, key: string): Stream.Stream<A, E | BulkheadFull, R | AdaptiveLimit> =>
    Stream.unwrap(Effect.map(AdaptiveLimit, (limit) => limit.protectStream(self, key)))
)
