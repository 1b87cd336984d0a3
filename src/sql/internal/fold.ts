/**
 * Makes rows of events: one of each attempt and of each call as it ends, one of each change of a circuit. What has to be
 * remembered from one event to the next is kept within bounds, and only of calls that were not answered at once.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import { failureOf } from "../../internal/errors/failureOf.js"
import type { LlmError, Usage } from "../../internal/errors/llmError.js"
import type { Rejection } from "../../internal/errors/rejection.js"
import type { Money } from "../../internal/load/price.js"
import type { ResilienceEvent } from "../../internal/telemetry/events.js"
import { mayHaveUsed } from "../../internal/telemetry/wasted.js"
import { Operations } from "./operations.js"
import { remember } from "./remember.js"
import { type Entry, finite, name, nameOrNull, type Source, wholeOrNull } from "./rows.js"

/** What tokens cost, by the model that answered, the one that was asked, or the target. @internal */
export type Prices = ReadonlyMap<string, Money>

/** Events that leave nothing behind here have none. */
type Readers = { readonly [Tag in ResilienceEvent["_tag"]]?: (event: Of<Tag>) => void }

type Of<Tag extends ResilienceEvent["_tag"]> = Extract<ResilienceEvent, { readonly _tag: Tag }>

/** What has happened in a call besides attempts that were answered. */
interface Course {
  /** Before the attempt that follows. */
  wait: number
  waited: number
  queued: number
  rejections: number
}

/** @internal */
export class Fold {
  private readonly courses = new Map<number, Course>()
  private readonly operations = new Operations()
  /** Answers that no call has given are numbered downwards. */
  private answers = 0
  private changes = 0

  constructor(
    private readonly run: string,
    private readonly prices: Prices,
    private readonly add: (entry: Entry) => void
  ) {}

  see(event: ResilienceEvent): void {
    const read = this.readers[event._tag] as ((event: ResilienceEvent) => void) | undefined
    read?.(event)
  }

  private readonly readers: Readers = {
    AttemptStarted: (event) => this.operations.asked(event),
    AttemptSucceeded: (event) => this.attempt(event, "success"),
    AttemptFailed: (event) => this.attempt(event, tagOf(event.error), event.error),
    AttemptInterrupted: (event) => this.attempt(event, "interrupted"),
    RetryScheduled: (event) => {
      const course = this.course(event.call)
      course.wait = finite(Duration.toMillis(event.wait))
      course.waited += course.wait
    },
    CallRejected: (event) => {
      this.course(event.call).rejections++
      this.operations.asked(event)
    },
    CallDequeued: ({ call, wait }) => {
      if (call !== undefined) this.course(call).queued += finite(Duration.toMillis(wait))
    },
    CallSucceeded: (event) => this.call(event, "success"),
    CallFailed: (event) => this.call(event, tagOf(event.error)),
    CallInterrupted: (event) => this.call(event, "interrupted"),
    FallbackTaken: (event) => this.operations.passedOver({ ...event, target: event.from }, tagOf(event.error)),
    FallbackSkipped: (event) => this.operations.passedOver(event, tagOf(event.error)),
    FallbackLastAnswer: (event) => this.answer(event, "lastAnswer", tagOf(event.error)),
    HedgeStarted: (event) => this.operations.hedged(event),
    CacheHit: (event) => this.answer(event, "cache", null),
    CacheStaleServed: (event) => this.answer(event, "stale", event.error === undefined ? null : tagOf(event.error)),
    CacheCoalesced: (event) => this.answer(event, "coalesced", null),
    CircuitChanged: (event) => this.circuit(event, event.from, event.to, event.reason ?? null, event.retryAfter),
    TargetParked: (event) => this.circuit(event, null, "parked", tagOf(event.error), event.wait)
  }

  private attempt(
    event: Of<"AttemptSucceeded" | "AttemptFailed" | "AttemptInterrupted">,
    outcome: string,
    error?: unknown
  ): void {
    const { call, operation = call } = event
    const course = this.courses.get(call)
    const failure = error === undefined ? undefined : failureOf(error)
    const wait = course?.wait ?? 0
    if (course !== undefined) course.wait = 0
    const model = nameOrNull(event.model ?? (failure !== undefined && "model" in failure ? failure.model : undefined))
    const answered = nameOrNull(event.answeredBy)
    const target = name(event.target)
    this.add({
      table: "llm_attempts",
      row: {
        run: this.run,
        call,
        attempt: event.attempt,
        operation,
        target,
        provider: providerOf(event),
        model,
        answered_model: answered,
        ended_at: event.at,
        duration_ms: finite(Duration.toMillis(event.duration)),
        first_token_ms: event.firstContent === undefined ? null : finite(Duration.toMillis(event.firstContent)),
        wait_ms: wait,
        outcome,
        status: wholeOrNull(failure !== undefined && "status" in failure ? failure.status : undefined),
        request_id: nameOrNull(failure !== undefined && "requestId" in failure ? failure.requestId : undefined),
        input_tokens: wholeOrNull(event.usage?.inputTokens),
        output_tokens: wholeOrNull(event.usage?.outputTokens),
        cached_input_tokens: wholeOrNull(event.usage?.cachedInputTokens),
        cost: costOf(event.usage, this.priceOf(answered, model, event.target)),
        untold: mayBeMore(event.usage, outcome, failure) ? 1 : 0
      }
    })
  }

