import { ai } from "./ai.js"
import { aiSdk, isAiSdk } from "./aiSdk.js"
import { anthropic } from "./anthropic.js"
import { bedrock, isBedrock } from "./bedrock.js"
import { cohere, isCohere } from "./cohere.js"
import type { StreamDialect } from "./dialect.js"
import { unlessFailed } from "./failed.js"
import { type Fields, isFields } from "./fields.js"
import { gemini } from "./gemini.js"
import { geminiInteractions, isGeminiInteractions } from "./geminiInteractions.js"
import { isLangChain, langChain } from "./langChain.js"
import { isMistral, mistral } from "./mistral.js"
import { isOllama, ollama } from "./ollama.js"
import { isOpenAiAssistants, openAiAssistants } from "./openAiAssistants.js"
import { isOpenAiChat, openAiChat } from "./openAiChat.js"
import { isOpenAiRealtime, openAiRealtime } from "./openAiRealtime.js"
import { openAiResponses } from "./openAiResponses.js"
import { content, textual } from "./readings.js"
import { type Detecting, isServerSentEvent, sseDetecting } from "./sse.js"
import { isSseText, sseText } from "./sseText.js"

/**
 * The dialect of a stream, told by its first element. An element of no known dialect is content, and the end of such a
 * stream is the end of the answer: nobody can say more of it.
 *
 * @internal
 */
export const detect = (first: unknown): StreamDialect<unknown> => {
  if (typeof first === "string" && isSseText(first)) return sseText(sseDetecting(detect))
  if (!isFields(first)) return plain
  if ("~effect/ai/Content/Part" in first) return ai
  if (isOpenAiChat(first)) return openAiChat
  if ("candidates" in first || "promptFeedback" in first || "usageMetadata" in first) return gemini
  if (isOpenAiAssistants(first)) return openAiAssistants
  if (isGeminiInteractions(first)) return geminiInteractions
  if (isLangChain(first)) return langChain
  if (isServerSentEvent(first)) return sseDetecting(detect)
  if (isOllama(first)) return ollama
  const { type } = first
  if (typeof type !== "string") return isBedrock(first) ? bedrock : first.error ? openAiChat : unknown
  return byType(first, type)
}

const byType = (first: Fields, type: string): StreamDialect<unknown> => {
  if (isOpenAiRealtime(first, type)) return openAiRealtime
  if (type.startsWith("response.")) return openAiResponses
  if (isMistral(type)) return mistral
  if (isCohere(type)) return cohere
  if (isAiSdk(first, type)) return aiSdk
  if (/^(text|reasoning|tool)-|^(response-metadata|finish)$/.test(type)) return ai
  if (type === "error") return isFields(first.error) ? anthropic : openAiResponses
  return type === "ping" || type.startsWith("message_") || type.startsWith("content_block_") ? anthropic : unknown
}

const plain: StreamDialect<unknown> = {
  endMarker: false,
  read: (element) => (typeof element === "string" ? textual(element) : content)
}

/** Whether a dialect that was told by an element is that of a format which nobody knows. @internal */
export const isUnknown = (dialect: StreamDialect<unknown>): boolean =>
  dialect === unknown || (dialect as Partial<Detecting>).inner === unknown

/** Objects of no format that the toolkit knows: taken as they come, and told of. */
const unknown: StreamDialect<unknown> = {
  endMarker: false,
  read: (element) => (isFields(element) ? unlessFailed(undefined, element, content) : content)
}
