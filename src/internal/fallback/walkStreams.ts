/**
 * The walk over several targets that give streams: the first that gives content is read to its end.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { inPlace, ofTakes, opened, type Take } from "../stream/fromTake.js"
import { isRestarted } from "../stream/restarted.js"
import { answered, noted, type StickyTo } from "./answered.js"
import { after, type Walk } from "./nextTarget.js"
import * as ready from "./ready.js"
import { wentOn } from "./tell.js"
import type { StreamTarget } from "./types.js"

type AnyStreamTarget = StreamTarget<unknown, unknown, unknown>

/** @internal */
export const walkStreams = (at: Walk<AnyStreamTarget>, sticky: StickyTo): Stream.Stream<unknown, unknown, unknown> =>
  ofTakes((scope) =>
    Effect.flatMap(Effect.context<unknown>(), (context) => {
      const walk = new StreamWalk(at, sticky, context)
      return Effect.as(Scope.addFinalizerExit(scope, walk.leave), walk.next)
    })
  )

class StreamWalk {
  /** What the target at hand has open. */
  private scope: Scope.CloseableScope | undefined
  private take: Take<unknown, unknown> | undefined
  /** The consumer has something of this target. */
  private begun = false

  constructor(
    private at: Walk<AnyStreamTarget>,
    private readonly sticky: StickyTo,
    private readonly context: Context.Context<unknown>
  ) {}

  readonly next: Take<unknown, unknown> = Effect.suspend(() =>
    this.take === undefined
      ? Effect.zipRight(this.open, this.next)
      : Effect.matchCauseEffect(this.take, { onSuccess: this.onSuccess, onFailure: this.onFailure })
  )

  readonly leave = (exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> => {
    const { scope } = this
    this.scope = undefined
    return scope === undefined ? Effect.void : Scope.close(scope, exit)
  }

  private readonly open: Effect.Effect<void> = Effect.suspend(() => {
    const { run } = this.at.targets[this.at.index] as AnyStreamTarget
    return inPlace(
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(Scope.make(), (scope) => {
          this.scope = scope
          this.begun = false
          return Effect.map(restore(opened(ready.stream(this.at, run), scope)), (take) => {
            this.take = take
          })
        })
      ),
      this.context
    )
  })

  private readonly onSuccess = (chunk: Chunk.Chunk<unknown> | undefined): Take<unknown, unknown> => {
    if (chunk === undefined) return this.ended
    // What came before a restart is void, so the consumer has nothing yet.
    if (Chunk.isNonEmpty(chunk)) this.begun = !isRestarted(Chunk.lastNonEmpty(chunk))
    return Effect.succeed(chunk)
  }

  private readonly ended: Take<unknown, unknown> = Effect.suspend(() => {
    const noting = answered(this.sticky, this.at)
    return Effect.as(
      noting === undefined ? this.closed(Exit.void) : Effect.zipRight(this.closed(Exit.void), noting),
      undefined
    )
  })

  private readonly onFailure = (cause: Cause.Cause<unknown>): Take<unknown, unknown> =>
    Effect.zipRight(
      this.closed(Exit.failCause(cause)),
      Effect.suspend(() => {
        const failed = Cause.failureOption(cause)
        if (Option.isNone(failed) || this.begun) return Effect.failCause(cause)
        return Effect.zipRight(inPlace(this.wentOn(failed.value), this.context), this.next)
      })
    )

  private wentOn(failure: unknown): Effect.Effect<void, unknown> {
    const next = after(this.at, failure)
    if (!("on" in next)) return Effect.zipRight(noted(failure), Effect.fail(next.failure))
    const { name } = this.at.targets[this.at.index] as AnyStreamTarget
    const told = wentOn(name, failure, this.at.seen.length + 1, next.on)
    this.at = next.on
    return Effect.zipRight(noted(failure), told)
  }

  /** The target has let go of all it had before the next one is asked. */
  private closed(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.uninterruptible(
      Effect.suspend(() => {
        this.take = undefined
        return this.leave(exit)
      })
    )
  }
}
