import type { Usage } from "../errors/llmError.js"
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
  /** Input that it has put there, for which Anthropic takes more. Default: as `input`. */
  readonly cacheCreationInput?: number | undefined
}

const million = 1_000_000

/** What has been used costs so much. @internal */
export type Money = (usage: Usage) => number

/** What tokens cost at this price. A price that is none is refused by name. @internal */
export const moneyOf = (where: string, field: string, price: Price): Money => {
  refuseUnknown(where, field, price, priceOptions)
  const input = number(where, `${field}.input`, price.input, 0)
  const output = number(where, `${field}.output`, price.output, 0)
  const cachedInput = number(where, `${field}.cachedInput`, price.cachedInput ?? input, 0)
  const created = number(where, `${field}.cacheCreationInput`, price.cacheCreationInput ?? input, 0)
  return ({ cacheCreationInputTokens = 0, cachedInputTokens = 0, inputTokens = 0, outputTokens = 0 }) => {
    const rest = Math.max(0, inputTokens - cachedInputTokens - cacheCreationInputTokens)
    const ofCache = cachedInputTokens * cachedInput + cacheCreationInputTokens * created
    return (rest * input + ofCache + outputTokens * output) / million
  }
}
