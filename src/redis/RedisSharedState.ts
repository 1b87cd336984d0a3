/**
 * Circuits, parking, limits, retry budgets and kept answers that all processes share through Redis or Valkey. Needs `ioredis`.
 *
 * Each command is about one key, and keys are such that a cluster can spread them. Nothing of a prompt, and no key of a
 * provider, is ever written; answers are, by the response cache.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Cluster, Redis } from "ioredis"
import type { CircuitBreakerStore } from "../CircuitBreaker.js"
import type { RateLimitStore } from "../RateLimit.js"
import type { RetryBudgetStore } from "../RetryBudget.js"
import * as SharedState from "../SharedState.js"
import { redisBackend } from "./internal/backend.js"
import { type ConnectionOptions, connect } from "./internal/connection.js"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options extends SharedState.Options, ConnectionOptions {
  /** What keys and the channel begin with. Processes that share have the same. Default `resilience:`. */
  readonly prefix?: string | undefined
}

const defaultPrefix = "resilience:"

/**
 * Everything that is shared, over a connection of its own. Where Redis is away when the program starts, it starts without,
 * and joins the others later.
 *
 * @example
 * ```ts
 * import { Config, Layer } from "effect"
 * import { Resilience } from "effect-resilience"
 * import * as RedisSharedState from "effect-resilience/redis/RedisSharedState"
 *
 * export const Policies = Resilience.layer({ deadline: "2 minutes" }).pipe(
 *   Layer.provide(RedisSharedState.layerConfig({ url: Config.redacted("REDIS_URL") }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (
  options: Options = {}
): Layer.Layer<SharedState.SharedState | CircuitBreakerStore | RateLimitStore | RetryBudgetStore> => {
  const { ca, connection, password, prefix = defaultPrefix, tls, url, username, ...shared } = options
  const backend = Effect.flatMap(connect({ ca, connection, password, tls, url, username }), (client) =>
    redisBackend(client, { prefix })
  )
  return SharedState.layer(backend, { name: "redis", ...shared })
}

/**
 * As `layer`, with options from a `Config`: the address and the password as secrets.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Omit<Options, "connection">>
): Layer.Layer<
  SharedState.SharedState | CircuitBreakerStore | RateLimitStore | RetryBudgetStore,
  ConfigError.ConfigError
> => Layer.unwrapEffect(Effect.map(Config.unwrap(config), layer))

/**
 * As `layer`, over a client of one's own, which stays open: a cluster, for instance. The client should fail at once where
 * Redis is away (`enableOfflineQueue: false`, `maxRetriesPerRequest: 0`), and needs a listener for its `error` events. A
 * second connection is made from it, to listen.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerClient = (
  client: Redis | Cluster,
  options: SharedState.Options & { readonly prefix?: string | undefined } = {}
): Layer.Layer<SharedState.SharedState | CircuitBreakerStore | RateLimitStore | RetryBudgetStore> => {
  const { prefix = defaultPrefix, ...shared } = options
  return SharedState.layer(redisBackend(client, { prefix }), { name: "redis", ...shared })
}
