/**
 * A provider's stream, opened so that a timer can end it.
 *
 * @internal
 */
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"

/** @internal */
export interface Reader<A, E> {
  /** What comes next, or `undefined` at the end. It is run once at a time. */
  readonly take: Effect.Effect<Chunk.Chunk<A> | undefined, E>
  /** Ends the `take` under way at once, with an end. What it was waiting for is given up in the background. */
  readonly cut: () => void
  /** What is still being closed in the background after the reader has been closed, if anything is. */
  readonly closing?: Promise<void> | undefined
  /** The same as `take` without a fiber: `told` gets, once, what `take` would give. */
  readonly ask?: ((told: Told<A, E>) => void) | undefined
  /** Told of the attempt that reads it, for one who can do without what stands around the attempt. */
  readBy?(attempt: { readonly ask: AskNext<A> }): void
}

/** @internal */
export type Told<A, E> = (next: Effect.Effect<Chunk.Chunk<A> | undefined, E>) => void

/**
 * Asks an attempt for the next chunk that is to be handed on, once one has been. Whatever else there is to say, an end or
 * a failure, is left for the ordinary way, which is to be gone then.
 *
 * @internal
 */
export type AskNext<A> = (onChunk: (chunk: Chunk.Chunk<A>) => void, otherwise: () => void) => void

/**
 * Waits for what is being closed, but not for ever: a source that ignores its signal must not hold anybody up.
 *
 * @internal
 */
export const closed = (closing: Promise<void>): Effect.Effect<void> =>
  Effect.asVoid(Effect.timeoutOption(Effect.interruptible(Effect.promise(() => closing)), mostForClosing))

const mostForClosing = 5_000

/** @internal */
export type Opened<A, E, R> = Effect.Effect<Reader<A, E>, never, R | Scope.Scope>

/**
 * A stream that can be opened this way itself, without a fiber of its own in between.
 *
 * @internal
 */
export const ReaderTypeId: unique symbol = Symbol.for("effect-resilience/Reader")

/** @internal */
export interface OpensReader<A, E, R> extends Stream.Stream<A, E, R> {
  readonly [ReaderTypeId]: Opened<A, E, R>
  /** No code of it runs in a fiber, so that nobody in it can ask where it is. */
  readonly isPlaceless?: boolean
}

/** @internal */
export const opensReader = <A, E, R>(self: Stream.Stream<A, E, R>): self is OpensReader<A, E, R> => ReaderTypeId in self

/**
 * One waiting taker and what it is told. An interrupted taker is not told anything: whoever closes what it waits for
 * takes care of the rest, and a wait without a finalizer costs half as much.
 *
 * @internal
 */
export class Waiting<A, E> {
  private resume: ((effect: Effect.Effect<A, E>) => void) | undefined

  take(ask: () => void): Effect.Effect<A, E> {
    return Effect.async((resume) => this.listen(resume, ask))
  }

  /** The same without a fiber. */
  listen(told: (effect: Effect.Effect<A, E>) => void, ask: () => void): void {
    this.resume = told
    ask()
  }

  /** What comes after the taker has gone is dropped. */
  tell(effect: Effect.Effect<A, E>): void {
    const { resume } = this
    this.resume = undefined
    resume?.(effect)
  }
}
