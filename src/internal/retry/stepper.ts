/**
 * A schedule, taken one step at a time by the call that retries.
 *
 * `Schedule.driver` would do, but it sleeps inside its step, and a call that is about to wait has to say so first: to
 * its listeners, its trail and its budget.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import type { EndedBy } from "./policyTypes.js"

/** The milliseconds to wait before the next attempt, or what keeps it from following, if the schedule says. */
export type Step = { readonly wait: number } | { readonly wait: undefined; readonly endedBy: EndedBy | undefined }

/** What a step of a schedule comes to. */
export const stepOf = (now: number, out: unknown, decision: ScheduleDecision.ScheduleDecision): Step =>
  ScheduleDecision.isDone(decision)
    ? { wait: undefined, endedBy: endedBy(out) }
    : { wait: Math.max(0, ScheduleIntervals.start(decision.intervals) - now) }

/** Made at a call's first failure, so that a call that succeeds pays nothing for its policy. */
export class RetryStepper {
  private state: unknown
  constructor(private readonly schedule: Schedule.Schedule<unknown, unknown>) {
    this.state = schedule.initial
  }

  next(now: number, error: unknown): Effect.Effect<Step> {
    return Effect.map(this.schedule.step(now, error, this.state), ([state, out, decision]): Step => {
      this.state = state
      return stepOf(now, out, decision)
    })
  }
}

const endedBy = (out: unknown): EndedBy | undefined =>
  Predicate.hasProperty(out, "ended") ? (out.ended as EndedBy | undefined) : undefined
