/**
 * As many calls of a target at once as it takes without slowing down or failing.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { failureOf } from "../errors/failureOf.js"
import type { BulkheadFull } from "../errors/rejection.js"
import { type BoundsOptions, boundsOf } from "../keyed/boundedMap.js"
import { count, invalid, number } from "../options/check.js"
import { adaptiveOptions, refuseUnknown } from "../options/names.js"
import { ResilienceEvents } from "../telemetry/events.js"
import { labelCapacity } from "../telemetry/targetMetrics.js"
import * as Adaptive from "./adaptive.js"
import { alone } from "./around.js"
import type { State } from "./bulkhead.js"
import { concurrencyGate, type Held, type Place } from "./concurrencyGate.js"
import { Gated, type GateOf, LimitNow, type LimitOf, type Operators, operators } from "./operators.js"
import { PerKey } from "./perKey.js"
import { limitGauge, queueReport } from "./queueReport.js"
import { byKey, type QueueOptions, queueSettings } from "./settings.js"
import { Turnstile } from "./turnstile.js"
import { usageOf } from "./usage.js"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options extends QueueOptions, BoundsOptions {
  /** Default `aimd`. */
  readonly algorithm?: "aimd" | "gradient" | undefined
  /** What it begins with. Default 20. */
  readonly initial?: number | undefined
  /** It never falls below that. Default 1. */
  readonly min?: number | undefined
  /** It never rises above that. Default 200. */
  readonly max?: number | undefined
  /** What is left of it after a drop, between 0 and 1. Default 0.9. */
  readonly backoff?: number | undefined
  /** `gradient`: how many times the usual latency is still usual. Default 1.5. */
  readonly tolerance?: number | undefined
}

/**
 * @since 0.1.0
 * @category Symbols
 */
export const TypeId: unique symbol = Symbol.for("effect-resilience/AdaptiveLimit")

/**
 * @since 0.1.0
 * @category Symbols
 */
export type TypeId = typeof TypeId

/**
 * One limit for each key; the key is the target's name.
 *
 * @since 0.1.0
 * @category Models
 */
export interface AdaptiveLimit extends Operators<BulkheadFull> {
  readonly [TypeId]: TypeId
  /** How many calls run, how many wait, and the limit as it is now, with its fraction. */
  readonly state: (key: string) => Effect.Effect<State>
}

/**
 * The limits of the context.
 *
 * @since 0.1.0
 * @category Services
 */
export const AdaptiveLimit: Context.Tag<AdaptiveLimit, AdaptiveLimit> = Context.GenericTag<AdaptiveLimit>(
  "effect-resilience/AdaptiveLimit"
)

export const where = "AdaptiveLimit"

const settingsOf = (options: Options) => {
  refuseUnknown(where, "", options, adaptiveOptions)
  const { algorithm = "aimd", backoff = 0.9, initial = 20, max = 200, min = 1, tolerance = 1.5 } = options
  if (algorithm !== "aimd" && algorithm !== "gradient") {
    throw invalid(where, "algorithm", algorithm, "aimd or gradient")
  }
  if (!(backoff > 0 && backoff < 1)) throw invalid(where, "backoff", backoff, "a number between 0 and 1")
  const least = count(where, "min", min)
  const most = count(where, "max", max)
  if (most < least) throw invalid(where, "max", max, `at least as much as min, which is ${least}`)
  const adaptive: Adaptive.Settings = {
    algorithm,
    initial: Math.max(least, Math.min(most, count(where, "initial", initial))),
    min: least,
    max: most,
    backoff,
    tolerance: number(where, "tolerance", tolerance, 1)
  }
  return { adaptive, queue: queueSettings(where, options) }
}

export interface Adapting extends Place {
  state: Adaptive.State
}

/** A failure that cannot be looked at without something being thrown says nothing. */
export const tagOf = (cause: Cause.Cause<unknown>): string | undefined => {
  try {
    return failureOf(Cause.squash(cause))._tag
  } catch {
    return undefined
  }
}

export const sampleOf = (held: Held, exit: Exit.Exit<unknown, unknown>, now: number): Adaptive.Sample | undefined => {
  const { firstAt, running, startedAt } = held
  if (Exit.isFailure(exit)) {
    if (Cause.isInterruptedOnly(exit.cause)) return undefined
    const _tag = tagOf(exit.cause)
    const isDrop = _tag === "RateLimited" || _tag === "Overloaded" || _tag === "TimedOut"
    return isDrop ? { _tag: "Drop", startedAt } : undefined
  }
  if (firstAt !== undefined) return { _tag: "Success", running, latency: firstAt - startedAt }
  const tokens = usageOf(exit.value)?.outputTokens
  return {
    _tag: "Success",
    running,
    latency: tokens === undefined ? undefined : (now - startedAt) / Math.max(1, tokens)
  }
}

/**
 * Makes limits in memory, with the same options for every key or with each its own. Throws a `RangeError` that names the
 * option for options that make no sense.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options | ((key: string) => Options) = {}): Effect.Effect<AdaptiveLimit> =>
  Effect.gen(function* () {
    const hub = yield* ResilienceEvents
    const labels = yield* labelCapacity
    const settings = byKey(options, settingsOf)
    const places = new PerKey<Adapting>(
      boundsOf(where, typeof options === "function" ? {} : options),
      (key) => {
        const { adaptive, queue } = settings(key)
        const turnstile = new Turnstile(adaptive.initial, queue, queueReport("adaptiveLimit", key, hub, labels))
        const show = limitGauge(key, labels)
        show(adaptive.initial)
        const place: Adapting = {
          turnstile,
          maxWait: queue.maxWait,
          state: Adaptive.initial(adaptive),
          learn: (held, exit, now) => {
            const sample = sampleOf(held, exit, now)
            if (sample === undefined) return
            const { limit } = place.state
            place.state = Adaptive.step(place.state, adaptive, sample, now)
            if (place.state.limit === limit) return
            show(place.state.limit)
            turnstile.setLimit(Math.floor(place.state.limit))
          }
        }
        return place
      },
      // One that is forgotten begins anew, so what has been found out is kept for as long as the key is not idle.
      ({ turnstile }, _, idle) => idle && turnstile.idle
    )
    const scope = {}
    const gateOf: GateOf<BulkheadFull> = (key, around = alone) =>
      concurrencyGate("adaptiveLimit", scope, key, (now) => places.get(key, now), around)
    const adaptive: AdaptiveLimit & {
      readonly [Gated]: GateOf<BulkheadFull>
      readonly [LimitNow]: LimitOf
    } = {
      [TypeId]: TypeId,
      [Gated]: gateOf,
      [LimitNow]: (key, now) => places.get(key, now).state.limit,
      ...operators(gateOf),
      state: (key) =>
        Effect.clockWith((clock) =>
          Effect.sync(() => {
            const { state, turnstile } = places.get(key, clock.unsafeCurrentTimeMillis())
            return { running: turnstile.running, queued: turnstile.queued, limit: state.limit }
          })
        )
    }
    return adaptive
  })
