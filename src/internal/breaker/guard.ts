import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import type { ExecuteOptions, Store } from "../../CircuitBreaker.js"
import { fromUnknown } from "../../Classifier.js"
import { CurrentDeadline, millisLeft } from "../../Deadline.js"
import type { Gate, Observed, Restore } from "../admission/gate.js"
import type { CircuitHalfOpen, CircuitOpen, RateLimitExceeded } from "../errors/rejection.js"
import type { ObservedDecision } from "../observe/decision.js"
import { Abandonment } from "./abandoned.js"
import { immediate } from "./immediate.js"
import { fromExit, type Outcome } from "./outcome.js"
import { slowCall } from "./policy.js"
import { circuitHalfOpen, circuitOpen, parked } from "./rejected.js"
import type { Settings } from "./settings.js"
import type { Change, Decision, Input, Permit, Refusal, Result } from "./state.js"

/** @internal */
export type Rejected = CircuitOpen | CircuitHalfOpen | RateLimitExceeded

/**
 * What a guard tells the outside.
 *
 * @internal
 */
export interface Announce {
  /** A call has come to this circuit. */
  readonly used: (key: string) => void
  readonly changed: (key: string, change: Change) => void
  readonly parked: (key: string, at: number, wait: number, error: unknown) => void
  readonly storeFailed: (key: string, at: number, error: unknown) => void
}

/** A call under a shorter deadline that runs into it says more about the caller than about the target. */
const patience = 1000

/**
 * The gate of one circuit. No permit means that the store failed: the call goes on as if there were no circuit.
 *
 * @internal
 */
