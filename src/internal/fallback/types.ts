/**
 * The targets of a walk, and when the next one is asked.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as LlmError from "../../LlmError.js"

/**
 * One way to make the call.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Target<A, E, R> {
  readonly name: string
  readonly run: Effect.Effect<A, E, R>
  /** The size of the model's context window in tokens; it decides who may help with a prompt that is too long. */
  readonly contextWindow?: number | undefined
  /** What the target can do, in words of your own: `tools`, `images`, a language. Left out, it is asked whatever is needed. */
  readonly capabilities?: ReadonlyArray<string> | undefined
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
 * When the next target is asked.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Options {
  /**
   * Failures after which the next target is asked although `LlmError.traits` would not: a key of your own that another
   * provider does not share (`AuthenticationFailed`), a filter that another model does not have (`ContentFiltered`).
   * Default: none.
   */
  readonly fallbackOn?: ReadonlyArray<LlmError.Tag> | undefined
  /**
   * What waits for one target are worth in all while others stand ready, whether for a retry, for a hint, or because the
   * target has asked to be left alone; one that holds its callers back already is not waited for. Default 5 seconds. The
   * last target that is left is waited for as if it were the only one.
   */
  readonly patience?: Duration.DurationInput | undefined
  /**
   * The share, above 0 and at most 1, that a target with all its retries may use of what is left of the deadline while
   * others stand ready. Default: `1 / (1 + others)`, the same for each that is left. `false`: all of it.
   */
  readonly shareOfDeadline?: number | false | undefined
  /** What this call needs of a target; those that state their `capabilities` without it are passed over. Default: nothing. */
  readonly needs?: ReadonlyArray<string> | undefined
  /** Asks the target first that answered last for the same key, a conversation or a user. Default: always in order. */
  readonly sticky?: { readonly memory: Sticky; readonly key: string } | undefined
}

/**
 * Which target answered last, by key; see `makeSticky`.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Sticky {
  /** The targets of a walk, in the order in which they are asked for this key. */
  readonly inOrder: <T extends { readonly name: string }>(
    key: string,
    targets: ReadonlyArray<T>
  ) => Effect.Effect<ReadonlyArray<T>>
  readonly answered: (key: string, target: string) => Effect.Effect<void>
}

/**
 * How long, and for how many keys, it is kept who answered last.
 *
 * @since 0.1.0
 * @category Models
 */
export interface StickyOptions {
  /** Default 5 minutes after the last answer. */
  readonly keepFor?: Duration.DurationInput | undefined
  /** The most keys that are kept. Default 10 000. */
  readonly capacity?: number | undefined
}

/**
 * The same for streams. A stream that has begun is not followed by another, whatever is asked for, and with its first
 * content it has all the time there is.
 *
 * @since 0.1.0
 * @category Models
 */
export interface StreamOptions extends Omit<Options, "fallbackOn"> {
  /** See `Options`. */
  readonly fallbackOn?: ReadonlyArray<Exclude<LlmError.Tag, "StreamInterrupted">> | undefined
}
