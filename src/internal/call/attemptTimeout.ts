import type * as Clock from "effect/Clock"
import type { Signal } from "../time/signal.js"
import { startTimer } from "../time/timer.js"

/**
 * When the time of one attempt is up, and what it fails with then.
 *
 * @internal
 */
export interface AttemptTimeout<E> {
  readonly signal: Signal
  readonly onTimeout: () => E
}

/** @internal */
export const afterMillis = <E>(clock: Clock.Clock, millis: number, onTimeout: () => E): AttemptTimeout<E> => ({
  signal: (fire) => startTimer(clock, millis, fire),
  onTimeout
})
