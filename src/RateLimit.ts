/**
 * Rate limits: requests and tokens in a time, reserved before a call and settled after it.
 *
 * Each limit is a bucket of tokens that fills evenly: `limit` in the time `per`, and at most `burst` (default: `limit`)
 * saved up. A provider that counts in fixed windows may so see up to `limit + burst` in one of them; a smaller `burst`
 * spreads the calls. One reservation takes from all buckets or from none. The tokens are an estimate (`withEstimate`, or
 * `estimate` in the options), and corrected once the answer tells its usage: a call that used more leaves the bucket in
 * debt. A call that fails gets back what it cannot have used.
 *
 * A call that does not fit now waits in a line (interactive before batch, tenants in turns, as with `Bulkhead`), or is
 * rejected with `RateLimitExceeded` that tells how long it would take: if `whenExceeded` is `reject`, or the wait would
 * outlast `maxWait` or the call's deadline. One that can never fit fails at once with `RequestTooLarge`.
 *
 * A failure that tells when to come back empties the buckets until then, for everybody.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"

import * as Stream from "effect/Stream"

import { type BoundsOptions, boundsOf } from "./internal/keyed/boundedMap.js"

import type { Rejected } from "./internal/load/rateGate.js"
import {
  CurrentEstimate,
  type Estimate,
  make,
  type Options,
  RateLimit,
  RateLimitStore,
  where
} from "./internal/load/rateLimit.js"
import { rateMemory } from "./internal/load/rateMemory.js"
import { estimated } from "./internal/load/tokens.js"
import { number } from "./internal/options/check.js"
import { fromConfig } from "./internal/options/fromConfig.js"
import { boundsOptions, estimateOptions, refuseUnknown } from "./internal/options/names.js"

export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  Amounts,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Limit as Bucket,
  /**
   * @since 0.1.0
   * @category Models
   */
  Remaining,
  /**
   * @since 0.1.0
   * @category Stores
   */
  Reserved,
  /**
   * @since 0.1.0
   * @category Models
   */
  Unit
} from "./internal/load/buckets.js"
export type {
  /**
   * @since 0.1.0
   * @category Errors
   */
  Rejected
} from "./internal/load/rateGate.js"
export {
  CurrentEstimate,
  type Estimate,
  type Limit,
  make,
  type Options,
  RateLimit,
  RateLimitStore,
  RateLimitStoreError,
  type Store,
  TypeId
} from "./internal/load/rateLimit.js"

/**
 * Keeps buckets in the process. Buckets that are not full are never forgotten; beyond `capacity` keys (default 10 000),
 * and after `idleTimeToLive` (default 1 hour), full ones are.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerStoreMemory = (options?: BoundsOptions): Layer.Layer<RateLimitStore> =>
  Layer.sync(RateLimitStore, () => {
    if (options !== undefined) refuseUnknown(where, "", options, boundsOptions)
    return rateMemory(boundsOf(where, options))
  })

/**
 * Limits for the whole program, over the current store.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options: Options | ((key: string) => Options)): Layer.Layer<RateLimit, never, RateLimitStore> =>
  Layer.effect(RateLimit, make(options))

/**
 * Limits kept in the process: the usual ones.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmCall, RateLimit } from "effect-resilience"
 *
 * const prompt = "Why is the sky blue?"
 *
 * const answer = LlmCall.tryPromise({ target: "acme/large", try: async () => "42" }).pipe(
 *   RateLimit.protect("acme/large"),
 *   RateLimit.withEstimate({ inputTokens: RateLimit.estimateTokens(prompt), outputTokens: 800 })
 * )
 *
 * export const program = answer.pipe(
 *   Effect.provide(
 *     RateLimit.layerMemory({
 *       requests: [{ limit: 500 }, { limit: 10_000, per: "1 day" }],
 *       tokens: { limit: 200_000 }
 *     })
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerMemory = (options: Options | ((key: string) => Options)): Layer.Layer<RateLimit> =>
  Layer.provide(layer(options), layerStoreMemory())

/**
 * As `layer`, with options from a `Config`. Options that make no sense are a `ConfigError`.
 *
 * @example
 * ```ts
 * import { Config } from "effect"
 * import { RateLimit } from "effect-resilience"
 *
 * export const Limits = RateLimit.layerConfig({
 *   requests: Config.map(Config.number("REQUESTS_PER_MINUTE"), (limit) => ({ limit })),
 *   maxWait: Config.duration("LONGEST_WAIT")
 * })
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<RateLimit, ConfigError.ConfigError, RateLimitStore> =>
  Layer.effect(RateLimit, fromConfig(Config.unwrap(options), make))

/**
 * Runs a call once its limits allow it. Fails with `RateLimitExceeded` where it may not wait for that, and with
 * `RequestTooLarge` where no waiting helps.
 *
 * @since 0.1.0
 * @category Operators
 */
export const protect: {
  (key: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Rejected, R | RateLimit>
  <A, E, R>(self: Effect.Effect<A, E, R>, key: string): Effect.Effect<A, E | Rejected, R | RateLimit>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, key: string): Effect.Effect<A, E | Rejected, R | RateLimit> =>
    Effect.flatMap(RateLimit, (limit) => limit.protect(self, key))
)

/**
 * Runs a stream once its limits allow it. Its usage is read from the stream itself, as its dialect tells it.
 *
 * @since 0.1.0
 * @category Operators
 */
export const protectStream: {
  (key: string): <A, E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E | Rejected, R | RateLimit>
  <A, E, R>(self: Stream.Stream<A, E, R>, key: string): Stream.Stream<A, E | Rejected, R | RateLimit>
} = dual(
  2,
  <A, E, R>(self: Stream.Stream<A, E, R>, key: string): Stream.Stream<A, E | Rejected, R | RateLimit> =>
    Stream.unwrap(Effect.map(RateLimit, (limit) => limit.protectStream(self, key)))
)

/**
 * Says what calls are expected to use. Throws a `RangeError` for numbers below zero.
 *
 * @since 0.1.0
 * @category Operators
 */
export const withEstimate: {
  (estimate: Estimate): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, estimate: Estimate): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, estimate: Estimate) => {
  refuseUnknown("RateLimit.withEstimate", "", estimate, estimateOptions)
  for (const [field, value] of Object.entries(estimate)) {
    if (value !== undefined) number("RateLimit.withEstimate", field, value, 0)
  }
  return Effect.provideService(self, CurrentEstimate, estimate)
})

/**
 * How many tokens a text has, roughly, for who has no tokenizer: one for every four characters of ASCII, and one for each
 * character beyond it. It is too high for most languages of Europe, and about right for Chinese, Japanese and Korean.
 *
 * @since 0.1.0
 * @category Estimates
 */
export const estimateTokens: (text: string) => number = estimated
