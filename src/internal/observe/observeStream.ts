import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { StreamFailures } from "../call/failures.js"
import type { Target } from "../call/target.js"
import { tagsOf } from "../fiber/currentFiber.js"
import { fromTake } from "../stream/fromTake.js"
import { protectStream, type StreamOptions } from "../stream/protectStream.js"
import type { Restarted } from "../stream/restarted.js"
import { clockOf } from "../time/timer.js"
import { Shadow } from "./shadow.js"
import { ShadowReading } from "./shadowReading.js"

const withoutLimits = {
  firstToken: Number.POSITIVE_INFINITY,
  idle: Number.POSITIVE_INFINITY,
  total: Number.POSITIVE_INFINITY,
  settle: Number.POSITIVE_INFINITY
}

/**
 * As `protectStream`, but all that the policies decide is told and not done, and the elements come as they are.
 *
 * @internal
 */
export const observeStream = <A, E, R>(
  target: Target,
  options: StreamOptions<A>,
  self: Stream.Stream<A, E, R>
): Stream.Stream<A | Restarted, E | StreamFailures, R> =>
  fromTake(
    Effect.uninterruptible(
      Effect.withFiberRuntime((fiber) => {
        const clock = clockOf(fiber)
        const shadow = new Shadow(target, clock, fiber.currentContext as Context.Context<never>, tagsOf(fiber))
        return Effect.gen(function* () {
          yield* shadow.begin
          let ended: Exit.Exit<unknown, unknown> | undefined
          yield* Effect.addFinalizer((exit) => {
            reading?.stop()
            return shadow.end(ended ?? withoutConsumer(exit))
          })
          const reading = shadow.isSent ? new ShadowReading(shadow, target.name, options, clock) : undefined
          const asItComes = { ...options, asItComes: true, delivery: "incremental" as const, limits: withoutLimits }
          const pull = yield* Stream.toPull(protectStream(shadow.unprotected, asItComes, self))
          return Effect.suspend(() => {
            reading?.asks()
            return Effect.matchCauseEffect(pull, {
              onSuccess: (chunk) => {
                reading?.took(chunk as never)
                return Effect.succeed(chunk)
              },
              onFailure: (cause) => {
                const failure = Cause.failureOption(cause)
                const isEnd = Option.isSome(failure) && Option.isNone(failure.value)
                if (isEnd) reading?.completed()
                else if (Option.isSome(failure)) reading?.failed(Option.getOrUndefined(failure.value))
                const own = Cause.flatMap(cause, (error) =>
                  Option.match(error, { onNone: () => Cause.empty, onSome: Cause.fail })
                )
                ended = isEnd ? Exit.void : Exit.failCause(own)
                return isEnd ? Effect.succeed(undefined) : Effect.failCause(own)
              }
            })
          })
        })
      })
    ) as never
  )

/** A consumer that leaves early, or fails for a reason of its own, had what it wanted of the target. */
const withoutConsumer = (exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> =>
  Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause) ? exit : Exit.void
