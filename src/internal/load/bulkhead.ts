/**
 * So many calls of a target at once, and a queue for the rest.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { BulkheadFull } from "../errors/rejection.js"
import { type BoundsOptions, boundsOf } from "../keyed/boundedMap.js"
import { count } from "../options/check.js"
import { bulkheadOptions, refuseUnknown } from "../options/names.js"
import { ResilienceEvents } from "../telemetry/events.js"
import { labelCapacity } from "../telemetry/targetMetrics.js"
import { alone } from "./around.js"
import { concurrencyGate, type Place } from "./concurrencyGate.js"
import { Gated, type GateOf, LimitNow, type LimitOf, type Operators, operators } from "./operators.js"
import { PerKey } from "./perKey.js"
import { queueReport } from "./queueReport.js"
import { byKey, type QueueOptions, queueSettings } from "./settings.js"
import { Turnstile } from "./turnstile.js"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options extends QueueOptions, BoundsOptions {
  /** How many calls may run at once. */
  readonly maxConcurrent: number
}

/**
 * What of a bulkhead is in use.
 *
 * @since 0.1.0
 * @category Models
 */
export interface State {
  readonly running: number
  readonly queued: number
  readonly limit: number
}

/**
 * @since 0.1.0
 * @category Symbols
 */
export const TypeId: unique symbol = Symbol.for("effect-resilience/Bulkhead")

/**
 * @since 0.1.0
 * @category Symbols
 */
export type TypeId = typeof TypeId

/**
 * One bulkhead for each key; the key is the target's name.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Bulkhead extends Operators<BulkheadFull> {
  readonly [TypeId]: TypeId
  /** How many calls run, and how many wait. */
  readonly state: (key: string) => Effect.Effect<State>
}

/**
 * The bulkheads of the context.
 *
 * @since 0.1.0
 * @category Services
 */
export const Bulkhead: Context.Tag<Bulkhead, Bulkhead> = Context.GenericTag<Bulkhead>("effect-resilience/Bulkhead")

export const where = "Bulkhead"

const settingsOf = (options: Options) => {
  refuseUnknown(where, "", options, bulkheadOptions)
  return {
    maxConcurrent: count(where, "maxConcurrent", options.maxConcurrent),
    queue: queueSettings(where, options)
  }
}

/**
 * Makes bulkheads in memory, with the same options for every key or with each its own. Throws a `RangeError` that names
 * the option for options that make no sense.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options | ((key: string) => Options)): Effect.Effect<Bulkhead> =>
  Effect.gen(function* () {
    const hub = yield* ResilienceEvents
    const labels = yield* labelCapacity
    const settings = byKey(options, settingsOf)
    const places = new PerKey<Place>(
      boundsOf(where, typeof options === "function" ? {} : options),
      (key) => {
        const { maxConcurrent, queue } = settings(key)
        const turnstile = new Turnstile(maxConcurrent, queue, queueReport("bulkhead", key, hub, labels))
        return { turnstile, maxWait: queue.maxWait }
      },
      ({ turnstile }) => turnstile.idle
    )
    const scope = {}
    const gateOf: GateOf<BulkheadFull> = (key, around = alone) =>
      concurrencyGate("bulkhead", scope, key, (now) => places.get(key, now), around)
    const bulkhead: Bulkhead & {
      readonly [Gated]: GateOf<BulkheadFull>
      readonly [LimitNow]: LimitOf
    } = {
      [TypeId]: TypeId,
      [Gated]: gateOf,
      [LimitNow]: (key, now) => places.get(key, now).turnstile.limit,
      ...operators(gateOf),
      state: (key) =>
        Effect.clockWith((clock) =>
          Effect.sync(() => {
            const { limit, queued, running } = places.get(key, clock.unsafeCurrentTimeMillis()).turnstile
            return { running, queued, limit }
          })
        )
    }
    return bulkhead
  })
