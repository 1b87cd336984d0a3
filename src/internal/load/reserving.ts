/**
 * Which targets of which policies reserve tokens or money, so that whoever can estimate a prompt knows when it is worth it.
 *
 * @internal
 */
import type { TargetOptions } from "../call/types.js"

const optionsOf = new WeakMap<object, (name: string) => TargetOptions>()

/** @internal */
export const tellReserving = (policies: object, options: (name: string) => TargetOptions): void => {
  optionsOf.set(policies, options)
}

/** @internal */
export const isReserving = (policies: object, name: string): boolean => {
  const { rateLimit, spendLimit } = optionsOf.get(policies)?.(name) ?? {}
  if (spendLimit) return true
  return rateLimit ? Boolean(rateLimit.tokens ?? rateLimit.inputTokens) : false
}
