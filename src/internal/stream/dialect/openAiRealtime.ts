import type { Reading, StreamDialect } from "./dialect.js"
import { failed, judged, strange, untaught } from "./failed.js"
import { type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { itemOf, pieceOf } from "./openAiResponses.js"
import { content, malformed, metadata, textual } from "./readings.js"
import { ofResponses } from "./usage.js"

const provider = "openai"

/** Its events of an answer have the names of those of the Responses API, and an id of their own. @internal */
export const isOpenAiRealtime = (event: Fields, type: string): boolean =>
  /^(?:session|conversation\.item|conversation\.created|(?:input|output)_audio_buffer|rate_limits|mcp_list_tools)\b/.test(
    type
  ) ||
  (typeof event.event_id === "string" && (type === "error" || type.startsWith("response.")))

/** The events of a session from one `response.create` to its `response.done`. @internal */
export const openAiRealtime: StreamDialect<unknown> = {
  provider,
  endMarker: true,
  read: (event) => {
    if (!isFields(event)) return malformed
    if (typeof event.type !== "string") return strange(provider, event)
    switch (event.type) {
      case "response.output_text.delta":
      case "response.output_audio_transcript.delta":
      // The same before they were renamed.
      case "response.text.delta":
      case "response.audio_transcript.delta":
        return textual(event.delta)
      case "response.output_audio.delta":
      case "response.audio.delta":
      case "response.mcp_call_arguments.delta":
        return content
      case "response.function_call_arguments.delta":
        return pieceOf(event, {})
      case "response.output_item.added":
      case "response.output_item.done":
        return itemOf(event, fieldsOf(event.item))
      case "response.done":
        return doneOf(event, fieldsOf(event.response))
      case "error":
        return failed(provider, event)
      default:
        // What became of the user's own words, of items and of tools' lists is no failure of the answer.
        return isOpenAiRealtime(event, event.type) || event.type.startsWith("response.")
          ? metadata
          : untaught(provider, event)
    }
  }
}

/** One that was cancelled was so by the client, or by the user who began to speak: it is over, and has not failed. */
const doneOf = (event: Fields, response: Fields): Reading => {
  const details = fieldsOf(response.status_details)
  if (response.status === "failed") {
    return failed(provider, isFields(details.error) ? { error: details.error } : event)
  }
  const usage = isFields(response.usage) ? ofResponses(response.usage) : undefined
  const reading: Reading = { kind: "metadata", end: true, ...(usage && { usage }) }
  // In the words of the Responses API, which the classifier knows.
  const incomplete = {
    type: "response.incomplete",
    response: { incomplete_details: { reason: textOf(details.reason) } }
  }
  return response.status === "incomplete" ? judged(provider, incomplete, reading) : reading
}
