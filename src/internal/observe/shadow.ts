/**
 * A call that is only observed: it is made with policies that do nothing, and a shadow of it goes through the real ones.
 * What they decide is told and not done. The shadow takes and gives back permits, counts failures and spends the retry
 * budget as the call would have, so what is told stays true for the calls that follow.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { TargetGate } from "../breaker/gated.js"
import { Call } from "../call/call.js"
import { isWithin } from "../call/nesting.js"
import type { Target } from "../call/target.js"
import { nextCall } from "../telemetry/callNumber.js"
import type { Tags, TargetMetrics } from "../telemetry/targetMetrics.js"
import { TrailRecorder } from "../telemetry/trail.js"
import type { ObservedDecision } from "./decision.js"
import { type About, shadowHub, tell } from "./decisions.js"

type Permit = Parameters<TargetGate["release"]>[0]

/** What a call would have been ended with, and whether that could have been repeated. @internal */
export interface Verdict {
  readonly policy: ObservedDecision["policy"]
  readonly error: unknown
  readonly repeatable: boolean
}

/** @internal */
export class Shadow {
  readonly about: About
  readonly call: Call
  private attemptPermit: Permit
  private callPermit: Permit
  /** It would have been sent. */
  private sent = true
  private verdict: Verdict | undefined

  constructor(
    private readonly target: Target,
    private readonly clock: Clock.Clock,
    private readonly outside: Context.Context<never>,
    tags: Tags
  ) {
    this.about = { name: target.name, call: nextCall(), hub: target.hub, labels: target.labels }
    const silent: Target = { ...target, number: this.about.call, hub: shadowHub(this.about), metrics: noMetrics }
    this.call = new Call(silent, clock, Context.add(outside, TrailRecorder, undefined), tags)
  }

  /** The target with policies that do nothing. Its circuit is entered, and stands open. */
  get unprotected(): Target {
    const { attemptCircuit, callCircuit } = this.target
    return {
      ...this.target,
      number: this.about.call,
      deadline: undefined,
      attemptMillis: Number.POSITIVE_INFINITY,
      retry: undefined,
      retryWithOthers: undefined,
      budget: undefined,
      attemptCircuit: attemptCircuit && standingOpen(attemptCircuit),
      callCircuit: callCircuit && standingOpen(callCircuit)
    }
  }

  get isSent(): boolean {
    return this.sent
  }

  tell(decision: ObservedDecision): void {
    tell(this.about, this.clock.unsafeCurrentTimeMillis(), decision)
  }

  /** The admission, as it would have been. To be run uninterruptibly. */
  readonly begin: Effect.Effect<void> = Effect.suspend(() => {
    const { attemptCircuit, budget, callCircuit } = this.target
    return this.behind(callCircuit, (permit) => {
      this.callPermit = permit
    }).pipe(
      Effect.andThen(Effect.suspend(() => (this.sent && budget !== undefined ? budget.deposit : Effect.void))),
      Effect.andThen(
        Effect.suspend(() =>
          this.sent
            ? this.behind(attemptCircuit, (permit) => {
                this.attemptPermit = permit
              })
            : Effect.void
        )
      ),
      Effect.andThen(
        Effect.sync(() => {
          if (this.sent) this.call.attemptStarted()
        })
      )
    )
  })

  private behind(circuit: TargetGate | undefined, onPermit: (permit: Permit) => void): Effect.Effect<void> {
    const entered = circuit?.circuit
    if (circuit?.observe === undefined) return Effect.void
    if (entered !== undefined && isWithin(this.outside, entered.scope, entered.key)) return Effect.void
    return Effect.map(circuit.observe(this.clock, this.call.remaining()), ({ decision, permit }) => {
      onPermit(permit)
      if (decision === undefined) return
      this.sent = decision.action !== "reject"
      this.tell(decision)
    })
  }

  /** The call would have been ended here. Only the first end counts. */
  ends(verdict: Verdict): void {
    if (!this.sent || this.verdict !== undefined) return
    this.verdict = verdict
    const { error, policy } = verdict
    this.tell({ policy, action: "end", error })
  }

  /** The call is over: what its circuit, its retries and its budget would have made of it. To be run uninterruptibly. */
  end(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    if (!this.sent) return Effect.void
    const { verdict } = this
    const seen = verdict === undefined ? exit : Exit.fail(verdict.error)
    const { attemptCircuit, callCircuit } = this.target
    // A schedule of the user's own may die, which is nothing to a call that is only observed.
    return Effect.exit(this.release(attemptCircuit, this.attemptPermit, seen)).pipe(
      Effect.andThen(Effect.exit(this.afterwards(seen, verdict?.repeatable ?? true))),
      Effect.andThen(Effect.exit(this.release(callCircuit, this.callPermit, seen))),
      Effect.asVoid
    )
  }

  private release(circuit: TargetGate | undefined, permit: Permit, exit: Exit.Exit<unknown, unknown>) {
    return Effect.suspend(() =>
      this.call.underDeadline(circuit?.release(permit, this.call.seenByCircuit(exit), this.clock) ?? Effect.void)
    )
  }

  private afterwards(exit: Exit.Exit<unknown, unknown>, repeatable: boolean): Effect.Effect<unknown> {
    return Effect.suspend(() => {
      if (Exit.isSuccess(exit)) return Effect.sync(() => this.call.attemptSucceeded())
      const failure = Cause.failureOption(exit.cause)
      return failure._tag === "Some"
        ? this.call.attemptFailed(failure.value, repeatable)
        : Effect.sync(() => this.call.attemptStopped(exit.cause))
    })
  }
}

const standingOpen = ({ circuit }: TargetGate): TargetGate => ({
  circuit,
  acquire: () => undefined,
  release: () => undefined
})

const noMetrics: TargetMetrics = {
  attempt: () => {},
  firstContent: () => {},
  retry: () => {},
  call: () => {},
  budget: () => {}
}
