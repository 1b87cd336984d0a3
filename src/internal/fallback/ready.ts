/**
 * Tells a target's run that others stand ready behind it, and ends it with its share of a deadline around the walk.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { TimedOut } from "../errors/llmError.js"
import { inContextOn, withService } from "../fiber/inContext.js"
import { runUntilSignal } from "../fiber/runUntil.js"
import { inContext } from "../stream/fromTake.js"
import { CurrentDeadline } from "../time/deadline.js"
import { clockOf, startTimer } from "../time/timer.js"
import { graceOf, isRunning, Running } from "../time/watchedDeadline.js"
import { leadsOn, type Named, othersLeft, type Walk } from "./nextTarget.js"
import { type Others, OtherTargets, Patience } from "./otherTargets.js"
import { equalShare, shareOfDeadline, shareOver } from "./shareOfDeadline.js"

/** @internal */
export const effect = <A, E, R>(at: Walk<Named>, run: Effect.Effect<A, E, R>): Effect.Effect<A, E | TimedOut, R> => {
  const left = othersLeft(at)
  const { end } = at
  if (left.length === 0) return end === undefined ? run : withService(run, CurrentDeadline, end)
  return Effect.withFiberRuntime((fiber): Effect.Effect<A, E | TimedOut, R> => {
    const around = fiber.currentContext as Context.Context<R>
    const context = end === undefined ? around : Context.add(around, CurrentDeadline, end)
    const others = othersOf(at, left, context)
    const deadline = Context.get(context, CurrentDeadline)
    // Somebody watches the deadline; the share of it is watched in the same way, for targets without policies too.
    if (!isRunning(deadline) || others.share === 1)
      return inContextOn(fiber, run, Context.add(context, OtherTargets, others))
    const clock = clockOf(fiber)
    const now = clock.unsafeCurrentTimeMillis()
    const millis = shareOfDeadline(deadline.at - now, others.share)
    const ofShare = new Running(now + millis, Duration.millis(millis))
    return runUntilSignal(
      Effect.provideService(run, OtherTargets, { ...others, end: ofShare }),
      (over) => startTimer(clock, millis, () => others.patience.isAlone || over()),
      (child) =>
        Effect.flatMap(
          graceOf(ofShare, child),
          (exit): Effect.Effect<A, E | TimedOut> =>
            exit ?? Effect.failSync(() => shareOver(at.targets[at.index]!.name, millis))
        )
    )
  })
}

/** A stream sees to its share itself, since that ends with its first content. @internal */
export const stream = <A, E, R>(at: Walk<Named>, run: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> => {
  const left = othersLeft(at)
  if (left.length === 0) return run
  return inContext(run, (context: Context.Context<R>) =>
    Context.add(context, OtherTargets, othersOf(at, left, context))
  )
}

const othersOf = ({ settings }: Walk<Named>, left: ReadonlyArray<Named>, context: Context.Context<never>): Others => {
  const around = Context.get(context, OtherTargets)
  const count = left.length + (around?.count ?? 0)
  return {
    count,
    names: [...left.map(({ name }) => name), ...(around?.names ?? [])],
    share: settings.share ?? equalShare(count),
    patience: new Patience(settings.patience, (failure) => leadsOn(failure, settings.fallbackOn), around?.patience)
  }
}
