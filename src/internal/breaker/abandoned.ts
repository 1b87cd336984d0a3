import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * Tells a call that was given up because it took too long from one that nobody wants any more.
 *
 * Both end as interruptions. Whoever runs a call that it may give up on provides a record of its own, and sets
 * `abandoned` before it interrupts; a circuit breaker reads it once the call has ended.
 *
 * @internal
 */
export class Abandonment extends Context.Reference<Abandonment>()("effect-resilience/Abandonment", {
  defaultValue: (): { abandoned: boolean } => ({ abandoned: false })
}) {}

/** @internal */
export const abandonable = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<{ readonly call: Effect.Effect<A, E, R>; readonly abandon: Effect.Effect<void> }> =>
  Effect.sync(() => {
    const record = { abandoned: false }
    return {
      call: Effect.provideService(self, Abandonment, record),
      abandon: Effect.sync(() => {
        record.abandoned = true
      })
    }
  })
