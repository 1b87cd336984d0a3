/**
 * What a gate can tell of the time to come, so that no wait is begun, or gone on with, that ends before a closed gate.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { startTimer } from "../time/timer.js"

/** @internal */
export interface Outlook {
  /** Whether a call that comes so many milliseconds from now may be let in, as far as is known now. */
  readonly mayEnter: (after: number, bounds: Bounds, now: number) => boolean
  /**
   * In how many milliseconds the first of these keys lets a call in that waits as this one would: none, as far as is
   * known; infinitely many, where all of them would reject it now.
   */
  readonly freeIn: (keys: ReadonlyArray<string>, now: number) => number
  /** Tells whenever that may have changed. Answers with the way to listen no more. */
  readonly onChange: (listener: () => void) => () => void
}

/** What a call may wait in all, from now on. @internal */
export interface Bounds {
  /** Milliseconds until its time is up. */
  readonly left: number
  /** What a wait is worth while other targets stand ready. */
  readonly patience: number
}

/** Waits, and ends before its time if what comes after it is known to be in vain. @internal */
export const pause = (
  clock: Clock.Clock,
  millis: number,
  onChange: Outlook["onChange"] | undefined,
  isInVain: (rest: number) => boolean
): Effect.Effect<void> => {
  if (millis <= 0) return Effect.void
  if (onChange === undefined) return Effect.sleep(millis)
  return Effect.async((resume) => {
    const until = clock.unsafeCurrentTimeMillis() + millis
    const leave = (): void => {
      stop()
      forget()
    }
    const end = (): void => {
      leave()
      resume(Effect.void)
    }
    const forget = onChange(() => {
      if (isInVain(until - clock.unsafeCurrentTimeMillis())) end()
    })
    const stop = startTimer(clock, millis, end)
    return Effect.sync(leave)
  })
}
