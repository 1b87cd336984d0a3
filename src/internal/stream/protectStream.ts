/**
 * The stack of policies around one stream: attempts, one after the other, behind one commit point.
 *
 * Not built on `Stream.retry` or `Stream.withExecutionPlan`, which begin their schedule anew once an element has
 * passed, and so subscribe without end to a stream that always fails after its first element.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import type { Restore } from "../admission/gate.js"
import { HeldPermit } from "../admission/permit.js"
import { Call } from "../call/call.js"
import type { StreamFailures } from "../call/failures.js"
import type { Target } from "../call/target.js"
import { TimedOut, type Usage } from "../errors/llmError.js"
import { text } from "../errors/safeRead.js"
import { tagsOf } from "../fiber/currentFiber.js"
import { after } from "../fiber/exitOf.js"
import { withService } from "../fiber/inContext.js"
import { withUsage } from "../load/usedUpTo.js"
import type { Answered } from "../telemetry/answered.js"
import { chunkReaderOf } from "../telemetry/chunkTimes.js"
import { ResilienceEvent } from "../telemetry/events.js"
import { metricTable } from "../telemetry/metricTable.js"
import { decidingFor } from "../telemetry/operation.js"
import { outcomeCounters } from "../telemetry/outcomeCounters.js"
import { attemptSpan, endAttemptSpan } from "../telemetry/spans.js"
import { clockOf } from "../time/timer.js"
import { type Attempt, type AttemptOptions, openAttempt } from "./attempt.js"
import { afterFailure } from "./commit.js"
import { inPlace, ofTakes, type Take } from "./fromTake.js"
import { interrupted } from "./interrupted.js"
import { closed, opensReader } from "./reader.js"
import type { Notice, ReceivedOptions } from "./received.js"
import { Restarted } from "./restarted.js"
import type { Limits } from "./timeLimits.js"

/** @internal */
export interface StreamOptions<A> extends Omit<ReceivedOptions<A>, "target"> {
  readonly limits: Omit<Limits, "share">
}

/** @internal */
export const protectStream = <A, E, R>(
  target: Target,
  options: StreamOptions<A>,
  self: Stream.Stream<A, E, R>
): Stream.Stream<A | Restarted, E | StreamFailures, R> =>
  ofTakes((scope) =>
    Effect.withFiberRuntime<Take<A | Restarted, E | StreamFailures>, never, R>((fiber) => {
      const call = new StreamCall(target, options, self, fiber)
      return Effect.as(
        Scope.addFinalizerExit(scope, (exit) => inPlace(Effect.uninterruptible(call.leave(exit)), call.outside)),
        call.take
      )
    })
  )

const countIncident = outcomeCounters(metricTable.streamIncidents)

type ChunkTime = Parameters<Exclude<AttemptOptions<unknown>["onChunk"], undefined>>

/** A chunk may hold a marker, and `undefined` is the end. */
type Handed<A> = Chunk.Chunk<A | Restarted> | undefined

class StreamCall<A, E, R> {
  private readonly clock: Clock.Clock
  private readonly call: Call
  private readonly traced: boolean
  /** Where the stream was opened, which is where its attempts run. */
  readonly outside: Context.Context<R>
  private readonly attemptPassage: HeldPermit
  private readonly callPassage: HeldPermit
  private attempt: Attempt<A, E> | undefined
  private scope: Scope.CloseableScope | undefined
  /** Milliseconds to wait before the attempt that comes next. */
  private wait = 0
  /** Of the attempt under way, where the stream is traced. */
  private span: Tracer.Span | undefined
  private openedAt = 0
  private result: Exit.Exit<void, unknown> | undefined
  /** The consumer wants no more. */
  private left = false
  private closing: Promise<void> | undefined

