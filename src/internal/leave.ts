import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/**
 * Something that happens at most once: calls `listener` when it does, and gives back the way to stop listening.
 *
 * @internal
 */
export type Signal = (listener: () => void) => () => void

/**
 * Runs `self` in a fiber of its own and leaves it when `signal` says so: the caller goes on with `onLeave`, while
 * `self` is interrupted in the background. One that is slow to stop, or never does, cannot keep the caller.
 *
 * An interruption of the caller is different: it waits for `self` to stop, as everywhere in Effect.
 *
 * @internal
 */
export const leaveOn = <A, E, R, B, E2, R2>(
  self: Effect.Effect<A, E, R>,
  signal: Signal,
  onLeave: (child: Fiber.RuntimeFiber<A, E>) => Effect.Effect<B, E2, R2>
): Effect.Effect<A | B, E | E2, R | R2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDaemon(restore(self)), (child) =>
      restore(firstOf(child, signal)).pipe(
        Effect.onInterrupt(() => Fiber.interrupt(child)),
        Effect.flatMap(
          (exit): Effect.Effect<A | B, E | E2, R2> =>
            exit === undefined
              ? Effect.ensuring(restore(onLeave(child)), Fiber.interruptFork(child))
              : Effect.zipRight(Fiber.inheritAll(child), exit)
        )
      )
    )
  )

/** The exit of the fiber, or nothing if the signal comes first. */
const firstOf = <A, E>(child: Fiber.RuntimeFiber<A, E>, signal: Signal): Effect.Effect<Exit.Exit<A, E> | undefined> =>
  Effect.async((resume) => {
    const onExit = (exit: Exit.Exit<A, E>): void => {
      stop()
      resume(Effect.succeed(exit))
    }
    const stopListening = signal(() => {
      child.removeObserver(onExit)
      resume(Effect.succeed(undefined))
    })
    const stop = (): void => {
      child.removeObserver(onExit)
      stopListening()
    }
    child.addObserver(onExit)
    return Effect.sync(stop)
  })
