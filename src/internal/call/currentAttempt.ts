import * as Context from "effect/Context"

/**
 * Where the code that asks is running: in which attempt, of which call, to which target.
 *
 * @since 0.1.0
 * @category Attempt
 */
export interface Attempt {
  /** Numbers the calls of a process. */
  readonly call: number
  readonly target: string
  /** Counts from 1. */
  readonly attempt: number
}

/**
 * The attempt that is under way, or `undefined` outside of one. Set by `Resilience.protect`.
 *
 * @since 0.1.0
 * @category Attempt
 */
export class CurrentAttempt extends Context.Reference<CurrentAttempt>()("effect-resilience/CurrentAttempt", {
  defaultValue: (): Attempt | undefined => undefined
}) {}
