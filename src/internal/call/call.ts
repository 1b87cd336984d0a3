/**
 * One protected call: how much time it has, what it has seen, and whether it goes on.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import { type Outlook, pause } from "../admission/outlook.js"
import { TimedOut } from "../errors/llmError.js"
import { DeadlineExceeded, isRejection } from "../errors/rejection.js"
import { type Others, OtherTargets } from "../fallback/otherTargets.js"
import { shareOfDeadline, shareOver } from "../fallback/shareOfDeadline.js"
import type { CurrentFiber } from "../fiber/currentFiber.js"
import { exitOf } from "../fiber/exitOf.js"
import { withService } from "../fiber/inContext.js"
import { decide } from "../retry/decision.js"
import { RetryStepper } from "../retry/stepper.js"
import type { Answered } from "../telemetry/answered.js"
import { Report } from "../telemetry/report.js"
import type { Tags } from "../telemetry/targetMetrics.js"
import { TrailRecorder } from "../telemetry/trail.js"
import { CurrentDeadline, type Deadline } from "../time/deadline.js"
import { isRunning, noteFailure, type Running } from "../time/watchedDeadline.js"
import { type AttemptTimeout, afterMillis } from "./attemptTimeout.js"
import { type Attempt, CurrentAttempt } from "./currentAttempt.js"
import { Entered, type Entry, isWithin } from "./nesting.js"
import type { Target } from "./target.js"

/** @internal */
export class Call {
  /** The last failure that came from the target, which is what a caller gets when the retrying ends. */
  lastError: { readonly error: unknown } | undefined = undefined

  private readonly end: Deadline | undefined
  /** The targets that stand ready if this one fails. */
  private readonly others: Others | undefined
  /** The target's share of the deadline. */
  private share: Share | undefined
  /** What the circuit that is asked before each attempt can tell beforehand. */
  private readonly outlook: Outlook | undefined
  private readonly report: Report
  private inAttempt = false
  private entries: ReadonlyArray<Entry> = []
  /** The attempt was ended by the call's deadline, not by the target. */
  private cut = false
  private refused = false
  /** A retry has been taken out of the budget, and its attempt has not started. */
  private unsent = false
  private stepper: RetryStepper | undefined = undefined

  constructor(
    readonly policies: Target,
    readonly clock: Clock.Clock,
    outside: Context.Context<never>,
    tags: Tags
  ) {
    const now = this.now
    this.report = new Report(policies, now, Context.get(outside, TrailRecorder), tags)
    this.others = Context.get(outside, OtherTargets)
    const around = Context.get(outside, CurrentDeadline)
    const own = policies.deadline
    this.end =
      own !== undefined && (around === undefined || now + Duration.toMillis(own) < around.at)
        ? { at: now + Duration.toMillis(own), budget: own }
        : around
    this.share = this.others && shareOf(this.others, this.end, now, this.readyIn(this.others))
    const gate = policies.attemptCircuit
    const { circuit } = gate ?? {}
    this.outlook = circuit !== undefined && isWithin(outside, circuit.scope, circuit.key) ? undefined : gate?.outlook
  }

  private get now(): number {
    return this.clock.unsafeCurrentTimeMillis()
  }

  /** The number of the attempt under way or the last one, from 1; 0 before the first. */
  get attempt(): number {
    return this.report.attempt
  }

  get number(): number {
    return this.report.call
  }

  /** What logs and spans say of the attempt under way. */
  get labels(): { readonly "llm.target": string; readonly "llm.attempt": number } {
    return { "llm.target": this.policies.name, "llm.attempt": this.attempt }
  }

  /** The fiber's context while an attempt runs. A call made inside it has targets of its own. */
  context(outside: Context.Context<never>): Context.Context<never> {
    // One copy of the map, which may hold all services of an application, instead of one for each `Context.add`.
    const services = new Map(outside.unsafeMap)
    const attempt: Attempt = { call: this.number, target: this.policies.name, attempt: this.attempt }
    services.set(CurrentAttempt.key, attempt)
    if (this.end !== undefined) services.set(CurrentDeadline.key, this.end)
    if (this.others !== undefined) services.set(OtherTargets.key, undefined)
    services.set(Entered.key, [...Context.get(outside, Entered), ...this.enter()])
    return Context.unsafeMake(services)
  }

  /** The attempt's code is inside of the target's policies and of its circuit, until the attempt ends. */
  private enter(): ReadonlyArray<Entry> {
    const { attemptCircuit, callCircuit, name } = this.policies
    const circuit = attemptCircuit?.circuit ?? callCircuit?.circuit
    const entry: Entry = { scope: this.policies.scope, key: name, live: true }
    this.entries = circuit === undefined ? [entry] : [entry, { ...circuit, live: true }]
    return this.entries
  }

