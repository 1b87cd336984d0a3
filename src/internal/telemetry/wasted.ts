import type { LlmError } from "../errors/llmError.js"
import type { Rejection } from "../errors/rejection.js"

/**
 * Whether the model may have been at work when an attempt failed so, and its tokens be on the bill. A failure that the
 * provider states instead of an answer costs nothing.
 *
 * @internal
 */
export const mayHaveUsed = (failure: LlmError | Rejection): boolean => {
  switch (failure._tag) {
    case "TimedOut":
      return failure.phase !== "connect"
    case "ConnectionFailed":
      return failure.sent !== "no"
    case "StreamInterrupted":
    case "MalformedResponse":
    case "ContentFiltered":
    case "DeadlineExceeded":
    case "BufferExceeded":
    case "Unclassified":
      return true
    default:
      return false
  }
}
