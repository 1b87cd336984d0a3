/**
 * A deadline that is only told. Everything inside that clips itself to the call's deadline does so, and nobody watches
 * it besides, which saves the fibers of `Deadline.within`.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Stream from "effect/Stream"
import { withServiceOn } from "../fiber/inContext.js"
import { inContext, known } from "../stream/fromTake.js"
import { CurrentDeadline, type Deadline } from "./deadline.js"
import { clockOf } from "./timer.js"

/** @internal */
export const effect = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  budget: Duration.Duration | undefined
): Effect.Effect<A, E, R> =>
  budget === undefined
    ? self
    : Effect.withFiberRuntime((fiber) => withServiceOn(fiber, self, CurrentDeadline, sooner(fiber, budget)))

/** From the moment the stream is run. @internal */
export const stream = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  budget: Duration.Duration | undefined
): Stream.Stream<A, E, R> =>
  budget === undefined
    ? self
    : known(
        Effect.withFiberRuntime((fiber) =>
          Effect.succeed(inContext(self, Context.add(CurrentDeadline, sooner(fiber, budget))))
        )
      )

/** The new deadline, or the one around it if that comes sooner. @internal */
export const sooner = (fiber: Fiber.RuntimeFiber<unknown, unknown>, budget: Duration.Duration): Deadline => {
  const around = Context.get(fiber.currentContext, CurrentDeadline)
  const at = clockOf(fiber).unsafeCurrentTimeMillis() + Duration.toMillis(budget)
  return around !== undefined && around.at <= at ? around : { at, budget }
}
