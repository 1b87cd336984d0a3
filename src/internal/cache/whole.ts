/**
 * Why an answer is not worth keeping, as far as its shape tells: it stopped at a limit, was filtered or refused, reports
 * an error, or asks for a tool.
 *
 * @internal
 */
import { badEnding } from "../../classifier/Ending.js"
import { failureBody } from "../../classifier/ErrorBody.js"
import * as Foreign from "../errors/safeRead.js"

/** @internal */
export type Flaw = "failed" | "truncated" | "toolCalls"

/** The places where an answer, or a piece of one, says why it ended. `*` means any item of a list. */
const endings = [
  "choices.*.finish_reason",
  "candidates.*.finishReason",
  "finish_reason",
  "finishReason",
  "finishReason.unified",
  "stop_reason",
  "stopReason",
  "done_reason",
  "delta.stop_reason",
  "delta.finish_reason",
  "messageStop.stopReason",
  "status",
  "response.status",
  "incomplete_details.reason",
  "reason",
  "content.*.reason"
].map((place) => place.split("."))

/** The places where a call of a tool stands. */
const calls = [
  "choices.*.message.tool_calls.*",
  "choices.*.message.function_call",
  "choices.*.delta.tool_calls.*",
  "candidates.*.content.parts.*.functionCall",
  "message.tool_calls.*",
  "toolCalls.*",
  "tool_calls.*"
].map((place) => place.split("."))

/** The types of items, at the top or in a list, that are calls of tools. */
const types = ["type", "content.*.type", "output.*.type", "item.type", "content_block.type"].map((place) =>
  place.split(".")
)

const truncated =
  /^(?:length|max[-_]?(?:output[-_]?)?tokens|token[-_]?limit|model[-_]?length|incomplete|model_context_window_exceeded|pause_turn)$/i
const failed = /^(?:error|failed|cancelled)$/i
const called = /^(?:tool[-_]?(?:calls?|use)|function[-_]?call)$/i
const callType =
  /^(?:tool_use|server_tool_use|function_call|custom_tool_call|tool-call|tool-params-start|tool-input-start)$/

/** @internal */
export const flawOf = (answer: unknown): Flaw | undefined => {
  if (!Foreign.isObject(answer)) return undefined
  if (badEnding(answer) !== undefined || failureBody(answer) !== undefined) return "failed"
  const said = endings.flatMap((path) => found(answer, path, 0)).filter((word) => typeof word === "string")
  if (said.some((word) => failed.test(word))) return "failed"
  if (said.some((word) => truncated.test(word))) return "truncated"
  const hasCall = calls.some((path) => found(answer, path, 0).some(Foreign.isObject))
  const kinds = types.flatMap((path) => found(answer, path, 0)).filter((word) => typeof word === "string")
  return hasCall || said.some((word) => called.test(word)) || kinds.some((kind) => callType.test(kind))
    ? "toolCalls"
    : undefined
}

const found = (data: unknown, path: ReadonlyArray<string>, from: number): ReadonlyArray<unknown> => {
  const step = path[from]
  if (step === undefined) return data === undefined ? [] : [data]
  if (step === "*") return Foreign.items(data, 256).flatMap((item) => found(item, path, from + 1))
  return found(Foreign.get(data, step), path, from + 1)
}
