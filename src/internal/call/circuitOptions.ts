/**
 * What the options of a target say together about its circuit.
 *
 * @internal
 */
import * as Schedule from "effect/Schedule"
import type { OwnWaiting } from "../admission/gate.js"
import { defaultTrip } from "../breaker/settings.js"
import type * as CircuitBreaker from "../breaker/types.js"
import { tagCountsAgainstHealth } from "../errors/traits.js"
import { given, millis } from "../options/check.js"
import type * as RetryPolicy from "../retry/policyTypes.js"
import type { TargetOptions } from "./types.js"

/**
 * The options of the circuit. What it counts is the bracket's to see to; a retry policy that waits for an open circuit
 * says so for it.
 *
 * @internal
 */
export const circuitOptions = ({ circuitBreaker, retry }: TargetOptions): CircuitBreaker.Options => {
  const { counts: _, ...options } = circuitBreaker || {}
  const policy = policyOf(retry)
  if (policy?.whenOpen !== "wait") return options
  const { maxRetryAfter = "60 seconds", whenOpen } = policy
  return { whenOpen, ...given(options), parking: { maxWait: maxRetryAfter, ...given(options.parking) } }
}

/** How calls wait before the circuit, as these options say. @internal */
export const waitingOf = (options: TargetOptions): OwnWaiting => {
  const { parking, whenOpen = "reject" } = circuitOptions(options)
  return { whenOpen, maxWait: millis("CircuitBreaker", "parking.maxWait", parking?.maxWait ?? "60 seconds") }
}

/**
 * Says of options that do not do what they say together: more attempts than the circuit bears failures, where a call that
 * finds it open is rejected. The failures of a single call then end its own retrying.
 *
 * @internal
 */
export const contradiction = (options: TargetOptions): string | undefined => {
  const { circuitBreaker, retry } = options
  const policy = policyOf(retry)
  if (policy === undefined || circuitBreaker === false || circuitBreaker?.counts === "calls") return undefined
  if (circuitOptions(options).whenOpen === "wait") return undefined
  const trip = circuitBreaker?.tripPolicy ?? defaultTrip
  const borne = trip._tag === "Consecutive" ? trip.failures : trip.minimumCalls
  const attempts = mostAttempts(policy)
  if (attempts <= borne) return undefined
  return (
    `retry.maxAttempts is ${attempts}, but circuitBreaker.tripPolicy opens the circuit after ${borne} failures and ` +
    'whenOpen is "reject", so that the failures of one call can end its own retrying; let whenOpen be "wait", counts ' +
    'be "calls", or the circuit bear more failures'
  )
}

const defaultAttempts = 3

/** Of the failures that a circuit counts. */
const mostAttempts = ({ maxAttempts = defaultAttempts, perError }: RetryPolicy.Options): number => {
  const special = Object.entries(given(perError)).filter(([tag]) => tagCountsAgainstHealth(tag))
  return Math.max(maxAttempts, ...special.map(([, { maxAttempts: own }]) => own ?? 0))
}

/** Nothing where nobody retries, or a schedule of one's own decides. */
const policyOf = (retry: TargetOptions["retry"] = {}): RetryPolicy.Options | undefined => {
  if (retry === false) return undefined
  if (!Schedule.isSchedule(retry)) return retry
  return "options" in retry ? (retry as RetryPolicy.RetryPolicy).options : undefined
}
