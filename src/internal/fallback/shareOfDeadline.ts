import { TimedOut } from "../errors/llmError.js"

/**
 * How much of the time that is left a target may use while others stand ready: the same for each of them, or a share of
 * one's own. At least a millisecond, where there is one.
 *
 * @internal
 */
export const shareOfDeadline = (left: number, share: number): number =>
  Math.min(left, Math.ceil(Math.max(0, left) * share))

/** @internal */
export const equalShare = (others: number): number => 1 / (others + 1)

/** A target has had its share of the time, and the others are to have theirs. @internal */
export const shareOver = (target: string, millis: number): TimedOut =>
  new TimedOut({
    target,
    phase: "attempt",
    message: `${target} gave no answer within the ${millis} ms that are its share of the call's deadline`
  })
