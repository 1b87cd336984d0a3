/**
 * The money that a client may spend, which counts at the prices of whoever answers.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { metered } from "../../internal/load/metered.js"
import { type Money, moneyOf } from "../../internal/load/price.js"
import type { Rejected } from "../../internal/load/rateGate.js"
import { usualTokens } from "../../internal/load/tokens.js"
import type { Usage } from "../../LlmError.js"
import * as RateLimit from "../../RateLimit.js"
import * as SpendLimit from "../../SpendLimit.js"
import type { Client, Config } from "./config/schema.js"
import { nameOf } from "./routes.js"
import type { Used } from "./used.js"

/** By the names of the targets. @internal */
export type Prices = ReadonlyMap<string, Money>

/** @internal */
export const pricesOf = ({ routes }: Config): Prices =>
  new Map(
    routes.flatMap((route) =>
      route.targets.flatMap((target) =>
        target.prices === undefined ? [] : [[nameOf(route, target), money(target.prices)] as const]
      )
    )
  )

const money = (prices: SpendLimit.Price): Money => moneyOf("GatewayConfig", "prices", prices)

/** Runs a call within the budget of a client. @internal */
export type Budget = <A, E, R>(
  call: Effect.Effect<A, E, R>,
  name: string,
  used: Used
) => Effect.Effect<A, E | Rejected, R>

/** Where a target has no price, the budget's own is its. @internal */
export const budgetOf = (
  { prices, ...limit }: NonNullable<Client["budget"]>,
  ofTargets: Prices
): Effect.Effect<Budget, never, RateLimit.RateLimitStore> =>
  Effect.map(SpendLimit.make({ ...limit, whenExceeded: "reject" }), (spend): Budget => {
    const otherwise = money(prices ?? { input: 0, output: 0 })
    const costOf = (target: string, usage: Usage): number => (ofTargets.get(target) ?? otherwise)(usage)
    return (call, name, used) =>
      Effect.suspend(() => {
        const { inputTokens = usualTokens, outputTokens = usualTokens } = used.expected()
        const expected = { inputTokens, outputTokens }
        const usage = (): Usage | undefined => {
          const told = used.usage
          return told && { cost: costOf(used.target, { ...expected, ...told }) }
        }
        const cost = costOf(used.target, expected)
        return RateLimit.withEstimate(metered(call, spend, name, usage), { cost })
      })
  })
