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
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Usage } from "./internal/errors/llmError.js"
import { type BoundsOptions, boundsOf } from "./internal/keyed/boundedMap.js"
import type { Amounts, Limit as Bucket, Remaining, Reserved, Unit } from "./internal/load/buckets.js"
import { makeRate } from "./internal/load/makeRate.js"
import { Gated, type LoadGate, type Operators } from "./internal/load/operators.js"
import type { RateSettings, Rejected } from "./internal/load/rateGate.js"
import { type Immediate, rateMemory } from "./internal/load/rateMemory.js"
import { remainingOf } from "./internal/load/remaining.js"
import { byKey, type QueueOptions, queueSettings } from "./internal/load/settings.js"
import { estimated } from "./internal/load/tokens.js"
import { finiteMillis, invalid, number } from "./internal/options/check.js"
import {
  boundsOptions,
  estimateOptions,
  limitOptions,
  rateLimitOptions,
  refuseUnknown
} from "./internal/options/names.js"

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

/**
 * So much in a time.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Limit {
  readonly limit: number
  /** Default 1 minute. */
  readonly per?: Duration.DurationInput | undefined
  /** The most that can be saved up, which is also the most that one call can have. Default: `limit`. */
  readonly burst?: number | undefined
}

/**
 * What a call is expected to use. What is left out is as in the options.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Estimate {
  readonly inputTokens?: number | undefined
  readonly outputTokens?: number | undefined
  /** For a `SpendLimit`: what the call costs, if the caller knows better than its prices. */
  readonly cost?: number | undefined
}

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options extends QueueOptions {
  /** Requests in a time. Of several limits all hold. */
  readonly requests?: Limit | ReadonlyArray<Limit> | undefined
  /** Tokens of prompts and answers together. */
  readonly tokens?: Limit | ReadonlyArray<Limit> | undefined
  readonly inputTokens?: Limit | ReadonlyArray<Limit> | undefined
  readonly outputTokens?: Limit | ReadonlyArray<Limit> | undefined
  /** What becomes of a call that does not fit now. Default `wait`. */
  readonly whenExceeded?: "wait" | "reject" | undefined
  /** What a call is expected to use that says nothing else. Default 500 tokens in and 500 out. */
  readonly estimate?: Estimate | undefined
}

/**
 * What calls are expected to use, as their caller says.
 *
 * @since 0.1.0
 * @category References
 */
export class CurrentEstimate extends Context.Reference<CurrentEstimate>()(
  "effect-resilience/RateLimit/CurrentEstimate",
  {
    defaultValue: (): Estimate => none
  }
) {}

const none: Estimate = {}

/**
 * A store could not do what it was asked to. Calls go on as if there were no limit.
 *
 * @since 0.1.0
 * @category Errors
 */
export class RateLimitStoreError extends Schema.TaggedError<RateLimitStoreError>(
  "effect-resilience/RateLimitStoreError"
)("RateLimitStoreError", { message: Schema.String, cause: Schema.optional(Schema.Defect) }) {}

/**
 * Where buckets are kept. Each operation is atomic, at the store's own time.
 *
 * @since 0.1.0
 * @category Stores
 */
export interface Store {
  /** Takes from all buckets or from none. `ahead` is what others who wait in this process have asked for already. */
  readonly reserve: (
    key: string,
    limits: ReadonlyArray<Bucket>,
    amounts: Amounts,
    ahead: Amounts
  ) => Effect.Effect<Reserved, RateLimitStoreError>
  /** Gives back what was reserved, less what was used. It is called once for each reservation. */
  readonly settle: (
    key: string,
    limits: ReadonlyArray<Bucket>,
    reserved: Amounts,
    used: Amounts
  ) => Effect.Effect<void, RateLimitStoreError>
  /** Empties the buckets, which stay so until then (milliseconds of the `Clock`). */
  readonly hold: (key: string, limits: ReadonlyArray<Bucket>, until: number) => Effect.Effect<void, RateLimitStoreError>
  /** Corrects the buckets downwards. */
  readonly observe: (
    key: string,
    limits: ReadonlyArray<Bucket>,
    told: { readonly [unit in Unit]?: Remaining | undefined }
  ) => Effect.Effect<void, RateLimitStoreError>
  readonly left: (key: string, limits: ReadonlyArray<Bucket>) => Effect.Effect<Amounts, RateLimitStoreError>
  /** A store in memory answers without an effect, which saves most of what a limit costs. */
  readonly immediate?: Immediate | undefined
}

/**
 * The store of the limits made under it.
 *
 * @since 0.1.0
 * @category Stores
 */
export class RateLimitStore extends Context.Tag("effect-resilience/RateLimitStore")<RateLimitStore, Store>() {}

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
 * @since 0.1.0
 * @category Symbols
 */
export const TypeId: unique symbol = Symbol.for("effect-resilience/RateLimit")

/**
 * @since 0.1.0
 * @category Symbols
 */
export type TypeId = typeof TypeId

/**
 * One set of limits for each key; the key is the target's name.
 *
 * @since 0.1.0
 * @category Models
 */