export const gate = <A, E>(
  store: Store,
  announce: Announce,
  { parking, policy }: Settings,
  call: ExecuteOptions<A, E>
): Gate<Permit | undefined, A, E, Rejected> => {
  const { classify, key } = call
  const apply = immediate(store)
  type Admitted = Permit | undefined | Effect.Effect<Permit | undefined, Rejected>

  const failOpen = (cause: Cause.Cause<unknown>): Effect.Effect<undefined> =>
    Effect.map(Clock.currentTimeMillis, (now) => announce.storeFailed(key, now, Cause.squash(cause)) as undefined)

  let used = false
  const admit = (restore: Restore, clock: Clock.Clock): Admitted => {
    if (!used) {
      used = true
      announce.used(key)
    }
    const decide = ({ change, permit, rejection }: Decision): Admitted => {
      if (change !== undefined) announce.changed(key, change)
      return rejection === undefined ? permit : refuse(rejection, restore, clock)
    }
    return apply === undefined
      ? Effect.matchCauseEffect(store.admit(key, policy), {
          onFailure: failOpen,
          onSuccess: (decision) => toEffect(decide(decision))
        })
      : decide(apply(key, policy, admission, clock.unsafeCurrentTimeMillis()))
  }

  /** An exit, not an effect: with `Effect.fail` each refusal takes two more steps, to note the span it came from. */
  const refuse = (refusal: Refusal, restore: Restore, clock: Clock.Clock): Admitted => {
    switch (refusal._tag) {
      case "Open":
      case "Isolated":
        return Exit.fail(circuitOpen(key, refusal))
      case "HalfOpen":
        return Exit.fail(circuitHalfOpen(key, refusal))
      case "Parked":
        return waitParked(refusal.retryAfter, restore, clock)
    }
  }

  /** Callers come back spread over `stagger`, not all at the instant the target named, and ask again. */
  const waitParked = (wait: number, restore: Restore, clock: Clock.Clock): Admitted => {
    if (!mayWait(wait)) return Exit.fail(parked(key, wait))
    return Effect.flatMap(Effect.zip(millisLeft, Random.next), ([left, chance]) => {
      if (wait >= left) return Effect.fail(parked(key, wait))
      const spread = Math.floor(chance * Math.min(parking.stagger, left - wait))
      return Effect.flatMap(restore(Effect.sleep(Duration.millis(wait + spread))), () =>
        toEffect(admit(restore, clock))
      )
    })
  }

  const observe = (clock: Clock.Clock, left: number): Effect.Effect<Observed<Permit | undefined>> => {
    const decide = ({ change, permit, rejection }: Decision): Observed<Permit | undefined> => {
      if (change !== undefined) announce.changed(key, change)
      return { permit, decision: rejection && wouldHave(rejection, left) }
    }
    const decision =
      apply === undefined
        ? store.admit(key, policy)
        : Effect.sync(() => apply(key, policy, admission, clock.unsafeCurrentTimeMillis()))
    return Effect.matchCauseEffect(decision, {
      onFailure: (cause) => Effect.as(failOpen(cause), { permit: undefined, decision: undefined }),
      onSuccess: (decision) => Effect.sync(() => decide(decision))
    })
  }

  const wouldHave = (refusal: Refusal, left: number): ObservedDecision => {
    const { _tag, retryAfter } = refusal
    if (_tag === "HalfOpen") return { policy: "circuitBreaker", action: "reject", error: circuitHalfOpen(key, refusal) }
    if (_tag !== "Parked") return { policy: "circuitBreaker", action: "reject", error: circuitOpen(key, refusal) }
    return mayWait(retryAfter) && retryAfter < left
      ? { policy: "parking", action: "wait", wait: Duration.millis(retryAfter) }
      : { policy: "parking", action: "reject", error: parked(key, retryAfter) }
  }

  const mayWait = (wait: number): boolean =>
    (call.whenParked ?? parking.whenParked) === "wait" && wait <= parking.maxWait

  const record = (result: Result, clock: Clock.Clock): Effect.Effect<void> | undefined => {
    const decide = ({ change }: Decision): void => {
      if (change !== undefined) announce.changed(key, change)
    }
    return apply === undefined
      ? Effect.matchCauseEffect(store.record(key, policy, result), {
          onFailure: failOpen,
          onSuccess: (decision) => Effect.sync(() => decide(decision))
        })
      : (decide(apply(key, policy, result, clock.unsafeCurrentTimeMillis())) as undefined)
  }

  /**
   * A reader that throws is a bug of its owner's: the permit is given back, and the call dies of it. Where ours throws, it
   * is the failure that does, since there is nothing else to throw: it says nothing about the target.
   */
  const read = (permit: Permit, exit: Exit.Exit<A, E>, clock: Clock.Clock): Effect.Effect<void> | undefined => {
    try {
      return recordRead(permit, exit, (classify ?? fromExit)(exit), clock)
    } catch (defect) {
      const recorded = record(resultOf(permit, "Ignored"), clock)
      return classify === undefined ? recorded : Effect.zipRight(recorded ?? Effect.void, Effect.die(defect))
    }
  }

  const recordRead = (permit: Permit, exit: Exit.Exit<A, E>, outcome: Outcome, clock: Clock.Clock) => {
    if (outcome._tag === "Success") return record(resultOf(permit, "Success"), clock)
    const retryAfter = outcome.retryAfter === undefined ? 0 : Duration.toMillis(outcome.retryAfter)
    if (outcome._tag === "Failure") {
      return record({ ...resultOf(permit, "Failure"), retryAfter, tag: outcome.tag ?? tagOf(exit) }, clock)
    }
    const now = clock.unsafeCurrentTimeMillis()
    const resetsIn = outcome.resetsAt === undefined ? 0 : Math.max(0, DateTime.toEpochMillis(outcome.resetsAt) - now)
    const wait = Math.max(resetsIn, Math.min(retryAfter, policy.maxRetryAfter))
    if (wait > 0) announce.parked(key, now, wait, Exit.isFailure(exit) ? Cause.squash(exit.cause) : exit.value)
    return record({ ...resultOf(permit, "Ignored"), retryAfter, resetsIn }, clock)
  }

  const answered = (permit: Permit | undefined): Effect.Effect<Permit | undefined> =>
    permit === undefined
      ? Effect.succeed(permit)
      : Effect.matchCauseEffect(store.amend(key, policy, { _tag: "Answer", permit }), {
          onFailure: (cause) => Effect.as(failOpen(cause), permit),
          onSuccess: (decision) => Effect.succeed(decision.permit)
        })

  return {
    circuit: { scope: store, key },
    acquire: admit,
    observe,
    release: (permit, exit, clock) => {
      if (permit === undefined) return undefined
      if (Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)) {
        return Effect.flatMap(givenUp, (outcome) => record(resultOf(permit, outcome), clock) ?? Effect.void)
      }
      if (Exit.isSuccess(exit) && classify === undefined) return record(resultOf(permit, "Success"), clock)
      return read(permit, exit, clock)
    },
    answered: slowCall(policy.trip) && answered
  }
}

const admission: Input = { _tag: "Admit" }

const resultOf = (permit: Permit, outcome: Result["outcome"]): Result => ({
  _tag: "Record",
  permit,
  outcome,
  retryAfter: 0,
  resetsIn: 0
})

/** What a failure is called that a reader of one's own has found. */
const tagOf = (exit: Exit.Exit<unknown, unknown>): string | undefined =>
  Exit.isFailure(exit) ? fromUnknown(Cause.squash(exit.cause))._tag : undefined

const toEffect = (
  admitted: Permit | undefined | Effect.Effect<Permit | undefined, Rejected>
): Effect.Effect<Permit | undefined, Rejected> => (Effect.isEffect(admitted) ? admitted : Effect.succeed(admitted))

/** Whether a call that was interrupted had been given up on, by a hedge or by its deadline, or was not wanted any more. */
const givenUp: Effect.Effect<"Abandoned" | "Ignored"> = Effect.gen(function* () {
  if ((yield* Abandonment).abandoned) return "Abandoned"
  const deadline = yield* CurrentDeadline
  if (deadline === undefined || Duration.toMillis(deadline.budget) < patience) return "Ignored"
  return (yield* millisLeft) === 0 ? "Abandoned" : "Ignored"
})
