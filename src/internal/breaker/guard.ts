import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import { failureFromUnknown } from "../../classifier/Unknown.js"
import type { Gate, Observed, Restore } from "../admission/gate.js"
import { pause } from "../admission/outlook.js"
import type { CircuitHalfOpen, CircuitOpen, RateLimitExceeded } from "../errors/rejection.js"
import { type Others, OtherTargets } from "../fallback/otherTargets.js"
import type { ObservedDecision } from "../observe/decision.js"
import { CurrentDeadline, millisLeft } from "../time/deadline.js"
import { Abandonment } from "./abandoned.js"
import { fromExit, type Outcome } from "./outcome.js"
import { slowCall } from "./policy.js"
import { circuitHalfOpen, circuitOpen, parked } from "./rejected.js"
import type { Settings } from "./settings.js"
import type { Change, Circuit, Decision, Input, Permit, Refusal, Result } from "./state.js"
import type { StoreAccess } from "./storeAccess.js"
import type { ExecuteOptions } from "./types.js"
import { aheadBy, aheadOf, freeIn, longest, mayEnter, placeFreeIn, spreadOf, unbounded } from "./waiting.js"
import type { WaitingCalls } from "./waitingCalls.js"

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
  readonly waiting: WaitingCalls
}

/** How often a store that tells nobody of its changes is asked whether a probe's place is free. */
const askEvery = 1_000

/** A call under a shorter deadline that runs into it says more about the caller than about the target. */
const leastBudget = 1_000

/**
 * The gate of one circuit. No permit means that the store failed: the call goes on as if there were no circuit.
 *
 * @internal
 */
