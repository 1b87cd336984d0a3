/**
 * Which targets of which policies have limits that somebody may tell something: what a prompt will use, what the provider
 * says is left. Finding out costs, and is nobody's business where there is no limit.
 *
 * @internal
 */
import type { TargetOptions } from "../call/types.js"

/** What the limits of a target are made of. */
interface Limited {
  /** Requests or tokens in a time, of which the provider may know. */
  readonly inRate: boolean
  /** Tokens or money, which are reserved by an estimate. */
  readonly byEstimate: boolean
}

const limitsOf = new WeakMap<object, (name: string) => Limited>()

const unlimited: Limited = { inRate: false, byEstimate: false }

const limited = ({ rateLimit, spendLimit }: TargetOptions): Limited => {
  if (!rateLimit) return spendLimit ? { inRate: false, byEstimate: true } : unlimited
  const { inputTokens, outputTokens, tokens } = rateLimit
  return { inRate: true, byEstimate: Boolean(spendLimit || tokens || inputTokens || outputTokens) }
}

/** @internal */
export const tellReserving = (
  policies: object,
  optionsOf: (name: string) => TargetOptions,
  differing: Iterable<string>
): void => {
  const own = new Map(Array.from(differing, (name) => [name, limited(optionsOf(name))]))
  const general = limited(optionsOf(""))
  limitsOf.set(policies, (name) => own.get(name) ?? general)
}

const ofTarget = (policies: object, name: string): Limited => limitsOf.get(policies)?.(name) ?? unlimited

/** @internal */
export const isReserving = (policies: object, name: string): boolean => ofTarget(policies, name).byEstimate

/** @internal */
export const isInRate = (policies: object, name: string): boolean => ofTarget(policies, name).inRate
