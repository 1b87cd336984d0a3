/**
 * What one protected call tells the outside: events to whoever listens, entries to the trail, counts to the metrics.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import type { Target } from "../call/target.js"
import { failureOf } from "../errors/failureOf.js"
import { type Answered, answeredIn } from "./answered.js"
import { nextCall } from "./callNumber.js"
import { type AboutAttempt, type AboutEnd, ResilienceEvent } from "./events.js"
import { metricTable } from "./metricTable.js"
import { type OutcomeCount, outcomeCounters } from "./outcomeCounters.js"
import { noteInSpan } from "./spans.js"
import type { Tags } from "./targetMetrics.js"
import type { TrailEntry } from "./trail.js"

/** Why a retry that was wanted does not happen, as far as anybody has to be told. */
export type Withheld = "budget" | "circuit" | "deadline" | "elapsed" | "hint" | "otherTarget"

/** @internal */
export const countWithheld: OutcomeCount = outcomeCounters(metricTable.retriesWithheld)

const countRejection = outcomeCounters(metricTable.rejections)

type Writable<A> = { -readonly [key in keyof A]: A[key] }

/** @internal */
export class Report {
  readonly call: number
  /** The number of the attempt under way or the last one, from 1; 0 before the first. */
  attempt = 0

  /** What the attempt under way, or the last one, has told of its answer so far. */
  answered: Answered | undefined

  private attemptAt = 0
  /** The trail's last entry of this call, to which a wait is added if one follows. */
  private last: Writable<TrailEntry> | undefined

  constructor(
    private readonly target: Target,
    private readonly startedAt: number,
    private readonly trail: Array<TrailEntry> | undefined,
    private readonly tags: Tags
  ) {
    this.call = target.number ?? nextCall()
  }

  attemptStarted(at: number): void {
    this.attempt++
    this.attemptAt = at
    this.answered = undefined
    const { hub } = this.target
    if (hub.listening()) hub.publish(ResilienceEvent.AttemptStarted(this.about(at)))
  }

  attemptSucceeded(at: number, answer?: unknown): void {
    const { hub } = this.target
    if (this.trail !== undefined || hub.listening()) this.answered ??= answeredIn(answer)
    const duration = this.attemptEnded(at, "success", "Success")
    if (hub.listening()) hub.publish(ResilienceEvent.AttemptSucceeded(this.aboutEnd(at, duration)))
  }

  attemptFailed(at: number, error: unknown): void {
    const tag = tagOf(error)
    const duration = this.attemptEnded(at, tag, tag, error)
    const { hub } = this.target
    if (hub.listening()) hub.publish(ResilienceEvent.AttemptFailed({ ...this.aboutEnd(at, duration), error }))
  }

  attemptInterrupted(at: number): void {
    const duration = this.attemptEnded(at, "interrupted", "Interrupted")
    const { hub } = this.target
    if (hub.listening()) hub.publish(ResilienceEvent.AttemptInterrupted(this.aboutEnd(at, duration)))
  }

  attemptDied(at: number, defect: unknown): void {
    const duration = this.attemptEnded(at, "defect", "Defect", defect)
    const { hub } = this.target
    if (hub.listening()) hub.publish(ResilienceEvent.AttemptFailed({ ...this.aboutEnd(at, duration), error: defect }))
  }

  /** A policy did not let the attempt through; it was never sent. */
  rejected(at: number, error: unknown): void {
    const { hub, labels, name } = this.target
    const tag = tagOf(error)
    this.write(tag, Duration.zero, error, this.attempt + 1)
    countRejection(name, tag, labels)
    noteInSpan("llm.rejected", at, () => ({ "llm.target": name, "error.type": tag }))
    if (hub.listening()) hub.publish(ResilienceEvent.CallRejected({ at, target: name, call: this.call, error }))
  }

