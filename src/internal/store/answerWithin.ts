import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Restore } from "../admission/gate.js"
import { quietly } from "../fiber/quietly.js"
import { startTimer } from "../time/timer.js"

/**
 * Waits for an answer for so many milliseconds at most, as interruptible as `restore` makes it. What is asked is never
 * interrupted, since it may have been done by then: an answer that comes when nobody waits for it any more goes to
 * `late`. Whoever waited too long goes on with `otherwise`.
 *
 * It has to be run uninterruptibly.
 *
 * @internal
 */
export const answerWithin = <A, E, B, E2>(
  asked: Effect.Effect<A, E>,
  {
    clock,
    late,
    millis,
    otherwise,
    restore
  }: {
    readonly clock: Clock.Clock
    readonly restore: Restore
    readonly millis: number
    readonly late: (answer: A) => Effect.Effect<void>
    readonly otherwise: () => Effect.Effect<B, E2>
  }
): Effect.Effect<A | B, E | E2> =>
  Effect.flatMap(Effect.forkDaemon(Effect.withFiberRuntime<A, E>((fiber) => quietly(asked, fiber))), (fiber) => {
    const leave = (): void =>
      fiber.addObserver((exit) => {
        if (Exit.isSuccess(exit)) Effect.runFork(late(exit.value))
      })
    const answer = Effect.async<Exit.Exit<A, E> | undefined>((resume) => {
      const giveUp = (): void => {
        fiber.removeObserver(onExit)
        resume(Effect.succeed(undefined))
      }
      let stop = (): void => {}
      // A process that was busy itself may have the answer, and not have come to read it.
      const lookOnce = (): void => {
        stop = startTimer(clock, 0, giveUp)
      }
      if (Number.isFinite(millis)) stop = startTimer(clock, millis, lookOnce)
      const onExit = (exit: Exit.Exit<A, E>): void => {
        stop()
        resume(Effect.succeed(exit))
      }
      fiber.addObserver(onExit)
      return Effect.sync(() => {
        stop()
        fiber.removeObserver(onExit)
      })
    })
    return Effect.matchCauseEffect(restore(answer), {
      onFailure: (cause) => {
        leave()
        return Effect.failCause(cause)
      },
      onSuccess: (exit): Effect.Effect<A | B, E | E2> => {
        if (exit !== undefined) return Effect.zipRight(Fiber.inheritAll(fiber), exit)
        leave()
        return otherwise()
      }
    })
  })
