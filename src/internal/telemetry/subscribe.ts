/**
 * Readers of the events, and what keeps them from coming.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { deaf, type Hub, type ResilienceEvent, ResilienceEvents } from "./events.js"
import { hubOf } from "./hubOf.js"

/** Why no event will come, if that can be told. */
export const silence = (hub: Hub, policies: object | undefined): string | undefined => {
  if (hub === deaf) return "No events will come: ResilienceEvent.layer is not provided to their reader"
  return policies === undefined || policies === hub
    ? undefined
    : "No events of Resilience will come: its layer was made without this ResilienceEvent.layer, which has to be provided to it"
}

/** The hub that a reader has been given. */
const heard: Effect.Effect<Hub> = Effect.contextWithEffect((context: Context.Context<never>) => {
  const hub = Context.get(context, ResilienceEvents)
  const why = silence(hub, hubOf(context.unsafeMap.get("effect-resilience/Resilience")))
  return why === undefined ? Effect.succeed(hub) : Effect.as(Effect.logWarning(why), hub)
})

/**
 * The events from now on, as a queue. Take it before the calls that are to be seen.
 *
 * Where none can come, since `layer` is missing or was not provided to the policies, a warning is logged that says so.
 *
 * @since 0.1.0
 * @category Readers
 */
export const subscribe: Effect.Effect<Queue.Dequeue<ResilienceEvent>, never, Scope.Scope> = Effect.flatMap(
  heard,
  (hub) => hub.subscribe
)

/** As `subscribe`, for a reader that misses no event and is quick. @internal */
export const listen = (listener: (event: ResilienceEvent) => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(heard, (hub) => hub.listen(listener))
