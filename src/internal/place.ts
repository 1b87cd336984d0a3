import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import type * as HashMap from "effect/HashMap"

/**
 * What code may ask of the fiber it runs in.
 *
 * @internal
 */
export interface Place {
  readonly context: Context.Context<never>
  readonly annotations: HashMap.HashMap<string, unknown>
}

/** @internal */
export const placeOf = (fiber: Fiber.RuntimeFiber<unknown, unknown>): Place => ({
  context: fiber.currentContext as Context.Context<never>,
  annotations: fiber.getFiberRef(FiberRef.currentLogAnnotations)
})

/** Moves the running fiber, with one copy of its refs instead of one for each. @internal */
export const moveTo = ({ annotations, context }: Place): Effect.Effect<void> =>
  Effect.updateFiberRefs((id, refs) =>
    FiberRefs.updateManyAs(refs, {
      entries: [
        [FiberRef.currentContext, [[id, context]]],
        [FiberRef.currentLogAnnotations, [[id, annotations]]]
      ]
    })
  )

/**
 * Annotates the refs of a fiber that is just being made with the place's context. They are a copy that nobody else has
 * seen yet, so they need not be copied again.
 *
 * @internal
 */
export const annotate = ({ locals }: FiberRefs.FiberRefs, id: FiberId.Runtime, { annotations }: Place): void => {
  const outside = locals.get(FiberRef.currentLogAnnotations) ?? []
  locals.set(FiberRef.currentLogAnnotations, [[id, annotations], ...outside])
}