export interface RateLimit extends Operators<Rejected> {
  readonly [TypeId]: TypeId
  /** What is left now of each limit, less than zero where calls have used more than was there. */
  readonly left: (key: string) => Effect.Effect<Amounts, RateLimitStoreError>
  /**
   * Takes what a provider says is left of its own limits, from the headers of a response or as numbers, and corrects the
   * buckets downwards. Headers that say nothing of it change nothing.
   */
  readonly observe: (
    key: string,
    told: Readonly<Record<string, string>> | { readonly [unit in Unit]?: Remaining | undefined }
  ) => Effect.Effect<void, RateLimitStoreError>
}

/**
 * The limits of the context.
 *
 * @since 0.1.0
 * @category Services
 */
export const RateLimit: Context.Tag<RateLimit, RateLimit> = Context.GenericTag<RateLimit>("effect-resilience/RateLimit")

const where = "RateLimit"

const bucketsOf = (unit: Unit, given: Limit | ReadonlyArray<Limit> | undefined): ReadonlyArray<Bucket> => {
  const all: ReadonlyArray<Limit> = given === undefined ? [] : Array.isArray(given) ? given : [given as Limit]
  return all
    .map((one): Bucket => {
      refuseUnknown(where, unit, one, limitOptions)
      const per = finiteMillis(where, `${unit}.per`, one.per ?? "1 minute")
      if (per === 0) throw invalid(where, `${unit}.per`, one.per, "more than zero")
      const limit = number(where, `${unit}.limit`, one.limit, 1)
      return { unit, burst: number(where, `${unit}.burst`, one.burst ?? limit, 1), perMilli: limit / per }
    })
    .sort((one, other) => one.burst / one.perMilli - other.burst / other.perMilli)
}

/** The numbers of an estimate that a call or the options give, checked. */
const tokens = (field: string, value: number | undefined, otherwise: number): number =>
  value === undefined ? otherwise : number(where, field, value, 0)

const settingsOf = (options: Options) => {
  refuseUnknown(where, "", options, rateLimitOptions)
  const { estimate = none, inputTokens, outputTokens, requests, tokens: both, whenExceeded = "wait" } = options
  if (whenExceeded !== "wait" && whenExceeded !== "reject") {
    throw invalid(where, "whenExceeded", whenExceeded, "wait or reject")
  }
  refuseUnknown(where, "estimate", estimate, estimateOptions)
  const limits = [
    ...bucketsOf("requests", requests),
    ...bucketsOf("tokens", both),
    ...bucketsOf("inputTokens", inputTokens),
    ...bucketsOf("outputTokens", outputTokens)
  ]
  if (limits.length === 0)
    throw new RangeError(`${where} has no limit; give requests, tokens, inputTokens or outputTokens`)
  const usual = {
    inputTokens: tokens("estimate.inputTokens", estimate.inputTokens, 500),
    outputTokens: tokens("estimate.outputTokens", estimate.outputTokens, 500)
  }
  const amounts = (input: number, output: number): Amounts => ({
    requests: 1,
    tokens: input + output,
    inputTokens: input,
    outputTokens: output
  })
  const onlyRequests = limits.every(({ unit }) => unit === "requests")
  const queue = queueSettings(where, options)
  const rate: RateSettings = {
    limits,
    whenExceeded,
    maxWait: queue.maxWait,
    fixed: onlyRequests ? { requests: 1 } : undefined,
    expected: (context) => {
      const { inputTokens, outputTokens } = Context.get(context, CurrentEstimate)
      return amounts(inputTokens ?? usual.inputTokens, outputTokens ?? usual.outputTokens)
    },
    measured: (usage: Usage, expected) =>
      onlyRequests
        ? expected
        : amounts(usage.inputTokens ?? expected.inputTokens ?? 0, usage.outputTokens ?? expected.outputTokens ?? 0)
  }
  return { rate, queue }
}

/**
 * Makes limits over the current store, with the same options for every key or with each its own. Throws a `RangeError`
 * that names the option for options that make no sense.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options | ((key: string) => Options)): Effect.Effect<RateLimit, never, RateLimitStore> =>
  Effect.gen(function* () {
    const store = yield* RateLimitStore
    const settings = byKey(options, settingsOf)
    const rate = yield* makeRate("rateLimit", store, settings, {})
    const limitsOf = (key: string) =>
      Effect.clockWith((clock) => Effect.sync(() => rate.queueOf(key, clock.unsafeCurrentTimeMillis()).settings.limits))
    const rateLimit: RateLimit & { readonly [Gated]: (key: string) => LoadGate<Rejected> } = {
      [TypeId]: TypeId,
      [Gated]: rate.gateOf,
      ...rate.operators,
      left: (key) => Effect.flatMap(limitsOf(key), (limits) => store.left(key, limits)),
      observe: (key, told) =>
        Effect.flatMap(limitsOf(key), (limits) =>
          Effect.clockWith((clock) => store.observe(key, limits, remainingOf(told, clock.unsafeCurrentTimeMillis())))
        )
    }
    return rateLimit
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
