import * as Channel from "effect/Channel"
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/**
 * A stream of what `take` gives until it gives `undefined`. It does what `Stream.fromPull` does at half the cost of an
 * element: an end needs no failure, and a step no pair.
 *
 * @internal
 */
export const flow = <A, E, R, R2>(
  open: Effect.Effect<Effect.Effect<Chunk.Chunk<A> | undefined, E, R>, never, R2>
): Stream.Stream<A, E, R | Exclude<R2, Scope.Scope>> =>
  Stream.fromChannel(
    Channel.unwrapScoped(
      Effect.map(open, (take) => {
        const more: Channel.Channel<Chunk.Chunk<A>, unknown, E, unknown, void, unknown, R> = Channel.flatMap(
          Channel.fromEffect(take),
          (chunk) => (chunk === undefined ? Channel.void : Channel.flatMap(Channel.write(chunk), () => more))
        )
        return more
      })
    )
  )