  private attemptOver(): void {
    this.inAttempt = false
    for (const entry of this.entries) entry.live = false
    this.entries = []
  }

  /** Where the attempt under way runs. Made anew for each, so that what an earlier one has kept stays true of that one. */
  place(outside: CurrentFiber): CurrentFiber {
    let { annotations } = outside
    for (const [label, value] of Object.entries(this.labels)) annotations = HashMap.set(annotations, label, value)
    return { context: this.context(outside.context), annotations }
  }

  /** Milliseconds until the deadline; infinite without one. */
  remaining(): number {
    return this.end === undefined ? Number.POSITIVE_INFINITY : this.end.at - this.now
  }

  /** Milliseconds of the call's time that this target may use; infinite where nobody else is to have any of it. */
  ofShare(): number {
    return this.share === undefined ? Number.POSITIVE_INFINITY : this.share.at - this.now
  }

  /** Why no attempt is begun any more, if the time is over. */
  outOfTime(): TimedOut | DeadlineExceeded | undefined {
    if (this.remaining() <= 0) return this.deadlineExceeded()
    return this.share !== undefined && this.ofShare() <= 0 ? this.shareIsOver() : undefined
  }

  /** The consumer of a stream has got content: no other target can help any more. */
  answered(): void {
    this.share = undefined
  }

