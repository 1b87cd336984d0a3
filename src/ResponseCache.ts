/**
 * Answers that are kept: given again while they are fresh, and given still when the call fails, since an answer of
 * yesterday is better than an apology.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"

import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { canonical } from "./internal/cache/canonical.js"
import { Flights } from "./internal/cache/flights.js"
import { type Cache, through as through_ } from "./internal/cache/make.js"
import { MemoryStore } from "./internal/cache/memoryStore.js"
import { CacheReport } from "./internal/cache/report.js"
import { SafeStore } from "./internal/cache/safeStore.js"
import { checkCall, checked } from "./internal/cache/settings.js"
import { sha256 } from "./internal/cache/sha256.js"
import { throughStream as throughStream_ } from "./internal/cache/stream.js"
import { StreamFlights } from "./internal/cache/streamFlights.js"
import type { Answer, CacheOptions, MemoryOptions, Options, Store, StreamOptions } from "./internal/cache/types.js"
import { count, finiteMillis, list } from "./internal/options/check.js"
import { cacheCallOptions, cacheOptions, memoryStoreOptions, refuseUnknown } from "./internal/options/names.js"
import { known } from "./internal/stream/fromTake.js"
import { asOperation, asOperationStream } from "./internal/telemetry/operation.js"
import { labelCapacity } from "./internal/telemetry/targetMetrics.js"
import type { DeadlineExceeded } from "./Rejection.js"
import { ResilienceEvents } from "./ResilienceEvent.js"

export type {
  Answer,
  CacheOptions,
  Flaw,
  MemoryOptions,
  Options,
  Store,
  StreamOptions,
  TimeOptions,
  Turns
} from "./internal/cache/types.js"

/**
 * @since 0.1.0
 * @category Store
 */
export class ResponseCacheStore extends Context.Tag("effect-resilience/ResponseCacheStore")<
  ResponseCacheStore,
  Store
>() {}

/**
 * A store in the memory of the process. Beyond its bounds the answers that were not asked for lately go first.
 *
 * @since 0.1.0
 * @category Store
 */
export const layerStoreMemory = (options: MemoryOptions = {}): Layer.Layer<ResponseCacheStore> =>
  Layer.sync(ResponseCacheStore, () => {
    const where = "ResponseCache.layerStoreMemory"
    refuseUnknown(where, "", options, memoryStoreOptions)
    const { bytes = 50_000_000, entries = 10_000 } = options
    return new MemoryStore(count(where, "entries", entries), count(where, "bytes", bytes))
  })

interface Service {
  readonly through: <A, I, R2, E, R>(
    self: Effect.Effect<A, E, R>,
    options: Options<A, I, R2>
  ) => Effect.Effect<Answer<A>, E | DeadlineExceeded, R | R2>
  readonly throughStream: <A, I, R2, E, R>(
    self: Stream.Stream<A, E, R>,
    options: StreamOptions<A, I, R2>
  ) => Stream.Stream<A, E | DeadlineExceeded, R | R2>
  /** Forgets the answer of a call and of a stream with this key. */
  readonly forget: (key: string) => Effect.Effect<void>
}

/**
 * The cache of an application's answers.
 *
 * @since 0.1.0
 * @category Service
 */
export class ResponseCache extends Context.Tag("effect-resilience/ResponseCache")<ResponseCache, Service>() {}

