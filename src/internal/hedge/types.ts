/**
 * The targets of a race, and when the next one is started.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as LlmError from "../../LlmError.js"
import type * as Fallback from "../fallback/types.js"
import type * as RetryBudget from "../retry/budgetTypes.js"

/**
 * One way to make the call, and its name: latencies are kept by it.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Target<A, E, R> extends Fallback.Target<A, E, R> {
  /**
   * Whether the target would take a call now. One that would not is no hedge: it is passed over for the next one, and
   * asked only after a failure. Default: it is taken to be ready.
   */
  readonly ready?: Effect.Effect<boolean> | undefined
}

/**
 * One target that can give a stream.
 *
 * @since 0.1.0
 * @category Models
 */
export interface StreamTarget<A, E, R> extends Omit<Target<A, E, R>, "run"> {
  readonly run: Stream.Stream<A, E, R>
}

/**
 * A delay that follows what the target's own answers take.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Quantile {
  readonly _tag: "Quantile"
  readonly q: number
  readonly minimumSamples: number
  readonly initial?: Duration.DurationInput | undefined
}

/**
 * When another attempt is started, and how many.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Options {
  /**
   * How long an answer may take before it is late: a fixed time, or a `quantile` of the target's own latencies. The next
   * attempt is due that long after the start of the last one.
   */
  readonly after: Duration.DurationInput | Quantile
  /** How many attempts may run beside a first one in a call. Default: 1 for `again`, every other target for `across`. */
  readonly hedges?: number | undefined
  /**
   * What bounds the attempts that hedging adds, over all calls: each takes a token of the first target's. Default: one
   * attempt in ten calls, and one a second, shared by all hedges (see `layer`). `false` leaves hedging unbounded.
   */
  readonly budget?: RetryBudget.Budget | false | undefined
  /** As in `Fallback.Options`: failures after which another target is asked although `LlmError.traits` would not. */
  readonly fallbackOn?: ReadonlyArray<LlmError.Tag> | undefined
  /** As in `Fallback.Options`: what this call needs of a target. Default: nothing. */
  readonly needs?: ReadonlyArray<string> | undefined
  /** As in `Fallback.Options`: asks the target first that answered last for the same key. Default: always in order. */
  readonly sticky?: Fallback.Options["sticky"]
  /** As in `Fallback.Options`: what waits for one target are worth while others may be asked. Default 5 seconds. */
  readonly patience?: Duration.DurationInput | undefined
  /** The name of the call, for targets that are plain effects: `across` calls them `name/1`, `name/2`. Default `hedge`. */
  readonly name?: string | undefined
}

/**
 * How much hedged calls remember, and what they may add.
 *
 * @since 0.1.0
 * @category Models
 */
export interface MemoryOptions {
  /** The time in which a latency loses half of its weight. Default 10 minutes. */
  readonly halfLife?: Duration.DurationInput | undefined
  /** Of how many targets the latencies are kept; each takes about 5 kB. Default 1 000. */
  readonly capacity?: number | undefined
  /** For how long those of a target that nobody asks are kept. Default 1 hour. */
  readonly idleTimeToLive?: Duration.DurationInput | undefined
  /** The budget of the hedges that have none of their own. Default: a share of 0.1, and one a second. */
  readonly budget?: RetryBudget.Options | false | undefined
}

/**
 * What `again` can be told: there are no other targets to turn to.
 *
 * @since 0.1.0
 * @category Models
 */
export interface AgainOptions extends Pick<Options, "after" | "hedges" | "budget"> {}
