import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as HashMap from "effect/HashMap"
import type * as MetricLabel from "effect/MetricLabel"
import * as Option from "effect/Option"

/**
 * What code may ask of the fiber it runs in.
 *
 * @internal
 */
export interface CurrentFiber {
  readonly context: Context.Context<never>
  readonly annotations: HashMap.HashMap<string, unknown>
}

/** @internal */
export const currentFiber = (fiber: Fiber.RuntimeFiber<unknown, unknown>): CurrentFiber => ({
  context: fiber.currentContext as Context.Context<never>,
  annotations: fiber.getFiberRef(FiberRef.currentLogAnnotations)
})

/** The labels that `Effect.tagMetrics` has put around a fiber. @internal */
export const tagsOf = (fiber: Fiber.RuntimeFiber<unknown, unknown>): ReadonlyArray<MetricLabel.MetricLabel> =>
  fiber.getFiberRef(FiberRef.currentMetricLabels)

/** Moves the running fiber, with one copy of its refs instead of one for each. @internal */
export const moveTo = ({ annotations, context }: CurrentFiber): Effect.Effect<void> =>
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
export const annotate = ({ locals }: FiberRefs.FiberRefs, id: FiberId.Runtime, { annotations }: CurrentFiber): void => {
  const outside = locals.get(FiberRef.currentLogAnnotations) ?? []
  locals.set(FiberRef.currentLogAnnotations, [[id, annotations], ...outside])
}

/**
 * The place outside, to go back to, with the log annotations that the work inside has set for longer than itself: those
 * of a scope that it shares with its caller.
 *
 * @internal
 */
export const fiberAfter = (
  outside: CurrentFiber,
  inside: CurrentFiber,
  annotations: CurrentFiber["annotations"]
): CurrentFiber => {
  if (annotations === inside.annotations) return outside
  let kept = annotations
  for (const [label, value] of inside.annotations) {
    const before = HashMap.get(outside.annotations, label)
    const isOwn = Option.isNone(before) || before.value !== value
    if (!isOwn || Option.getOrUndefined(HashMap.get(kept, label)) !== value) continue
    kept = Option.isNone(before) ? HashMap.remove(kept, label) : HashMap.set(kept, label, before.value)
  }
  return { context: outside.context, annotations: kept }
}
