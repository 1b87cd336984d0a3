/**
 * What one fiber sets in itself, carried over to another while both run: the code in a stream sets its consumer's
 * FiberRefs, and a stream that is pulled by a fiber of its own must not be told apart by that.
 *
 * Only what has changed is carried over, so that what the consumer has set meanwhile stays.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"

/** The place of the code in the stream, which is not its consumer's, and what is about the fiber itself. */
const placed: ReadonlySet<unknown> = new Set([
  FiberRef.currentContext,
  FiberRef.currentLogAnnotations,
  FiberRef.currentRuntimeFlags
])

/** @internal */
export class Inherited {
  private told: FiberRefs.FiberRefs

  constructor(private readonly fiber: Fiber.RuntimeFiber<unknown, unknown>) {
    this.told = fiber.getFiberRefs()
  }

  /** Sets in the fiber that runs it what has changed since the last time. Nothing, if nothing has. */
  changes(): Effect.Effect<void> | undefined {
    const { told } = this
    const now = this.fiber.getFiberRefs()
    this.told = now
    let changed: Map<FiberRef.FiberRef<unknown>, Stack> | undefined
    for (const [ref, stack] of now.locals) {
      if (stack === told.locals.get(ref) || placed.has(ref)) continue
      if (stack[0][1] === FiberRefs.getOrDefault(told, ref)) continue
      changed ??= new Map()
      changed.set(ref, stack)
    }
    if (changed === undefined) return undefined
    const these = FiberRefs.unsafeMake(changed)
    return Effect.updateFiberRefs((id, refs) => FiberRefs.joinAs(refs, id, these))
  }
}

type Stack = FiberRefs.FiberRefs["locals"] extends Map<unknown, infer A> ? A : never