  private call(event: Of<"CallSucceeded" | "CallFailed" | "CallInterrupted">, outcome: string): void {
    const { attempts, call, operation = call } = event
    const course = this.courses.get(call)
    this.courses.delete(call)
    const { first, hedge, movedBy } = this.operations.of(event)
    const target = name(event.target)
    this.add({
      table: "llm_calls",
      row: {
        run: this.run,
        call,
        operation,
        correlation: nameOrNull(event.correlation),
        target,
        provider: providerOf(event),
        first_target: name(first),
        moved_by: first === event.target ? null : movedBy,
        source: "target",
        ended_at: event.at,
        duration_ms: finite(Duration.toMillis(event.duration)),
        outcome,
        attempts,
        retries: Math.max(0, attempts - 1),
        rejections: course?.rejections ?? 0,
        waited_ms: course?.waited ?? 0,
        queued_ms: course?.queued ?? 0,
        hedge
      }
    })
  }

  /** An answer that no target was asked for, or none has given. */
  private answer(
    event: Of<"FallbackLastAnswer" | "CacheHit" | "CacheStaleServed" | "CacheCoalesced">,
    source: Source,
    movedBy: string | null
  ): void {
    const call = --this.answers
    const target = name(event.target)
    this.add({
      table: "llm_calls",
      row: {
        run: this.run,
        call,
        operation: event.operation ?? call,
        correlation: nameOrNull(event.correlation),
        target,
        provider: providerOf(event),
        first_target: name(this.operations.firstOf(event.operation) ?? event.target),
        moved_by: movedBy,
        source,
        ended_at: event.at,
        duration_ms: 0,
        // How a call ends that it has joined is not known yet.
        outcome: source === "coalesced" ? "joined" : "success",
        attempts: 0,
        retries: 0,
        rejections: 0,
        waited_ms: 0,
        queued_ms: 0,
        hedge: null
      }
    })
  }

  private circuit(
    { at, target }: Of<"CircuitChanged" | "TargetParked">,
    from: string | null,
    to: string,
    reason: string | null,
    retryAfter: Duration.Duration | undefined
  ): void {
    this.add({
      table: "llm_circuit_changes",
      row: {
        run: this.run,
        change: ++this.changes,
        at,
        target: name(target),
        from_state: from,
        to_state: to,
        reason,
        retry_after_ms: retryAfter === undefined ? null : finite(Duration.toMillis(retryAfter))
      }
    })
  }

  private course(call: number): Course {
    const known = this.courses.get(call)
    if (known !== undefined) return known
    const course = { wait: 0, waited: 0, queued: 0, rejections: 0 }
    remember(this.courses, call, course)
    return course
  }

  private priceOf(...names: ReadonlyArray<string | null>): Money | undefined {
    for (const name of names) {
      const money = name === null ? undefined : this.prices.get(name)
      if (money !== undefined) return money
    }
    return undefined
  }
}

const tagOf = (error: unknown): string => failureOf(error)._tag

/** The first part of `openai/gpt-5`, if nobody says better. */
const providerOf = ({
  provider,
  target
}: {
  readonly provider?: string | undefined
  readonly target: string
}): string => {
  const end = target.indexOf("/")
  return name(provider ?? (end > 0 ? target.slice(0, end) : target))
}

/** A stream that was cut off has told of what it had used until then. */
const mayBeMore = (usage: Usage | undefined, outcome: string, failure: LlmError | Rejection | undefined): boolean => {
  const isTold = usage?.inputTokens !== undefined || usage?.outputTokens !== undefined
  if (isTold) return outcome !== "success"
  return failure === undefined || mayHaveUsed(failure)
}

const costOf = (usage: Usage | undefined, money: Money | undefined): number | null => {
  if (usage === undefined || money === undefined) return null
  const cost = money(usage)
  return Number.isFinite(cost) ? cost : null
}
