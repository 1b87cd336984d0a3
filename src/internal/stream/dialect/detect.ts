import type { StreamDialect } from "../../../StreamDialect.js"
import { ai } from "./ai.js"
import { anthropic } from "./anthropic.js"
import { gemini } from "./gemini.js"
import { openAiChat } from "./openAiChat.js"
import { openAiResponses } from "./openAiResponses.js"
import { content, isFields, textual } from "./shape.js"

/**
 * The dialect of a stream, told by its first element. An element of no known dialect is content, and the end of such a
 * stream is the end of the answer.
 *
 * @internal
 */
export const detect = (first: unknown): StreamDialect<unknown> => {
  if (!isFields(first)) return plain
  if ("~effect/ai/Content/Part" in first) return ai
  if (Array.isArray(first.choices)) return openAiChat
  if ("candidates" in first || "promptFeedback" in first || "usageMetadata" in first) return gemini
  const { type } = first
  if (typeof type !== "string") return first.error ? openAiChat : plain
  if (type.startsWith("response.")) return openAiResponses
  if (/^(text|reasoning|tool)-|^(response-metadata|finish)$/.test(type)) return ai
  if (type === "error") return isFields(first.error) ? anthropic : openAiResponses
  return type === "ping" || type.startsWith("message_") || type.startsWith("content_block_") ? anthropic : plain
}

const plain: StreamDialect<unknown> = {
  endMarker: false,
  read: (element) => (typeof element === "string" ? textual(element) : content)
}