export const gate = <A, E>(
  access: StoreAccess,
  announce: Announce,
  { policy, waiting: general }: Settings,
  call: ExecuteOptions<A, E>
): Gate<Permit | undefined, A, E, Rejected> => {
  const { classify, key } = call
  const { apply, circuit } = access
  const waiting = {
    ...general,
    whenParked: call.whenParked ?? general.whenParked,
    whenOpen: call.whenOpen ?? general.whenOpen
  }
  type Admitted = Permit | undefined | Effect.Effect<Permit | undefined, Rejected>

  const failOpen = (cause: Cause.Cause<unknown>): Effect.Effect<undefined> =>
    Cause.isInterruptedOnly(cause)
      ? Effect.failCause(cause as Cause.Cause<never>)
      : Effect.map(Clock.currentTimeMillis, (now) => announce.storeFailed(key, now, Cause.squash(cause)) as undefined)

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
    const known = apply?.(key, policy, admission, clock.unsafeCurrentTimeMillis())
    return known === undefined
      ? Effect.matchCauseEffect(access.admit(key, policy, restore, clock), {
          onFailure: failOpen,
          onSuccess: (decision) => (decision === undefined ? Effect.succeed(undefined) : toEffect(decide(decision)))
        })
      : decide(known)
  }

  /** An exit, not an effect: with `Effect.fail` each refusal takes two more steps, to note the span it came from. */
  const refuse = (refusal: Refusal, restore: Restore, clock: Clock.Clock, again: Ask = admit): Admitted => {
    switch (refusal._tag) {
      case "Open":
      case "Isolated":
        return waitUntilOver(refusal, Exit.fail(circuitOpen(key, refusal)), restore, clock, again)
      case "HalfOpen":
        return waiting.whenOpen === "reject"
          ? Exit.fail(circuitHalfOpen(key, refusal))
          : waitForPlace(placeIn(clock), Exit.fail(circuitHalfOpen(key, refusal)), restore, clock, again)
      case "Parked":
        return waitWhileParked(refusal, Exit.fail(parked(key, refusal.retryAfter)), restore, clock, again)
    }
  }

  type Ask = (restore: Restore, clock: Clock.Clock) => Admitted

  /** Refuses, or waits for, what is known to be closed, and takes no permit of what may be open. */
  const lookAgain: Ask = (restore, clock) => look(restore, clock)
  const look = (restore: Restore, clock: Clock.Clock): Effect.Effect<undefined, Rejected> | undefined => {
    if (circuit === undefined || apply === undefined) return undefined
    const now = clock.unsafeCurrentTimeMillis()
    if (longest(aheadOf(circuit(key), now)) <= 0) return undefined
    const known = apply(key, policy, admission, now)
    if (known === undefined) return undefined
    const { permit, rejection } = known
    if (permit !== undefined) record(resultOf(permit, "Ignored"), clock)
    if (rejection === undefined) return undefined
    const refused = refuse(rejection, restore, clock, lookAgain)
    return Effect.isEffect(refused) ? (refused as Effect.Effect<undefined, Rejected>) : undefined
  }

  type Refused = Exit.Exit<never, Rejected>
  const onChange = circuit && ((listener: () => void) => announce.waiting.listen(key, listener))

  /** In how many milliseconds the first of other targets lets somebody in. */
  const othersFreeIn = (keys: ReadonlyArray<string>, now: number): number =>
    circuit === undefined || keys.length === 0
      ? 0
      : Math.min(...keys.map((key) => freeIn(circuit(key), policy.halfOpen.probes, waiting, now)))

  /** While others stand ready, waiting is worth their patience; until one does, there is nobody to turn to. */
  const worthAtDoor = (others: Others | undefined, clock: Clock.Clock): number =>
    others === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(others.patience.atDoor, othersFreeIn(others.names, clock.unsafeCurrentTimeMillis()))

  /** Callers come back spread, not all at the instant the target named, and ask again. */
  const waitUntilOver = (
    refusal: Refusal,
    rejected: Refused,
    restore: Restore,
    clock: Clock.Clock,
    again: Ask
  ): Admitted => {
    const aheadAt = (now: number) => (circuit === undefined ? aheadBy(refusal) : aheadOf(circuit(key), now))
    const ahead = aheadAt(clock.unsafeCurrentTimeMillis())
    if (!mayEnter(ahead, 0, waiting, unbounded)) return rejected
    return Effect.flatMap(surroundings, ({ chance, left, others }) => {
      const bounds = { left, patience: worthAtDoor(others, clock) }
      if (!mayEnter(ahead, 0, waiting, bounds)) return rejected
      const wait = longest(ahead)
      const millis = wait + spreadOf(wait, waiting, Math.min(left, bounds.patience), chance)
      others?.patience.spend(millis)
      const isInVain = (rest: number): boolean =>
        !mayEnter(aheadAt(clock.unsafeCurrentTimeMillis()), rest, waiting, {
          left: left - millis + rest,
          patience: bounds.patience - millis + rest
        })
      return Effect.flatMap(restore(pause(clock, millis, onChange, isInVain)), () => toEffect(again(restore, clock)))
    })
  }

  /** The time that the target named may be over, and only somebody under way who finds out whether it still holds. */
  const waitWhileParked = (
    refusal: Refusal,
    rejected: Refused,
    restore: Restore,
    clock: Clock.Clock,
    again: Ask
  ): Admitted => {
    const findsOut = circuit !== undefined && aheadOf(circuit(key), clock.unsafeCurrentTimeMillis()).parked === 0
    if (!findsOut) return waitUntilOver(refusal, rejected, restore, clock, again)
    return waiting.whenParked === "reject"
      ? rejected
      : waitForPlace(refusal.retryAfter, rejected, restore, clock, again)
  }

  const placeIn = (clock: Clock.Clock): number =>
    circuit === undefined ? askEvery : placeFreeIn(circuit(key), clock.unsafeCurrentTimeMillis())

  /** In turn: whoever came first is told first that a place may be free, which it is after so long at the latest. */
  const waitForPlace = (free: number, rejected: Refused, restore: Restore, clock: Clock.Clock, again: Ask): Admitted =>
    Effect.flatMap(surroundings, ({ left, others }) => {
      const from = clock.unsafeCurrentTimeMillis()
      const millis = Math.ceil(Math.min(free, left, worthAtDoor(others, clock)))
      if (millis <= 0) return rejected
      return Effect.flatMap(restore(pause(clock, millis, onChange, () => true)), () => {
        others?.patience.spend(clock.unsafeCurrentTimeMillis() - from)
        return toEffect(again(restore, clock))
      })
    })

  const observe = (clock: Clock.Clock, left: number): Effect.Effect<Observed<Permit | undefined>> => {
    const decide = ({ change, permit, rejection }: Decision): Observed<Permit | undefined> => {
      if (change !== undefined) announce.changed(key, change)
      return { permit, decision: rejection && wouldHave(rejection, left) }
    }
    const decision = Effect.uninterruptibleMask((restore) => {
      const known = apply?.(key, policy, admission, clock.unsafeCurrentTimeMillis())
      return known === undefined ? access.admit(key, policy, restore, clock) : Effect.succeed(known)
    })
    const none = { permit: undefined, decision: undefined }
    return Effect.matchCauseEffect(decision, {
      onFailure: (cause) => Effect.as(failOpen(cause), none),
      onSuccess: (decision) => Effect.sync(() => (decision === undefined ? none : decide(decision)))
    })
  }

  const wouldHave = (refusal: Refusal, left: number): ObservedDecision => {
    const { _tag, retryAfter } = refusal
    const waits = _tag !== "HalfOpen" && mayEnter(aheadBy(refusal), 0, waiting, { ...unbounded, left })
    switch (_tag) {
      case "HalfOpen":
        return { policy: "circuitBreaker", action: "reject", error: circuitHalfOpen(key, refusal) }
      case "Parked":
        return waits
          ? { policy: "parking", action: "wait", wait: Duration.millis(retryAfter) }
          : { policy: "parking", action: "reject", error: parked(key, retryAfter) }
      default:
        return waits
          ? { policy: "circuitBreaker", action: "wait", wait: Duration.millis(retryAfter) }
          : { policy: "circuitBreaker", action: "reject", error: circuitOpen(key, refusal) }
    }
  }

  const record = (result: Result, clock: Clock.Clock): Effect.Effect<void> | undefined => {
    const decide = ({ change }: Decision): void => {
      if (change !== undefined) announce.changed(key, change)
      else announce.waiting.tell(key)
    }
    const known = apply?.(key, policy, result, clock.unsafeCurrentTimeMillis())
    return known === undefined
      ? Effect.matchCauseEffect(access.record(key, policy, result, clock), {
          onFailure: failOpen,
          onSuccess: (decision) => Effect.sync(() => decision && decide(decision))
        })
      : (decide(known) as undefined)
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
      : Effect.matchCauseEffect(access.answer(key, policy, permit), {
          onFailure: (cause) => Effect.as(failOpen(cause), permit),
          onSuccess: (decision) => Effect.succeed(decision?.permit ?? permit)
        })

  return {
    circuit: { scope: access.store, key },
    outlook: circuit &&
      onChange && {
        mayEnter: (after, bounds, now) => mayEnter(aheadOf(circuit(key), now), after, waiting, bounds),
        freeIn: othersFreeIn,
        onChange
      },
    waitingAs: (own) => gate(access, announce, { policy, waiting: { ...general, ...own } }, call),
    look,
    closedAt: circuit && (() => closedAt(circuit(key))),
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

const closedAt = (circuit: Circuit | undefined): number | undefined =>
  circuit?.phase._tag === "Closed" ? circuit.phase.row?.closedAt : undefined

const admission: Input = { _tag: "Admit" }

/** What a call that is about to wait has to know. */
const surroundings = Effect.all({ left: millisLeft, chance: Random.next, others: OtherTargets })

const resultOf = (permit: Permit, outcome: Result["outcome"]): Result => ({
  _tag: "Record",
  permit,
  outcome,
  retryAfter: 0,
  resetsIn: 0
})

/** What a failure is called that a reader of one's own has found. */
const tagOf = (exit: Exit.Exit<unknown, unknown>): string | undefined =>
  Exit.isFailure(exit) ? failureFromUnknown(Cause.squash(exit.cause))._tag : undefined

const toEffect = (
  admitted: Permit | undefined | Effect.Effect<Permit | undefined, Rejected>
): Effect.Effect<Permit | undefined, Rejected> => (Effect.isEffect(admitted) ? admitted : Effect.succeed(admitted))

/** Whether a call that was interrupted had been given up on, by a hedge or by its deadline, or was not wanted any more. */
const givenUp: Effect.Effect<"Abandoned" | "Ignored"> = Effect.gen(function* () {
  if ((yield* Abandonment).abandoned) return "Abandoned"
  const deadline = yield* CurrentDeadline
  if (deadline === undefined || Duration.toMillis(deadline.budget) < leastBudget) return "Ignored"
  return (yield* millisLeft) === 0 ? "Abandoned" : "Ignored"
})
