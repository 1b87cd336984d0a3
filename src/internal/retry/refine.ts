import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleInterval from "effect/ScheduleInterval"
import * as ScheduleIntervals from "effect/ScheduleIntervals"

/**
 * What a combinator sees of one step: the time, the failure, and the wait the schedule inside has decided on
 * (milliseconds).
 *
 * @internal
 */
export interface Step<In> {
  readonly now: number
  readonly input: In
  readonly delay: number
}

/**
 * A schedule with another opinion on each wait: a new one, or `undefined` for the end. Where the schedule inside has
 * ended, it is not asked. `state` belongs to one run of the schedule, so one policy serves any number of calls.
 *
 * @internal
 */
export const refine = <Out, In, R, S, In2 extends In, R2 = never>(
  self: Schedule.Schedule<Out, In, R>,
  initial: S,
  decide: (step: Step<In2>, state: S) => Effect.Effect<readonly [delay: number | undefined, state: S], never, R2>
): Schedule.Schedule<Out, In2, R | R2> =>
  Schedule.makeWithState([self.initial, initial] as readonly [unknown, S], (now, input: In2, [inside, own]) =>
    Effect.flatMap(self.step(now, input, inside), ([inside, out, decision]) =>
      ScheduleDecision.isDone(decision)
        ? Effect.succeed([[inside, own], out, decision] as const)
        : Effect.map(
            decide({ now, input, delay: waitOf(now, decision) }, own),
            ([delay, own]) =>
              [[inside, own], out, delay === undefined ? ScheduleDecision.done : after(now, delay)] as const
          )
    )
  )

/** @internal */
export const after = (now: number, delay: number): ScheduleDecision.ScheduleDecision =>
  ScheduleDecision.continueWith(ScheduleInterval.after(now + delay))

/** @internal */
export const waitOf = (now: number, decision: ScheduleDecision.Continue): number =>
  Math.max(0, ScheduleIntervals.start(decision.intervals) - now)