  constructor(
    private readonly target: Target,
    private readonly options: StreamOptions<A>,
    private readonly self: Stream.Stream<A, E, R>,
    fiber: Fiber.RuntimeFiber<unknown, unknown>
  ) {
    this.clock = clockOf(fiber)
    this.traced = fiber.currentSpan !== undefined
    this.outside = fiber.currentContext as Context.Context<R>
    this.call = new Call(target, this.clock, this.outside, tagsOf(fiber))
    const deciding = <Decision>(decide: () => Decision): Decision => decidingFor(target.hub, this.call.number, decide)
    this.attemptPassage = new HeldPermit(target.attemptCircuit, this.clock, deciding)
    this.callPassage = new HeldPermit(target.callCircuit, this.clock, deciding)
  }

  /** Who listens, and the trace, are told where they stand. Where there is nobody, a take has nothing to know. */
  get take(): Take<A | Restarted, E | StreamFailures> {
    return this.traced || this.target.hub.listening() ? inPlace(this.next, this.outside) : this.next
  }

  /** What the consumer gets next. */
  private readonly next: Take<A | Restarted, E | StreamFailures> = Effect.suspend(() => {
    const { attempt } = this
    return attempt === undefined
      ? this.begin
      : Effect.matchCauseEffect(attempt.next, { onSuccess: this.onSuccess, onFailure: this.onFailure })
  })

  private readonly begin: Take<A | Restarted, E | StreamFailures> = Effect.suspend(() =>
    Effect.flatMap(
      Effect.exit(
        inPlace(
          Effect.uninterruptibleMask((restore) => this.open(restore)),
          this.outside
        )
      ),
      (exit) => (Exit.isSuccess(exit) ? this.next : this.onFailure(exit.cause))
    )
  )

  private open(restore: Restore): Effect.Effect<void, StreamFailures, R> {
    const { call, target } = this
    const pause = this.wait > 0 ? restore(call.pause(this.wait)) : Effect.void
    this.wait = 0
    const deposit = call.attempt === 0 ? (target.budget?.deposit ?? Effect.void) : Effect.void
    return after(pause, () =>
      after(call.underDeadline(this.callPassage.enter(restore)), () =>
        after(deposit, () => after(call.underDeadline(this.attemptPassage.enter(restore)), () => this.admitted()))
      )
    )
  }

  private admitted(): Effect.Effect<void, StreamFailures, R> {
    const { call, target } = this
    const tooLate = call.outOfTime()
    if (tooLate !== undefined) return Effect.fail(tooLate)
    call.attemptStarted()
    this.openedAt = this.clock.unsafeCurrentTimeMillis()
    return Effect.flatMap(Scope.make(), (scope) => {
      this.scope = scope
      const opened = openAttempt(
        this.self,
        {
          ...this.options,
          target: target.name,
          notice: this.notice,
          startedAt: this.openedAt,
          onChunk: this.chunkTimes(),
          ...this.limits()
        },
        this.clock
      )
      return Effect.map(withService(this.inAttempt(opened), Scope.Scope, scope), (attempt) => {
        this.attempt = attempt
      })
    })
  }

  /**
   * The call's deadline holds for an attempt too, whichever comes first, and so does the target's share of it until the
   * consumer gets something.
   */
  private limits() {
    const { call, options, target } = this
    const remaining = call.remaining()
    const total = Math.min(options.limits.total, remaining)
    return {
      limits: { ...options.limits, total, share: call.ofShare() },
      onShare: () => call.shareIsOver(),
      onTotal: () =>
        remaining <= options.limits.total
          ? call.restOfTime().onTimeout()
          : new TimedOut({
              target: target.name,
              phase: "attempt",
              message: `${target.name} did not complete its answer within ${total} ms`
            })
    }
  }

