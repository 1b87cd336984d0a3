import type { Reading, StreamDialect } from "./dialect.js"
import { failed, judged, untaught } from "./failed.js"
import { type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { content, malformed, metadata, modelOf, reasoning, textual } from "./readings.js"
import { ofAnthropic } from "./usage.js"

const provider = "anthropic"

/** @internal */
export const anthropic: StreamDialect<unknown> = {
  provider,
  endMarker: true,
  read: (event) => {
    if (!isFields(event)) return malformed
    switch (event.type) {
      case "content_block_delta":
        return deltaOf(event.index, fieldsOf(event.delta))
      case "content_block_start":
        return blockOf(event.index, fieldsOf(event.content_block))
      case "message_start":
        return { ...withUsage(metadata, fieldsOf(event.message).usage), ...modelOf(fieldsOf(event.message).model) }
      case "message_delta":
        return judged(provider, event, withUsage(metadata, event.usage))
      case "message_stop":
        return { kind: "metadata", end: true }
      case "error":
        return failed(provider, event)
      default:
        return untaught(provider, event)
    }
  }
}

const deltaOf = (index: unknown, delta: Fields): Reading => {
  switch (delta.type) {
    case "text_delta":
      return textual(delta.text)
    case "input_json_delta":
      // Anthropic opens each call with an empty one.
      return delta.partial_json === "" ? metadata : callOf(index, {})
    case "thinking_delta":
      return reasoning
    default:
      return metadata
  }
}

const blockOf = (index: unknown, block: Fields): Reading => {
  switch (block.type) {
    case "text":
      return textual(block.text)
    case "thinking":
    case "redacted_thinking":
      return reasoning
    case "tool_use":
      return callOf(index, block)
    case "server_tool_use":
    case "mcp_tool_use":
      return callOf(index, block, true)
    default:
      return typeof block.type === "string" ? content : metadata
  }
}

const callOf = (index: unknown, { id, name }: Fields, providerExecuted = false): Reading => {
  const key = typeof index === "number" ? { key: String(index) } : undefined
  return {
    kind: "content",
    toolCalls: [{ id: textOf(id), name: textOf(name), ...key, ...(providerExecuted && { providerExecuted }) }]
  }
}

const withUsage = (reading: Reading, u: unknown): Reading =>
  isFields(u) ? { ...reading, usage: ofAnthropic(u) } : reading
