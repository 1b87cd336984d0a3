/**
 * What events have in common besides their target: the call whose doing they are, and the answer it was made for.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Stream from "effect/Stream"
import { withServiceOn } from "../fiber/inContext.js"
import { inContext, known } from "../stream/fromTake.js"
import { nextCall } from "./callNumber.js"
import { deaf, type Hub, ResilienceEvents } from "./events.js"
import { hubOf } from "./hubOf.js"

/** The walk over several targets, the hedge or the cached call that a call is a part of: the outermost of them. @internal */
export class Operation extends Context.Reference<Operation>()("effect-resilience/Operation", {
  defaultValue: (): number | undefined => undefined
}) {}

/** The call whose gates and decisions the fiber is busy with, outside of its attempts. @internal */
export class DecidingCall extends Context.Reference<DecidingCall>()("effect-resilience/DecidingCall", {
  defaultValue: (): number | undefined => undefined
}) {}

/** The hub around, or else that of the policies around. @internal */
export const hubIn = (context: Context.Context<never>): Hub => {
  const hub = Context.get(context, ResilienceEvents)
  if (hub !== deaf) return hub
  return (hubOf(context.unsafeMap.get("effect-resilience/Resilience")) as Hub | undefined) ?? deaf
}

/** The number of what is asked for one answer here, if anybody listens. @internal */
export const operationIn = (context: Context.Context<never>, hub: Hub): number | undefined =>
  hub.listening() ? (Context.get(context, Operation) ?? nextCall()) : undefined

const begun = (context: Context.Context<never>, hub: Hub | undefined): number | undefined =>
  Context.get(context, Operation) === undefined ? operationIn(context, hub ?? hubIn(context)) : undefined

/** What is done in it, several calls perhaps, is for one answer. @internal */
export const asOperation = <A, E, R>(self: Effect.Effect<A, E, R>, hub?: Hub): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime((fiber) => {
    const operation = begun(fiber.currentContext as Context.Context<never>, hub)
    return operation === undefined ? self : withServiceOn(fiber, self, Operation, operation)
  })

/** @internal */
export const asOperationStream = <A, E, R>(self: Stream.Stream<A, E, R>, hub?: Hub): Stream.Stream<A, E, R> =>
  known(
    Effect.withFiberRuntime((fiber) => {
      const operation = begun(fiber.currentContext as Context.Context<never>, hub)
      return Effect.succeed(operation === undefined ? self : inContext(self, Context.add(Operation, operation)))
    })
  )

/** What is decided without an effect is decided in here. */
let deciding: number | undefined

/** Whose events are published now, as far as the fiber itself cannot tell. @internal */
export const decidingCall = (): number | undefined => deciding

/**
 * Lets a gate decide about a call, whose number its events then carry. Nothing is done about it while nobody listens.
 *
 * @internal
 */
export const decidingFor = <Decision>(hub: Hub, call: number, decide: () => Decision): Decision => {
  if (!hub.listening()) return decide()
  const before = deciding
  deciding = call
  try {
    const decision: unknown = decide()
    return (
      Effect.isEffect(decision) && !Exit.isExit(decision)
        ? Effect.provideService(decision, DecidingCall, call)
        : decision
    ) as Decision
  } finally {
    deciding = before
  }
}
