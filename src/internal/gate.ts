import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"

/**
 * Makes a part of an uninterruptible effect as interruptible as its surroundings are.
 *
 * @internal
 */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * Admission: get a permit or be rejected, and give the permit back exactly once, with how the call ended.
 *
 * `acquire` runs uninterruptibly, so that a permit it has got cannot be lost; a part of it that waits has to be
 * restored. `release` is told the call's exit: a success, a failure, or an interruption.
 *
 * @internal
 */
export interface Gate<Permit, A, E, Rejected> {
  readonly acquire: (restore: Restore) => Effect.Effect<Permit, Rejected>
  readonly release: (permit: Permit, exit: Exit.Exit<A, E>) => Effect.Effect<void>
  /** The stream that holds this permit has given its first element. */
  readonly answered?: (permit: Permit) => Effect.Effect<Permit>
}

/**
 * Runs an effect behind a gate.
 *
 * @internal
 */
export const effect = <Permit, A, E, Rejected, R>(
  self: Effect.Effect<A, E, R>,
  gate: Gate<Permit, A, E, Rejected>
): Effect.Effect<A, E | Rejected, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(gate.acquire(restore), (permit) =>
      Effect.flatMap(Effect.exit(restore(self)), (exit) => Effect.flatMap(gate.release(permit, exit), () => exit))
    )
  )

/**
 * Runs a stream behind a gate, and holds the permit until the stream has closed its resources. A consumer that stops
 * early, or fails for a reason of its own, had an answer all the same, so that is a success.
 *
 * @internal
 */
export const stream = <Permit, A, E, Rejected, R>(
  self: Stream.Stream<A, E, R>,
  gate: Gate<Permit, void, E, Rejected>
): Stream.Stream<A, E | Rejected, R> =>
  Stream.unwrapScoped(
    Effect.suspend(() => {
      let failed: Exit.Exit<never, E> | undefined
      const ended = (closed: Exit.Exit<unknown, unknown>): Exit.Exit<void, E> => {
        if (failed !== undefined) return failed
        if (Exit.isSuccess(closed) || !Cause.isInterruptedOnly(closed.cause)) return Exit.void
        return Exit.failCause(closed.cause as Cause.Cause<never>)
      }
      const noted = Stream.onError(self, (cause) =>
        Effect.sync(() => {
          failed = Exit.failCause(cause)
        })
      )
      return Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(gate.acquire(restore), (permit) => {
          let held = permit
          return Effect.as(
            Effect.addFinalizer((closed) => gate.release(held, ended(closed))),
            gate.answered === undefined
              ? noted
              : onFirst(noted, () =>
                  Effect.map(gate.answered!(permit), (answered) => {
                    held = answered
                  })
                )
          )
        })
      )
    })
  )

const onFirst = <A, E, R>(self: Stream.Stream<A, E, R>, effect: () => Effect.Effect<void>): Stream.Stream<A, E, R> => {
  let first = true
  return Stream.mapChunksEffect(self, (chunk) => {
    if (!first) return Effect.succeed(chunk)
    first = false
    return Effect.as(effect(), chunk)
  })
}
