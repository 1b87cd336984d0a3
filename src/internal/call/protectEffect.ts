/**
 * The stack of policies around one effect, written as one bracket.
 *
 * A pipe of operators would say the same and cost more than ten times as much (`npm run bench` has it as "plain Effect"):
 * each has its own mask, its own service look-ups and its own place on the stack. Here instead
 *
 * - there is one mask for all policies, and a promise's own bracket is not needed inside it;
 * - a step that can be taken at once is taken at once, not handed to the fiber as an effect: a circuit in memory answers
 *   with its permit, the end of an attempt is the end of the call if nothing follows. With the one mask that makes 8 steps
 *   of the fiber for a promise that succeeds, instead of 18;
 * - what code inside the call may ask of its fiber is put there only where there is code inside;
 * - nothing is made for a failure that does not happen. The driver of a schedule alone would double the call.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { TargetGate } from "../breaker/gated.js"
import { CallbackTypeId, type Holder, isCallbackEffect, stopIfInterrupted } from "../fiber/callback.js"
import { currentFiber, fiberAfter, moveTo, tagsOf } from "../fiber/currentFiber.js"
import { exitOf } from "../fiber/exitOf.js"
import { type Parent, runUntil } from "../fiber/runUntil.js"
import { answeredIn } from "../telemetry/answered.js"
import { decidingFor } from "../telemetry/operation.js"
import { attemptSpan, endAttemptSpan } from "../telemetry/spans.js"
import { clockOf } from "../time/timer.js"
import { Call } from "./call.js"
import type { Failures } from "./failures.js"
import { isWithin } from "./nesting.js"
import type { Target } from "./target.js"

/** @internal */
export const protectEffect = <A, E, R>(
  target: Target,
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Failures, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime((fiber) =>
      isWithin(fiber.currentContext as Context.Context<never>, target.scope, target.name)
        ? restore(self)
        : new Bracket(target, self, { fiber, restore }).begin()
    )
  )

/** One call, from its admission to its end. All of it is uninterruptible but for what is restored. */
class Bracket<A, E, R> implements Holder {
  running: Holder["running"] = undefined

  private readonly call: Call
  private callPermit: Permit = undefined
  /** Of the attempt under way, within a span. */
  private span: Tracer.Span | undefined = undefined

  constructor(
    private readonly target: Target,
    private readonly self: Effect.Effect<A, E, R>,
    private readonly parent: Parent
  ) {
    this.call = new Call(target, clockOf(parent.fiber), parent.fiber.currentContext, tagsOf(parent.fiber))
  }

  /** A call that is let in adds its share to the retry budget. */
  begin(): Effect.Effect<A, E | Failures, R> {
    const { budget, callCircuit } = this.target
    const admitted = (permit: Permit) => {
      this.callPermit = permit
      return budget === undefined ? this.attempt() : Effect.flatMap(budget.deposit, () => this.attempt())
    }
    return this.behind(callCircuit, admitted, (exit) => this.ended(exit))
  }

  private attempt(): Effect.Effect<A, E | Failures, R> {
    return this.behind(
      this.target.attemptCircuit,
      (permit) => this.admitted(permit),
      (exit) => this.settle(exit)
    )
  }

  /** Gets a permit, or is rejected. */
  private behind(
    all: TargetGate | undefined,
    onPermit: (permit: Permit) => Effect.Effect<A, E | Failures, R>,
    onRejection: (exit: Exit.Exit<never, Failures>) => Effect.Effect<A, E | Failures, R>
  ): Effect.Effect<A, E | Failures, R> {
    const gate = all !== undefined && this.isInside(all) ? all.withinCircuit : all
    if (gate === undefined) return onPermit(undefined)
    const acquired = decidingFor(this.target.hub, this.call.number, () =>
      gate.acquire(this.parent.restore, this.call.clock)
    )
    if (!Effect.isEffect(acquired)) return onPermit(acquired)
    const rejected = exitOf(acquired)
    if (rejected !== undefined && Exit.isFailure(rejected)) return onRejection(Exit.failCause(rejected.cause))
    return Effect.matchCauseEffect(this.call.underDeadline(acquired), {
      onFailure: (cause) => onRejection(Exit.failCause(cause)),
      onSuccess: onPermit
    })
  }

  /** Somebody has gone through this very circuit on the way here, by `execute`. */
  private isInside({ circuit }: TargetGate): boolean {
    const context = this.parent.fiber.currentContext as Context.Context<never>
    return circuit !== undefined && isWithin(context, circuit.scope, circuit.key)
  }

  private admitted(permit: Permit): Effect.Effect<A, E | Failures, R> {
    const { call } = this
    const tooLate = call.outOfTime()
    if (tooLate !== undefined) return this.released(permit, Exit.fail(tooLate))
    call.attemptStarted()
    if (this.parent.fiber.currentSpan === undefined) return this.attempted(permit)
    return Effect.flatMap(attemptSpan(this.target, call.labels), (span) => {
      this.span = span
      return this.attempted(permit)
    })
  }

