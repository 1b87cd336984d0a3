/**
 * Whether a target would let a call in now.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { gateOf } from "../breaker/gated.js"
import type { CircuitBreaker } from "../breaker/types.js"

/** What policies tell of their targets. @internal */
export interface Readiness {
  readonly isReady: (target: string) => Effect.Effect<boolean>
}

/** The policies that a call finds around it, by their name: what stands within them does not know their module. @internal */
export const Policies: Context.Tag<Readiness, Readiness> = Context.GenericTag<Readiness>("effect-resilience/Resilience")

/** Its circuit lets calls in, as far as is known, and it has not asked to be left alone. @internal */
export const isReady = (breaker: CircuitBreaker, target: string): Effect.Effect<boolean> =>
  Effect.flatMap(Effect.zip(gateOf(breaker, target), Clock.currentTimeMillis), ([{ outlook }, now]) =>
    outlook === undefined
      ? Effect.map(Effect.option(breaker.state(target)), (state) => state._tag === "None" || isIn(state.value))
      : Effect.succeed(outlook.freeIn([target], now) === 0)
  )

/** Circuits that are kept elsewhere tell less. */
const isIn = (state: Effect.Effect.Success<ReturnType<CircuitBreaker["state"]>>): boolean =>
  state._tag === "Open" ? Duration.toMillis(state.retryAfter) === 0 : state._tag !== "Isolated"
