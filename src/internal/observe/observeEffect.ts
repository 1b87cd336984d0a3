import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Failures } from "../call/failures.js"
import { isWithin } from "../call/nesting.js"
import { protectEffect } from "../call/protectEffect.js"
import type { Target } from "../call/target.js"
import { tagsOf } from "../fiber/currentFiber.js"
import { clockOf } from "../time/timer.js"
import { Shadow } from "./shadow.js"

/**
 * As `protectEffect`, but all that the policies decide is told and not done.
 *
 * @internal
 */
export const observeEffect = <A, E, R>(
  target: Target,
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Failures, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime((fiber) => {
      const context = fiber.currentContext as Context.Context<never>
      if (isWithin(context, target.scope, target.name)) return restore(self)
      const shadow = new Shadow(target, clockOf(fiber), context, tagsOf(fiber))
      return Effect.flatMap(shadow.begin, () => {
        const stop = watchTime(shadow)
        return Effect.matchCauseEffect(restore(protectEffect(shadow.unprotected, self)), {
          onFailure: (cause) => over(shadow, stop, Exit.failCause(cause)),
          onSuccess: (value) => over(shadow, stop, Exit.succeed(value))
        })
      })
    })
  )

/** When the attempt would have been ended, that is told at once: the call itself may never end. */
const watchTime = (shadow: Shadow): (() => void) => {
  const limit = shadow.isSent ? shadow.call.limit() : undefined
  return limit === undefined
    ? () => {}
    : limit.signal(() => {
        const error = limit.onTimeout()
        const policy = error._tag === "TimedOut" ? "attemptTimeout" : "deadline"
        shadow.ends({ policy, error, repeatable: true })
      })
}

const over = <A, E>(shadow: Shadow, stop: () => void, exit: Exit.Exit<A, E>): Effect.Effect<A, E> => {
  stop()
  return Effect.flatMap(shadow.end(exit), () => exit)
}
