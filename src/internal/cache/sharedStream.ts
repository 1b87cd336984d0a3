/**
 * One stream for several readers, each of which gets all of it from the beginning.
 *
 * It is read no faster than the reader who is farthest wants it. What has come is kept for those who come later, up to a
 * number of elements; a stream that is longer than that takes no more readers, and keeps only what one of them still
 * has before it.
 *
 * @internal
 */
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { endOf } from "../stream/fiberReader.js"
import { Inherited } from "../stream/inherited.js"

/** A stream of more elements than this is neither kept nor given from its beginning again. @internal */
export const mostElements = 100_000

/** Where somebody is in the stream. @internal */
export interface Place {
  next: number
}

/** @internal */
export class SharedStream<A, E> {
  private fiber: Fiber.RuntimeFiber<void> | undefined
  private readonly chunks: Array<Chunk.Chunk<A>> = []
  /** Chunks that are kept no more. */
  private dropped = 0
  private elements = 0
  private readonly places = new Set<Place>()
  private readonly listeners = new Set<() => void>()
  private ending: Effect.Effect<undefined, E> | undefined
  private inherited: Inherited | undefined
  private wanted = false
  private left = false
  private wakePump: (() => void) | undefined

  constructor(
    /** It is read to its end, whoever else reads it. */
    private readonly eager: boolean,
    /** Nobody is to enter any more. */
    private readonly onOver: () => void,
    private readonly most: number = mostElements
  ) {}

  /** Begins to read, in a fiber of its own that does as the one which begins it. */
  begin<R>(self: Stream.Stream<A, E, R>): Effect.Effect<void, never, R> {
    return Effect.map(Effect.forkDaemon(Effect.interruptible(this.run(self))), (fiber) => {
      this.fiber = fiber
    })
  }

  /** Somebody reads from the beginning, as long as that is there and somebody wants the rest. */
  enter(): Place | undefined {
    if (this.dropped > 0 || this.left || this.ending !== undefined) return undefined
    const place: Place = { next: 0 }
    this.places.add(place)
    return place
  }

  /**
   * Nobody wants it any more once the last one has left. If that is between two pulls, the stream ends as one whose reader
   * has had enough.
   */
  leave(place: Place): Effect.Effect<void> {
    this.places.delete(place)
    if (this.places.size > 0 || this.eager || this.ending !== undefined) return Effect.void
    this.left = true
    this.onOver()
    const { fiber, wakePump } = this
    if (wakePump === undefined) return this.stop
    wakePump()
    return fiber === undefined ? Effect.void : Effect.asVoid(Fiber.await(fiber))
  }

  /** How many chunks are kept. */
  get size(): number {
    return this.chunks.length
  }

  /** What comes next for a reader, the end, or nothing yet. */
  next(place: Place): Effect.Effect<Chunk.Chunk<A> | undefined, E> | undefined {
    const chunk = this.chunks[place.next - this.dropped]
    if (chunk === undefined) return this.ending
    place.next++
    return Effect.succeed(chunk)
  }

  /** Tells once that there may be more, and asks for it. Answers with the way to listen no more. */
  onMore(listener: () => void): () => void {
    this.listeners.add(listener)
    this.wanted = true
    this.wakePump?.()
    return () => this.listeners.delete(listener)
  }

  /** What the stream has set in its fiber since the last time. */
  changes(): Effect.Effect<void> | undefined {
    return this.inherited?.changes()
  }

  readonly stop: Effect.Effect<void> = Effect.suspend(() =>
    this.fiber === undefined ? Effect.void : Effect.asVoid(Fiber.interrupt(this.fiber))
  )

  private run<R>(self: Stream.Stream<A, E, R>): Effect.Effect<void, never, R> {
    const pulls = Effect.withFiberRuntime<void, Option.Option<E>, R>((fiber) => {
      this.inherited = new Inherited(fiber)
      return Effect.scoped(
        Effect.flatMap(Stream.toPull(self), (pull) => {
          const more: Effect.Effect<void, Option.Option<E>, R> = Effect.flatMap(this.question, (wanted) =>
            wanted
              ? Effect.flatMap(pull, (chunk) => {
                  this.add(chunk)
                  return more
                })
              : Effect.void
          )
          return more
        })
      )
    })
    return Effect.flatMap(Effect.exit(pulls), (exit) => Effect.sync(() => this.end(exit)))
  }

  /** Waits until somebody wants more. No: all have left. */
  private readonly question: Effect.Effect<boolean> = Effect.suspend(() => {
    if (this.left) return no
    return this.wanted || this.eager
      ? yes
      : Effect.async<boolean>((resume) => {
          this.wakePump = () => {
            this.wakePump = undefined
            resume(Effect.sync(() => !this.left))
          }
        })
  })

  private add(chunk: Chunk.Chunk<A>): void {
    this.wanted = false
    this.chunks.push(chunk)
    this.elements += chunk.length
    if (this.elements > this.most) this.trim()
    this.tell()
  }

  /** Forgets what all readers have had. */
  private trim(): void {
    let first = this.dropped + this.chunks.length
    for (const { next } of this.places) first = Math.min(first, next)
    this.chunks.splice(0, first - this.dropped)
    this.dropped = first
  }

  private end(exit: Exit.Exit<void, Option.Option<E>>): void {
    this.ending = endOf(exit)
    this.onOver()
    this.tell()
  }

  private tell(): void {
    const told = [...this.listeners]
    this.listeners.clear()
    for (const listener of told) listener()
  }
}

const yes = Effect.succeed(true)
const no = Effect.succeed(false)
