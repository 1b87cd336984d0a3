import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import type * as FiberStatus from "effect/FiberStatus"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import type { Restore } from "./gate.js"
import { annotate, moveTo, type Place, placeOf } from "./place.js"

/**
 * Something that happens at most once: calls `listener` when it does, and gives back the way to stop listening.
 *
 * @internal
 */
export type Signal = (listener: () => void) => () => void

/** Who makes a fiber: another one, in an uninterruptible region of which `restore` lets out. @internal */
export interface Parent {
  readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
  readonly status: FiberStatus.Running
  readonly restore: Restore
}

/**
 * Runs `self` in a fiber of its own and leaves it when `signal` says so: the caller goes on with `onLeave`, while
 * `self` is interrupted in the background. One that is slow to stop, or never does, cannot keep the caller.
 *
 * An interruption of the caller is different: it waits for `self` to stop, as everywhere in Effect.
 *
 * @internal
 */
export const leaveOn = <A, E, R, B, E2, R2>(
  self: Effect.Effect<A, E, R>,
  signal: Signal,
  onLeave: (child: Fiber.RuntimeFiber<A, E>) => Effect.Effect<B, E2, R2>
): Effect.Effect<A | B, E | E2, R | R2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime((fiber, status) => leave({ fiber, status, restore }, self, signal, onLeave))
  )

/**
 * The same, for a caller that has its own mask, and a place other than the caller's for `self` to run in.
 *
 * The fiber is begun within the step of its parent. Work that ends without waiting then costs neither a turn of the
 * scheduler nor a timer, and other work one turn less: half of what forking and joining cost (13 us).
 *
 * @internal
 */
export const leave = <A, E, R, B, E2, R2>(
  parent: Parent,
  self: Effect.Effect<A, E, R>,
  signal: Signal,
  onLeave: (child: Fiber.RuntimeFiber<A, E>) => Effect.Effect<B, E2, R2>,
  place?: Place
): Effect.Effect<A | B, E | E2, R | R2> => {
  const { restore } = parent
  const child = new Child(parent, self, place)
  const exit = child.fiber.unsafePoll()
  if (exit !== null) return child.joined(exit)

  let stop = nothing
  const first = Effect.async<Exit.Exit<A, E> | undefined>((resume) => {
    const onExit = (exit: Exit.Exit<A, E>): void => {
      stop()
      resume(Effect.succeed(exit))
    }
    const stopListening = signal(() => {
      stop()
      resume(Effect.succeed(undefined))
    })
    stop = () => {
      child.fiber.removeObserver(onExit)
      stopListening()
    }
    child.fiber.addObserver(onExit)
  })
  return Effect.matchCauseEffect(restore(first), {
    onFailure: (cause) => {
      stop()
      return Effect.zipRight(Fiber.interrupt(child.fiber), Effect.failCause(cause))
    },
    onSuccess: (exit): Effect.Effect<A | B, E | E2, R2> =>
      exit === undefined
        ? Effect.ensuring(restore(onLeave(child.fiber)), Fiber.interruptFork(child.fiber))
        : child.joined(exit)
  })
}

/** A fiber that is begun at once, within the step of its parent. */
class Child<A, E, R> {
  readonly fiber: Fiber.RuntimeFiber<A, E>
  private begunWith = FiberRefs.empty()

  constructor(
    private readonly parent: Parent,
    self: Effect.Effect<A, E, R>,
    private readonly place: Place | undefined
  ) {
    const { fiber, restore, status } = parent
    const runtime = Runtime.make({
      context: (place?.context ?? fiber.currentContext) as Context.Context<R>,
      fiberRefs: fiber.getFiberRefs(),
      runtimeFlags: status.runtimeFlags
    })
    depth++
    try {
      this.fiber = Runtime.runFork(runtime, restore(self), {
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
    const inherited = Fiber.inheritAll(this.fiber)
    const back = this.place === undefined ? Effect.void : moveTo(placeOf(this.parent.fiber))
    return Effect.zipRight(inherited, Effect.zipRight(back, exit))
  }

  /** Looking costs less than joining, and most work leaves its fiber as it was. */
  private hasSetAnything(): boolean {
    for (const [ref, stack] of this.fiber.getFiberRefs().locals) {
      if (stack === this.begunWith.locals.get(ref)) continue
      const before = FiberRefs.getOrDefault(this.begunWith, ref)
      const after = stack[0][1]
      if (after !== before && (ref !== flags || lasting(after) !== lasting(before))) return true
    }
    return false
  }
}

/** Fibers begun within each other share one stack of calls; beyond this they wait for a turn of the scheduler. */
const deepest = 16
let depth = 0

const flags: unknown = FiberRef.currentRuntimeFlags

/** The flags that a fiber hands on; the others are about its own end. */
const lasting = (flags: unknown): RuntimeFlags.RuntimeFlags =>
  RuntimeFlags.disable(
    RuntimeFlags.disable(flags as RuntimeFlags.RuntimeFlags, RuntimeFlags.Interruption),
    RuntimeFlags.WindDown
  )

const nothing = (): void => {}
