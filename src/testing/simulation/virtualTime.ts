/**
 * A clock that jumps to the next moment at which somebody wakes up, once everyone is asleep.
 *
 * `TestClock` does the same for tests. At each wake-up it sorts all sleepers, and it finds out that everyone is asleep by
 * walking over all fibers twice with a timer of the platform in between, which is right for a few and too long for
 * thousands. Here sleepers are a heap, and since all fibers run on a scheduler of this clock's own, it knows when there is
 * nothing left to run.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import { Sleepers } from "./sleepers.js"
import { turn } from "./turn.js"

/** Runs what fibers want to run, in the order in which they want it. */
class Queue implements Scheduler.Scheduler {
  private tasks: Array<() => void> = []

  scheduleTask(task: () => void): void {
    this.tasks.push(task)
  }

  shouldYield(fiber: Fiber.RuntimeFiber<unknown, unknown>): number | false {
    return Scheduler.defaultScheduler.shouldYield(fiber)
  }

  get idle(): boolean {
    return this.tasks.length === 0
  }

  drain(): void {
    while (this.tasks.length > 0) {
      const { tasks } = this
      this.tasks = []
      for (const task of tasks) task()
    }
  }
}

/** @internal */
export interface Time {
  readonly clock: Clock.Clock
  readonly scheduler: Scheduler.Scheduler
  readonly now: () => number
  /** Lets time pass until `end`, or until `over` says so. */
  readonly pass: (end: number, over: () => boolean) => Promise<void>
}

/** Time that begins at 0. @internal */
export const make = (): Time => {
  const sleepers = new Sleepers()
  const queue = new Queue()
  let now = 0
  const nanos = (): bigint => BigInt(Math.round(now * 1_000_000))

  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: nanos,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(nanos),
    sleep: (duration) => {
      const millis = Duration.toMillis(duration)
      if (millis <= 0) return Effect.yieldNow()
      if (millis === Number.POSITIVE_INFINITY) return Effect.never
      return Effect.async((resume) => {
        const sleeper = sleepers.add(now + millis, () => resume(Effect.void))
        return Effect.sync(() => {
          sleeper.wake = undefined
        })
      })
    }
  }

  /** Until nobody has anything to do at this moment. */
  const settle = async (): Promise<void> => {
    do {
      queue.drain()
      await turn()
    } while (!queue.idle)
  }

  return {
    clock,
    scheduler: queue,
    now: () => now,
    pass: async (end, over) => {
      await settle()
      for (let next = sleepers.next(); next !== undefined && next <= end && !over(); next = sleepers.next()) {
        now = next
        while (sleepers.next() === now) sleepers.take().wake?.()
        await settle()
      }
      if (!over()) now = end
    }
  }
}
