/**
 * Failures of fibers whose end somebody waits for.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"

/**
 * For a fiber of its own: Effect writes each failure of a fiber into the log, as an unhandled error and in the failure's own
 * words, which may be a provider's. One that is handed on is none. Costs nothing where such lines are not written.
 *
 * @internal
 */
export const quietly = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  parent: Fiber.RuntimeFiber<unknown, unknown>
): Effect.Effect<A, E, R> => {
  const level = parent.getFiberRef(FiberRef.unhandledErrorLogLevel)
  if (Option.isNone(level)) return self
  if (LogLevel.lessThan(level.value, parent.getFiberRef(FiberRef.currentMinimumLogLevel))) return self
  return Effect.tapErrorCause(self, () => FiberRef.set(FiberRef.unhandledErrorLogLevel, Option.none()))
}

/** What `quietly` has set in a fiber is not for whoever joins it. @internal */
export const keepingLevel = <A, E, R>(joining: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime((parent) => {
    const level = parent.getFiberRef(FiberRef.unhandledErrorLogLevel)
    return Effect.zipLeft(joining, FiberRef.set(FiberRef.unhandledErrorLogLevel, level))
  })
