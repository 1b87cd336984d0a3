import type { Reading, StreamDialect, ToolCallPiece } from "./dialect.js"
import { isEnd } from "./ending.js"
import { judged, strange } from "./failed.js"
import { arrayOf, type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { metadata } from "./readings.js"
import { ofResponses } from "./usage.js"

/** As they are, and as `JSON.stringify` makes them of LangChain's own classes. */
const messageOf = (chunk: Fields): Fields => (chunk.lc === 1 && isFields(chunk.kwargs) ? chunk.kwargs : chunk)

/** @internal */
export const isLangChain = (chunk: Fields): boolean => {
  const message = messageOf(chunk)
  return (
    (typeof message.content === "string" || Array.isArray(message.content)) &&
    isFields(message.response_metadata) &&
    (message !== chunk || Array.isArray(message.tool_call_chunks) || message.type === "AIMessageChunk")
  )
}

/** The chunks of a chat model's `stream`, of JavaScript and of Python. @internal */
export const langChain: StreamDialect<unknown> = {
  endMarker: true,
  read: (chunk) => {
    if (!isFields(chunk) || !isLangChain(chunk)) return strange(undefined, chunk)
    const message = messageOf(chunk)
    const finish = finishOf(message)
    const reading = contentOf(message)
    const usage = isFields(message.usage_metadata) ? { usage: ofResponses(message.usage_metadata) } : undefined
    const told: Reading = { ...reading, ...usage, end: isEnd(finish) || message.chunk_position === "last" }
    return isEnd(finish) ? judged(undefined, { choices: [{ finish_reason: finish }] }, told) : told
  }
}

const contentOf = (message: Fields): Reading => {
  const parts = typeof message.content === "string" ? [{ text: message.content }] : arrayOf(message.content)
  const toolCalls = arrayOf(message.tool_call_chunks).map(callOf)
  let text = ""
  let thinks = textOf(fieldsOf(message.additional_kwargs).reasoning_content) !== ""
  let isContent = toolCalls.length > 0
  for (const each of parts) {
    const part = fieldsOf(each)
    if (/thinking|reasoning/.test(textOf(part.type))) thinks = true
    else if (typeof part.text === "string") text += part.text
    else isContent = true
  }
  if (text === "" && !isContent) return thinks ? { kind: "reasoning" } : metadata
  return { kind: "content", ...(text !== "" && { text }), ...(toolCalls.length > 0 && { toolCalls }) }
}

const callOf = (u: unknown): ToolCallPiece => {
  const { id, index, name } = fieldsOf(u)
  const key = typeof index === "number" || typeof index === "string" ? { key: String(index) } : undefined
  return { id: textOf(id), name: textOf(name), ...key }
}

/** Each provider's own name for it, which LangChain hands on. */
const finishOf = ({ additional_kwargs, response_metadata }: Fields): unknown => {
  const told = fieldsOf(response_metadata)
  return (
    told.finish_reason ??
    told.finishReason ??
    told.stop_reason ??
    told.stopReason ??
    told.done_reason ??
    fieldsOf(told.messageStop).stopReason ??
    fieldsOf(additional_kwargs).stop_reason
  )
}
