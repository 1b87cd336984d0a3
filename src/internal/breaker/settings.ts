import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import { millis as anyMillis, finiteMillis, invalid } from "../options/check.js"
import { breakerOptions, halfOpenOptions, parkingOptions, refuseUnknown, slowCallOptions } from "../options/names.js"
import { openTimes } from "./openTimes.js"
import type { Policy, TripPolicy } from "./policy.js"
import type { Options } from "./types.js"
import type { Waiting } from "./waiting.js"

/**
 * The options of a breaker, checked, with every default in its place and every duration in milliseconds.
 *
 * @internal
 */
export interface Settings {
  readonly policy: Policy
  readonly waiting: Waiting
}

/** @internal */
export const defaultTrip: TripPolicy = { _tag: "Consecutive", failures: 5 }

const where = "CircuitBreaker"

/** What is wrong with an option, named as its owner wrote it. */
const wrong = (field: string, value: unknown, allowed: string): never => {
  throw invalid(where, field, value, allowed)
}

const count = (field: string, value: number): number =>
  Number.isInteger(value) && value >= 1 ? value : wrong(field, value, "a whole number of at least 1")

const share = (field: string, value: number): number =>
  typeof value === "number" && value > 0 && value <= 1 ? value : wrong(field, value, "a number above 0 and at most 1")

const span = (field: string, value: number): number =>
  typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY
    ? value
    : wrong(field, value, "a finite time above 0")

/**
 * Throws a `RangeError` that names the field, its value and what is allowed.
 *
 * @internal
 */
export const checkTrip = (trip: TripPolicy): TripPolicy => {
  const kind: unknown = Predicate.hasProperty(trip, "_tag") ? trip._tag : undefined
  if (kind !== "Consecutive" && kind !== "Rate" && kind !== "RateOver") {
    return wrong("tripPolicy", trip, "made by CircuitBreaker.consecutive, rate or rateOver")
  }
  if (trip._tag === "Consecutive") {
    count("consecutive.failures", trip.failures)
    return trip
  }
  const name = trip._tag === "Rate" ? "rate" : "rateOver"
  share(`${name}.threshold`, trip.threshold)
  count(`${name}.minimumCalls`, trip.minimumCalls)
  if (trip._tag === "RateOver") span(`${name}.window`, trip.window)
  else if (trip.minimumCalls > count(`${name}.size`, trip.size)) {
    wrong(`${name}.minimumCalls`, trip.minimumCalls, `at most its size of ${trip.size}`)
  }
  if (trip.slowCall !== undefined) {
    refuseUnknown(where, `${name}.slowCall`, trip.slowCall, slowCallOptions)
    span(`${name}.slowCall.threshold`, trip.slowCall.threshold)
    share(`${name}.slowCall.rate`, trip.slowCall.rate)
  }
  return trip
}

const millis = (field: string, input: Duration.DurationInput): number => finiteMillis(where, field, input)

const waitOrReject = (field: string, value: "wait" | "reject"): "wait" | "reject" =>
  value === "wait" || value === "reject" ? value : wrong(field, value, '"wait" or "reject"')

/**
 * For how long somebody opens a circuit.
 *
 * @internal
 */
export const openTimeOf = (field: string, input: Duration.DurationInput): number => span(field, millis(field, input))

/** @internal */
export const resolve = (options: Options = {}): Effect.Effect<Settings> =>
  Effect.suspend(() => {
    refuseUnknown(where, "", options, breakerOptions)
    const { halfOpen = {}, openDuration = "60 seconds", parking = {}, tripPolicy = defaultTrip } = options
    refuseUnknown(where, "halfOpen", halfOpen, halfOpenOptions)
    refuseUnknown(where, "parking", parking, parkingOptions)
    const trip = checkTrip(tripPolicy)
    const { maxRetryAfter: longestHint = "1 hour", whenOpen = "reject" } = options
    const { maxWait = "60 seconds", whenParked = "wait" } = parking
    const { probes = 1, probeTimeout = "30 seconds", successes = 2 } = halfOpen
    const maxRetryAfter = anyMillis(where, "maxRetryAfter", longestHint)
    const places = {
      probes: count("halfOpen.probes", probes),
      successes: count("halfOpen.successes", successes),
      probeTimeout: span("halfOpen.probeTimeout", millis("halfOpen.probeTimeout", probeTimeout))
    }
    const waiting: Waiting = {
      whenOpen: waitOrReject("whenOpen", whenOpen),
      whenParked: waitOrReject("parking.whenParked", whenParked),
      maxWait: anyMillis(where, "parking.maxWait", maxWait),
      stagger: parking.stagger === undefined ? undefined : millis("parking.stagger", parking.stagger)
    }
    const times = Schedule.isSchedule(openDuration)
      ? openTimes(openDuration as Schedule.Schedule<unknown, number>)
      : Effect.succeed([millis("openDuration", openDuration)])
    return Effect.map(times, (openFor) => ({
      policy: { trip, openFor, maxRetryAfter: Math.min(maxRetryAfter, Number.MAX_SAFE_INTEGER), halfOpen: places },
      waiting
    }))
  })

/**
 * The settings of each key. `known` has those that are the same for all keys, or were read before.
 *
 * @internal
 */
export interface ByKey {
  readonly known: (key: string) => Settings | undefined
  readonly resolve: (key: string) => Effect.Effect<Settings>
}

/** Options by key are read once a key; beyond so many keys they are read anew. */
const rememberedKeys = 10_000

/** @internal */
export const byKey = (options: Options | ((key: string) => Options) | undefined): Effect.Effect<ByKey> => {
  if (typeof options !== "function") {
    return Effect.map(resolve(options), (same) => ({ known: () => same, resolve: () => Effect.succeed(same) }))
  }
  return Effect.sync(() => {
    const read = new Map<string, Settings>()
    const known = (key: string): Settings | undefined => read.get(key)
    return {
      known,
      resolve: (key) =>
        Effect.suspend(() => {
          const found = known(key)
          if (found !== undefined) return Effect.succeed(found)
          return Effect.map(resolve(options(key)), (settings) => {
            if (read.size >= rememberedKeys) read.clear()
            read.set(key, settings)
            return settings
          })
        })
    }
  })
}
