/**
 * A clock that knows who sleeps under it. A `TestClock` does not: it goes on listing sleeps that were interrupted.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/** Somebody who sleeps. @internal */
export interface Sleeper {
  readonly at: number
  readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
}

/** @internal */
export interface Counting<C> {
  /** The same clock. */
  readonly clock: C
  /** Those who sleep under it now. */
  readonly sleeping: () => ReadonlyArray<Sleeper>
  /** How many sleeps began under it that wake then, those that were interrupted too. */
  readonly begunFor: (at: number) => number
}

/** @internal */
export const countingClock = <C extends Clock.Clock>(clock: C): Counting<C> => {
  const sleepers = new Set<Sleeper>()
  const begun = new Map<number, number>()
  const sleep = (duration: Duration.Duration): Effect.Effect<void> =>
    Effect.withFiberRuntime((fiber) => {
      const at = clock.unsafeCurrentTimeMillis() + Duration.toMillis(duration)
      const sleeper = { at, fiber }
      sleepers.add(sleeper)
      begun.set(at, (begun.get(at) ?? 0) + 1)
      return Effect.ensuring(
        clock.sleep(duration),
        Effect.sync(() => sleepers.delete(sleeper))
      )
    })
  return {
    clock: Object.create(clock, { sleep: { value: sleep } }) as C,
    // Who is due is awake, though it may not have run yet.
    sleeping: () => [...sleepers].filter(({ at }) => at > clock.unsafeCurrentTimeMillis()),
    begunFor: (at) => begun.get(at) ?? 0
  }
}