/**
 * Makes a cache over a store. Throws a `RangeError`, as a defect, for options that make no sense.
 *
 * A store that fails or takes too long is passed over: the call is made as if nothing were kept, a `StoreFailed` event
 * says so, and the store is left alone for a second.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: CacheOptions = {}): Effect.Effect<Service, never, ResponseCacheStore | Scope.Scope> =>
  Effect.gen(function* () {
    refuseUnknown("ResponseCache", "", options, cacheOptions)
    const { storeTimeout = 250 } = options
    const timeout = Duration.millis(finiteMillis("ResponseCache", "storeTimeout", storeTimeout))
    const hub = yield* ResilienceEvents
    const report = new CacheReport(hub, yield* labelCapacity)
    const store = new SafeStore(yield* ResponseCacheStore, timeout, (error, now) => report.storeFailed(now, error))
    const flights = new Flights()
    const streams = new StreamFlights()
    yield* Effect.addFinalizer(() => Effect.zipRight(flights.stop, streams.stop))
    const cache: Cache = { store, flights, streams, report, ages: checked(options) }
    return {
      through: (self, own) => {
        refuseUnknown("ResponseCache", "", own, cacheCallOptions)
        checkCall(own)
        return asOperation(through_(cache, own, self), hub)
      },
      throughStream: (self, own) => {
        refuseUnknown("ResponseCache", "", own, cacheCallOptions)
        checkCall(own)
        return asOperationStream(throughStream_(cache, own, self), hub)
      },
      forget: (key) => Effect.zipRight(store.remove(key), store.remove(`${key}/stream`))
    }
  })

/**
 * A cache over whatever store is provided.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options?: CacheOptions): Layer.Layer<ResponseCache, never, ResponseCacheStore> =>
  Layer.scoped(ResponseCache, make(options))

/**
 * A cache in the memory of the process.
 *
 * @example
 * ```ts
 * import { ResponseCache } from "effect-resilience"
 *
 * export const Cached = ResponseCache.layerMemory({ fresh: "10 minutes", staleIfError: "1 day", entries: 500 })
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerMemory = ({
  bytes,
  entries,
  ...options
}: CacheOptions & MemoryOptions = {}): Layer.Layer<ResponseCache> =>
  Layer.provide(layer(options), layerStoreMemory({ bytes, entries }))

/**
 * The key of a request: a hash of what is asked, the same in every process and whatever the order of the fields.
 *
 * Left out are, at the top of the request, how it is sent and who asks (`apiKey`, `authorization`, `headers`, `signal`,
 * `timeout`, `maxRetries`, `fetch`, `baseURL`), whatever `leaveOut` names, and everywhere `undefined`, functions and
 * `Redacted` values. So a key never depends on a secret. Bytes are hashed, and dates are their JSON.
 *
 * The hash is the SHA-256, in hexadecimal digits, of the JSON without spaces and with the fields of each object sorted by
 * their UTF-16 code units. Where answers must not be shared between tenants or users, put them in: `add: { tenant }`.
 *
 * @example
 * ```ts
 * import { ResponseCache } from "effect-resilience"
 *
 * const request = { model: "gpt-5-mini", messages: [{ role: "user", content: "Hello" }], temperature: 0 }
 *
 * // The same answer whichever model gives it, but for each tenant its own.
 * export const key = ResponseCache.keyOf(request, { leaveOut: ["model"], add: { tenant: "acme" } })
 * ```
 *
 * @since 0.1.0
 * @category Keys
 */
export const keyOf = (
  request: unknown,
  options?: { readonly leaveOut?: ReadonlyArray<string> | undefined; readonly add?: unknown }
): string => {
  const { add, leaveOut = [] } = options ?? {}
  list("ResponseCache.keyOf", "leaveOut", leaveOut, Predicate.isString, "a list of names of fields")
  const text = canonical(request, leaveOut)
  return sha256(add === undefined ? text : `${text}+${canonical(add, [])}`)
}

