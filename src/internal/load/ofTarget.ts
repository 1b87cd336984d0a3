/**
 * The limits of targets: which policies they have, and the gates of one of them.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as AdaptiveLimit from "../../AdaptiveLimit.js"
import * as Bulkhead from "../../Bulkhead.js"
import * as RateLimit from "../../RateLimit.js"
import type { TargetOptions } from "../../Resilience.js"
import * as SpendLimit from "../../SpendLimit.js"
import type { Limits } from "../admission/inOrder.js"
import type { TargetGate } from "../breaker/gated.js"
import { type Bounds, boundsOf } from "../keyed/boundedMap.js"
import { Gated } from "./operators.js"
import { rateMemory } from "./rateMemory.js"

/** The policies of all targets; each keeps its state by the name of the target. @internal */
export interface LoadPolicies {
  readonly bulkhead: Bulkhead.Bulkhead
  readonly adaptiveLimit: AdaptiveLimit.AdaptiveLimit
  readonly rateLimit: RateLimit.RateLimit
  readonly spendLimit: SpendLimit.SpendLimit
}

/** @internal */
export const loadPolicies = (
  optionsOf: (name: string) => TargetOptions,
  { capacity, idleTimeToLive }: Bounds
): Effect.Effect<LoadPolicies> => {
  const bounds = boundsOf("Resilience", { capacity, idleTimeToLive })
  const stored = <A, E>(self: Effect.Effect<A, E, RateLimit.RateLimitStore>): Effect.Effect<A, E> =>
    Effect.provideService(self, RateLimit.RateLimitStore, rateMemory(bounds))
  return Effect.all({
    bulkhead: Bulkhead.make((name) => optionsOf(name).bulkhead || noBulkhead),
    adaptiveLimit: AdaptiveLimit.make((name) => optionsOf(name).adaptiveLimit || {}),
    rateLimit: stored(RateLimit.make((name) => optionsOf(name).rateLimit || noRate)),
    spendLimit: stored(SpendLimit.make((name) => optionsOf(name).spendLimit || noSpend))
  })
}

// Only whoever asks for the state of a target without such a policy meets these.
const noBulkhead: Bulkhead.Options = { maxConcurrent: Number.POSITIVE_INFINITY }
const noRate: RateLimit.Options = { requests: { limit: Number.POSITIVE_INFINITY } }
const noSpend: SpendLimit.Options = { limit: Number.POSITIVE_INFINITY }

const gateOf = (policy: object, name: string): TargetGate =>
  (policy as { readonly [Gated]: (name: string) => TargetGate })[Gated](name)

/** What a target has no option for, it has no gate for. @internal */
export const limitsOf = (name: string, options: TargetOptions, policies: LoadPolicies): Limits => ({
  concurrency: options.bulkhead
    ? gateOf(policies.bulkhead, name)
    : options.adaptiveLimit
      ? gateOf(policies.adaptiveLimit, name)
      : undefined,
  rate: options.rateLimit ? gateOf(policies.rateLimit, name) : undefined,
  spend: options.spendLimit ? gateOf(policies.spendLimit, name) : undefined
})

/** A mistake in the options is a defect that names it. @internal */
export const checkLimits = ({ adaptiveLimit, bulkhead, rateLimit, spendLimit }: TargetOptions): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (bulkhead && adaptiveLimit) {
      throw new RangeError(
        "Resilience: bulkhead and adaptiveLimit both say how many calls run at once; give one of them"
      )
    }
    const each: Array<Effect.Effect<unknown, never, RateLimit.RateLimitStore>> = []
    if (bulkhead) each.push(Bulkhead.make(bulkhead))
    if (adaptiveLimit) each.push(AdaptiveLimit.make(adaptiveLimit))
    if (rateLimit) each.push(RateLimit.make(rateLimit))
    if (spendLimit) each.push(SpendLimit.make(spendLimit))
    const store = rateMemory(boundsOf("Resilience"))
    return Effect.provideService(Effect.all(each, { discard: true }), RateLimit.RateLimitStore, store)
  })
