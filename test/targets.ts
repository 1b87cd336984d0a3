/** Targets that note when they were asked, and walks over them in virtual time. */

import { expect } from "@effect/vitest"
import { Cause, Clock, Duration, Effect, Exit, Ref, TestClock } from "effect"
import { Rejection, Resilience } from "effect-resilience"
import * as Assertions from "effect-resilience/testing/Assertions"

/** A target, and when it was asked. */
export const target = <A, E>(name: string, answer: Effect.Effect<A, E>, contextWindow?: number) =>
  Effect.map(Ref.make<ReadonlyArray<number>>([]), (asked) => ({
    name,
    contextWindow,
    asked: Ref.get(asked),
    run: Effect.zipRight(
      Effect.flatMap(Effect.clock, (clock) =>
        Ref.update(asked, (times) => [...times, clock.unsafeCurrentTimeMillis()])
      ),
      answer
    )
  }))

export const protect = <T extends { readonly name: string; readonly run: Effect.Effect<unknown, unknown> }>(
  target: T
) => ({
  ...target,
  run: Resilience.protect(target.run, target.name)
})

/** Runs an effect to its end in virtual time, and lets 20 minutes go by; gives its exit, and the time it took. */
export const toEnd = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const until = (yield* Clock.currentTimeMillis) + 20 * 60_000
    const { exit, took } = yield* Assertions.runToEnd(self, { within: "20 minutes" })
    yield* TestClock.setTime(until)
    return { exit, took: Duration.toMillis(took) }
  })

export const failureOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined

export const allOf = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<unknown> => {
  const failure = failureOf(exit)
  expect(failure).toBeInstanceOf(Rejection.AllTargetsFailed)
  return (failure as Rejection.AllTargetsFailed).errors
}
