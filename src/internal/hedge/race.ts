/**
 * One hedged call: attempts that run beside each other until one of them answers.
 *
 * Not built on `Effect.race`, which waits for the finalizers of a loser and cannot start a later attempt because of an
 * earlier one's failure. As long as the first attempt is the only one there is no fiber but its own, and a timer.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Restore } from "../admission/gate.js"
import { Abandonment } from "../breaker/abandoned.js"
import { isRejection } from "../errors/rejection.js"
import { original } from "../errors/safeRead.js"
import { type Others, OtherTargets, Patience } from "../fallback/otherTargets.js"
import type { Parent } from "../fiber/runUntil.js"
import { StartedFiber } from "../fiber/startNow.js"
import { Operation } from "../telemetry/operation.js"
import { CurrentDeadline } from "../time/deadline.js"
import { clockOf, startTimer } from "../time/timer.js"
import { noteFailure } from "../time/watchedDeadline.js"
import type { Candidate, Candidates } from "./candidates.js"
import { type After, failedAcross, failedAgain, type Seen } from "./decide.js"
import type { Because, HedgeReport } from "./report.js"

/** @internal */
export interface Attempted<A, E, R> extends Candidate {
  readonly run: Effect.Effect<A, E, R>
}

/** Everything that a hedged call needs to know. @internal */
export interface Plan<A, E, R> {
  /** All attempts are at one target, whose own failure is what the caller gets. */
  readonly same: boolean
  readonly first: Attempted<A, E, R>
  /** Those that may be asked after it. */
  readonly others: Candidates<Attempted<A, E, R>>
  /** How many attempts may be started beside one that is under way. */
  readonly hedges: number
  /** Milliseconds that waits for one target are worth while others may be asked. */
  readonly patience: number
  /** Milliseconds after which an answer of this target is late; nothing where that is not known. */
  readonly lateAfter: (target: string) => number | undefined
  readonly after: (failure: unknown, isFirst: boolean) => After
  /** Whether one more attempt may be sent than the call would by itself. */
  readonly take: Effect.Effect<boolean>
  readonly answered: (target: string, millis: number, now: number) => void
  /** Keeps who answered, where somebody wants that. */
  readonly remember: ((target: string) => Effect.Effect<void>) | undefined
  readonly cutOff: (target: string, millis: number, now: number) => void
  /** What is to be done about an answer that came too late. */
  readonly discard: ((answer: A) => Effect.Effect<void>) | undefined
  readonly operation: number | undefined
  readonly report: HedgeReport
}

