/**
 * When the running call has to be over, as everything that takes time reads it.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/**
 * When a call has to be over (milliseconds of the `Clock`), and the time it was given in all.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Deadline {
  readonly at: number
  readonly budget: Duration.Duration
}

/**
 * The deadline of the running call, if it has one. `within` sets it; read it to clip a wait of your own.
 *
 * @since 0.1.0
 * @category Models
 */
export class CurrentDeadline extends Context.Reference<CurrentDeadline>()("effect-resilience/CurrentDeadline", {
  defaultValue: (): Deadline | undefined => undefined
}) {}

/**
 * The milliseconds left of the deadline, never below 0, or `Infinity` where there is none.
 *
 * @internal
 */
export const millisLeft: Effect.Effect<number> = Effect.flatMap(CurrentDeadline, (deadline) =>
  deadline === undefined
    ? Effect.succeed(Number.POSITIVE_INFINITY)
    : Effect.map(Clock.currentTimeMillis, (now) => Math.max(0, deadline.at - now))
)
