/**
 * So much money of a target in a time.
 *
 * @internal
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Usage } from "../errors/llmError.js"
import { invalid, millis, number } from "../options/check.js"
import { estimateOptions, refuseUnknown, spendOptions } from "../options/names.js"
import type { Amounts, Limit as Bucket } from "./buckets.js"
import { makeRate } from "./makeRate.js"
import { Gated, type GateOf, type Operators } from "./operators.js"
import { moneyOf, type Price } from "./price.js"
import type { RateSettings, Rejected } from "./rateGate.js"
import { CurrentEstimate, type Estimate, RateLimitStore, type RateLimitStoreError } from "./rateLimit.js"
import { byKey, type QueueOptions, queueSettings } from "./settings.js"
import { usualTokens } from "./tokens.js"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options extends QueueOptions {
  /** So much money. */
  readonly limit: number
  /** In this time; `Infinity` for once and for all. Default 1 day. */
  readonly per?: Duration.DurationInput | undefined
  /** The most that can be saved up. Default: `limit`. */
  readonly burst?: number | undefined
  /** What tokens cost. Left out, calls say their cost themselves, and answers that do (OpenRouter's `usage.cost`). */
  readonly prices?: Price | undefined
  /** What becomes of a call that does not fit now. Default `reject`. */
  readonly whenExceeded?: "wait" | "reject" | undefined
  /** What a call is expected to use that says nothing else. Default 500 tokens in and 500 out. */
  readonly estimate?: Estimate | undefined
}

/**
 * @since 0.1.0
 * @category Symbols
 */
export const TypeId: unique symbol = Symbol.for("effect-resilience/SpendLimit")

/**
 * @since 0.1.0
 * @category Symbols
 */
export type TypeId = typeof TypeId

/**
 * One budget for each key.
 *
 * @since 0.1.0
 * @category Models
 */
export interface SpendLimit extends Operators<Rejected> {
  readonly [TypeId]: TypeId
  /** The money that is left now, less than zero where calls have cost more than was there. */
  readonly left: (key: string) => Effect.Effect<number, RateLimitStoreError>
}

/**
 * The budgets of the context.
 *
 * @since 0.1.0
 * @category Services
 */
export const SpendLimit: Context.Tag<SpendLimit, SpendLimit> =
  Context.GenericTag<SpendLimit>("effect-resilience/SpendLimit")

export type { Price } from "./price.js"

export const where = "SpendLimit"

const settingsOf = (options: Options) => {
  refuseUnknown(where, "", options, spendOptions)
  const { estimate = {}, per = "1 day", prices, whenExceeded = "reject" } = options
  if (whenExceeded !== "wait" && whenExceeded !== "reject") {
    throw invalid(where, "whenExceeded", whenExceeded, "wait or reject")
  }
  refuseUnknown(where, "estimate", estimate, estimateOptions)
  const limit = number(where, "limit", options.limit, 0)
  const time = millis(where, "per", per)
  if (time === 0) throw invalid(where, "per", per, "more than zero")
  const bucket: Bucket = {
    unit: "money",
    burst: number(where, "burst", options.burst ?? limit, 0),
    perMilli: limit / time
  }
  const costs = moneyOf(where, "prices", prices ?? { input: 0, output: 0 })
  const money = (usage: Usage): Amounts => ({ money: costs(usage) })
  const usual = { inputTokens: estimate.inputTokens ?? usualTokens, outputTokens: estimate.outputTokens ?? usualTokens }
  const queue = queueSettings(where, options)
  const rate: RateSettings = {
    limits: [bucket],
    whenExceeded,
    maxWait: queue.maxWait,
    fixed: undefined,
    // The money is not the target's.
    heedsHints: false,
    expected: (context) => {
      const told = Context.get(context, CurrentEstimate)
      const cost =
        told.cost ?? (told.inputTokens === undefined && told.outputTokens === undefined ? estimate.cost : undefined)
      if (cost !== undefined) return { money: cost }
      const { inputTokens = usual.inputTokens, outputTokens = usual.outputTokens } = told
      return money({ inputTokens, outputTokens })
    },
    measured: (usage, expected) => {
      if (prices !== undefined) return money(usage)
      return usage.cost === undefined ? expected : { money: usage.cost }
    }
  }
  return { rate, queue }
}

/**
 * Makes budgets over the current store, with the same options for every key or with each its own. Throws a `RangeError`
 * that names the option for options that make no sense.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options | ((key: string) => Options)): Effect.Effect<SpendLimit, never, RateLimitStore> =>
  Effect.gen(function* () {
    const store = yield* RateLimitStore
    const rate = yield* makeRate("spendLimit", store, byKey(options, settingsOf), {})
    const spendLimit: SpendLimit & { readonly [Gated]: GateOf<Rejected> } = {
      [TypeId]: TypeId,
      [Gated]: rate.gateOf,
      ...rate.operators,
      left: (key) =>
        Effect.clockWith((clock) =>
          Effect.map(
            store.left(key, rate.queueOf(key, clock.unsafeCurrentTimeMillis()).settings.limits),
            ({ money = 0 }) => money
          )
        )
    }
    return spendLimit
  })