  retryScheduled(at: number, millis: number, error: unknown): void {
    const wait = Duration.millis(millis)
    this.target.metrics.retry(tagOf(error), millis, this.tags)
    if (this.last !== undefined) this.last.wait = wait
    noteInSpan("llm.wait", at, () => ({
      "llm.target": this.target.name,
      "llm.attempt": this.attempt + 1,
      "llm.wait_ms": millis,
      "error.type": tagOf(error)
    }))
    const { hub } = this.target
    if (!hub.listening()) return
    hub.publish(ResilienceEvent.RetryScheduled({ ...this.about(at), attempt: this.attempt + 1, wait, error }))
  }

  retryWithheld(at: number, reason: Withheld, error: unknown): void {
    const { hub, labels, name } = this.target
    countWithheld(name, reason, labels)
    if (hub.listening()) hub.publish(ResilienceEvent.RetryWithheld({ ...this.about(at), reason, error }))
  }

  /** The call as a whole is over. */
  ended(at: number, exit: Exit.Exit<unknown, unknown>): void {
    const { hub, metrics, name, provider } = this.target
    const error = Exit.isSuccess(exit) ? undefined : Cause.squash(exit.cause)
    metrics.call(Exit.isSuccess(exit) ? "success" : outcomeOf(exit.cause, error), at - this.startedAt, this.tags)
    if (!hub.listening()) return
    const duration = Duration.millis(at - this.startedAt)
    const ended = { at, call: this.call, target: name, attempts: this.attempt, duration }
    const about = provider === undefined ? ended : { ...ended, provider }
    if (Exit.isSuccess(exit)) hub.publish(ResilienceEvent.CallSucceeded(about))
    else if (Cause.isInterruptedOnly(exit.cause)) hub.publish(ResilienceEvent.CallInterrupted(about))
    else hub.publish(ResilienceEvent.CallFailed({ ...about, error }))
  }

  private attemptEnded(at: number, metric: string, outcome: string, error?: unknown): Duration.Duration {
    const duration = Duration.millis(at - this.attemptAt)
    const { metrics } = this.target
    metrics.attempt(metric, at - this.attemptAt, this.tags)
    const first = this.answered?.firstContent
    if (first !== undefined) metrics.firstContent(first, this.tags)
    this.write(outcome, duration, error, this.attempt)
    return duration
  }

  private write(outcome: string, duration: Duration.Duration, error: unknown, attempt: number): void {
    if (this.trail === undefined) return
    const usage = attempt === this.attempt ? this.answered?.usage : undefined
    const about = { target: this.target.name, attempt, outcome, duration, ...(usage !== undefined && { usage }) }
    this.last = error === undefined ? about : { ...about, error }
    this.trail.push(this.last)
  }

  // Field by field, since this is most of what an event costs.
  private about(at: number): AboutAttempt {
    const { model, name, provider } = this.target
    const about: Writable<AboutAttempt> = { at, target: name, call: this.call, attempt: this.attempt }
    if (provider !== undefined) about.provider = provider
    if (model !== undefined) about.model = model
    return about
  }

  private aboutEnd(at: number, duration: Duration.Duration): AboutEnd {
    const about = this.about(at) as Writable<AboutEnd>
    about.duration = duration
    if (this.answered === undefined) return about
    const { answeredBy, firstContent, usage } = this.answered
    if (usage !== undefined) about.usage = usage
    if (answeredBy !== undefined) about.answeredBy = answeredBy
    if (firstContent !== undefined) about.firstContent = Duration.millis(firstContent)
    return about
  }
}

const outcomeOf = (cause: Cause.Cause<unknown>, error: unknown): string =>
  Cause.isInterrupted(cause) ? "interrupted" : Cause.isDie(cause) ? "defect" : tagOf(error)

/** The tag of a failure as it was read: `RateLimited` and not `HttpResponseError`. There are as many as the table has. */
const tagOf = (error: unknown): string => failureOf(error)._tag
