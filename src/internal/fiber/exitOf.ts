import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/**
 * The exit that an effect is, if it is one: whoever has it needs no step of the fiber to get it.
 *
 * @internal
 */
export const exitOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Exit.Exit<A, E> | undefined =>
  Exit.isExit(effect) ? (effect as Exit.Exit<A, E>) : undefined

/**
 * What comes after a step: at once, if the step has been taken already.
 *
 * @internal
 */
export const after = <A, E, R, E2, R2>(
  step: Effect.Effect<unknown, E, R>,
  next: () => Effect.Effect<A, E2, R2>
): Effect.Effect<A, E | E2, R | R2> => {
  const exit = exitOf(step)
  return exit !== undefined && Exit.isSuccess(exit) ? next() : Effect.flatMap(step, next)
}
