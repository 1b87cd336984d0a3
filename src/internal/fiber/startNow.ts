import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import { annotate, type CurrentFiber, currentFiber, fiberAfter, moveTo } from "./currentFiber.js"
import { keepingLevel, quietly } from "./quietly.js"

/**
 * A fiber that is begun at once, within the step of its parent. Work that ends without waiting then costs no turn of the
 * scheduler, and other work one turn less than with `Effect.fork`.
 *
 * @internal
 */
export class StartedFiber<A, E, R> {
  readonly fiber: Fiber.RuntimeFiber<A, E>
  private begunWith = FiberRefs.empty()

  constructor(
    private readonly parent: Fiber.RuntimeFiber<unknown, unknown>,
    self: Effect.Effect<A, E, R>,
    private readonly place: CurrentFiber | undefined
  ) {
    const fiberRefs = parent.getFiberRefs()
    const runtime = Runtime.make({
      context: (place?.context ?? parent.currentContext) as Context.Context<R>,
      fiberRefs,
      // Uninterruptible but for what its parent restores in it: an interruption that finds no such part changes nothing.
      runtimeFlags: RuntimeFlags.disable(
        FiberRefs.getOrDefault(fiberRefs, FiberRef.currentRuntimeFlags),
        RuntimeFlags.Interruption
      )
    })
    depth++
    try {
      this.fiber = Runtime.runFork(runtime, quietly(self, parent), {
        immediate: depth < deepest,
        updateRefs: (refs, id) => {
          if (place !== undefined) annotate(refs, id, place)
          this.begunWith = refs
          return refs
        }
      })
    } finally {
      depth--
    }
  }

  /** The end of the fiber; what it has set in itself is then set in its parent too, save for its place. */
  joined(exit: Exit.Exit<A, E>): Effect.Effect<A, E> {
    if (!this.hasSetAnything()) return exit
    const inherited = keepingLevel(Fiber.inheritAll(this.fiber))
    const { place } = this
    const back =
      place === undefined
        ? Effect.void
        : moveTo(fiberAfter(currentFiber(this.parent), place, currentFiber(this.fiber).annotations))
    return Effect.zipRight(inherited, Effect.zipRight(back, exit))
  }

  /** Looking costs less than joining, and most work leaves its fiber as it was. */
  private hasSetAnything(): boolean {
    for (const [ref, stack] of this.fiber.getFiberRefs().locals) {
      if (stack === this.begunWith.locals.get(ref)) continue
      const before = FiberRefs.getOrDefault(this.begunWith, ref)
      const after = stack[0][1]
      if (after !== before && ref !== level && (ref !== flags || lasting(after) !== lasting(before))) return true
    }
    return false
  }
}

/** Fibers begun within each other share one stack of calls; beyond this they wait for a turn of the scheduler. */
const deepest = 16
let depth = 0

const flags: unknown = FiberRef.currentRuntimeFlags
const level: unknown = FiberRef.unhandledErrorLogLevel

/** The flags that a fiber hands on; the others are about its own end. */
const lasting = (flags: unknown): RuntimeFlags.RuntimeFlags =>
  RuntimeFlags.disable(
    RuntimeFlags.disable(flags as RuntimeFlags.RuntimeFlags, RuntimeFlags.Interruption),
    RuntimeFlags.WindDown
  )
