import type { Reading, StreamDialect } from "./dialect.js"
import { failed, judged, strange, untaught } from "./failed.js"
import { type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { content, malformed, metadata, modelOf, reasoning, textual } from "./readings.js"
import { ofResponses } from "./usage.js"

const provider = "openai"

/** @internal */
export const openAiResponses: StreamDialect<unknown> = {
  provider,
  endMarker: true,
  read: (event) => {
    if (!isFields(event)) return malformed
    if (typeof event.type !== "string") return strange(provider, event)
    switch (event.type) {
      case "response.output_text.delta":
        return textual(event.delta)
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        return pieceOf(event, {})
      case "response.mcp_call_arguments.delta":
      case "response.code_interpreter_call_code.delta":
      case "response.audio.delta":
      case "response.audio.transcript.delta":
      case "response.image_generation_call.partial_image":
        return content
      case "response.reasoning_text.delta":
      case "response.reasoning_summary_text.delta":
        return reasoning
      case "response.output_item.added":
      case "response.output_item.done":
        return itemOf(event, fieldsOf(event.item))
      case "response.completed":
        return ended(fieldsOf(event.response))
      case "response.incomplete":
        return judged(provider, event, ended(fieldsOf(event.response)))
      case "response.refusal.delta":
        return judged(provider, event, content)
      case "error":
      case "response.failed":
      case "response.cancelled":
        return failed(provider, event)
      default:
        return event.type.startsWith("response.") ? metadata : untaught(provider, event)
    }
  }
}

/** A call is told when it begins, and once more when it is done. @internal */
export const itemOf = (event: Fields, item: Fields): Reading =>
  item.type === "function_call" || item.type === "custom_tool_call" ? pieceOf(event, item) : metadata

/** A call is its place in the answer; a server that gives none names its item. @internal */
export const pieceOf = ({ item_id, output_index }: Fields, item: Fields): Reading => {
  const id = textOf(item.call_id) || textOf(item.id)
  const key = typeof output_index === "number" ? `#${output_index}` : textOf(item.id) || textOf(item_id) || id
  return { kind: "content", toolCalls: [{ id, name: textOf(item.name), ...(key !== "" && { key }) }] }
}

const ended = (response: Fields): Reading => {
  const usage = isFields(response.usage) ? ofResponses(response.usage) : undefined
  return { kind: "metadata", end: true, ...(usage && { usage }), ...modelOf(response.model) }
}
