/**
 * A stream that has begun, handed on to its end.
 *
 * @internal
 */
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type { Piece } from "./answerReader.js"
import type { Begun, Failure } from "./attempts.js"

/** Hands pieces on, and gives what is to be waited for before there may be more, if anything. */
type Hand = (pieces: Chunk.Chunk<Piece>) => Effect.Effect<void> | undefined

/** At the pace of whoever gets the pieces, and with no step of a fiber for those that nobody has to wait for. @internal */
export const handAll = <E>({ ask, first, take }: Begun<E>, hand: Hand): Effect.Effect<void, Failure<E>> => {
  const go = (pieces: Chunk.Chunk<Piece> | undefined): Effect.Effect<void, Failure<E>> => {
    if (pieces === undefined) return Effect.void
    const wait = hand(pieces)
    return wait === undefined ? more : Effect.zipRight(wait, more)
  }
  const taken = Effect.suspend(() => Effect.flatMap(take, go))
  const more: Effect.Effect<void, Failure<E>> = ask === undefined
    ? taken
    : Effect.suspend(() =>
        Effect.flatMap(asked(ask, hand), (wait) => (wait === undefined ? taken : Effect.zipRight(wait, more)))
      )
  return Effect.suspend(() => go(first))
}

/** As long as there are only pieces. Gives what has to be waited for, or nothing where the rest is for `take` to tell. */
const asked = (
  ask: Exclude<Begun<unknown>["ask"], undefined>,
  hand: Hand
): Effect.Effect<Effect.Effect<void> | undefined> =>
  Effect.async((resume) => {
    let left = false
    const onPieces = (pieces: Chunk.Chunk<Piece>): void => {
      if (left) return
      const wait = hand(pieces)
      if (wait === undefined) ask(onPieces, otherwise)
      else resume(Effect.succeed(wait))
    }
    const otherwise = (): void => resume(Effect.succeed(undefined))
    ask(onPieces, otherwise)
    return Effect.sync(() => {
      left = true
    })
  })
