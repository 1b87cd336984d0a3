import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as Decision from "effect/ScheduleDecision"
import * as Intervals from "effect/ScheduleIntervals"

/** After so many openings in a row the open time stays what it is. */
const most = 64

/**
 * How long the first, the second, ... opening in a row lasts, in milliseconds.
 *
 * A schedule is stepped here, once, on a clock that jumps from one opening to the next, so what it would do is plain
 * data from then on: its delays, up to the one it ends with or repeats for ever.
 *
 * @internal
 */
export const openTimes = (schedule: Schedule.Schedule<unknown, number>): Effect.Effect<ReadonlyArray<number>> =>
  Effect.gen(function* () {
    const times: Array<number> = []
    let now = yield* Clock.currentTimeMillis
    let state = schedule.initial
    while (times.length < most) {
      const [next, , decision] = yield* schedule.step(now, times.length + 1, state)
      if (Decision.isDone(decision)) break
      const at = Intervals.start(decision.intervals)
      times.push(Math.min(Math.max(0, at - now), Number.MAX_SAFE_INTEGER))
      now = at
      state = next
    }
    if (times.length === 0) {
      throw new RangeError("CircuitBreaker: openDuration has to be a duration, or a schedule with at least one delay")
    }
    while (times.length > 1 && times.at(-1) === times.at(-2)) times.pop()
    return times
  })