/** @internal */
export const race = <A, E, R>(plan: Plan<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptibleMask((restore) => raceWithin(plan, restore))

/** The same in an uninterruptible region, so that an answer with something open in it cannot be lost. @internal */
export const raceWithin = <A, E, R>(plan: Plan<A, E, R>, restore: Restore): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime((fiber) => new Race(plan, { fiber, restore }).begin())

interface Racer<A, E, R> {
  readonly attempt: Attempted<A, E, R>
  /** 0 is the first attempt. */
  readonly number: number
  readonly startedAt: number
  readonly fate: { abandoned: boolean }
  readonly started: StartedFiber<A, E, R>
}

type News<A, E, R> = { readonly racer: Racer<A, E, R>; readonly exit: Exit.Exit<A, E> } | "late"

/** A hedge that was wanted and could not be sent is wanted again a second later, at the soonest. */
const leastPause = 1_000

class Race<A, E, R> {
  private readonly clock: Clock.Clock
  private readonly running = new Set<Racer<A, E, R>>()
  private readonly seen: Array<Seen> = []
  private readonly inbox: Array<News<A, E, R>> = []
  private wake: (() => void) | undefined
  private stopTimer: () => void = () => {}
  private started = 0
  private beside = 0
  private over = false

  constructor(
    private readonly plan: Plan<A, E, R>,
    private readonly parent: Parent
  ) {
    this.clock = clockOf(parent.fiber)
  }

  begin(): Effect.Effect<A, E, R> {
    this.start(this.plan.first)
    return this.next
  }

  private get now(): number {
    return this.clock.unsafeCurrentTimeMillis()
  }

  private start(attempt: Attempted<A, E, R>): void {
    const { others } = this.plan
    const fate = { abandoned: false }
    const isLast = this.running.size === 0 && !others.hasMore()
    const run = Effect.mapInputContext(attempt.run, (outside: Context.Context<R>) => {
      const { operation } = this.plan
      const numbered = operation === undefined ? outside : Context.add(outside, Operation, operation)
      const inside = Context.add(numbered, Abandonment, fate)
      return this.plan.same || isLast ? inside : Context.add(inside, OtherTargets, this.othersReady(this.started === 0))
    })
    const startedAt = this.now
    const { restore } = this.parent
    const started = new StartedFiber<A, E, R>(this.parent.fiber, restore(run), undefined)
    const racer: Racer<A, E, R> = { attempt, number: this.started++, startedAt, fate, started }
    this.running.add(racer)
    started.fiber.addObserver((exit) => this.ended(racer, exit))
    this.watch(attempt.name)
  }

  /** The others are asked beside this one, so it need not leave them a share of the time. */
  private othersReady(isFirst: boolean): Others {
    const leadsOn = (failure: unknown): boolean => this.plan.after(failure, isFirst) === "next"
    return { count: 1, names: [], share: 1, patience: new Patience(this.plan.patience, leadsOn) }
  }

  /** An answer of this target is late from some time on; then another attempt is due. */
  private watch(target: string, least = 0): void {
    this.stopTimer()
    this.stopTimer = () => {}
    if (this.beside >= this.plan.hedges || !this.plan.others.hasMore()) return
    const late = this.plan.lateAfter(target)
    if (late === undefined || late === Number.POSITIVE_INFINITY) return
    this.stopTimer = startTimer(this.clock, Math.max(late, least), () => this.tell("late"))
  }

  private ended(racer: Racer<A, E, R>, exit: Exit.Exit<A, E>): void {
    if (this.over) this.tooLate(exit)
    else this.tell({ racer, exit })
  }

  private tooLate(exit: Exit.Exit<A, E>): void {
    const { discard } = this.plan
    if (discard !== undefined && Exit.isSuccess(exit)) Effect.runFork(discard(exit.value))
  }

  private tell(news: News<A, E, R>): void {
    this.inbox.push(news)
    const { wake } = this
    this.wake = undefined
    wake?.()
  }

  private readonly news: Effect.Effect<News<A, E, R>> = Effect.async((resume) => {
    const take = (): void => resume(Effect.sync(() => this.inbox.shift()!))
    if (this.inbox.length > 0) take()
    else this.wake = take
  })

  private readonly next: Effect.Effect<A, E, R> = Effect.suspend(() =>
    Effect.matchCauseEffect(this.inbox.length > 0 ? Effect.sync(() => this.inbox.shift()!) : this.waited, {
      onFailure: (cause) => this.interrupted(cause),
      onSuccess: (news) => (news === "late" ? this.late() : this.settled(news.racer, news.exit))
    })
  )

  private get waited(): Effect.Effect<News<A, E, R>> {
    return this.parent.restore(this.news)
  }

  /** The call takes too long: another attempt beside those under way, if one may be sent. */
  private late(): Effect.Effect<A, E, R> {
    // What has come meanwhile is heard first.
    if (this.inbox.some((news) => news !== "late")) {
      this.inbox.push("late")
      return this.next
    }
    return Effect.flatMap(this.another("slow"), (sent) => {
      if (!sent) this.watch(this.plan.first.name, leastPause)
      return this.next
    })
  }

  private settled(racer: Racer<A, E, R>, exit: Exit.Exit<A, E>): Effect.Effect<A, E, R> {
    this.running.delete(racer)
    if (Exit.isSuccess(exit)) return this.won(racer, exit)
    const failure = Cause.failureOption(exit.cause)
    // A defect, or an attempt that interrupted itself.
    if (failure._tag === "None") return this.end(exit)
    const error = failure.value
    this.seen.push({ target: racer.attempt.name, error: original(error), asked: true })
    if (!isRejection(error)) noteFailure(this.deadline, error)
    this.plan.others.failed(racer.attempt, error)
    const after = this.plan.after(error, racer.number === 0)
    if (after === "end") return this.end(this.failed(error))
    if (after === "wait") return this.orElse(error)
    return Effect.flatMap(this.another("failure"), (sent) => (sent ? this.next : this.orElse(error)))
  }

  /** What is under way may still answer. */
  private orElse(error: E): Effect.Effect<A, E, R> {
    return this.running.size > 0 ? this.next : this.end(this.failed(error))
  }

  private failed(error: E): Exit.Exit<A, E> {
    const { others, same } = this.plan
    if (same) return Exit.fail(failedAgain(this.seen) as E)
    const seen = [...this.seen, ...others.passedOver()]
    return Exit.fail(seen.length === 1 ? error : (failedAcross(seen, others.unasked()) as E))
  }

  private get deadline(): unknown {
    return Context.get(this.parent.fiber.currentContext as Context.Context<never>, CurrentDeadline)
  }

  /**
   * Starts the next attempt there is. One that runs beside another, or asks again a target that has been asked, is more
   * than the call would send by itself, and has to be allowed.
   */
  private another(because: Because): Effect.Effect<boolean> {
    const { hedges, others, report, same, take } = this.plan
    const isBeside = this.running.size > 0
    if (isBeside && this.beside >= hedges) return no
    return Effect.flatMap(others.take(because), (attempt) => {
      if (attempt === undefined) {
        if (because === "slow") report.withheld(this.plan.first.name, this.now, "notReady")
        return no
      }
      return Effect.map(isBeside || same ? take : yes, (allowed) => {
        if (!allowed) {
          others.putBack(attempt)
          report.withheld(attempt.name, this.now, "budget")
          return false
        }
        if (isBeside) this.beside++
        report.started(attempt.name, this.now, this.started, because)
        this.start(attempt)
        return true
      })
    })
  }

  private won(winner: Racer<A, E, R>, exit: Exit.Exit<A, E>): Effect.Effect<A, E, R> {
    const { now } = this
    const { answered, remember, report } = this.plan
    answered(winner.attempt.name, now - winner.startedAt, now)
    if (this.started > 1) report.won(winner.attempt.name, now, winner.number, now - winner.startedAt)
    for (const loser of this.running) {
      // One that had less time than the winner took is not slow, only not wanted any more.
      loser.fate.abandoned = loser.startedAt < winner.startedAt
      report.lost(loser.attempt.name, now, loser.number, now - loser.startedAt)
    }
    const joined = Effect.zipRight(this.leave(), winner.started.joined(exit))
    return remember === undefined ? joined : Effect.zipRight(remember(winner.attempt.name), joined)
  }

  private end(exit: Exit.Exit<A, E>): Effect.Effect<A, E> {
    return Effect.zipRight(this.leave(), exit)
  }

  /** Stops what is still under way, without waiting for it. */
  private leave(): Effect.Effect<void> {
    const left = this.stop()
    return left.length === 0 ? Effect.void : Effect.forEach(left, Fiber.interruptFork, { discard: true })
  }

  /** The caller does not want the answer any more. As everywhere in Effect, it waits for what it had started. */
  private interrupted(cause: Cause.Cause<never>): Effect.Effect<A, E> {
    return Effect.zipRight(Fiber.interruptAll(this.stop()), Effect.failCause(cause))
  }

  private stop(): ReadonlyArray<Fiber.RuntimeFiber<A, E>> {
    this.over = true
    this.stopTimer()
    // Answers that have come and that nobody has taken.
    for (const news of this.inbox) {
      if (news === "late") continue
      this.running.delete(news.racer)
      this.tooLate(news.exit)
    }
    const left = [...this.running]
    for (const { attempt, startedAt } of left) this.plan.cutOff(attempt.name, this.now - startedAt, this.now)
    return left.map(({ started }) => started.fiber)
  }
}

const yes = Effect.succeed(true)
const no = Effect.succeed(false)
