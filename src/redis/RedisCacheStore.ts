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
import type * as Scope from "effect/Scope"
import type { Redis } from "ioredis"
import { finiteMillis } from "../internal/options/check.js"
import { ResponseCacheStore, type Store, type Turns } from "../ResponseCache.js"
import { type ConnectionOptions, connect } from "./internal/connection.js"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options extends ConnectionOptions {
  /** What the keys in Redis begin with. Default `llm-cache:`. */
  readonly prefix?: string | undefined
  /**
   * Whether calls of the same key in several processes at the same time are one call, as those of one process are: one of
   * them asks, and the others wait for its answer, each within its own deadline. So long, at most, they wait for one that has
   * died. Default: each process asks for itself.
   */
  readonly coalesceFor?: Duration.DurationInput | undefined
}

/**
 * A store over a client of one's own, which stays open. For a cache the client should fail at once where Redis is away
 * (`enableOfflineQueue: false`, `maxRetriesPerRequest: 0`) instead of keeping calls waiting, and needs a listener for its
 * `error` events.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const fromClient = (client: Redis, options?: Pick<Options, "prefix" | "coalesceFor">): Store => {
  const prefix = options?.prefix ?? "llm-cache:"
  const coalesceFor = options?.coalesceFor
  const ask = <A>(command: () => Promise<A>): Effect.Effect<A, unknown> =>
    Effect.tryPromise({ try: command, catch: (error) => error })
  return {
    ...(coalesceFor !== undefined && { turns: turnsOf(client, prefix, coalesceFor) }),
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

const claimScript = `
local holder = redis.call("GET", KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1
`

const releaseScript = `
if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end
return 1
`

interface Scripted {
  readonly resilienceClaim: (key: string, holder: string, millis: number) => Promise<number>
  readonly resilienceRelease: (key: string, holder: string) => Promise<number>
}

const turnsOf = (client: Redis, prefix: string, coalesceFor: Duration.DurationInput): Turns => {
  const millis = Math.max(1, finiteMillis("RedisCacheStore", "coalesceFor", coalesceFor))
  client.defineCommand("resilienceClaim", { numberOfKeys: 1, lua: claimScript })
  client.defineCommand("resilienceRelease", { numberOfKeys: 1, lua: releaseScript })
  const scripted = client as unknown as Scripted
  const keyOf = (key: string): string => `${prefix}turn:${key}`
  const ask = (command: () => Promise<number>): Effect.Effect<boolean, unknown> =>
    Effect.map(Effect.tryPromise({ try: command, catch: (error) => error }), (answer) => answer === 1)
  return {
    lease: Duration.millis(millis),
    claim: (key, holder) => ask(() => scripted.resilienceClaim(keyOf(key), holder, Math.ceil(millis))),
    release: (key, holder) => ask(() => scripted.resilienceRelease(keyOf(key), holder))
  }
}

/**
 * A store with a connection of its own. Where Redis is away the connection is made anew in the background, for as long
 * as the store is used, and every command until then fails at once.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = ({ coalesceFor, prefix, ...connection }: Options = {}): Effect.Effect<Store, never, Scope.Scope> =>
  Effect.map(connect(connection), (client) => fromClient(client, { prefix, coalesceFor }))

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
 * As `layer`, with options from a `Config`: the address and the password as secrets.
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
  config: Config.Config.Wrap<Omit<Options, "connection">>
): Layer.Layer<ResponseCacheStore, ConfigError.ConfigError> =>
  Layer.scoped(ResponseCacheStore, Effect.flatMap(Config.unwrap(config), make))
