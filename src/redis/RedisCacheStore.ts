/**
 * The answers of a `ResponseCache` in Redis, shared by all processes that use it. Needs `ioredis`.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { Redis, type RedisOptions } from "ioredis"
import { ResponseCacheStore, type Store } from "../ResponseCache.js"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options {
  /** Where Redis is: `redis://user:password@host:6379/0`. Default: port 6379 of this machine. */
  readonly url?: Redacted.Redacted | string | undefined
  /** What else `ioredis` is to be told, such as `tls`. It goes before the defaults here. */
  readonly connection?: RedisOptions | undefined
  /** What the keys in Redis begin with. Default `llm-cache:`. */
  readonly prefix?: string | undefined
}

/** How long a program waits for Redis when it starts. It goes on without. */
const patience = Duration.seconds(1)

/**
 * A store over a client of one's own, which stays open. For a cache the client should fail at once where Redis is away
 * (`enableOfflineQueue: false`, `maxRetriesPerRequest: 0`) instead of keeping calls waiting, and needs a listener for its
 * `error` events.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const fromClient = (client: Redis, options?: { readonly prefix?: string | undefined }): Store => {
  const prefix = options?.prefix ?? "llm-cache:"
  const ask = <A>(command: () => Promise<A>): Effect.Effect<A, unknown> =>
    Effect.tryPromise({ try: command, catch: (error) => error })
  return {
    get: (key) =>
      Effect.map(
        ask(() => client.get(prefix + key)),
        (text) => text ?? undefined
      ),
    set: (key, text, timeToLive) => {
      const millis = Math.ceil(Duration.toMillis(timeToLive))
      if (millis <= 0) return Effect.void
      const forEver = !Number.isSafeInteger(millis)
      return Effect.asVoid(
        ask(() => (forEver ? client.set(prefix + key, text) : client.set(prefix + key, text, "PX", millis)))
      )
    },
    remove: (key) => Effect.asVoid(ask(() => client.del(prefix + key)))
  }
}

/**
 * A store with a connection of its own. Where Redis is away the connection is made anew in the background, for as long
 * as the store is used, and every command until then fails at once.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = ({ connection, prefix, url }: Options = {}): Effect.Effect<Store, never, Scope.Scope> =>
  Effect.gen(function* () {
    const options: RedisOptions = {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 2_000,
      ...connection,
      lazyConnect: true
    }
    const address = Redacted.isRedacted(url) ? Redacted.value(url) : url
    const client = yield* Effect.acquireRelease(
      Effect.sync(() => (address === undefined ? new Redis(options) : new Redis(address as string, options))),
      (client) => Effect.sync(() => client.disconnect())
    )
    // The command that fails tells its call. Without a listener the client would write to the console.
    client.on("error", () => {})
    yield* Effect.tryPromise(() => client.connect()).pipe(Effect.timeout(patience), Effect.ignore)
    return fromClient(client, { prefix })
  })

/**
 * The store of a `ResponseCache`.
 *
 * @example
 * ```ts
 * import { Layer } from "effect"
 * import { ResponseCache } from "effect-resilience"
 * import * as RedisCacheStore from "effect-resilience/redis/RedisCacheStore"
 *
 * export const Cached = ResponseCache.layer({ fresh: "1 hour" }).pipe(
 *   Layer.provide(RedisCacheStore.layer({ url: "redis://localhost:6379" }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options?: Options): Layer.Layer<ResponseCacheStore> =>
  Layer.scoped(ResponseCacheStore, make(options))

/**
 * As `layer`, with options from a `Config`.
 *
 * @example
 * ```ts
 * import { Config } from "effect"
 * import * as RedisCacheStore from "effect-resilience/redis/RedisCacheStore"
 *
 * export const Store = RedisCacheStore.layerConfig({ url: Config.redacted("REDIS_URL") })
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Pick<Options, "url" | "prefix">>
): Layer.Layer<ResponseCacheStore, ConfigError.ConfigError> =>
  Layer.scoped(ResponseCacheStore, Effect.flatMap(Config.unwrap(config), make))
