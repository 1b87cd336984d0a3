/**
 * The answers of a `ResponseCache` wherever `@effect/experimental`'s `Persistence` keeps things: LMDB, files, or any other
 * `KeyValueStore`.
 *
 * @since 0.1.0
 */
import * as Persistence from "@effect/experimental/Persistence"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { ResponseCacheStore, type Store } from "../ResponseCache.js"

/**
 * A store in the `BackingPersistence` that is provided, under `storeId` (default `llm-cache`).
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (
  storeId = "llm-cache"
): Effect.Effect<Store, never, Persistence.BackingPersistence | Scope.Scope> =>
  Effect.map(
    Effect.flatMap(Persistence.BackingPersistence, (backing) => backing.make(storeId)),
    (kept): Store => ({
      get: (key) =>
        Effect.map(kept.get(key), (value) =>
          Option.isSome(value) && typeof value.value === "string" ? value.value : undefined
        ),
      set: (key, text, timeToLive) =>
        kept.set(key, text, Duration.isFinite(timeToLive) ? Option.some(timeToLive) : Option.none()),
      remove: kept.remove
    })
  )

/**
 * The store of a `ResponseCache`. For Redis, `redis/RedisCacheStore` fails sooner where Redis is away.
 *
 * @example
 * ```ts
 * import * as Lmdb from "@effect/experimental/Persistence/Lmdb"
 * import { Layer } from "effect"
 * import { ResponseCache } from "effect-resilience"
 * import * as PersistedCacheStore from "effect-resilience/persistence/PersistedCacheStore"
 *
 * // Any other layer of `Persistence` in its place keeps them elsewhere.
 * const Kept = Lmdb.layer({ path: "./answers.lmdb" })
 *
 * export const Cached = ResponseCache.layer().pipe(Layer.provide(PersistedCacheStore.layer()), Layer.provide(Kept))
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (storeId?: string): Layer.Layer<ResponseCacheStore, never, Persistence.BackingPersistence> =>
  Layer.scoped(ResponseCacheStore, make(storeId))
