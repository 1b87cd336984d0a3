/**
 * One attempt at a stream: opened, read, watched, closed.
 *
 * @internal
 */
import type * as Chunk from "effect/Chunk"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { type LlmError, MalformedResponse, TimedOut } from "../errors/llmError.js"
import type { BufferExceeded, DeadlineExceeded } from "../errors/rejection.js"
import { exitOf } from "../fiber/exitOf.js"
import { readByFiber } from "./fiberReader.js"
import { held } from "./held.js"
import { type AskNext, opensReader, type Reader, ReaderTypeId } from "./reader.js"
import { Received, type ReceivedOptions } from "./received.js"
import { type Expired, type Limits, LimitTimer } from "./timeLimits.js"

/** @internal */
export interface AttemptOptions<A> extends ReceivedOptions<A> {
  readonly limits: Limits
  /** What the attempt fails with when `limits.total` is over. */
  readonly onTotal: () => OwnFailure
  /** The same for `limits.share`. */
  readonly onShare: () => OwnFailure
  /** When the attempt began, and who is told how long each chunk was waited for. */
  readonly startedAt: number
  readonly onChunk?: ((millis: number, isFirst: boolean, answeredBy: string | undefined) => void) | undefined
}

/** What an attempt can fail with by itself. @internal */
export type OwnFailure = LlmError | BufferExceeded | DeadlineExceeded

/** @internal */
export class Attempt<A, E> {
  readonly received: Received<A>
  /** When the first content came, in milliseconds of the clock. */
  firstContentAt: number | undefined
  private readonly watch: LimitTimer
  private expired: Expired | undefined
  private isFirst = true
  /** Since when the next chunk is waited for. */
  private askedAt: number
  /** What is still to be said before the attempt ends: the end itself, or a failure. */
  private last: Effect.Effect<undefined, E | OwnFailure> | undefined
  /** What has come of an `ask` that was no chunk. */
  private left: Effect.Effect<Chunk.Chunk<A> | undefined, E | OwnFailure> | undefined

  constructor(
    private readonly reader: Reader<A, E>,
    private readonly options: AttemptOptions<A>,
    private readonly clock: Clock.Clock
  ) {
    this.received = new Received(options)
    this.askedAt = options.startedAt
    this.watch = new LimitTimer(clock, options.limits, (expired) => {
      this.expired = expired
      reader.cut()
    })
    // Somebody looks at each element that only passes by.
    if (options.asItComes !== true) reader.readBy?.(this)
  }

  /** What may be handed on next, or `undefined` when the answer is complete. */
  readonly next: Effect.Effect<Chunk.Chunk<A> | undefined, E | OwnFailure> = Effect.suspend(() => {
    const { left } = this
    if (left !== undefined) {
      this.left = undefined
      return left
    }
    if (this.last !== undefined) return this.last
    const expired = this.watch.asks()
    if (expired !== undefined) {
      this.reader.cut()
      return this.ranOut(expired)
    }
    return this.taken
  })

  /** As `next`, without a fiber. */
  readonly ask: AskNext<A> = (onChunk, otherwise) => {
    const { reader } = this
    if (this.last !== undefined || reader.ask === undefined || this.watch.asks() !== undefined) {
      otherwise()
      return
    }
    this.waits()
    reader.ask((told) => {
      const exit = exitOf(told)
      const next =
        exit !== undefined && Exit.isSuccess(exit)
          ? this.onTaken(exit.value)
          : Effect.matchEffect(told, { onSuccess: this.onTaken, onFailure: this.onFailed })
      const handed = exitOf(next)
      if (handed !== undefined && Exit.isSuccess(handed) && handed.value !== undefined) return onChunk(handed.value)
      this.left = next
      otherwise()
    })
  }

  readonly stop = (): void => this.watch.stop()

  /** What the source is still closing after it has been left. */
  get closing(): Promise<void> | undefined {
    return this.reader.closing
  }

  private waits(): void {
    if (this.options.onChunk !== undefined && !this.isFirst) this.askedAt = this.clock.unsafeCurrentTimeMillis()
  }

  private readonly taken: Effect.Effect<Chunk.Chunk<A> | undefined, E | OwnFailure> = Effect.suspend(() => {
    this.waits()
    return Effect.matchEffect(this.reader.take, { onSuccess: this.onTaken, onFailure: this.onFailed })
  })

  private readonly onTaken = (
    chunk: Chunk.Chunk<A> | undefined
  ): Effect.Effect<Chunk.Chunk<A> | undefined, E | OwnFailure> => {
    if (chunk === undefined) return this.expired === undefined ? this.ended() : this.ranOut(this.expired)
    this.watch.answered()
    const out = this.received.accept(chunk)
    if (this.options.onChunk !== undefined) this.timed(this.options.onChunk)
    if (this.received.alive) this.watch.alive(this.received.progress)
    if (this.firstContentAt === undefined && this.received.progress !== "preamble") {
      this.firstContentAt = this.clock.unsafeCurrentTimeMillis()
    }
    if (out !== undefined) this.watch.handed()
    if (this.received.failure !== undefined) this.last = Effect.fail(this.received.failure)
    return out === undefined ? this.next : Effect.succeed(out)
  }

  private timed(tell: Exclude<AttemptOptions<A>["onChunk"], undefined>): void {
    tell(this.clock.unsafeCurrentTimeMillis() - this.askedAt, this.isFirst, this.received.model)
    this.isFirst = false
  }

  /** A connection that breaks after the answer was complete takes nothing away from it. */
  private readonly onFailed = (error: E): Effect.Effect<Chunk.Chunk<A> | undefined, E> =>
    this.received.progress === "complete" ? (this.ended() as Effect.Effect<undefined>) : Exit.fail(error)

  private ended(): Effect.Effect<Chunk.Chunk<A> | undefined, OwnFailure> {
    const { ending, rest } = this.received.end()
    if (ending === "complete") {
      this.last = Effect.succeed(undefined)
      return rest === undefined ? (this.last as Effect.Effect<undefined>) : Effect.succeed(rest)
    }
    const { target } = this.options
    return Effect.fail(
      new MalformedResponse({
        target,
        provider: this.received.provider,
        message:
          ending === "empty"
            ? `${target} ended its stream without an answer`
            : `${target} ended its stream before its answer was complete`
      })
    )
  }

  private ranOut(expired: Expired): Effect.Effect<Chunk.Chunk<A> | undefined, OwnFailure> {
    if (expired === "settle") return this.ended()
    const { limits, onShare, onTotal, target } = this.options
    if (expired === "total") return Effect.fail(onTotal())
    if (expired === "share") return Effect.fail(onShare())
    const message =
      expired === "firstToken"
        ? `${target} gave no content within ${limits.firstToken} ms`
        : `${target} was silent for ${limits.idle} ms in the middle of its answer`
    return Effect.fail(new TimedOut({ target, phase: expired, message }))
  }
}

/** Opens a stream in the scope it is given. @internal */
export const openAttempt = <A, E, R>(
  stream: Stream.Stream<A, E, R>,
  options: AttemptOptions<A>,
  clock: Clock.Clock
): Effect.Effect<Attempt<A, E>, never, R | Scope.Scope> =>
  held(
    Effect.map(
      opensReader(stream) ? stream[ReaderTypeId] : readByFiber(stream),
      (reader) => new Attempt(reader, options, clock)
    ),
    (attempt) => Effect.sync(attempt.stop)
  )
