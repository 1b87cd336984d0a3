/**
 * A stream as far as its first content, which is what streams race to.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { readByFiber } from "../stream/fiberReader.js"
import { fromTake } from "../stream/fromTake.js"
import { opensReader, type Reader, ReaderTypeId } from "../stream/reader.js"
import { type Plan, raceWithin } from "./race.js"

/** A stream that is open. @internal */
export interface Begun<A, E> {
  /** Its first content; nothing if it has ended without any. */
  readonly first: Chunk.Chunk<A> | undefined
  readonly reader: Reader<A, E>
  readonly scope: Scope.CloseableScope
}

/** @internal */
export const begun = <A, E, R>(stream: Stream.Stream<A, E, R>): Effect.Effect<Begun<A, E>, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Scope.make(), (scope) => {
      const opened = opensReader(stream) ? stream[ReaderTypeId] : readByFiber(stream)
      return Effect.flatMap(Scope.extend(opened, scope), (reader) => {
        const first: Effect.Effect<Chunk.Chunk<A> | undefined, E> = Effect.flatMap(reader.take, (chunk) =>
          chunk !== undefined && Chunk.isEmpty(chunk) ? first : Effect.succeed(chunk)
        )
        return Effect.flatMap(Effect.exit(restore(first)), (exit) =>
          Exit.isSuccess(exit)
            ? Effect.succeed({ first: exit.value, reader, scope })
            : Effect.zipRight(Scope.close(scope, exit), Effect.failCause(exit.cause))
        )
      })
    })
  )

/** @internal */
export const close = ({ scope }: Begun<unknown, unknown>): Effect.Effect<void> => Scope.close(scope, Exit.void)

/** The stream that wins, from its first content to its end. @internal */
export const raceToContent = <A, E, R>(plan: Effect.Effect<Plan<Begun<A, E>, E, R>, E>): Stream.Stream<A, E, R> =>
  fromTake(
    Effect.suspend(() => {
      let begun: Begun<A, E> | undefined
      const first = Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(plan, (plan) =>
          Effect.map(raceWithin(plan, restore), (winner) => {
            begun = winner
            return winner.first
          })
        )
      )
      const take = Effect.suspend((): Effect.Effect<Chunk.Chunk<A> | undefined, E, R> => {
        if (begun === undefined) return first
        return begun.first === undefined ? Effect.succeed(undefined) : begun.reader.take
      })
      return Effect.as(
        Effect.addFinalizer((exit) => (begun === undefined ? Effect.void : Scope.close(begun.scope, exit))),
        take
      )
    })
  )
