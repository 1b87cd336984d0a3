/**
 * Streams that are taken from.
 *
 * Each channel that one stream is wrapped in costs as much for a chunk as the chunk itself. So a stream that is made of
 * takes says so, what is put around it keeps to that, and who reads it all takes, without a channel in between.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import type * as Chunk from "effect/Chunk"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { inContext as changed } from "../fiber/inContext.js"

/** What comes next, or `undefined` at the end. It needs nothing of the fiber that runs it. @internal */
export type Take<A, E> = Effect.Effect<Chunk.Chunk<A> | undefined, E>

/** Its takes run where it was opened, as far as they need to know. */
type Open<A, E, R> = (scope: Scope.Scope) => Effect.Effect<Take<A, E>, never, R>

const TakesTypeId: unique symbol = Symbol.for("effect-resilience/Takes")

interface Takes<A, E, R> extends Stream.Stream<A, E, R> {
  readonly [TakesTypeId]: Open<A, E, R>
}

const isTakes = <A, E, R>(self: Stream.Stream<A, E, R>): self is Takes<A, E, R> => TakesTypeId in self

const takes = <A, E, R>(self: Stream.Stream<A, E, R>, open: Open<A, E, R>): Stream.Stream<A, E, R> =>
  Object.assign(self, { [TakesTypeId]: open })

/** Opens any stream to be taken from. @internal */
export const opened = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  scope: Scope.Scope
): Effect.Effect<Take<A, E>, never, R> => (isTakes(self) ? self[TakesTypeId](scope) : pulled(self, scope))

const pulled = <A, E, R>(self: Stream.Stream<A, E, R>, scope: Scope.Scope): Effect.Effect<Take<A, E>, never, R> =>
  Effect.flatMap(Effect.context<R>(), (context) =>
    Effect.map(Scope.extend(Stream.toPull(self), scope), (pull) =>
      Effect.catchAllCause(inPlace(pull, context), (cause) => {
        const failure = Cause.failureOption(cause)
        return Option.isSome(failure) && Option.isNone(failure.value)
          ? Effect.succeed(undefined)
          : Effect.failCause(Cause.flatMap(cause, Option.match({ onNone: () => Cause.empty, onSome: Cause.fail })))
      })
    )
  )

/** Most are taken from where they were opened. @internal */
export const inPlace = <A, E, R>(self: Effect.Effect<A, E, R>, context: Context.Context<R>): Effect.Effect<A, E> =>
  Effect.withFiberRuntime((fiber) =>
    fiber.currentContext === context
      ? (self as Effect.Effect<A, E>)
      : changed(self, (_: Context.Context<never>) => context)
  )

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
): Stream.Stream<A, E, R | Exclude<R2, Scope.Scope>> => ofScope((scope) => Scope.extend(open, scope))

/** The same for takes that need nothing, in a scope that is not that of the code in the stream. @internal */
export const ofTakes = <A, E, R>(open: Open<A, E, R>): Stream.Stream<A, E, R> => takes(ofScope(open), open)

const ofScope = <A, E, R, R2>(
  open: (scope: Scope.Scope) => Effect.Effect<Effect.Effect<Chunk.Chunk<A> | undefined, E, R>, never, R2>
): Stream.Stream<A, E, R | R2> =>
  Stream.fromChannel(
    Channel.acquireUseRelease(
      Scope.make(),
      (scope) =>
        Channel.flatMap(Channel.fromEffect(open(scope)), (take) => {
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
  takes(
    Stream.fromChannel(Channel.flatMap(Channel.fromEffect(stream), (stream) => Stream.toChannel(stream))),
    (scope): Effect.Effect<Take<A, E | E2>, never, R | R2> =>
      Effect.matchCauseEffect(stream, {
        onFailure: (cause) => Effect.succeed(Effect.failCause(cause)),
        onSuccess: (stream) => opened(stream, scope)
      })
  )

/** A stream in another context. As `Stream.mapInputContext`. @internal */
export const inContext = <A, E, R, R2>(
  self: Stream.Stream<A, E, R>,
  change: (context: Context.Context<R2>) => Context.Context<R>
): Stream.Stream<A, E, R2> => {
  const stream = Stream.mapInputContext(self, change)
  return isTakes(self) ? takes(stream, (scope) => changed(opened(self, scope), change)) : stream
}
