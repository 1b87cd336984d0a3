import type { Reading, StreamDialect, ToolCallPiece } from "./dialect.js"
import { isEnd } from "./ending.js"
import { failed, judged, strange } from "./failed.js"
import { arrayOf, type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { malformed, metadata, modelOf } from "./readings.js"
import { ofChat } from "./usage.js"

/** The last chunk, with usage or the status of the whole, may have no choices at all. @internal */
export const isOpenAiChat = (chunk: Fields): boolean =>
  Array.isArray(chunk.choices) ||
  (chunk.choices === null && isFields(chunk.usage)) ||
  isFields(chunk.base_resp) ||
  /^(?:chat\.completion|text_completion)/.test(textOf(chunk.object))

/** The chunks as `provider` speaks them. @internal */
export const chatOf = (provider: string): StreamDialect<unknown> => ({
  provider,
  endMarker: true,
  read: (chunk) => {
    if (!isFields(chunk)) return malformed
    if (chunk.error) return failed(provider, chunk)
    const { choices } = chunk
    const usage = isFields(chunk.usage) ? ofChat(chunk.usage) : undefined
    if (!Array.isArray(choices)) {
      if (!isOpenAiChat(chunk)) return strange(provider, chunk)
      return judged(provider, chunk, usage === undefined ? metadata : { kind: "metadata", usage })
    }
    let reading = metadata
    for (const choice of choices) reading = join(reading, readChoice(fieldsOf(choice)))
    if (usage !== undefined) reading = { ...reading, usage }
    // Every chunk names the model; those that begin and end an answer are enough.
    if (reading.kind === "metadata") reading = { ...reading, ...modelOf(chunk.model) }
    return choices.length === 0 || isFields(chunk.base_resp) || choices.some(isDecisive)
      ? judged(provider, judgeable(chunk, choices), reading)
      : reading
  }
})

/** @internal */
export const openAiChat: StreamDialect<unknown> = chatOf("openai")

/** Mistral's client, and others, spell the fields as JavaScript does. */
const readChoice = (choice: Fields): Reading => {
  const delta = fieldsOf(choice.delta ?? choice.message)
  const { text, thought, more } = contentOf(delta.content ?? choice.text)
  const message = String(choice.index ?? 0)
  const toolCalls = arrayOf(delta.tool_calls ?? delta.toolCalls).map((call, place) => toolCallOf(call, message, place))
  if (isFields(delta.function_call)) toolCalls.push(toolCallOf({ function: delta.function_call }, message, "function"))
  const isContent =
    text !== "" || more || toolCalls.length > 0 || isFields(delta.audio) || arrayOf(delta.images).length > 0
  return {
    kind: isContent ? "content" : thought || thinks(delta) ? "reasoning" : "metadata",
    end: isEnd(finishOf(choice)),
    ...(text !== "" && { text }),
    ...(toolCalls.length > 0 && { toolCalls })
  }
}

/** A text, or a list of parts of which some may be thoughts. @internal */
export const contentOf = (
  given: unknown
): { readonly text: string; readonly thought: boolean; readonly more: boolean } => {
  let text = textOf(given)
  let thought = false
  let more = false
  for (const each of arrayOf(given)) {
    const part = fieldsOf(each)
    if (part.type === "thinking" || part.type === "reasoning") thought = true
    else if (typeof part.text === "string") text += part.text
    else more = true
  }
  return { text, thought, more }
}

const finishOf = (choice: Fields): unknown => choice.finish_reason ?? choice.finishReason

/** What the classifier is to judge, in the words of the wire. */
const judgeable = (chunk: Fields, choices: ReadonlyArray<unknown>): Fields =>
  choices.some((choice) => fieldsOf(choice).finishReason !== undefined)
    ? {
        ...chunk,
        choices: choices.map((choice) => ({ ...fieldsOf(choice), finish_reason: finishOf(fieldsOf(choice)) }))
      }
    : chunk

/** An ending or a refusal, which only the classifier can tell from a good answer. */
const isDecisive = (u: unknown): boolean => {
  const choice = fieldsOf(u)
  return isEnd(finishOf(choice)) || textOf(fieldsOf(choice.delta ?? choice.message).refusal) !== ""
}

/** The names under which compatible servers send what the model thinks. */
const thinks = (delta: Fields): boolean =>
  textOf(delta.reasoning_content) !== "" ||
  textOf(delta.reasoning) !== "" ||
  arrayOf(delta.reasoning_details).length > 0

/** A call is its index within its message; a server that gives none sends all of them in one delta, each time. */
const toolCallOf = (u: unknown, message: string, place: number | string): ToolCallPiece => {
  const { function: called, id, index } = fieldsOf(u)
  return {
    id: textOf(id),
    name: textOf(fieldsOf(called).name),
    key: `${message}:${typeof index === "number" || typeof index === "string" ? index : place}`
  }
}

/** One chunk may carry several choices. It is content if one of them is, and an end if none of them goes on. */
const join = (a: Reading, b: Reading): Reading =>
  a === metadata
    ? b
    : {
        kind: a.kind === "content" || b.kind === "content" ? "content" : a.kind === "reasoning" ? a.kind : b.kind,
        end: a.end === true && b.end === true,
        text: (a.text ?? "") + (b.text ?? ""),
        toolCalls: [...(a.toolCalls ?? []), ...(b.toolCalls ?? [])]
      }
