/**
 * The limits of targets: which policies they have, and the gates of one of them.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Limits } from "../admission/inOrder.js"
import type { CircuitGate, TargetGate } from "../breaker/gated.js"
import type { TargetOptions } from "../call/types.js"
import { type Bounds, boundsOf } from "../keyed/boundedMap.js"
import { finiteMillis, millis } from "../options/check.js"
import type { Hub } from "../telemetry/events.js"
import * as AdaptiveLimit from "./adaptiveLimit.js"
import { type Around, alone } from "./around.js"
import * as Bulkhead from "./bulkhead.js"
import { concurrencyGate } from "./concurrencyGate.js"
import { Gated, LimitNow, type LimitOf } from "./operators.js"
import { PerKey } from "./perKey.js"
import { queueReport } from "./queueReport.js"
import { RampUp } from "./rampUp.js"
import * as RateLimit from "./rateLimit.js"
import { rateMemory } from "./rateMemory.js"
import * as SpendLimit from "./spendLimit.js"

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
  // What is shared keeps limits apart by what they limit; in the process each has a store of its own.
  const stored = <A, E>(self: Effect.Effect<A, E, RateLimit.RateLimitStore>): Effect.Effect<A, E> =>
    Effect.flatMap(Effect.serviceOption(RateLimit.RateLimitStore), (shared) =>
      Effect.provideService(
        self,
        RateLimit.RateLimitStore,
        Option.getOrElse(shared, () => rateMemory(bounds))
      )
    )
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

const gateOf = (policy: object, name: string, around: Around): TargetGate =>
  (policy as { readonly [Gated]: (name: string, around: Around) => TargetGate })[Gated](name, around)

const limitNow = (policy: object, name: string, now: number): number =>
  (policy as { readonly [LimitNow]: LimitOf })[LimitNow](name, now)

/** What a target has no option for, it has no gate for. @internal */
export const limitsOf = (
  name: string,
  options: TargetOptions,
  policies: LoadPolicies,
  ramps: Ramps,
  circuit: CircuitGate
): Limits => {
  const around = aroundOf(options, circuit)
  return {
    rampUp: options.rampUp === undefined || options.rampUp === false ? undefined : ramps.gateOf(name, circuit, around),
    concurrency: options.bulkhead
      ? gateOf(policies.bulkhead, name, around)
      : options.adaptiveLimit
        ? gateOf(policies.adaptiveLimit, name, around)
        : undefined,
    rate: options.rateLimit ? gateOf(policies.rateLimit, name, around) : undefined,
    spend: options.spendLimit ? gateOf(policies.spendLimit, name, around) : undefined
  }
}

/** A hint holds back for as long at the limits as at the circuit. */
const aroundOf = ({ circuitBreaker = false }: TargetOptions, { outlook }: CircuitGate): Around => ({
  longestHold:
    circuitBreaker && circuitBreaker.maxRetryAfter !== undefined
      ? millis("Resilience", "circuitBreaker.maxRetryAfter", circuitBreaker.maxRetryAfter)
      : alone.longestHold,
  freeIn: outlook?.freeIn
})

/** The targets that come back gradually. @internal */
export class Ramps {
  private readonly places: PerKey<RampUp>
  /** Of the target that is made next. */
  private circuit: CircuitGate | undefined = undefined
  private readonly scope = {}

  constructor(
    optionsOf: (name: string) => TargetOptions,
    bounds: Bounds,
    policies: LoadPolicies,
    hub: Hub,
    labels: number
  ) {
    this.places = new PerKey(
      bounds,
      (name) => {
        const { adaptiveLimit, bulkhead, rampUp } = optionsOf(name)
        const { circuit } = this
        const limited = bulkhead ? policies.bulkhead : adaptiveLimit ? policies.adaptiveLimit : undefined
        return new RampUp(
          millis("Resilience", "rampUp", rampUp || 0),
          () => circuit?.closedAt?.(),
          (now) => limited && limitNow(limited, name, now),
          queueReport("rampUp", name, hub, labels)
        )
      },
      ({ idle }, _, isOld) => {
        return isOld && idle
      }
    )
  }

  gateOf(name: string, circuit: CircuitGate, around: Around): TargetGate {
    const placeOf = (now: number): RampUp => {
      this.circuit = circuit
      return this.places.get(name, now)
    }
    return concurrencyGate("rampUp", this.scope, name, placeOf, around) as TargetGate
  }
}

/** A mistake in the options is a defect that names it. @internal */
export const checkLimits = ({
  adaptiveLimit,
  bulkhead,
  rampUp,
  rateLimit,
  spendLimit
}: TargetOptions): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (bulkhead && adaptiveLimit) {
      throw new RangeError(
        "Resilience: bulkhead and adaptiveLimit both say how many calls run at once; give one of them"
      )
    }
    if (rampUp !== undefined && rampUp !== false) finiteMillis("Resilience", "rampUp", rampUp)
    const each: Array<Effect.Effect<unknown, never, RateLimit.RateLimitStore>> = []
    if (bulkhead) each.push(Bulkhead.make(bulkhead))
    if (adaptiveLimit) each.push(AdaptiveLimit.make(adaptiveLimit))
    if (rateLimit) each.push(RateLimit.make(rateLimit))
    if (spendLimit) each.push(SpendLimit.make(spendLimit))
    const store = rateMemory(boundsOf("Resilience"))
    return Effect.provideService(Effect.all(each, { discard: true }), RateLimit.RateLimitStore, store)
  })
