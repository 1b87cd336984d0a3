/**
 * How many retries all calls together may make.
 *
 * Each call adds a share of a token to its target's bucket, time adds a few per second, and each retry (or hedge) takes
 * a whole one. While most calls succeed the budget is never felt. When a target is down, the calls sent to it stay
 * within `1 + share` of the calls made, and whoever gets no token gets the upstream's own error.
 *
 * Source: B. Beyer et al.,
 * ["Site Reliability Engineering"](https://sre.google/sre-book/handling-overload/), chapter 21, 2016, and `RetryBudget`
 * of [Finagle](https://twitter.github.io/finagle/guide/Clients.html#retries), 2015.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"

import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import { StateRef } from "./internal/breaker/stateRef.js"
import { BoundedMap, type Bounds, boundsOf } from "./internal/keyed/boundedMap.js"
import { number } from "./internal/options/check.js"
import { fromConfig } from "./internal/options/fromConfig.js"
import { budgetOptions, refuseUnknown } from "./internal/options/names.js"
import * as bucket from "./internal/retry/budget.js"
import type { Budget, Options, Settings } from "./internal/retry/budgetTypes.js"
import { retry as retry_ } from "./internal/retry/run.js"

export type { Budget, Options, Settings } from "./internal/retry/budgetTypes.js"

/**
 * The budget that retries and hedges share.
 *
 * @since 0.1.0
 * @category Models
 */
export class RetryBudget extends Context.Tag("effect-resilience/RetryBudget")<RetryBudget, Budget>() {}

/**
 * Who keeps budgets in another place than the memory of this process.
 *
 * @since 0.1.0
 * @category Stores
 */
export interface Store {
  readonly make: (settings: Settings) => Budget
}

/**
 * The store of the budgets made under it: `SharedState.layer` has one, and so has `RedisSharedState`. Without one a budget
 * is kept in memory.
 *
 * @since 0.1.0
 * @category Stores
 */
export class RetryBudgetStore extends Context.Tag("effect-resilience/RetryBudgetStore")<RetryBudgetStore, Store>() {}

/**
 * A budget: that of the fleet where there is a `RetryBudgetStore`, and else one kept in memory. A new bucket holds what one
 * second adds. A bucket that holds less than that is never forgotten, so that no target gets retries out of it.
 *
 * Throws a `RangeError` that names the option for options that make no sense.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options?: Options): Effect.Effect<Budget> => {
  const settings = settingsOf(options)
  const bounds = boundsOf(where, options)
  return Effect.map(
    Effect.serviceOption(RetryBudgetStore),
    Option.match({ onNone: () => inMemory(settings, bounds), onSome: (store) => store.make(settings) })
  )
}

const inMemory = ({ burst, minimumPerSecond, share }: Settings, bounds: Bounds): Budget => {
  const rates = bucket.rates(share, minimumPerSecond, burst)
  const buckets = new BoundedMap<Entry>(bounds, ({ state }, now) => bucket.isReplaceable(state.getNow(), rates, now))
  const entryOf = (key: string, now: number): Entry => {
    const known = buckets.get(key)
    if (known !== undefined) {
      known.used = true
      known.usedAt = now
      return known
    }
    const entry = { state: new StateRef(bucket.full(rates, now)), used: false, usedAt: now }
    buckets.add(key, entry, now)
    return entry
  }
  const modify = <A>(key: string, step: (state: bucket.Bucket, now: number) => readonly [A, bucket.Bucket]) =>
    Effect.map(Clock.currentTimeMillis, (now) => entryOf(key, now).state.modifyNow((state) => step(state, now)))
  return {
    deposit: (key) => modify(key, (state, now) => [undefined, bucket.deposit(state, rates, now)]),
    take: (key) => modify(key, (state, now) => bucket.take(state, rates, now)),
    giveBack: (key) => modify(key, (state, now) => [undefined, bucket.giveBack(state, rates, now)]),
    available: (key) => modify(key, (state, now) => bucket.available(state, rates, now))
  }
}

const where = "RetryBudget"

interface Entry {
  readonly state: StateRef<bucket.Bucket>
  used: boolean
  usedAt: number
}

const settingsOf = (options: Options = {}): Settings => {
  refuseUnknown(where, "", options, budgetOptions)
  const { burst = 100, minimumPerSecond = 1, share = 0.1 } = options
  return {
    share: number(where, "share", share, 0, 1),
    minimumPerSecond: number(where, "minimumPerSecond", minimumPerSecond, 0),
    burst: number(where, "burst", burst, 1)
  }
}

/**
 * A budget for the whole program, or for the fleet; see `make`.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmError, RetryBudget, RetryPolicy } from "effect-resilience"
 *
 * declare const call: Effect.Effect<string, LlmError.LlmError>
 *
 * const program = call.pipe(
 *   RetryBudget.retry(RetryPolicy.standard, "openai/gpt-5"),
 *   Effect.provide(RetryBudget.layer({ share: 0.1 }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options?: Options): Layer.Layer<RetryBudget> => Layer.effect(RetryBudget, make(options))

/**
 * As `layer`, with options from a `Config`. Options that make no sense are a `ConfigError`.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerConfig = (options: Config.Config.Wrap<Options>): Layer.Layer<RetryBudget, ConfigError.ConfigError> =>
  Layer.effect(RetryBudget, fromConfig(Config.unwrap(options), make))

/**
 * `RetryPolicy.retry`, as far as the budget of the target has tokens. A call adds its share when it starts; a retry
 * takes its token before it waits, and gives it back if it is interrupted before it is sent.
 *
 * Where the budget is dry, no wait is begun: the call fails with its own error as it is, and a `RetryWithheld` event
 * says why.
 *
 * @since 0.1.0
 * @category Operators
 */
export const retry: {
  <B, E, R1>(
    policy: Schedule.Schedule<B, NoInfer<E>, R1>,
    target: string
  ): <A, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R | R1 | RetryBudget>
  <A, E, R, B, R1>(
    self: Effect.Effect<A, E, R>,
    policy: Schedule.Schedule<B, NoInfer<E>, R1>,
    target: string
  ): Effect.Effect<A, E, R | R1 | RetryBudget>
} = dual(
  3,
  <A, E, R, B, R1>(
    self: Effect.Effect<A, E, R>,
    policy: Schedule.Schedule<B, E, R1>,
    target: string
  ): Effect.Effect<A, E, R | R1 | RetryBudget> =>
    Effect.flatMap(RetryBudget, (budget) =>
      Effect.zipRight(
        budget.deposit(target),
        retry_(self, policy, target, { take: budget.take(target), giveBack: budget.giveBack(target) })
      )
    )
)
