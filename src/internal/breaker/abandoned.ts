import * as Context from "effect/Context"

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