/**
 * Gives the answer that is kept while it is fresh, and otherwise asks, and keeps the answer. If asking fails, the answer
 * that is kept is given as long as it is not too old; past that, the failure comes through as it is.
 *
 * Calls of the same key at the same time are one call, which runs as long as anybody waits for it. Whoever leaves, by
 * interruption or at a deadline of its own (`DeadlineExceeded`), leaves the others their answer. If it fails, those that
 * have more time than whoever began it ask again.
 *
 * @example
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { LlmCall, Resilience, ResponseCache } from "effect-resilience"
 *
 * const Answer = Schema.Struct({ text: Schema.String })
 *
 * const request = { model: "gpt-5-mini", messages: [{ role: "user", content: "Hello" }], temperature: 0 }
 *
 * const answer = LlmCall.tryPromise({ target: "openai/gpt-5-mini", try: async () => ({ text: "Hi" }) }).pipe(
 *   Resilience.protect("openai/gpt-5-mini"),
 *   ResponseCache.through({ key: ResponseCache.keyOf(request), schema: Answer, fresh: "10 minutes" })
 * )
 *
 * // Once, where the application starts: all calls share its circuits and budgets.
 * const Policies = Resilience.layer()
 *
 * export const program = answer.pipe(Effect.provide([Policies, ResponseCache.layerMemory()]))
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const through: {
  <A, I, R2>(
    options: Options<A, I, R2>
  ): <E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DeadlineExceeded, R | R2 | ResponseCache>
  <A, I, R2, E, R>(
    self: Effect.Effect<A, E, R>,
    options: Options<A, I, R2>
  ): Effect.Effect<A, E | DeadlineExceeded, R | R2 | ResponseCache>
} = dual(
  2,
  <A, I, R2, E, R>(
    self: Effect.Effect<A, E, R>,
    options: Options<A, I, R2>
  ): Effect.Effect<A, E | DeadlineExceeded, R | R2 | ResponseCache> =>
    Effect.map(throughMarked(self, options), ({ value }) => value)
)

/**
 * `through`, with the answer marked: whether it was kept, whose it is, and since when.
 *
 * @example
 * ```ts
 * import { DateTime, Effect, Schema } from "effect"
 * import { LlmCall, ResponseCache } from "effect-resilience"
 *
 * const answer = LlmCall.tryPromise({ try: async () => "42" }).pipe(
 *   ResponseCache.throughMarked({ key: ResponseCache.keyOf("the question"), schema: Schema.String }),
 *   Effect.map(({ at, state, value }) => (state === "stale" ? `As of ${DateTime.formatIso(at)}: ${value}` : value))
 * )
 *
 * export const program = answer.pipe(Effect.provide(ResponseCache.layerMemory()))
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const throughMarked: {
  <A, I, R2>(
    options: Options<A, I, R2>
  ): <E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<Answer<A>, E | DeadlineExceeded, R | R2 | ResponseCache>
  <A, I, R2, E, R>(
    self: Effect.Effect<A, E, R>,
    options: Options<A, I, R2>
  ): Effect.Effect<Answer<A>, E | DeadlineExceeded, R | R2 | ResponseCache>
} = dual(
  2,
  <A, I, R2, E, R>(
    self: Effect.Effect<A, E, R>,
    options: Options<A, I, R2>
  ): Effect.Effect<Answer<A>, E | DeadlineExceeded, R | R2 | ResponseCache> =>
    Effect.flatMap(ResponseCache, (cache) => cache.through(self, options))
)

/**
 * `through` for streams. A stream is kept when it has been read to its end, and given again as a stream, all at once.
 * A kept one stands in for a failure only as long as nothing of the live one has been delivered.
 *
 * Streams of the same key at the same time are one stream, which each reader gets from its beginning. It is read as fast
 * as the quickest of them wants it, and ends when the last of them has left.
 *
 * @since 0.1.0
 * @category Operators
 */
export const throughStream: {
  <A, I, R2>(
    options: StreamOptions<A, I, R2>
  ): <E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E | DeadlineExceeded, R | R2 | ResponseCache>
  <A, I, R2, E, R>(
    self: Stream.Stream<A, E, R>,
    options: StreamOptions<A, I, R2>
  ): Stream.Stream<A, E | DeadlineExceeded, R | R2 | ResponseCache>
} = dual(
  (args) => Predicate.hasProperty(args[0], Stream.StreamTypeId),
  <A, I, R2, E, R>(
    self: Stream.Stream<A, E, R>,
    options: StreamOptions<A, I, R2>
  ): Stream.Stream<A, E | DeadlineExceeded, R | R2 | ResponseCache> =>
    known(Effect.map(ResponseCache, (cache) => cache.throughStream(self, options)))
)
