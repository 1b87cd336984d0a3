import type * as Clock from "effect/Clock"
import type { Signal } from "./signal.js"
import { startTimer } from "./timer.js"

/**
 * When the time of one attempt is up, and what it fails with then.
 *
 * @internal
 */
export interface Limit<E> {
  readonly signal: Signal
  readonly onTimeout: () => E
}

/** @internal */
export const afterMillis = <E>(clock: Clock.Clock, millis: number, onTimeout: () => E): Limit<E> => ({
  signal: (fire) => startTimer(clock, millis, fire),
  onTimeout
})
