import type { Usage } from "../../errors/llmError.js"
import type { Reading, StreamDialect } from "./dialect.js"
import { failed, strange } from "./failed.js"
import { type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { content, malformed, metadata, modelOf, reasoning, textual } from "./readings.js"
import { ofGeminiInteractions } from "./usage.js"

const provider = "gemini"

/** @internal */
export const isGeminiInteractions = (event: Fields): boolean =>
  /^(?:interaction|step)\.\w+$/.test(textOf(event.event_type)) || event.event_type === "error"

/** @internal */
export const geminiInteractions: StreamDialect<unknown> = {
  provider,
  endMarker: true,
  read: (event) => {
    if (!isFields(event)) return malformed
    switch (event.event_type) {
      case "step.start":
        return stepOf(event.index, fieldsOf(event.step))
      case "step.delta":
        return deltaOf(event.index, fieldsOf(event.delta))
      case "interaction.completed":
        return endOf(event, fieldsOf(event.interaction))
      case "interaction.created":
        return { ...metadata, ...modelOf(fieldsOf(event.interaction).model) }
      case "interaction.status_update":
        return { ...metadata, ...withUsage(event.usage) }
      case "error":
        return failed(provider, isFields(event.error) ? { error: event.error } : { error: event })
      default:
        return isGeminiInteractions(event) ? metadata : strange(provider, event)
    }
  }
}

/** Tools other than functions run at Google. */
const stepOf = (index: unknown, { id, name, type }: Fields): Reading => {
  if (type === "thought") return reasoning
  if (type === "function_call") return callOf(index, { id: textOf(id), name: textOf(name) })
  return typeof type === "string" && type.endsWith("_call") ? content : metadata
}

const deltaOf = (index: unknown, delta: Fields): Reading => {
  switch (delta.type) {
    case "text":
      return textual(delta.text)
    case "arguments_delta":
      return callOf(index, { id: "", name: "" })
    case "thought_summary":
    case "thought_signature":
      return reasoning
    case "text_annotation":
    case undefined:
      return metadata
    default:
      return content
  }
}

const callOf = (index: unknown, call: { readonly id: string; readonly name: string }): Reading => ({
  kind: "content",
  toolCalls: [{ ...call, key: String(index) }]
})

/** One that goes on in another request is not over yet: the client hands out the events of both. */
const endOf = (event: Fields, interaction: Fields): Reading => {
  const { status } = interaction
  if (status === "failed" || status === "cancelled") return failed(provider, { error: interaction.error ?? event })
  const end = status !== "requires_continuation" && status !== "in_progress" && status !== "queued"
  // What it waits for is an answer, even where no piece of it has come before.
  return { kind: status === "requires_action" ? "content" : "metadata", end, ...withUsage(interaction.usage) }
}

const withUsage = (u: unknown): { readonly usage?: Usage } => (isFields(u) ? { usage: ofGeminiInteractions(u) } : {})
