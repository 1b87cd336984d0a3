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
import { type LlmError, MalformedResponse, TimedOut } from "../../LlmError.js"
import type { BufferExceeded, DeadlineExceeded } from "../../Rejection.js"
import { Intake, type IntakeOptions } from "./intake.js"
import { pumped } from "./pump.js"
import { isTappable, type Tap, TapTypeId } from "./tap.js"
import { type Expired, type Limits, Watch } from "./watch.js"

/** @internal */
export interface AttemptOptions<A> extends IntakeOptions<A> {
  readonly limits: Limits
  /** What the attempt fails with when `limits.total` is over. */
  readonly onTotal: () => OwnFailure
}

/** What an attempt can fail with by itself. @internal */
export type OwnFailure = LlmError | BufferExceeded | DeadlineExceeded

/** @internal */
export class Attempt<A, E> {
  readonly intake: Intake<A>
  private readonly watch: Watch
  private expired: Expired | undefined
  /** What is still to be said before the attempt ends: the end itself, or a failure. */
  private last: Effect.Effect<undefined, E | OwnFailure> | undefined

  constructor(
    private readonly tap: Tap<A, E>,
    private readonly options: AttemptOptions<A>,
    clock: Clock.Clock
  ) {
    this.intake = new Intake(options)
    this.watch = new Watch(clock, options.limits, (expired) => {
      this.expired = expired
      tap.cut()
    })
  }

  /** What may be handed on next, or `undefined` when the answer is complete. */
  readonly next: Effect.Effect<Chunk.Chunk<A> | undefined, E | OwnFailure> = Effect.suspend(() => {
    if (this.last !== undefined) return this.last
    const expired = this.watch.asks()
    if (expired !== undefined) {
      this.tap.cut()
      return this.ranOut(expired)
    }
    return this.taken
  })

  readonly stop = (): void => this.watch.stop()

  private readonly taken: Effect.Effect<Chunk.Chunk<A> | undefined, E | OwnFailure> = Effect.suspend(() =>
    Effect.matchEffect(this.tap.take, { onSuccess: this.onTaken, onFailure: this.onFailed })
  )

  private readonly onTaken = (
    chunk: Chunk.Chunk<A> | undefined
  ): Effect.Effect<Chunk.Chunk<A> | undefined, E | OwnFailure> => {
    if (chunk === undefined) return this.expired === undefined ? this.ended() : this.ranOut(this.expired)
    this.watch.answered()
    const out = this.intake.accept(chunk)
    if (this.intake.alive) this.watch.alive(this.intake.progress)
    if (this.intake.failure !== undefined) this.last = Effect.fail(this.intake.failure)
    return out === undefined ? this.next : Effect.succeed(out)
  }

  /** A connection that breaks after the answer was complete takes nothing away from it. */
  private readonly onFailed = (error: E): Effect.Effect<Chunk.Chunk<A> | undefined, E> =>
    this.intake.progress === "complete" ? (this.ended() as Effect.Effect<undefined>) : Exit.fail(error)

  private ended(): Effect.Effect<Chunk.Chunk<A> | undefined, OwnFailure> {
    const { ending, rest } = this.intake.end()
    if (ending === "complete") {
      this.last = Effect.succeed(undefined)
      return rest === undefined ? (this.last as Effect.Effect<undefined>) : Effect.succeed(rest)
    }
    const { target } = this.options
    return Effect.fail(
      new MalformedResponse({
        target,
        provider: this.intake.provider,
        message:
          ending === "empty"
            ? `${target} ended its stream without an answer`
            : `${target} ended its stream before its answer was complete`
      })
    )
  }

  private ranOut(expired: Expired): Effect.Effect<Chunk.Chunk<A> | undefined, OwnFailure> {
    if (expired === "settle") return this.ended()
    const { limits, onTotal, target } = this.options
    if (expired === "total") return Effect.fail(onTotal())
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
  Effect.acquireRelease(
    Effect.map(isTappable(stream) ? stream[TapTypeId] : pumped(stream), (tap) => new Attempt(tap, options, clock)),
    (attempt) => Effect.sync(attempt.stop)
  )
