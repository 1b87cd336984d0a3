/**
 * Where circuits and limits are kept: in the process, or where several gateways share them. They outlive a reload, so that
 * nobody's limit is full again because of one.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { CircuitBreakerStore } from "../../CircuitBreaker.js"
import * as RateLimit from "../../RateLimit.js"
import * as SharedState from "../../SharedState.js"
import { InvalidConfig } from "./config/invalid.js"
import type { Config } from "./config/schema.js"
import { secretAt } from "./upstreams.js"

/** @internal */
export interface Stores {
  /** With a store of circuits where these are shared. */
  readonly context: Context.Context<RateLimit.RateLimitStore | CircuitBreakerStore>
  readonly shared: boolean
  /** How it is with what is shared, if anything is. */
  readonly status: Effect.Effect<SharedState.Status | undefined>
}

/** Without Redis, those share that have the same `backend`. @internal */
export const stores = (
  { shared }: Config,
  backend: SharedState.Backend | undefined
): Effect.Effect<Stores, InvalidConfig, Scope.Scope> => {
  if (shared !== undefined) return Effect.flatMap(redis(shared.redis), asShared)
  return backend === undefined ? alone : asShared(SharedState.layer(Effect.succeed(backend), { name: "workers" }))
}

/** Circuits have a store for each configuration, which begins where the one before ended. */
const alone: Effect.Effect<Stores, never, Scope.Scope> = Effect.map(
  Layer.build(RateLimit.layerStoreMemory()),
  (context) => ({ context: context as Stores["context"], shared: false, status: Effect.succeed(undefined) })
)

type SharedStores = Layer.Layer<SharedState.SharedState | CircuitBreakerStore | RateLimit.RateLimitStore>

const asShared = (layer: SharedStores): Effect.Effect<Stores, never, Scope.Scope> =>
  Effect.map(Layer.build(layer), (context) => ({
    context,
    shared: true,
    status: Context.get(context, SharedState.SharedState).status
  }))

const redis = ({ password, url, ...rest }: Redis): Effect.Effect<SharedStores, InvalidConfig> =>
  Effect.gen(function* () {
    const address = yield* secretAt("shared.redis.url", url)
    if (!/^rediss?:\/\//.test(Redacted.value(address))) {
      return yield* mistake("shared.redis.url", `names ${url}, which has to hold an address of redis:// or rediss://`)
    }
    const { layer } = yield* Effect.mapError(
      Effect.tryPromise(() => import("../../redis/RedisSharedState.js")),
      () => mistake("shared.redis", "needs the package ioredis to be installed")
    )
    const own = password === undefined ? undefined : yield* secretAt("shared.redis.password", password)
    return layer({ ...rest, url: address, password: own })
  })

type Redis = NonNullable<Config["shared"]>["redis"]

const mistake = (path: string, message: string): InvalidConfig => new InvalidConfig({ mistakes: [{ path, message }] })
