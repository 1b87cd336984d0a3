/**
 * The commit point, as a pure function.
 *
 * @internal
 */
import type { Reading } from "./dialect/dialect.js"

/**
 * How far one attempt has come.
 *
 * - `preamble`: no content yet.
 * - `content`: some content, and the answer is not complete.
 * - `complete`: the answer said that it is complete; metadata may still follow.
 */
export type Progress = "preamble" | "content" | "complete"

/** How far an attempt is after one more element. */
export const advance = (progress: Progress, { end, kind }: Pick<Reading, "end" | "kind">): Progress => {
  if (end === true) return "complete"
  // One of several parallel answers may be complete before the others.
  if (kind === "content") return "content"
  return progress
}

/** What the end of the provider's stream is. */
export type Ending = "complete" | "empty" | "cut"

/** Without an end marker in the dialect, any content makes an answer. */
export const ending = (progress: Progress, endMarker: boolean): Ending => {
  if (progress === "complete") return "complete"
  if (progress === "preamble") return "empty"
  return endMarker ? "cut" : "complete"
}

/**
 * How the consumer gets the elements.
 *
 * - `incremental`: as they come.
 * - `buffered`: all at once, when the answer is complete.
 * - `restartable`: as they come, and from the start again after a `Restarted`.
 */
export type Delivery = "incremental" | "buffered" | "restartable"

/** Whether elements are handed on at this point, or held back because they may yet be taken back. */
export const hands = (delivery: Delivery, progress: Progress): boolean =>
  delivery === "buffered" ? progress === "complete" : progress !== "preamble"

/**
 * What follows a failure.
 *
 * - `retry`: nothing reached the consumer, so the policy decides as for any call.
 * - `restart`: the policy decides, and the consumer is told to forget what it got.
 * - `interrupt`: what was delivered stays delivered, and the stream fails.
 */
export type AfterFailure = "retry" | "restart" | "interrupt"

/**
 * Once the consumer has something, only `restartable` may start over, and not after a tool call, which may have been
 * acted upon.
 */
export const afterFailure = (
  delivery: Delivery,
  delivered: { readonly content: boolean; readonly toolCalls: number }
): AfterFailure => {
  if (!delivered.content) return "retry"
  return delivery === "restartable" && delivered.toolCalls === 0 ? "restart" : "interrupt"
}
