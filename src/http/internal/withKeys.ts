/**
 * A stream that is asked for with one key after the other, as long as they are refused.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { KeyRotation } from "../../KeyRotation.js"
import type { CredentialsExhausted, RateLimitExceeded } from "../../Rejection.js"

/** A key is refused before anything else has come. @internal */
export const withKeys = <A, E, R>(
  keys: KeyRotation,
  request: (key: Redacted.Redacted) => Stream.Stream<A, E, R>
): Stream.Stream<A, E | CredentialsExhausted | RateLimitExceeded, R> =>
  Stream.unwrapScoped(Effect.flatMap(Effect.scope, (scope) => keys.use((key) => opened(request(key), scope))))

/** A stream whose first elements have come. One that fails before that holds on to nothing. */
const opened = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  scope: Scope.Scope
): Effect.Effect<Stream.Stream<A, E, R>, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const own = yield* Scope.fork(scope, ExecutionStrategy.sequential)
      const pull = yield* Scope.extend(Stream.toPull(self), own)
      const first = yield* Effect.exit(restore(pull))
      if (Exit.isSuccess(first)) {
        return Stream.concat(Stream.fromChunk(first.value), Stream.repeatEffectChunkOption(pull))
      }
      yield* Scope.close(own, first)
      const failure = Cause.failureOption(first.cause)
      if (Option.isSome(failure) && Option.isNone(failure.value)) return Stream.empty
      return yield* Effect.failCause(
        Cause.flatMap(first.cause, Option.match({ onNone: () => Cause.empty, onSome: Cause.fail }))
      )
    })
  )
