/**
 * What a retry budget is made of, and what it is for its callers.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options {
  /** Retries per call in the long run, from 0 to 1. Default 0.1. */
  readonly share?: number | undefined
  /** Retries per second that are always allowed, so that the budget does not starve a program of few calls. Default 1. */
  readonly minimumPerSecond?: number | undefined
  /** The most retries that can be saved up. Default 100. */
  readonly burst?: number | undefined
  /** For how long a key that nobody uses keeps its bucket. Default 1 hour. */
  readonly idleTimeToLive?: Duration.DurationInput | undefined
  /** How many keys have a bucket; beyond that, those that have not been used lately start anew. Default 10 000. */
  readonly capacity?: number | undefined
}

/**
 * How much a budget has, in retries.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Settings {
  readonly share: number
  readonly minimumPerSecond: number
  readonly burst: number
}

/**
 * A budget keeps one bucket per key; the key is the target's name.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Budget {
  /** A call is made, which adds its share. Retries and hedges are not calls. */
  readonly deposit: (key: string) => Effect.Effect<void>
  /**
   * Asks for one retry or hedge, now. Answers at once, or within `patience` where the budget is that of a fleet: `false`
   * means that it must not be sent.
   */
  readonly take: (key: string) => Effect.Effect<boolean>
  /** The retry or hedge that was asked for has not been sent. */
  readonly giveBack: (key: string) => Effect.Effect<void>
  /** The retries that could be made now, as far as this process knows. */
  readonly available: (key: string) => Effect.Effect<number>
}
