/**
 * When a process tells what its calls have counted.
 *
 * @internal
 */
import type { Policy } from "../breaker/policy.js"

/** When what calls have counted is told to the others, in milliseconds. @internal */
export interface Flushing {
  /** What may be a reason to open. */
  readonly soon: number
  /** Successes, which only make a share smaller; and once there are so many. */
  readonly late: number
  readonly many: number
}

/** How long successes may wait: not until their window is over. @internal */
export const lateFor = ({ late }: Flushing, { trip }: Policy): number =>
  trip._tag === "RateOver" ? Math.min(late, trip.window / 3) : late
