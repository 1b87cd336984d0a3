/**
 * The one place where a promise becomes an effect and interruption becomes an `AbortSignal`.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { type Limit, LimitTypeId, type SelfLimiting } from "./limit.js"
import { clockOf } from "./timer.js"

const nothing = (): void => {}

/**
 * Runs a function that returns a promise. The signal is made only for a function that takes one, since making it costs
 * as much as the rest of the call.
 */
export const promiseCall = <A, E>(
  evaluate: (signal: AbortSignal) => PromiseLike<A>,
  onThrown: (thrown: unknown) => E,
  onAnswer: (value: A) => Effect.Effect<A, E> = Effect.succeed
): SelfLimiting<A, E, never> => {
  const call = <E2>(limit: Limit<E2> | undefined): Effect.Effect<A, E | E2> =>
    Effect.withFiberRuntime((fiber) =>
      Effect.async<A, E | E2>((resume) => {
        const controller = evaluate.length > 0 ? new AbortController() : undefined
        const stop =
          limit === undefined
            ? nothing
            : limit.start(clockOf(fiber), () => {
                resume(Effect.failSync(limit.onTimeout))
                controller?.abort()
              })
        const fail = (thrown: unknown): void => {
          stop()
          resume(Effect.failSync(() => onThrown(thrown)))
        }
        try {
          // A function without parameters never sees the missing signal.
          evaluate(controller?.signal as AbortSignal).then((value) => {
            stop()
            resume(onAnswer(value))
          }, fail)
        } catch (thrown) {
          fail(thrown)
        }
        return Effect.sync(() => {
          stop()
          controller?.abort()
        })
      })
    )
  return Object.assign(call<never>(undefined), { [LimitTypeId]: call })
}
