/**
 * So many requests and tokens of a target in a time.
 *
 * @internal
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Usage } from "../errors/llmError.js"
import { finiteMillis, invalid, number } from "../options/check.js"
import { estimateOptions, limitOptions, rateLimitOptions, refuseUnknown } from "../options/names.js"
import type { Amounts, Limit as Bucket, Remaining, Reserved, Unit } from "./buckets.js"
import { makeRate } from "./makeRate.js"
import { Gated, type GateOf, type Operators } from "./operators.js"
import type { RateSettings, Rejected } from "./rateGate.js"
import type { Immediate } from "./rateMemory.js"
import type { RateLimitStoreError } from "./rateStoreError.js"
import { remainingOf } from "./remaining.js"
import { byKey, type QueueOptions, queueSettings } from "./settings.js"
import { usualTokens } from "./tokens.js"

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

export const none: Estimate = {}

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
  /** Nothing may be used until then (milliseconds of the `Clock`), and what was saved up in a minute is gone. */
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
  /**
   * How long a call waits for an answer, default 50 milliseconds. A call that has waited so long goes on as if there were
   * no limit, and for a second after it nobody asks the store.
   */
  readonly patience?: Duration.DurationInput | undefined
}

export { RateLimitStoreError } from "./rateStoreError.js"

/**
 * The store of the limits made under it.
 *
 * @since 0.1.0
 * @category Stores
 */
export class RateLimitStore extends Context.Tag("effect-resilience/RateLimitStore")<RateLimitStore, Store>() {}

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

export const where = "RateLimit"

export const bucketsOf = (unit: Unit, given: Limit | ReadonlyArray<Limit> | undefined): ReadonlyArray<Bucket> => {
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
export const tokens = (field: string, value: number | undefined, otherwise: number): number =>
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
    inputTokens: tokens("estimate.inputTokens", estimate.inputTokens, usualTokens),
    outputTokens: tokens("estimate.outputTokens", estimate.outputTokens, usualTokens)
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
    heedsHints: true,
    fixed: onlyRequests ? { requests: 1 } : undefined,
    expected: (context) => {
      const { inputTokens, outputTokens } = Context.get(context, CurrentEstimate)
      return amounts(inputTokens ?? usual.inputTokens, outputTokens ?? usual.outputTokens)
    },
    measured: ({ inputTokens, outputTokens, rateLimitedInputTokens }: Usage, expected) =>
      onlyRequests
        ? expected
        : amounts(
            rateLimitedInputTokens ?? inputTokens ?? expected.inputTokens ?? 0,
            outputTokens ?? expected.outputTokens ?? 0
          )
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
    const rateLimit: RateLimit & { readonly [Gated]: GateOf<Rejected> } = {
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
