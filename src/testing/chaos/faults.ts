/**
 * What can be done to a call, and how often.
 */
import type * as Duration from "effect/Duration"
import type { LlmError } from "../../LlmError.js"

/**
 * What is done to a call.
 *
 * @since 0.1.0
 * @category Models
 */
export type Fault =
  | { readonly _tag: "Fail"; readonly error: LlmError }
  | { readonly _tag: "Cut"; readonly after: number; readonly error: LlmError | undefined }
  | { readonly _tag: "Delay"; readonly from: Duration.DurationInput; readonly to: Duration.DurationInput }
  | { readonly _tag: "Stall" }
  | { readonly _tag: "Interrupt" }

/**
 * How often a fault happens, when, and to what.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Rule {
  readonly fault: Fault
  /** The share of calls, from 0 to 1. Default 1. */
  readonly rate?: number | undefined
  /** From when on, counted from the moment at which chaos was switched on. Default: at once. */
  readonly from?: Duration.DurationInput | undefined
  /** Until when, as `from`. Default: for as long as it is on. */
  readonly to?: Duration.DurationInput | undefined
  /** To these targets only. Default: to all. */
  readonly targets?: ReadonlyArray<string> | undefined
}