  /** What a policy does about a failure, or while it waits, is clipped to the call's deadline. */
  underDeadline<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const until = this.share ?? this.end
    const isOver = until === undefined || exitOf(effect) !== undefined
    return isOver ? effect : withService(effect, CurrentDeadline, until)
  }

  /**
   * The rest of the call's time as the limit of an attempt. Where somebody already watches the deadline, the attempt
   * listens to that: two timers for one instant would race.
   */
  restOfTime(): AttemptTimeout<DeadlineExceeded> {
    const { end } = this
    const onTimeout = (): DeadlineExceeded => {
      this.cut = true
      return this.deadlineExceeded()
    }
    return isRunning(end)
      ? { signal: end.passed, onTimeout }
      : afterMillis(this.clock, Math.max(0, this.remaining()), onTimeout)
  }

  /** The rest of the target's share of that time, in the same way. */
  private restOfShare(share: Share): AttemptTimeout<TimedOut> {
    const onTimeout = (): TimedOut => this.shareIsOver()
    return share.watched === undefined
      ? afterMillis(this.clock, Math.max(0, this.ofShare()), onTimeout)
      : { signal: share.watched.passed, onTimeout }
  }

  /** As with the deadline: the target has been given up on, which says less of it than a limit of its own. */
  shareIsOver(): TimedOut {
    this.cut = true
    return shareOver(this.policies.name, Duration.toMillis(this.share?.budget ?? 0))
  }

  /** An attempt ends at its own limit, with the target's share or at the call's deadline, whichever comes first. */
  limit(): AttemptTimeout<TimedOut | DeadlineExceeded> | undefined {
    const { attemptMillis, name } = this.policies
    const remaining = this.remaining()
    const ofShare = this.ofShare()
    if (this.share !== undefined && ofShare < attemptMillis && ofShare < remaining) return this.restOfShare(this.share)
    if (remaining <= attemptMillis) return remaining === Number.POSITIVE_INFINITY ? undefined : this.restOfTime()
    return afterMillis(this.clock, attemptMillis, () => {
      const message = `${name} gave no answer within the ${attemptMillis} ms of one attempt`
      return new TimedOut({ target: name, phase: "attempt", message })
    })
  }

  deadlineExceeded(): DeadlineExceeded {
    const lastError = this.lastError ?? (isRunning(this.end) ? noted(this.end.lastError) : undefined)
    return new DeadlineExceeded({
      budget: this.end?.budget ?? Duration.infinity,
      ...(lastError && { lastError: lastError.error })
    })
  }

  attemptStarted(): void {
    this.unsent = false
    this.inAttempt = true
    this.report.attemptStarted(this.now)
  }

  attemptSucceeded(answer?: unknown): void {
    this.attemptOver()
    this.report.attemptSucceeded(this.now, answer)
  }

  /** What the stream of the attempt under way has told. */
  streamed(answered: Answered): void {
    this.report.answered = answered
  }

  /** The attempt was interrupted, or died of a defect: nothing to retry. */
  attemptStopped(cause: Cause.Cause<unknown>): void {
    if (!this.inAttempt) return
    this.attemptOver()
    if (Cause.isInterrupted(cause)) this.report.attemptInterrupted(this.now)
    else this.report.attemptDied(this.now, Cause.squash(cause))
  }

  /**
   * The milliseconds to wait before the next attempt, or `undefined` where none follows or none may. `isAlone` says that
   * no other target would be asked, whatever stands ready.
   */
  attemptFailed(error: unknown, repeatable = true, isAlone = false): Effect.Effect<number | undefined> {
    if (!this.inAttempt) {
      this.rejected(error)
      return none
    }
    this.attemptOver()
    this.report.attemptFailed(this.now, error)
    if (isRejection(error)) return none
    this.lastError = { error }
    noteFailure(this.end, error)
    this.others?.patience.noteFailure(error)
    return repeatable ? this.retry(error, isAlone ? undefined : this.others) : none
  }

  private rejected(error: unknown): void {
    this.refused = true
    this.report.rejected(this.now, error)
  }

  /** What the retry policy, the time, the circuit and the budget say to another attempt after this failure. */
  private retry(error: unknown, others: Others | undefined): Effect.Effect<number | undefined> {
    const { budget, retry, retryWithOthers } = this.policies
    const schedule = this.others === undefined ? retry : retryWithOthers
    if (schedule === undefined) return none
    this.stepper ??= new RetryStepper(schedule)
    const permission =
      budget &&
      Effect.map(budget.take, (allowed) => {
        this.unsent = allowed
        return allowed
      })
    return Effect.flatMap(this.underDeadline(this.stepper.next(this.now, error)), (step) => {
      const { now, outlook } = this
      const bounds = { left: this.timeLeft(), patience: this.worth(others) }
      return Effect.map(decide(step, { now, bounds, others, outlook }, permission), (decision) => {
        if (decision.wait !== undefined) this.report.retryScheduled(this.now, decision.wait, error)
        else if (decision.withheld !== undefined) this.report.retryWithheld(this.now, decision.withheld, error)
        return decision.wait
      })
    })
  }

  /** What a wait is worth: the patience where others stand ready, and else the time until one of them does. */
  private worth(others: Others | undefined): number {
    return others === undefined ? Number.POSITIVE_INFINITY : Math.max(others.patience.left, this.readyIn(others))
  }

  /** In how many milliseconds one of the others lets a call in, as far as is known. */
  private readyIn({ names }: Others): number {
    const { attemptCircuit, callCircuit } = this.policies
    return (attemptCircuit?.outlook ?? callCircuit?.outlook)?.freeIn(names, this.now) ?? 0
  }

  private timeLeft(): number {
    return Math.min(this.remaining(), this.ofShare())
  }

  /** The wait before an attempt. It ends at once when the circuit says meanwhile that it will let nobody in. */
  pause(wait: number): Effect.Effect<void> {
    const { clock, others, outlook } = this
    const patience = this.worth(others)
    return pause(clock, wait, outlook?.onChange, (rest) => {
      const bounds = { left: this.timeLeft(), patience: patience + rest }
      return outlook?.mayEnter(rest, bounds, this.now) === false
    })
  }

  /**
   * How the end of an attempt looks to its circuit: one that the call's deadline has cut off was given up on, which
   * counts if it happens to all of them.
   */
  seenByCircuit<A, E>(exit: Exit.Exit<A, E>): Exit.Exit<A, E> {
    return this.cut ? Exit.interrupt(FiberId.none) : exit
  }

  /** The call as a whole is over. What is left to do about it, if anything, is to be run. */
  ended(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> | undefined {
    if (Exit.isFailure(exit) && this.attempt === 0 && !this.refused) {
      const failure = Cause.failureOption(exit.cause)
      if (Option.isSome(failure)) this.rejected(failure.value)
    }
    this.report.ended(this.now, exit)
    return this.unsent ? this.policies.budget?.giveBack : undefined
  }
}

/** What one target has of the call's time while others stand ready. */
interface Share extends Deadline {
  /** Whoever watches it from outside. */
  readonly watched: Running | undefined
}

/** Until one of the others is ready, all of the time is this target's. */
const shareOf = (others: Others, end: Deadline | undefined, now: number, readyIn: number): Share | undefined => {
  const { end: watched, patience, share } = others
  const left = end === undefined ? Number.POSITIVE_INFINITY : end.at - now
  patience.isAlone = readyIn >= left
  if (patience.isAlone) return undefined
  const millis = share === 1 || end === undefined ? Number.POSITIVE_INFINITY : shareOfDeadline(left, share)
  if (watched !== undefined && watched.at <= now + millis) return { at: watched.at, budget: watched.budget, watched }
  return millis === Number.POSITIVE_INFINITY
    ? undefined
    : { at: now + millis, budget: Duration.millis(millis), watched: undefined }
}

const none: Effect.Effect<undefined> = Effect.succeed(undefined)

const noted = (error: Option.Option<unknown>): { readonly error: unknown } | undefined =>
  Option.isSome(error) ? { error: error.value } : undefined
