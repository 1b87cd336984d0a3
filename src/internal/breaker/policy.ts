/**
 * When a call counts as slow, and the share of slow calls that opens a circuit.
 *
 * @since 0.1.0
 */
export interface SlowCall {
  /** Milliseconds from which on a call is slow. */
  readonly threshold: number
  /** The share of calls, from 0 to 1, that may not be slow. */
  readonly rate: number
}

/**
 * When a closed circuit opens. Plain data, so that a store can keep it beside the state.
 *
 * @since 0.1.0
 */
export type TripPolicy =
  | { readonly _tag: "Consecutive"; readonly failures: number }
  | {
      readonly _tag: "Rate"
      readonly threshold: number
      readonly size: number
      readonly minimumCalls: number
      readonly slowCall?: SlowCall | undefined
    }
  | {
      readonly _tag: "RateOver"
      readonly threshold: number
      /** Milliseconds. */
      readonly window: number
      readonly minimumCalls: number
      readonly slowCall?: SlowCall | undefined
    }

/**
 * Everything the state machine needs to know besides the state. All times are milliseconds.
 *
 * @since 0.1.0
 */
export interface Policy {
  readonly trip: TripPolicy
  /** How long the first, the second, ... opening in a row lasts; the last one repeats. Never empty. */
  readonly openFor: ReadonlyArray<number>
  /** The longest that a target's hint holds others back. */
  readonly maxRetryAfter: number
  readonly halfOpen: {
    /** How many probes may run at once. */
    readonly probes: number
    /** How many successes close the circuit. */
    readonly successes: number
    /** After this time a probe that has not ended gives up its place. */
    readonly probeTimeout: number
  }
}

/** @internal */
export const slowCall = (trip: TripPolicy): SlowCall | undefined =>
  trip._tag === "Consecutive" ? undefined : trip.slowCall

/** @internal */
export const openTime = (policy: Policy, opening: number): number =>
  policy.openFor[Math.min(opening, policy.openFor.length) - 1]!