  /** What the stream's own code sees: its attempt, its deadline, its place in the logs and in the trace. */
  private inAttempt<B, R2>(opened: Effect.Effect<B, never, R2>): Effect.Effect<B, never, R2 | Scope.Scope> {
    const { call } = this
    if (!this.traced && opensReader(this.self) && this.self.isPlaceless === true) return opened
    const attributes = call.labels
    const placed = Effect.annotateLogs(
      Effect.mapInputContext(opened, (outside: Context.Context<R2>) => call.context(outside) as Context.Context<R2>),
      attributes
    )
    if (!this.traced) return placed
    return Effect.flatMap(attemptSpan(this.target, { ...attributes, "gen_ai.request.stream": true }), (span) => {
      this.span = span
      return span === undefined ? placed : Effect.withParentSpan(placed, span)
    })
  }

  private readonly onSuccess = (handed: Chunk.Chunk<A> | undefined): Effect.Effect<Handed<A>> => {
    if (handed === undefined) return this.succeeded
    const answered = this.attemptPassage.answered() ?? this.callPassage.answered()
    return answered === undefined ? Effect.succeed(handed) : Effect.as(answered, handed)
  }

  private readonly onFailure = (cause: Cause.Cause<E | StreamFailures>): Take<A | Restarted, E | StreamFailures> => {
    const failure = Cause.failureOption(cause)
    if (Option.isNone(failure)) return Effect.zipRight(this.stopped(cause), Effect.failCause(cause))
    const failed = inPlace(Effect.uninterruptible(this.failed(failure.value)), this.outside)
    return Effect.flatMap(failed, (marker) => (marker === undefined ? this.next : Effect.succeed(marker)))
  }

  /** Fails where nothing follows. Otherwise it gives what the consumer has to be told, if anything, before the next attempt. */
  private failed(error: E | StreamFailures): Effect.Effect<Handed<A>, E | StreamFailures> {
    const received = this.attempt?.received
    const broken = received?.handed === true ? interrupted(this.target.name, received, error) : undefined
    const follows = afterFailure(this.options.delivery, {
      content: received?.handed === true,
      toolCalls: received?.toolCalls.length ?? 0
    })
    if (received?.handed === true) this.call.answered()
    const recorded = follows === "interrupt" && broken !== undefined ? broken : error
    return Effect.zipRight(
      this.close(Exit.fail(error), Exit.fail(recorded)),
      Effect.flatMap(this.call.attemptFailed(recorded, follows !== "interrupt", follows === "restart"), (wait) => {
        if (wait === undefined) {
          const last = broken ?? this.lastOf(error)
          this.result = Exit.fail(last)
          return Exit.fail(last)
        }
        this.wait = wait
        return follows === "restart" ? Effect.sync(() => this.restarted(error)) : Effect.succeed(undefined)
      })
    )
  }

  /** A caller gets the last thing the target itself said, rather than that the toolkit then gave up. */
  private lastOf(error: E | StreamFailures): E | StreamFailures {
    const { lastError } = this.call
    return lastError === undefined || text(error, "_tag") === "BufferExceeded" ? error : (lastError.error as E)
  }

  private readonly notice = (what: Notice): void => {
    const { hub, labels, name } = this.target
    countIncident(name, what === "skipped" ? what : "unknownFormat", labels)
    if (!hub.listening()) return
    const at = this.clock.unsafeCurrentTimeMillis()
    const about = { at, target: name, call: this.call.number, attempt: this.call.attempt }
    hub.publish(
      what === "skipped" ? ResilienceEvent.StreamEventSkipped(about) : ResilienceEvent.StreamFormatUnknown(about)
    )
  }

  private restarted(error: unknown): Chunk.Chunk<Restarted> {
    const target = this.target.name
    const attempt = this.call.attempt + 1
    const { hub, labels } = this.target
    countIncident(target, "restarted", labels)
    if (hub.listening()) {
      const at = this.clock.unsafeCurrentTimeMillis()
      hub.publish(ResilienceEvent.StreamRestarted({ at, target, call: this.call.number, attempt, error }))
    }
    return Chunk.of(new Restarted({ target, attempt, error }))
  }

