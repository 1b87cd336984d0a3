/**
 * One protected call: what it knows, counts and reports from its first attempt to its last.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { CurrentDeadline, type Deadline } from "../Deadline.js"
import { type Attempt, CurrentAttempt } from "../LlmCall.js"
import { DeadlineExceeded, isRejection } from "../Rejection.js"
import { ResilienceEvent } from "../ResilienceEvent.js"
import type { EndedBy } from "../RetryPolicy.js"
import { type TrailEntry, TrailRecorder } from "../Telemetry.js"
import { nextCall } from "./callNumber.js"
import { noteFailure } from "./deadline.js"
import { OtherTargets } from "./otherTargets.js"
import { RetryStepper } from "./retryStepper.js"
import type { Target } from "./target.js"

/** Also the `LlmCall.CurrentAttempt` that code inside the call sees. */
export class Call implements Attempt {
  readonly call: number = nextCall()
  readonly target: string
  /** The number of the attempt under way, from 1; 0 before the first. */
  attempt = 0
  /** The last failure that came from the target, which is what a caller gets when the retrying ends. */
  lastError: { readonly error: unknown } | undefined = undefined

  readonly end: Deadline | undefined

  private readonly otherTargets: boolean
  private readonly trail: Array<TrailEntry> | undefined
  private readonly startedAt: number
  private attemptAt = 0
  private inAttempt = false
  /** A retry has been taken out of the budget, and its attempt has not started. */
  private unsent = false
  private stepper: RetryStepper | undefined = undefined

  constructor(
    readonly policies: Target,
    readonly clock: Clock.Clock,
    outside: Context.Context<never>
  ) {
    this.target = policies.name
    this.startedAt = clock.unsafeCurrentTimeMillis()
    this.trail = Context.get(outside, TrailRecorder)
    this.otherTargets = Context.get(outside, OtherTargets)
    const around = Context.get(outside, CurrentDeadline)
    const own = policies.deadline
    this.end =
      own !== undefined && (around === undefined || this.startedAt + Duration.toMillis(own) < around.at)
        ? { at: this.startedAt + Duration.toMillis(own), budget: own }
        : around
  }

  /** The fiber's context while the call runs. */
  context(outside: Context.Context<never>): Context.Context<never> {
    const inside = Context.add(outside, CurrentAttempt, this)
    return this.end === undefined ? inside : Context.add(inside, CurrentDeadline, this.end)
  }

  /** Milliseconds until the deadline; infinite without one. */
  remaining(): number {
    return this.end === undefined ? Number.POSITIVE_INFINITY : this.end.at - this.clock.unsafeCurrentTimeMillis()
  }

