/**
 * The walk over several targets, for effects and for streams. Where it goes is decided in `nextTarget.ts`.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { DeadlineExceeded } from "../errors/rejection.js"
import { runUntilSignal } from "../fiber/runUntil.js"
import { known } from "../stream/fromTake.js"
import { asOperation, asOperationStream } from "../telemetry/operation.js"
import { sooner } from "../time/announcedDeadline.js"
import { CurrentDeadline } from "../time/deadline.js"
import { isRunning } from "../time/watchedDeadline.js"
import { answered, noted, type StickyTo } from "./answered.js"
import { after, first, type Walk } from "./nextTarget.js"
import * as ready from "./ready.js"
import { settingsOf } from "./settings.js"
import { anEffect, aStream, checkTargets } from "./targets.js"
import { wentOn } from "./tell.js"
import type { Options, StreamTarget, Target } from "./types.js"
import { walkStreams } from "./walkStreams.js"

type AnyTarget = Target<unknown, unknown, unknown>

type AnyStreamTarget = StreamTarget<unknown, unknown, unknown>

/** Where there is a budget, each target is told when it is over, and nobody watches it. @internal */
export const firstOf = (
  targets: ReadonlyArray<AnyTarget>,
  options: Options,
  budget?: Duration.Duration
): Effect.Effect<unknown, unknown, unknown> => {
  const settings = settingsOf(options)
  checkTargets("Fallback", targets, anEffect)
  const { sticky } = options
  if (targets.length === 1 && settings.needs.length === 0) return targets[0]!.run
  const from = (ordered: ReadonlyArray<AnyTarget>) =>
    Effect.withFiberRuntime((fiber): Effect.Effect<unknown, unknown, unknown> => {
      const start = first(ordered, settings, budget && sooner(fiber, budget))
      if (!("on" in start)) return Effect.fail(start.failure)
      const walked = walk(start.on, sticky)
      return start.on.index === 0 ? walked : Effect.zipRight(wentOn(undefined, undefined, 0, start.on), walked)
    })
  return asOperation(
    sticky === undefined ? from(targets) : Effect.flatMap(sticky.memory.inOrder(sticky.key, targets), from)
  )
}

/** @internal */
export const firstStreamOf = (
  targets: ReadonlyArray<AnyStreamTarget>,
  options: Options
): Stream.Stream<unknown, unknown, unknown> => {
  const settings = settingsOf(options)
  checkTargets("Fallback", targets, aStream)
  const { sticky } = options
  if (targets.length === 1 && settings.needs.length === 0) return targets[0]!.run
  const from = (ordered: ReadonlyArray<AnyStreamTarget>) => {
    const start = first(ordered, settings)
    if (!("on" in start)) return Stream.fail(start.failure)
    const walked = walkStreams(start.on, sticky)
    return start.on.index === 0 ? walked : known(Effect.as(wentOn(undefined, undefined, 0, start.on), walked))
  }
  return asOperationStream(
    sticky === undefined
      ? known(Effect.sync(() => from(targets)))
      : known(Effect.map(sticky.memory.inOrder(sticky.key, targets), from))
  )
}

const walk = (at: Walk<AnyTarget>, sticky: StickyTo): Effect.Effect<unknown, unknown, unknown> => {
  const { name, run } = at.targets[at.index] as AnyTarget
  const asked = ready.effect(at, run)
  const then = (exit: Exit.Exit<unknown, unknown>): Effect.Effect<unknown, unknown, unknown> => {
    const failure = Exit.isSuccess(exit) ? Option.none() : Cause.failureOption(exit.cause)
    if (Option.isNone(failure)) {
      const noting = Exit.isSuccess(exit) ? answered(sticky, at) : undefined
      return noting === undefined ? exit : Effect.zipRight(noting, exit)
    }
    return Effect.flatMap(noted(failure.value), () => {
      const next = after(at, failure.value)
      if (!("on" in next)) return Exit.fail(next.failure)
      return Effect.zipRight(wentOn(name, failure.value, at.seen.length + 1, next.on), walk(next.on, sticky))
    })
  }
  return Effect.matchCauseEffect(at.index === 0 ? asked : untilDeadline(asked), {
    onFailure: (cause) => then(Exit.failCause(cause)),
    onSuccess: (value) => then(Exit.succeed(value))
  })
}

/** A deadline around the walk that passes now ends it from within, so that what the targets said before is told. */
const untilDeadline = <A, E, R>(run: Effect.Effect<A, E, R>): Effect.Effect<A, E | DeadlineExceeded, R> =>
  Effect.flatMap(CurrentDeadline, (deadline): Effect.Effect<A, E | DeadlineExceeded, R> => {
    if (!isRunning(deadline)) return run
    const { budget, passed } = deadline
    return runUntilSignal(run, passed, () =>
      Effect.failSync(() => new DeadlineExceeded({ budget, lastError: Option.getOrUndefined(deadline.lastError) }))
    )
  })
