import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { Signal } from "./signal.js"

/**
 * A deadline that is being watched, and what a retry under it has to do with it: note the last real error, and be told
 * when time is up so that it can end with that error itself.
 *
 * @internal
 */
export class Running {
  lastError: Option.Option<unknown> = Option.none()
  readonly #listeners = new Set<() => void>()

  constructor(
    readonly at: number,
    readonly budget: Duration.Duration
  ) {}

  readonly passed: Signal = (listener) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Tells the innermost listener first. Answers whether there was one. */
  announce(): boolean {
    const listeners = [...this.#listeners].reverse()
    this.#listeners.clear()
    for (const listener of listeners) listener()
    return listeners.length > 0
  }
}

/** @internal */
export const isRunning = (u: unknown): u is Running => u instanceof Running

/**
 * The last failure of the call's own that a retry has seen, which outlives the deadline.
 *
 * @internal
 */
export const noteFailure = (deadline: unknown, error: unknown): void => {
  if (isRunning(deadline)) deadline.lastError = Option.some(error)
}

/** How many turns of the scheduler a call has, once time is up, to end with the error it already holds. */
const turns = 64

/**
 * Time is up. What the call makes of it without taking any more time is its answer; nothing, if it makes nothing of it.
 *
 * @internal
 */
export const graceOf = <A, E>(
  deadline: Running,
  child: Fiber.RuntimeFiber<A, E>
): Effect.Effect<Exit.Exit<A, E> | undefined> =>
  Effect.suspend(() => {
    if (!deadline.announce()) return Effect.succeed(undefined)
    const wait = (left: number): Effect.Effect<Exit.Exit<A, E> | undefined> => {
      const exit = child.unsafePoll()
      if (exit !== null) return Effect.succeed(exit)
      return left === 0 ? Effect.succeed(undefined) : Effect.flatMap(Effect.yieldNow(), () => wait(left - 1))
    }
    return wait(turns)
  })
