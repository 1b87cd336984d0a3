/**
 * A schedule, taken one step at a time by the call that retries.
 *
 * `Schedule.driver` would do, but it sleeps inside its step, and a call that is about to wait has to say so first: to
 * its listeners, its trail and its budget.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"

/** Made at a call's first failure, so that a call that succeeds pays nothing for its policy. */
export class RetryStepper {
  private state: unknown
  constructor(private readonly schedule: Schedule.Schedule<unknown, unknown>) {
    this.state = schedule.initial
  }

  /** The milliseconds to wait before the next attempt, or `undefined` where the policy ends the retrying. */
  next(now: number, error: unknown): Effect.Effect<number | undefined> {
    return Effect.map(this.schedule.step(now, error, this.state), ([state, , decision]) => {
      this.state = state
      return ScheduleDecision.isDone(decision)
        ? undefined
        : Math.max(0, ScheduleIntervals.start(decision.intervals) - now)
    })
  }
}
