import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type * as Exit from "effect/Exit"
import { fromExit } from "../breaker/outcome.js"

/**
 * How many milliseconds the target wants to be left alone, as the circuit beside reads it, which holds back for
 * `longestHold` at most. What cannot be read is none.
 *
 * @internal
 */
export const holdOf = (exit: Exit.Exit<unknown, unknown>, now: number, longestHold: number): number => {
  try {
    const outcome = fromExit(exit)
    if (outcome._tag !== "Ignored") return 0
    const resetsIn = outcome.resetsAt === undefined ? 0 : DateTime.toEpochMillis(outcome.resetsAt) - now
    const retryAfter = outcome.retryAfter === undefined ? 0 : Duration.toMillis(outcome.retryAfter)
    return Math.max(resetsIn, Math.min(retryAfter, longestHold))
  } catch {
    return 0
  }
}
