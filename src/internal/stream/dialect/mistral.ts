import type { Reading, StreamDialect } from "./dialect.js"
import { failed, untaught } from "./failed.js"
import { type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { chatOf, contentOf } from "./openAiChat.js"
import { metadata, modelOf } from "./readings.js"
import { parsedEvents } from "./sse.js"
import { ofChat } from "./usage.js"

const provider = "mistral"

const chat = chatOf(provider)

/** The types of the events of a conversation, which no other format has. @internal */
export const isMistral = (type: string): boolean =>
  /^(?:conversation\.response\.\w+|message\.output\.\w+|function\.call\.\w+|tool\.execution\.\w+|agent\.handoff\.\w+)$/.test(
    type
  )

/**
 * The events of Mistral's own client: of its chat API, whose data is as OpenAI's, and of its conversations, with which
 * agents answer.
 *
 * @internal
 */
export const mistral: StreamDialect<unknown> = parsedEvents({
  provider,
  endMarker: true,
  read: (data) => (isFields(data) && typeof data.type === "string" ? conversationOf(data, data.type) : chat.read(data))
})

const conversationOf = (event: Fields, type: string): Reading => {
  switch (type) {
    case "message.output.delta":
      return messageOf(event.content)
    case "function.call.delta":
      return callOf(event, textOf(event.toolCallId ?? event.tool_call_id), false)
    case "tool.execution.started":
    case "tool.execution.delta":
      return callOf(event, textOf(event.id), true)
    case "conversation.response.done":
      return { kind: "metadata", end: true, usage: ofChat(fieldsOf(event.usage)) }
    case "conversation.response.error":
      return failed(provider, { error: event })
    default:
      return isMistral(type) ? { ...metadata, ...modelOf(event.model) } : untaught(provider, event)
  }
}

/** A text, or one part that is a piece of it, a thought, or something else. */
const messageOf = (given: unknown): Reading => {
  const { more, text, thought } = contentOf(isFields(given) && !Array.isArray(given) ? [given] : given)
  if (text !== "" || more) return { kind: "content", ...(text !== "" && { text }) }
  return thought ? { kind: "reasoning" } : metadata
}

/** Every piece names its call. */
const callOf = (event: Fields, id: string, providerExecuted: boolean): Reading => ({
  kind: "content",
  toolCalls: [{ id, name: textOf(event.name), ...(providerExecuted && { providerExecuted }) }]
})
