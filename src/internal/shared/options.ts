/**
 * How state is shared.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import type { BoundsOptions } from "../keyed/boundedMap.js"

/**
 * How state is shared. Everything has a default. `capacity` and `idleTimeToLive` say how much a process keeps of it, and
 * the latter also when what nobody uses is forgotten by all.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Options extends BoundsOptions {
  /** The longest that a call waits for an answer, and it does so once. Default 50 milliseconds. */
  readonly patience?: Duration.DurationInput | undefined
  /** How long it may take until the others are told of failures that change nothing yet. Default 50 milliseconds. */
  readonly flushEvery?: Duration.DurationInput | undefined
  /** How long it may take until they are told of successes. Default 10 seconds, and at most a third of a circuit's window. */
  readonly flushSuccessesEvery?: Duration.DurationInput | undefined
  /**
   * The part of each limit, from 0 to 1, that a process keeps to while nobody answers, if it does not know how many others
   * there are. If it does, all of them have equal parts. Default 0.1.
   */
  readonly shareAlone?: number | undefined
  /** What it is called in events. Default `shared`, or `redis`. */
  readonly name?: string | undefined
}
