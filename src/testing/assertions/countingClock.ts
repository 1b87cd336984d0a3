/**
 * A clock that knows who sleeps under it. A `TestClock` does not: it goes on listing sleeps that were interrupted.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** The same clock, and when those wake who sleep under it now. @internal */
export const countingClock = <C extends Clock.Clock>(
  clock: C
): { readonly clock: C; readonly sleeping: () => ReadonlyArray<number> } => {
  const wakes = new Set<{ readonly at: number }>()
  const sleep = (duration: Duration.Duration): Effect.Effect<void> =>
    Effect.suspend(() => {
      const wake = { at: clock.unsafeCurrentTimeMillis() + Duration.toMillis(duration) }
      wakes.add(wake)
      return Effect.ensuring(
        clock.sleep(duration),
        Effect.sync(() => wakes.delete(wake))
      )
    })
  return {
    clock: Object.create(clock, { sleep: { value: sleep } }) as C,
    sleeping: () => [...wakes].map(({ at }) => at)
  }
}
