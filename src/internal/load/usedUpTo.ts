/**
 * What an attempt that failed had said it used until then, for the limits that let it in.
 *
 * A failure is of the caller's own type, and has no room for it.
 *
 * @internal
 */
import type * as Exit from "effect/Exit"
import type { Usage } from "../errors/llmError.js"

const known = new WeakMap<Exit.Exit<unknown, unknown>, Usage>()

/** @internal */
export const withUsage = <A, E>(exit: Exit.Exit<A, E>, usage: Usage): Exit.Exit<A, E> => {
  known.set(exit, usage)
  return exit
}

/** @internal */
export const usedUpTo = (exit: Exit.Exit<unknown, unknown>): Usage | undefined => known.get(exit)