  private readonly succeeded: Effect.Effect<undefined> = Effect.uninterruptible(
    Effect.map(
      Effect.suspend(() => this.close(Exit.void)),
      () => {
        this.call.attemptSucceeded()
        this.result = Exit.void
        return undefined
      }
    )
  )

  /** A defect, or an interruption: nothing to retry. */
  private stopped(cause: Cause.Cause<unknown>): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.map(this.close(Exit.failCause(cause)), () => {
        this.call.attemptStopped(cause)
        this.result = Exit.failCause(cause)
      })
    )
  }

  /** Closes what the attempt has open, and gives its permit back. */
  private close(exit: Exit.Exit<void, unknown>, spanExit = exit): Effect.Effect<void> {
    const { attempt, scope } = this
    const usage = attempt?.received.used
    if (attempt !== undefined) this.call.streamed(this.answerOf(attempt))
    this.attempt = undefined
    this.scope = undefined
    const { span } = this
    this.span = undefined
    const done = scope === undefined ? Effect.void : Scope.close(scope, exit)
    const answered = attempt === undefined ? {} : this.answerOf(attempt)
    const closed =
      span === undefined
        ? done
        : Effect.ensuring(
            done,
            Effect.sync(() => endAttemptSpan(span, this.clock, spanExit, answered))
          )
    return Effect.ensuring(
      closed,
      Effect.suspend(() => {
        if (this.left) this.closing = attempt?.closing
        const seen = withAnswer(this.call.seenByCircuit(exit), usage)
        return this.onceClosed(() => this.call.underDeadline(this.attemptPassage.leave(seen)))
      })
    )
  }

  private chunkTimes() {
    const { hub, name, provider, model } = this.target
    const tell = hub.listening() ? chunkReaderOf(hub) : undefined
    const about = { target: name, provider, model }
    return tell && ((...[millis, isFirst, answeredBy]: ChunkTime) => tell(about, millis, isFirst, answeredBy))
  }

  private answerOf({ firstContentAt, received }: Attempt<A, E>): Answered {
    const { model, usage } = received
    return {
      ...(usage !== undefined && { usage }),
      ...(model !== undefined && { answeredBy: model }),
      ...(firstContentAt !== undefined && { firstContent: firstContentAt - this.openedAt })
    }
  }

  /** Nobody waits for a source that its consumer has left, but what was lent to it comes back when it has closed. */
  private onceClosed(leave: () => Effect.Effect<void>): Effect.Effect<void> {
    const { closing } = this
    return closing === undefined ? leave() : Effect.asVoid(Effect.forkDaemon(Effect.flatMap(closed(closing), leave)))
  }

  /**
   * The stream is over. A consumer that leaves early, or that fails for a reason of its own, had what it wanted of the
   * target.
   */
  leave(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    this.left = true
    const running = this.scope !== undefined
    const interrupted = Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
    const settled = !running ? Effect.void : interrupted ? this.stopped(exit.cause) : Effect.asVoid(this.succeeded)
    return Effect.flatMap(settled, () => {
      const result = this.result ?? (interrupted ? Exit.failCause(exit.cause) : this.leftBetween())
      const accounts = this.call.ended(result) ?? Effect.void
      return Effect.zipRight(
        accounts,
        this.onceClosed(() => this.callPassage.leave(result))
      )
    })
  }

  /** The consumer left after an attempt had failed and before the next one began. */
  private leftBetween(): Exit.Exit<void, unknown> {
    const { lastError } = this.call
    return lastError === undefined ? Exit.void : Exit.fail(lastError.error)
  }
}

/** What limits have to know of an answer that came in pieces: what it says it has used. */
const withAnswer = (exit: Exit.Exit<void, unknown>, usage: Usage | undefined): Exit.Exit<unknown, unknown> => {
  if (usage === undefined) return exit
  return Exit.isFailure(exit) ? withUsage(exit, usage) : Exit.succeed({ usage })
}