  private attempted(permit: Permit): Effect.Effect<A, E | Failures, R> {
    // Suspended: whatever is thrown on the way to the attempt, the permit is given back.
    return Effect.matchCauseEffect(
      Effect.suspend(() => this.work()),
      {
        onFailure: (cause) => {
          stopIfInterrupted(this, cause)
          return this.released(permit, Exit.failCause(cause))
        },
        onSuccess: (value) => this.released(permit, Exit.succeed(value))
      }
    )
  }

  /** The attempt itself: as interruptible as the call's surroundings, and no longer than its limit. */
  private work(): Effect.Effect<A, E | Failures, R> {
    const { call, parent, self } = this
    const { restore } = parent
    const limit = call.limit()
    // A promise's function runs outside of any fiber: it cannot ask where it is, so nobody has to tell it.
    if (isCallbackEffect(self)) return restore(this.spanned(self[CallbackTypeId](this, limit)))
    const outside = currentFiber(parent.fiber)
    const place = call.place(outside)
    const work = this.spanned(self)
    return limit === undefined
      ? Effect.flatMap(moveTo(place), () =>
          Effect.flatMap(Effect.exit(restore(work)), (exit) =>
            Effect.zipRight(moveTo(fiberAfter(outside, place, currentFiber(parent.fiber).annotations)), exit)
          )
        )
      : runUntil(parent, work, limit.signal, () => Effect.failSync(limit.onTimeout), place)
  }

  private spanned<E>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return this.span === undefined ? work : (Effect.withParentSpan(work, this.span) as Effect.Effect<A, E, R>)
  }

  /** The attempt is over, and gives its permit back. */
  private released(permit: Permit, exit: Exit.Exit<A, E | Failures>): Effect.Effect<A, E | Failures, R> {
    const { call, target } = this
    if (this.span !== undefined) {
      endAttemptSpan(this.span, call.clock, exit, Exit.isSuccess(exit) ? answeredIn(exit.value) : {})
      this.span = undefined
    }
    const release = decidingFor(target.hub, call.number, () =>
      target.attemptCircuit?.release(permit, call.seenByCircuit(exit), call.clock)
    )
    return release === undefined
      ? this.settle(exit)
      : Effect.flatMap(call.underDeadline(release), () => this.settle(exit))
  }

  /** Whether another attempt follows. */
  private settle(exit: Exit.Exit<A, E | Failures>): Effect.Effect<A, E | Failures, R> {
    const { call } = this
    if (Exit.isSuccess(exit)) {
      call.attemptSucceeded(exit.value)
      return this.over(exit)
    }
    const failure = Cause.failureOption(exit.cause)
    if (Option.isNone(failure)) {
      call.attemptStopped(exit.cause)
      return this.over(exit)
    }
    const error = failure.value
    const decision = decisionOf(call, error)
    // A schedule of the user's own may die; whatever is held is given back all the same.
    const decided = exitOf(decision)
    return decided !== undefined
      ? this.decided(decided, error, exit)
      : Effect.flatMap(Effect.exit(decision), (decided) => this.decided(decided, error, exit))
  }

  private decided(
    decision: Exit.Exit<number | undefined>,
    error: E | Failures,
    exit: Exit.Exit<A, E | Failures>
  ): Effect.Effect<A, E | Failures, R> {
    if (Exit.isFailure(decision)) return this.over(Exit.failCause(decision.cause))
    const wait = decision.value
    if (wait === undefined) return this.over(lastFailure(this.call, error, exit))
    return Effect.matchCauseEffect(this.parent.restore(this.call.pause(wait)), {
      onFailure: (cause) => this.over(Exit.failCause(cause)),
      onSuccess: () => this.attempt()
    })
  }

  /** The attempts are over, and the call gives its permit back. */
  private over(exit: Exit.Exit<A, E | Failures>): Effect.Effect<A, E | Failures, R> {
    const { call, target } = this
    const release = decidingFor(target.hub, call.number, () =>
      target.callCircuit?.release(this.callPermit, call.seenByCircuit(exit), call.clock)
    )
    return release === undefined
      ? this.ended(exit)
      : Effect.flatMap(call.underDeadline(release), () => this.ended(exit))
  }

  private ended(exit: Exit.Exit<A, E | Failures>): Effect.Effect<A, E | Failures> {
    const accounts = this.call.ended(exit)
    return accounts === undefined ? exit : Effect.flatMap(accounts, () => exit)
  }
}

type Permit = Parameters<TargetGate["release"]>[0]

/** A failure that cannot be looked at without something being thrown is one that nothing follows. */
const decisionOf = (call: Call, error: unknown): Effect.Effect<number | undefined> => {
  try {
    return call.attemptFailed(error)
  } catch {
    return nothingFollows
  }
}

const nothingFollows = Effect.succeed(undefined)

/** A caller gets the last thing the target itself said, rather than that the toolkit then gave up. */
const lastFailure = <A, E>(call: Call, error: unknown, exit: Exit.Exit<A, E>): Exit.Exit<A, E> =>
  call.lastError === undefined || call.lastError.error === error ? exit : Exit.fail(call.lastError.error as E)
