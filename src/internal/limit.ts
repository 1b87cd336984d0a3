/**
 * The limit of one attempt in time: ends it, frees the caller at once, leaves nothing behind.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { leaveOn } from "./leave.js"
import { clockOf, startTimer } from "./timer.js"

/** When an attempt's time is up, and what it fails with then. */
export interface Limit<E> {
  /** Calls `fire` when time is up, unless the function it returns is called first. */
  readonly start: (clock: Clock.Clock, fire: () => void) => () => void
  readonly onTimeout: () => E
}

/** @internal */
export const afterMillis = <E>(millis: number, onTimeout: () => E): Limit<E> => ({
  start: (clock, fire) => startTimer(clock, millis, fire),
  onTimeout
})

/**
 * An effect that can watch its own limit. A promise adapter is one: it already suspends on a callback, and a timer
 * beside that callback costs a twentieth of a fiber.
 */
export const LimitTypeId: unique symbol = Symbol.for("effect-resilience/Limit")

/** @internal */
export interface SelfLimiting<A, E, R> extends Effect.Effect<A, E, R> {
  readonly [LimitTypeId]: <E2>(limit: Limit<E2>) => Effect.Effect<A, E | E2, R>
}

/** @internal */
export const isSelfLimiting = <A, E, R>(self: Effect.Effect<A, E, R>): self is SelfLimiting<A, E, R> =>
  LimitTypeId in self

/** @internal */
export const limited = <A, E, R, E2>(self: Effect.Effect<A, E, R>, limit: Limit<E2>): Effect.Effect<A, E | E2, R> =>
  isSelfLimiting(self) ? self[LimitTypeId](limit) : inFiber(self, limit)

/** Any other effect runs in a fiber of its own, which is left behind when time is up. */
const inFiber = <A, E, R, E2>(self: Effect.Effect<A, E, R>, limit: Limit<E2>): Effect.Effect<A, E | E2, R> =>
  Effect.withFiberRuntime((fiber) =>
    leaveOn(
      self,
      (timeIsUp) => limit.start(clockOf(fiber), timeIsUp),
      () => Effect.failSync(limit.onTimeout)
    )
  )
