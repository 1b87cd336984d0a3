import type { Reading, StreamDialect } from "../../../StreamDialect.js"
import type { Usage } from "../../errors/llmError.js"
import { failed, judged } from "./failed.js"
import {
  content,
  type Fields,
  fieldsOf,
  isFields,
  malformed,
  metadata,
  numbers,
  reasoning,
  textOf,
  textual
} from "./shape.js"

const provider = "anthropic"

/** @internal */
export const anthropic: StreamDialect<unknown> = {
  provider,
  endMarker: true,
  read: (event) => {
    if (!isFields(event)) return malformed
    switch (event.type) {
      case "content_block_delta":
        return deltaOf(fieldsOf(event.delta))
      case "content_block_start":
        return blockOf(fieldsOf(event.content_block))
      case "message_start":
        return withUsage(metadata, fieldsOf(event.message).usage)
      case "message_delta":
        return judged(provider, event, withUsage(metadata, event.usage))
      case "message_stop":
        return { kind: "metadata", end: true }
      case "error":
        return failed(provider, event)
      default:
        if (event.error) return failed(provider, event)
        return typeof event.type === "string" ? metadata : malformed
    }
  }
}

const deltaOf = (delta: Fields): Reading => {
  switch (delta.type) {
    case "text_delta":
      return textual(delta.text)
    case "input_json_delta":
      // Anthropic opens each call with an empty one.
      return delta.partial_json === "" ? metadata : content
    case "thinking_delta":
      return reasoning
    default:
      return metadata
  }
}

const blockOf = (block: Fields): Reading => {
  switch (block.type) {
    case "text":
      return textual(block.text)
    case "thinking":
    case "redacted_thinking":
      return reasoning
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return { kind: "content", toolCalls: [{ id: textOf(block.id), name: textOf(block.name) }] }
    default:
      return typeof block.type === "string" ? content : metadata
  }
}

const withUsage = (reading: Reading, u: unknown): Reading => (isFields(u) ? { ...reading, usage: usageOf(u) } : reading)

const usageOf = (u: Fields): Usage =>
  numbers({
    inputTokens: u.input_tokens,
    outputTokens: u.output_tokens,
    cachedInputTokens: u.cache_read_input_tokens
  })
