import * as Cause from "effect/Cause"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import { failureOf } from "../errors/failureOf.js"
import { isRejection } from "../errors/rejection.js"
import { traits } from "../errors/traits.js"

/**
 * What the end of a call says about the target.
 *
 * @since 0.1.0
 */
export type Outcome = Outcome.Success | Outcome.Failure | Outcome.Ignored

/**
 * @since 0.1.0
 */
export declare namespace Outcome {
  /**
   * The target is well.
   *
   * @since 0.1.0
   */
  export interface Success {
    readonly _tag: "Success"
  }

  /**
   * It counts against the target. If it opens the circuit, that stays open for at least `retryAfter`, as far as
   * `maxRetryAfter` allows.
   *
   * @since 0.1.0
   */
  export interface Failure {
    readonly _tag: "Failure"
    readonly retryAfter?: Duration.Duration | undefined
    /** What a rejection calls the failure. Default: the tag of the `LlmError` that it is, or is read as. */
    readonly tag?: string | undefined
  }

  /**
   * It says nothing about the target's health. With `retryAfter` or `resetsAt` the target asks to be left alone for or
   * until then, and is parked.
   *
   * @since 0.1.0
   */
  export interface Ignored {
    readonly _tag: "Ignored"
    readonly retryAfter?: Duration.Duration | undefined
    readonly resetsAt?: DateTime.Utc | undefined
  }
}

/** @internal */
export const success: Outcome = { _tag: "Success" }

/** @internal */
export const ignored: Outcome = { _tag: "Ignored" }

/** @internal */
export const fromExit = (exit: Exit.Exit<unknown, unknown>): Outcome => {
  if (Exit.isSuccess(exit)) return success
  if (Cause.isInterruptedOnly(exit.cause)) return ignored
  const problem = Cause.squash(exit.cause)
  const error = failureOf(problem)
  if (isRejection(error)) return ignored
  const { countsAgainstHealth, parks } = traits(error)
  if (countsAgainstHealth) return { _tag: "Failure", retryAfter: error.retryAfter, tag: error._tag }
  if (!parks) return ignored
  const resetsAt = error._tag === "QuotaExhausted" ? error.resetsAt : undefined
  return { _tag: "Ignored", retryAfter: error.retryAfter, resetsAt }
}
