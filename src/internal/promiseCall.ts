/**
 * The one place where a promise becomes an effect and interruption becomes an `AbortSignal`.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { type Holder, type Leaf, LeafTypeId } from "./leaf.js"
import type { Limit } from "./limit.js"

/**
 * Runs a function that returns a promise. The signal is made only for a function that takes one, since making it costs
 * as much as the rest of the call.
 */
export const promiseCall = <A, E>(
  evaluate: (signal: AbortSignal) => PromiseLike<A>,
  onThrown: (thrown: unknown) => E,
  onAnswer: (value: A) => Effect.Effect<A, E> = Effect.succeed
): Leaf<A, E, never> => {
  /** Starts the call; gives back the way to stop it. */
  const start = <E2>(resume: (answer: Effect.Effect<A, E | E2>) => void, limit?: Limit<E2>): (() => void) => {
    const controller = evaluate.length > 0 ? new AbortController() : undefined
    const stopTimer = limit?.signal(() => {
      resume(Effect.failSync(limit.onTimeout))
      controller?.abort()
    })
    const fail = (thrown: unknown): void => {
      stopTimer?.()
      resume(Effect.failSync(() => onThrown(thrown)))
    }
    try {
      // A function without parameters never sees the missing signal.
      evaluate(controller?.signal as AbortSignal).then((value) => {
        stopTimer?.()
        resume(onAnswer(value))
      }, fail)
    } catch (thrown) {
      fail(thrown)
    }
    return () => {
      stopTimer?.()
      controller?.abort()
    }
  }
  const held = <E2>(holder: Holder, limit?: Limit<E2>): Effect.Effect<A, E | E2> =>
    Effect.async((resume) => {
      holder.cancel = start(resume, limit)
    })
  const alone = Effect.async<A, E>((resume) => {
    const stop = start(resume)
    return Effect.sync(stop)
  })
  return Object.assign(alone, { [LeafTypeId]: held })
}
