/**
 * How long answers are kept, which ones, and where.
 *
 * @internal
 */
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"

/**
 * How old an answer may be for what. Each is counted from when the answer came.
 *
 * @since 0.1.0
 * @category Models
 */
export interface TimeOptions {
  /** So long an answer is given again without asking. Default 1 hour. */
  readonly fresh?: Duration.DurationInput | undefined
  /** So long it is given in place of a failure. Default 1 day. */
  readonly staleIfError?: Duration.DurationInput | undefined
  /** So long it is given at once although it is not fresh any more, and asked for anew meanwhile. Default: not at all. */
  readonly staleWhileRevalidate?: Duration.DurationInput | undefined
}

/**
 * What there is to be said against keeping an answer, as its shape tells: it reports an error, was filtered or refused
 * (`failed`), stopped at a limit of tokens (`truncated`), or asks for a tool (`toolCalls`).
 *
 * @since 0.1.0
 * @category Models
 */
export type Flaw = "failed" | "truncated" | "toolCalls"

interface CallOptions<A, I, R, Stored> extends TimeOptions {
  /** Which answers are the same; see `keyOf`. A key stands for one kind of call. */
  readonly key: string
  /** How an answer is written down, and read again. One that cannot be read is none. */
  readonly schema: Schema.Schema<A, I, R>
  /** Which answers are kept. Default: those without a `flaw`. */
  readonly storeIf?: ((answer: Stored, flaw: Flaw | undefined) => boolean) | undefined
  /**
   * Which failures a stale answer may stand in for. Default: all but those that are the request's own (`ContentFiltered`,
   * `InvalidRequest`, `RequestTooLarge`, `ContextLengthExceeded`, `Conflict`).
   */
  readonly staleOn?: ((failure: unknown) => boolean) | undefined
  /** Whether calls of the same key at the same time are one call. Default `true`. */
  readonly coalesce?: boolean | undefined
  /** The name of the cache in events and metrics. Default `cache`. */
  readonly name?: string | undefined
}

/**
 * What is kept of a call, and for how long.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Options<A, I, R> extends CallOptions<A, I, R, A> {}

/**
 * What is kept of a stream, and for how long. The schema is that of an element.
 *
 * @since 0.1.0
 * @category Models
 */
export interface StreamOptions<A, I, R> extends CallOptions<A, I, R, ReadonlyArray<A>> {}

/**
 * An answer, and where it comes from.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Answer<A> {
  readonly value: A
  /** `live`: just asked for. `fresh`: kept, and fresh. `stale`: kept, not fresh, and given since the call failed or is slow. */
  readonly state: "live" | "fresh" | "stale"
  /** The target that answered, if the call is under the policies of `Resilience`. */
  readonly target: string | undefined
  /** When it answered. */
  readonly at: DateTime.Utc
}

/**
 * Where answers are kept, as texts. It may fail, hang or forget as it likes: calls go on without it.
 *
 * @since 0.1.0
 * @category Store
 */
export interface Store {
  /** `undefined` where nothing is kept, or no longer. */
  readonly get: (key: string) => Effect.Effect<string | undefined, unknown>
  readonly set: (key: string, text: string, timeToLive: Duration.Duration) => Effect.Effect<void, unknown>
  readonly remove: (key: string) => Effect.Effect<void, unknown>
  /** Whose turn it is to ask, where several processes that want the same are to be one call. */
  readonly turns?: Turns | undefined
}

/**
 * Turns by key, of which one process has each at a time.
 *
 * @since 0.1.0
 * @category Store
 */
export interface Turns {
  /** For how long a turn is given. Its holder claims it again meanwhile; of one that has died it ends by itself. */
  readonly lease: Duration.Duration
  /** Takes the turn, or renews it. False, if somebody else has it. */
  readonly claim: (key: string, holder: string) => Effect.Effect<boolean, unknown>
  /** Gives it up, if `holder` has it. */
  readonly release: (key: string, holder: string) => Effect.Effect<void, unknown>
}

/**
 * How much is kept in memory.
 *
 * @since 0.1.0
 * @category Store
 */
export interface MemoryOptions {
  /** Default 10 000 answers. */
  readonly entries?: number | undefined
  /** Default 50 000 000 bytes, at two for each character. An answer that is larger than all of it is not kept. */
  readonly bytes?: number | undefined
}

/**
 * @since 0.1.0
 * @category Models
 */
export interface CacheOptions extends TimeOptions {
  /** How long a call waits for the store; one that takes longer has failed. Default 250 milliseconds. */
  readonly storeTimeout?: Duration.DurationInput | undefined
}