  /** What a policy does about a failure, or while it waits, is clipped to the call's deadline. */
  underDeadline<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return this.end === undefined ? effect : Effect.provideService(effect, CurrentDeadline, this.end)
  }

  deadlineExceeded(): DeadlineExceeded {
    return new DeadlineExceeded({
      budget: this.end?.budget ?? Duration.infinity,
      ...(this.lastError && { lastError: this.lastError.error })
    })
  }

  attemptStarted(): void {
    this.attempt++
    this.unsent = false
    this.inAttempt = true
    this.attemptAt = this.clock.unsafeCurrentTimeMillis()
    const { hub } = this.policies
    if (hub.listening()) hub.publish(ResilienceEvent.AttemptStarted(this.about(this.attemptAt)))
  }

  attemptSucceeded(): void {
    const { at, duration } = this.attemptEnded("success", "Success")
    const { hub } = this.policies
    if (hub.listening()) hub.publish(ResilienceEvent.AttemptSucceeded({ ...this.about(at), duration }))
  }

  /** The attempt was interrupted, or died of a defect: nothing to retry. */
  attemptStopped(cause: Cause.Cause<unknown>): void {
    if (!this.inAttempt) return
    const interrupted = Cause.isInterrupted(cause)
    const { at, duration } = interrupted
      ? this.attemptEnded("interrupted", "Interrupted")
      : this.attemptEnded("defect", "Defect")
    const { hub } = this.policies
    if (hub.listening()) {
      const about = { ...this.about(at), duration }
      hub.publish(
        interrupted
          ? ResilienceEvent.AttemptInterrupted(about)
          : ResilienceEvent.AttemptFailed({ ...about, error: Cause.squash(cause) })
      )
    }
  }

  /** The milliseconds to wait before the next attempt, or `undefined` where none follows or none may. */
  attemptFailed(error: unknown, repeatable = true): Effect.Effect<number | undefined> {
    if (!this.inAttempt) {
      this.rejected(error)
      return Effect.succeed(undefined)
    }
    const { at, duration } = this.attemptEnded(tagOf(error), tagOf(error), error)
    const { hub } = this.policies
    if (hub.listening()) hub.publish(ResilienceEvent.AttemptFailed({ ...this.about(at), duration, error }))
    if (isRejection(error)) return Effect.succeed(undefined)
    this.lastError = { error }
    noteFailure(this.end, error)
    return repeatable ? this.retry(error) : Effect.succeed(undefined)
  }

  /** A policy did not let the attempt through; it was never sent. */
  private rejected(error: unknown): void {
    const at = this.clock.unsafeCurrentTimeMillis()
    const { hub, name } = this.policies
    const attempt = this.attempt + 1
    this.trail?.push({ target: name, attempt, outcome: tagOf(error), error, duration: Duration.zero })
    if (hub.listening()) hub.publish(ResilienceEvent.CallRejected({ at, target: name, call: this.call, error }))
  }

  private attemptEnded(metric: string, outcome: string, error?: unknown) {
    this.inAttempt = false
    const at = this.clock.unsafeCurrentTimeMillis()
    const duration = Duration.millis(at - this.attemptAt)
    this.policies.metrics.attempt(metric)
    this.trail?.push({
      target: this.target,
      attempt: this.attempt,
      outcome,
      ...(error !== undefined && { error }),
      duration
    })
    return { at, duration }
  }

  /** What the retry policy, the deadline and the budget say to another attempt after this failure. */
  private retry(error: unknown): Effect.Effect<number | undefined> {
    const { policies } = this
    const schedule = this.otherTargets ? policies.retryWithOthers : policies.retry
    if (schedule === undefined) return Effect.succeed(undefined)
    this.stepper ??= new RetryStepper(schedule)
    const stepped = this.underDeadline(this.stepper.next(this.clock.unsafeCurrentTimeMillis(), error))
    return Effect.flatMap(stepped, (step) => {
      if (step.wait === undefined) return Effect.sync(() => this.withheld(step.endedBy, error))
      const { wait } = step
      if (wait >= this.remaining()) return Effect.sync(() => this.withheld("deadline", error))
      if (policies.budget === undefined) return Effect.sync(() => this.scheduled(wait, error))
      return Effect.map(policies.budget.take, (allowed) => {
        if (!allowed) return this.withheld("budget", error)
        this.unsent = true
        return this.scheduled(wait, error)
      })
    })
  }

  private scheduled(wait: number, error: unknown): number {
    const { hub } = this.policies
    const last = this.trail?.at(-1)
    if (last !== undefined) this.trail?.splice(-1, 1, { ...last, wait: Duration.millis(wait) })
    if (hub.listening()) {
      const about = { ...this.about(this.clock.unsafeCurrentTimeMillis()), attempt: this.attempt + 1 }
      hub.publish(ResilienceEvent.RetryScheduled({ ...about, wait: Duration.millis(wait), error }))
    }
    return wait
  }

  /** Says why, where something other than the failure and the number of attempts ended the retrying. */
  private withheld(reason: EndedBy | "budget" | undefined, error: unknown): undefined {
    if (reason !== "budget" && reason !== "deadline" && reason !== "elapsed" && reason !== "hint") return
    const { hub } = this.policies
    if (!hub.listening()) return
    const about = this.about(this.clock.unsafeCurrentTimeMillis())
    hub.publish(ResilienceEvent.RetryWithheld({ ...about, reason, error }))
  }

  /** The call as a whole is over. What is left to do about it, if anything, is to be run. */
  ended(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> | undefined {
    this.report(exit)
    return this.unsent ? this.policies.budget?.giveBack : undefined
  }

  private report(exit: Exit.Exit<unknown, unknown>): void {
    const at = this.clock.unsafeCurrentTimeMillis()
    const { hub, metrics } = this.policies
    const { attempt: attempts, call, target } = this
    const error = Exit.isSuccess(exit) ? undefined : Cause.squash(exit.cause)
    metrics.call(Exit.isSuccess(exit) ? "success" : outcomeOf(exit.cause, error), at - this.startedAt)
    if (!hub.listening()) return
    const about = { at, call, target, attempts, duration: Duration.millis(at - this.startedAt) }
    hub.publish(
      Exit.isSuccess(exit) ? ResilienceEvent.CallSucceeded(about) : ResilienceEvent.CallFailed({ ...about, error })
    )
  }

  private about(at: number) {
    return { at, target: this.target, call: this.call, attempt: this.attempt }
  }
}

const outcomeOf = (cause: Cause.Cause<unknown>, error: unknown): string =>
  Cause.isInterrupted(cause) ? "interrupted" : Cause.isDie(cause) ? "defect" : tagOf(error)

/** The tag of a failure; errors without one share a name, so that metrics stay few. */
const tagOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "_tag" in error && typeof error._tag === "string"
    ? error._tag
    : "Error"
