import type { Reading, StreamDialect, ToolCallPiece } from "./dialect.js"
import { isEnd } from "./ending.js"
import { failed, strange } from "./failed.js"
import { arrayOf, type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { malformed, modelOf } from "./readings.js"
import { ofOllama } from "./usage.js"

const provider = "ollama"

/** Both of `/api/chat` and of `/api/generate`. @internal */
export const isOllama = (line: Fields): boolean =>
  typeof line.done === "boolean" && (isFields(line.message) || typeof line.response === "string")

/** @internal */
export const ollama: StreamDialect<unknown> = {
  provider,
  endMarker: true,
  read: (line) => {
    if (!isFields(line)) return malformed
    if (line.error) return failed(provider, line)
    if (typeof line.done !== "boolean") return strange(provider, line)
    const message = fieldsOf(line.message)
    const text = textOf(message.content) || textOf(line.response)
    const toolCalls = arrayOf(message.tool_calls).map(callOf)
    const isContent = text !== "" || toolCalls.length > 0 || arrayOf(message.images).length > 0
    const thinks = textOf(message.thinking) !== "" || textOf(line.thinking) !== ""
    const reading: Reading = {
      kind: isContent ? "content" : thinks ? "reasoning" : "metadata",
      end: line.done && isFinal(line.done_reason),
      ...(text !== "" && { text }),
      ...(toolCalls.length > 0 && { toolCalls })
    }
    if (!line.done) return reading
    return {
      ...reading,
      usage: ofOllama(line),
      ...modelOf(line.model)
    }
  }
}

/** Older versions give no reason. A model that was only loaded, or put away, has answered nothing. */
const isFinal = (reason: unknown): boolean =>
  reason === undefined || reason === null || (isEnd(reason) && reason !== "load" && reason !== "unload")

/** Each call comes whole, and has no id. */
const callOf = (u: unknown): ToolCallPiece => {
  const called = fieldsOf(fieldsOf(u).function)
  return { id: textOf(fieldsOf(u).id), name: textOf(called.name) }
}
