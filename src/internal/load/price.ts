import { number } from "../options/check.js"
import { priceOptions, refuseUnknown } from "../options/names.js"

/**
 * What a million tokens cost.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Price {
  readonly input: number
  readonly output: number
  /** Input that the provider had in its cache. Default: as `input`. */
  readonly cachedInput?: number | undefined
}

const million = 1_000_000

/** @internal */
export type Money = (inputTokens: number, outputTokens: number, cachedInputTokens?: number) => number

/** What tokens cost at this price. A price that is none is refused by name. @internal */
export const moneyOf = (where: string, field: string, price: Price): Money => {
  refuseUnknown(where, field, price, priceOptions)
  const input = number(where, `${field}.input`, price.input, 0)
  const output = number(where, `${field}.output`, price.output, 0)
  const cachedInput = number(where, `${field}.cachedInput`, price.cachedInput ?? input, 0)
  return (inputTokens, outputTokens, cached = 0) =>
    (Math.max(0, inputTokens - cached) * input + cached * cachedInput + outputTokens * output) / million
}
