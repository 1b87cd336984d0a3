/**
 * What a place for shared state has to do: keep a text under a key, change it only for whoever has seen the latest one,
 * and tell the others.
 *
 * @internal
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * The place where state is shared could not do what it was asked to, or gave no answer in time. No call ever fails with
 * it: calls go on with what the process knows.
 *
 * @since 0.1.0
 * @category Errors
 */
export class SharedStateError extends Schema.TaggedError<SharedStateError>("effect-resilience/SharedStateError")(
  "SharedStateError",
  { message: Schema.String, cause: Schema.optional(Schema.Defect) }
) {}

/**
 * What is kept under a key.
 *
 * @since 0.1.0
 * @category Backends
 */
export interface Kept {
  /**
   * `<row>:<number>`. The number grows by one with each change; the row begins anew, under another name, with a key that
   * was not there or has been lost. Empty where there is nothing.
   */
  readonly version: string
  readonly text: string | undefined
  /** The backend's own time, in milliseconds, when it answered. */
  readonly now: number
}

/**
 * A change of what is kept under a key.
 *
 * @since 0.1.0
 * @category Backends
 */
export interface Swap {
  /** It is made only if this is still the version. */
  readonly expected: string
  readonly text: string
  /** Milliseconds after which the key is forgotten; with 0 it is removed. */
  readonly timeToLive: number
  /** It is made only if this is the backend's time, in milliseconds, give or take `tolerance`. */
  readonly at: number
  /**
   * Whether the others are told: at once (`all`), or not at all if somebody was told of this key less than 100
   * milliseconds before (`seldom`), or in no case.
   */
  readonly tell: "all" | "seldom" | "nobody"
}

/**
 * Whether the change was made, with what is kept now. The text is left out where the change was made.
 *
 * @since 0.1.0
 * @category Backends
 */
export interface Swapped extends Kept {
  readonly done: boolean
}

/**
 * What a process that listens is told.
 *
 * @since 0.1.0
 * @category Backends
 */
export interface Listener {
  readonly told: (key: string, version: string, text: string) => void
  /** From here on it is told everything; what was told before this may have been missed. */
  readonly began: () => void
}

/**
 * Where state is shared: anything that can change a text only for whoever has seen the latest one.
 *
 * `RedisSharedState` is one; write another over a database with notifications, for instance, and give it to
 * `SharedState.layer`. Each operation concerns one key. It may take as long as it likes: nobody waits longer than
 * `patience` for it.
 *
 * @since 0.1.0
 * @category Backends
 */
export interface Backend {
  readonly read: (key: string) => Effect.Effect<Kept, SharedStateError>
  readonly swap: (key: string, swap: Swap) => Effect.Effect<Swapped, SharedStateError>
  /** Listens to what is told, until the scope is closed, whatever becomes of the connection meanwhile. */
  readonly listen: (listener: Listener) => Effect.Effect<void, never, Scope.Scope>
}

/** How far the time of a change may be from the backend's, in milliseconds. */
export const tolerance = 250

/** How often, at most, others are told of changes that are no news to them, in milliseconds. */
export const seldom = 100

/** @internal */
export const rowOf = (version: string): string => version.slice(0, Math.max(0, version.lastIndexOf(":")))

/** @internal */
export const numberOf = (version: string): number => Number(version.slice(version.lastIndexOf(":") + 1)) || 0
