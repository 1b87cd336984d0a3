import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as RuntimeFlags from "effect/RuntimeFlags"
import type { Restore } from "../admission/gate.js"
import type { Signal } from "../time/signal.js"
import type { CurrentFiber } from "./currentFiber.js"
import { StartedFiber } from "./startNow.js"

/** Who makes a fiber: another one, in an uninterruptible region of which `restore` lets out. @internal */
export interface Parent {
  readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
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
export const runUntilSignal = <A, E, R, B, E2, R2>(
  self: Effect.Effect<A, E, R>,
  signal: Signal,
  onLeave: (child: Fiber.RuntimeFiber<A, E>) => Effect.Effect<B, E2, R2>
): Effect.Effect<A | B, E | E2, R | R2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime((fiber) => runUntil({ fiber, restore }, self, signal, onLeave))
  )

/**
 * The same, for a caller that has its own mask, and perhaps another place for `self` to run in.
 *
 * @internal
 */
export const runUntil = <A, E, R, B, E2, R2>(
  { fiber, restore }: Parent,
  self: Effect.Effect<A, E, R>,
  signal: Signal,
  onLeave: (child: Fiber.RuntimeFiber<A, E>) => Effect.Effect<B, E2, R2>,
  place?: CurrentFiber
): Effect.Effect<A | B, E | E2, R | R2> => {
  // Before the work begins: its time counts from here, and who listens inside it listens after us.
  let signalled = false
  let onSignal = (): void => {
    signalled = true
  }
  const stopListening = signal(() => onSignal())
  const child = new StartedFiber(fiber, restore(self), place)
  const exit = child.fiber.unsafePoll()
  if (exit !== null) {
    stopListening()
    return child.joined(exit)
  }

  let stop = stopListening
  const first = Effect.async<Exit.Exit<A, E> | undefined>((resume) => {
    if (signalled) return resume(Effect.succeed(undefined))
    const onExit = (exit: Exit.Exit<A, E>): void => {
      stop()
      resume(Effect.succeed(exit))
    }
    stop = () => {
      child.fiber.removeObserver(onExit)
      stopListening()
    }
    onSignal = () => {
      stop()
      resume(Effect.succeed(undefined))
    }
    child.fiber.addObserver(onExit)
  })
  return Effect.matchCauseEffect(restore(heard(first, child.fiber)), {
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

/**
 * A caller that cannot be interrupted while it waits hands an interruption on to the work, which may have parts that can.
 * A fiber that Effect forks hears of it as a child; here, where it is needed, a child of that kind hears of it instead.
 */
const heard = <A>(waiting: Effect.Effect<A>, work: Fiber.RuntimeFiber<unknown, unknown>): Effect.Effect<A> =>
  Effect.withFiberRuntime((caller, { runtimeFlags }) => {
    if (RuntimeFlags.interruptible(runtimeFlags)) return waiting
    const interrupt = Fiber.interruptFork(work)
    // It may have come before there was anything to wait for.
    if (!Cause.isEmpty(caller.getFiberRef(FiberRef.interruptedCause))) return Effect.zipRight(interrupt, waiting)
    const listener = Effect.onInterrupt(Effect.interruptible(Effect.never), () => interrupt)
    return Effect.flatMap(Effect.fork(listener), (fiber) =>
      Effect.flatMap(waiting, (value) => Effect.as(Fiber.interruptFork(fiber), value))
    )
  })
