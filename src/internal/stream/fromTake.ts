import * as Channel from "effect/Channel"
import type * as Chunk from "effect/Chunk"
import type * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/**
 * A stream of what `take` gives until it gives `undefined`, open as long as its scope.
 *
 * `Stream.fromPull` does the same, at three times the cost of an element: it makes a failure of the end, a pair of each
 * step, and runs one channel inside another.
 *
 * @internal
 */
export const fromTake = <A, E, R, R2>(
  open: Effect.Effect<Effect.Effect<Chunk.Chunk<A> | undefined, E, R>, never, R2>
): Stream.Stream<A, E, R | Exclude<R2, Scope.Scope>> =>
  Stream.fromChannel(
    Channel.acquireUseRelease(
      Scope.make(),
      (scope) =>
        Channel.flatMap(Channel.fromEffect(Scope.extend(open, scope)), (take) => {
          const more: Channel.Channel<Chunk.Chunk<A>, unknown, E, unknown, void, unknown, R> = Channel.flatMap(
            Channel.fromEffect(take),
            (chunk) => (chunk === undefined ? Channel.void : Channel.flatMap(Channel.write(chunk), () => more))
          )
          return more
        }),
      Scope.close
    )
  )

/**
 * A stream that needs an effect to be known. As `Stream.unwrap`, without a channel inside another.
 *
 * @internal
 */
export const known = <A, E, R, E2, R2>(
  stream: Effect.Effect<Stream.Stream<A, E, R>, E2, R2>
): Stream.Stream<A, E | E2, R | R2> =>
  Stream.fromChannel(Channel.flatMap(Channel.fromEffect(stream), (stream) => Stream.toChannel(stream)))
