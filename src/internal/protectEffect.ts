/**
 * The stack of policies around one effect, written as one bracket.
 *
 * A pipe of operators would say the same and cost ten times as much: each has its own mask, its own service look-ups
 * and its own place on the stack. Here a call that succeeds passes through one mask; a circuit that knows at once is
 * asked without a step of the fiber; nothing is made for a failure that does not happen; and what code inside the call
 * may want to know is put into its fiber only where there is code inside that could ask.
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
import type { CircuitGate } from "./breaker/gated.js"
import { Call } from "./call.js"
import type { Gate, Restore } from "./gate.js"
import { afterMillis, isSelfLimiting, limited } from "./limit.js"
import type { Target } from "./target.js"
import { clockOf } from "./timer.js"

/** How a call, or a part of it, has ended. */
type Ended<A, E, R> = Effect.Effect<Exit.Exit<A, E | Added>, never, R>

/** What the policies add to a call's own failures. */
export type Added = TimedOut | CircuitOpen | CircuitHalfOpen | RateLimitExceeded | DeadlineExceeded

/** @internal */
export const protectEffect = <A, E, R>(target: Target, self: Effect.Effect<A, E, R>): Effect.Effect<A, E | Added, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime((fiber) => {
      const call = new Call(target, clockOf(fiber), fiber.currentContext)
      const traced = fiber.currentSpan !== undefined
      // A promise's function runs outside of any fiber: it cannot ask where it is, so nobody has to tell it.
      const run = isSelfLimiting(self) && !traced ? attempts(call, restore, self) : inside(call, restore, self, traced)
      return Effect.flatMap(behind(call, restore, target.callCircuit, begun(call, run)), (exit) => {
        const accounts = call.ended(exit)
        return accounts === undefined ? exit : Effect.flatMap(accounts, () => exit)
      })
    })
  )

/** The attempts of a call, with the attempt's number, its target and its deadline known to the code inside. */
const inside = <A, E, R>(call: Call, restore: Restore, self: Effect.Effect<A, E, R>, traced: boolean): Ended<A, E, R> =>
  Effect.withFiberRuntime((fiber) => {
    const outside = fiber.currentContext
    const annotations = fiber.getFiberRef(FiberRef.currentLogAnnotations)
    // Told anew for each attempt, so that what an earlier one has kept stays true of that one.
    const located = Effect.suspend(() =>
      Effect.flatMap(FiberRef.set(FiberRef.currentContext, call.context(outside)), () =>
        Effect.flatMap(FiberRef.set(FiberRef.currentLogAnnotations, HashMap.union(annotations, about(call))), () =>
          traced ? Effect.withSpan(self, "llm.attempt", { captureStackTrace: false, attributes: call.labels }) : self
        )
      )
    )
    return Effect.flatMap(attempts(call, restore, located), (exit) =>
      Effect.flatMap(FiberRef.set(FiberRef.currentContext, outside), () =>
        Effect.as(FiberRef.set(FiberRef.currentLogAnnotations, annotations), exit)
      )
    )
  })

const about = (call: Call): HashMap.HashMap<string, unknown> => HashMap.fromIterable(Object.entries(call.labels))

/** One attempt after the other, until one succeeds or none may follow. */
const attempts = <A, E, R>(call: Call, restore: Restore, self: Effect.Effect<A, E, R>): Ended<A, E, R> => {
  const attempt: Ended<A, E, R> = Effect.suspend(() => {
    if (call.remaining() <= 0) return Effect.succeed(Exit.fail(call.deadlineExceeded()))
    call.attemptStarted()
    return Effect.exit(restore(withinLimit(call, self)))
  })
  const admitted = behind(call, restore, call.policies.attemptCircuit, attempt)

  const settle = (exit: Exit.Exit<A, E | Added>): Ended<A, E, R> => {
    if (Exit.isSuccess(exit)) {
      call.attemptSucceeded()
      return Effect.succeed(exit)
    }
    const failure = Cause.failureOption(exit.cause)
    if (Option.isNone(failure)) {
      call.attemptStopped(exit.cause)
      return Effect.succeed(exit)
    }
    // A schedule of the user's own may die; whatever is held is given back all the same.
    return Effect.flatMap(Effect.exit(call.attemptFailed(failure.value)), (decided): Ended<A, E, R> => {
      if (Exit.isFailure(decided)) return Effect.succeed(Exit.failCause(decided.cause))
      if (decided.value === undefined) return Effect.succeed(lastFailure(call, failure.value, exit))
      return Effect.matchCauseEffect(restore(Effect.sleep(decided.value)), {
        onFailure: (cause) => Effect.succeed(Exit.failCause(cause)),
        onSuccess: () => run
      })
    })
  }
  const run: Ended<A, E, R> = Effect.flatMap(admitted, settle)
  return run
}

/** A call that is let in adds its share to the retry budget. */
const begun = <A, E, R>(call: Call, run: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  call.policies.budget === undefined ? run : Effect.zipRight(call.policies.budget.deposit, run)

/** Work that ends with an exit, behind a circuit: get a permit or be rejected, and give it back with that exit. */
const behind = <A, E, R>(
  call: Call,
  restore: Restore,
  circuit: CircuitGate | undefined,
  work: Ended<A, E, R>
): Ended<A, E, R> => {
  if (circuit === undefined) return work
  const { clock } = call
  const gate: Gate<Permit, unknown, unknown, Added> = circuit
  const admitted = (permit: Permit) =>
    Effect.flatMap(work, (exit) => {
      const released = gate.release(permit, call.seenByCircuit(exit), clock)
      return released === undefined ? Effect.succeed(exit) : Effect.as(call.underDeadline(released), exit)
    })
  return Effect.suspend(() => {
    const acquired = gate.acquire(restore, clock)
    if (!Effect.isEffect(acquired)) return admitted(acquired)
    return Effect.matchCauseEffect(call.underDeadline(acquired), {
      onFailure: (cause) => Effect.succeed(Exit.failCause(cause)),
      onSuccess: admitted
    })
  })
}

type Permit = CircuitGate extends Gate<infer P, unknown, unknown, infer _> ? P : never

/** An attempt ends at its own limit or at the call's deadline, whichever comes first. */
const withinLimit = <A, E, R>(call: Call, self: Effect.Effect<A, E, R>): Effect.Effect<A, E | Added, R> => {
  const remaining = call.remaining()
  const { attemptMillis, name } = call.policies
  if (remaining <= attemptMillis) {
    return remaining === Number.POSITIVE_INFINITY ? self : limited(self, call.restOfTime())
  }
  const timedOut = () =>
    new TimedOut({
      target: name,
      phase: "attempt",
      message: `${name} gave no answer within the ${attemptMillis} ms of one attempt`
    })
  return limited(self, afterMillis(attemptMillis, timedOut))
}

/** A caller gets the last thing the target itself said, rather than that the toolkit then gave up. */
const lastFailure = <A, E>(call: Call, error: unknown, exit: Exit.Exit<A, E>): Exit.Exit<A, E> =>
  call.lastError === undefined || call.lastError.error === error ? exit : Exit.fail(call.lastError.error as E)
