import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/**
 * The exit that an effect is, if it is one: whoever has it needs no step of the fiber to get it.
 *
 * @internal
 */
export const exitOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Exit.Exit<A, E> | undefined =>
  Exit.isExit(effect) ? (effect as Exit.Exit<A, E>) : undefined
