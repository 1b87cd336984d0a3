/**
 * The stack of policies around one effect, written as one bracket.
 *
 * A pipe of operators would say the same and cost ten times as much: each has its own mask, its own service look-up and
 * its own place on the stack. Here a call that succeeds passes through one mask, and nothing is made for a failure that
 * does not happen.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import { TimedOut } from "../LlmError.js"
import type { CircuitHalfOpen, CircuitOpen, DeadlineExceeded, RateLimitExceeded } from "../Rejection.js"
import { Call } from "./call.js"
import { limited } from "./limit.js"
import type { Target } from "./target.js"
import { clockOf } from "./timer.js"

/** What the policies add to a call's own failures. */
export type Added = TimedOut | CircuitOpen | CircuitHalfOpen | RateLimitExceeded | DeadlineExceeded

/** @internal */
export const protectEffect = <A, E, R>(target: Target, self: Effect.Effect<A, E, R>): Effect.Effect<A, E | Added, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime((fiber) => {
      type Ended = Exit.Exit<A, E | Added>
      const outside = fiber.currentContext
      const annotations = fiber.getFiberRef(FiberRef.currentLogAnnotations)
      const traced = fiber.currentSpan !== undefined
      const call = new Call(target, clockOf(fiber), outside)

      const attempt: Effect.Effect<A, E | Added, R> = Effect.suspend(() => {
        if (call.remaining() <= 0) return Effect.fail(call.deadlineExceeded())
        call.attemptStarted()
        const sent = withinLimit(call, self)
        return traced ? Effect.withSpan(sent, "llm.attempt", spanOptions(call)) : sent
      })
      const admitted = target.admitAttempt === undefined ? attempt : target.admitAttempt(attempt)

      const run: Effect.Effect<Ended, never, R> = Effect.suspend(() =>
        Effect.flatMap(
          FiberRef.set(
            FiberRef.currentLogAnnotations,
            HashMap.set(HashMap.set(annotations, "llm.target", target.name), "llm.attempt", call.attempt + 1)
          ),
          () => Effect.flatMap(Effect.exit(restore(admitted)), settle)
        )
      )

      const settle = (exit: Ended): Effect.Effect<Ended, never, R> => {
        if (Exit.isSuccess(exit)) {
          call.attemptSucceeded()
          return Effect.succeed(exit)
        }
        const failure = Cause.failureOption(exit.cause)
        if (Option.isNone(failure)) {
          call.attemptStopped(exit.cause)
          return Effect.succeed(exit)
        }
        return Effect.flatMap(call.attemptFailed(failure.value), (wait) => {
          if (wait === undefined) return Effect.succeed(lastFailure(call, exit))
          return Effect.matchCauseEffect(restore(Effect.sleep(wait)), {
            onFailure: (cause) => Effect.succeed(Exit.failCause(cause)),
            onSuccess: () => run
          })
        })
      }

      const admittedCall =
        target.admitCall === undefined
          ? run
          : Effect.exit(restore(target.admitCall(Effect.uninterruptible(Effect.flatten(run)))))

      return Effect.flatMap(FiberRef.set(FiberRef.currentContext, call.inside), () =>
        Effect.flatMap(admittedCall, (exit) => {
          call.ended(exit)
          return Effect.flatMap(FiberRef.set(FiberRef.currentContext, outside), () =>
            Effect.flatMap(FiberRef.set(FiberRef.currentLogAnnotations, annotations), () => exit)
          )
        })
      )
    })
  )

/** An attempt ends at its own limit or at the call's deadline, whichever comes first. */
const withinLimit = <A, E, R>(call: Call, self: Effect.Effect<A, E, R>): Effect.Effect<A, E | Added, R> => {
  const remaining = call.remaining()
  const { attemptMillis, name } = call.policies
  if (remaining <= attemptMillis) {
    return remaining === Number.POSITIVE_INFINITY
      ? self
      : limited(self, { millis: remaining, onTimeout: () => call.deadlineExceeded() })
  }
  return limited(self, {
    millis: attemptMillis,
    onTimeout: () =>
      new TimedOut({
        target: name,
        phase: "attempt",
        message: `${name} gave no answer within the ${attemptMillis} ms of one attempt`
      })
  })
}

/** A caller gets the last thing the target itself said, rather than that the toolkit then gave up. */
const lastFailure = <A, E>(call: Call, exit: Exit.Exit<A, E>): Exit.Exit<A, E> =>
  call.lastError === undefined ? exit : Exit.fail(call.lastError.error as E)

const spanOptions = (call: Call) => ({
  captureStackTrace: false,
  attributes: { "llm.target": call.target, "llm.attempt": call.attempt }
})
