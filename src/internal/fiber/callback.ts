/**
 * Effects that are one callback and nothing else.
 *
 * By itself such an effect needs a bracket, so that an interruption stops what it has started. Inside the bracket of a
 * policy it does without: the policy's bracket stops it. A bracket costs more than the promise itself (`npm run bench`
 * has both among the policies alone), and has to be held in memory while the promise is waited for.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { AttemptTimeout } from "../call/attemptTimeout.js"
import { runUntilSignal } from "./runUntil.js"

/** @internal */
export const CallbackTypeId: unique symbol = Symbol.for("effect-resilience/CallbackEffect")

/**
 * Who runs a callback effect: somebody with a bracket of their own.
 *
 * @internal
 */
export interface Holder {
  /** What the callback effect has started and what has not ended. */
  running: { readonly cancel: () => void } | undefined
}

/** @internal */
export interface CallbackEffect<A, E, R> extends Effect.Effect<A, E, R> {
  /** The effect without its bracket, and with a limit if there is one. It is for one run. */
  readonly [CallbackTypeId]: <E2 = never>(holder: Holder, limit?: AttemptTimeout<E2>) => Effect.Effect<A, E | E2, R>
}

/** @internal */
export const isCallbackEffect = <A, E, R>(self: Effect.Effect<A, E, R>): self is CallbackEffect<A, E, R> =>
  CallbackTypeId in self

/**
 * An effect in whose place another may run, as each run decides; where none does, it is the callback that it was.
 *
 * @internal
 */
export const unless = <A, E, R, E2>(
  self: Effect.Effect<A, E, R>,
  instead: (fiber: Fiber.RuntimeFiber<unknown, unknown>) => Effect.Effect<A, E | E2, R> | undefined
): Effect.Effect<A, E | E2, R> => {
  const alone = Effect.withFiberRuntime<A, E | E2, R>((fiber) => instead(fiber) ?? self)
  if (!isCallbackEffect(self)) return alone
  const held = <E3>(holder: Holder, limit?: AttemptTimeout<E3>): Effect.Effect<A, E | E2 | E3, R> =>
    Effect.withFiberRuntime<A, E | E2 | E3, R>((fiber) => {
      const other = instead(fiber)
      if (other === undefined) return self[CallbackTypeId](holder, limit)
      return limit === undefined ? other : runUntilSignal(other, limit.signal, () => Effect.failSync(limit.onTimeout))
    })
  return Object.assign(alone, { [CallbackTypeId]: held })
}

/** For the end of the bracket: an interrupted callback effect is stopped. @internal */
export const stopIfInterrupted = (holder: Holder, cause: Cause.Cause<unknown>): void => {
  if (holder.running !== undefined && Cause.isInterrupted(cause)) holder.running.cancel()
}
