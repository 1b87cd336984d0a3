import type { Usage } from "../../errors/llmError.js"
import type { Reading, StreamDialect, ToolCallPiece } from "./dialect.js"
import { isEnd } from "./ending.js"
import { failed, judged, strange } from "./failed.js"
import { arrayOf, type Fields, fieldsOf, isFields, numbers, textOf } from "./fields.js"
import { malformed, metadata } from "./readings.js"

const provider = "openai"

/** The last chunk, with usage or the status of the whole, may have no choices at all. @internal */
export const isOpenAiChat = (chunk: Fields): boolean =>
  Array.isArray(chunk.choices) ||
  (chunk.choices === null && isFields(chunk.usage)) ||
  isFields(chunk.base_resp) ||
  textOf(chunk.object).startsWith("chat.completion")

/** @internal */
export const openAiChat: StreamDialect<unknown> = {
  provider,
  endMarker: true,
  read: (chunk) => {
    if (!isFields(chunk)) return malformed
    if (chunk.error) return failed(provider, chunk)
    const { choices } = chunk
    const usage = usageOf(chunk.usage)
    if (!Array.isArray(choices)) {
      if (!isOpenAiChat(chunk)) return strange(provider, chunk)
      return judged(provider, chunk, usage === undefined ? metadata : { kind: "metadata", usage })
    }
    let reading = metadata
    for (const choice of choices) reading = join(reading, readChoice(fieldsOf(choice)))
    if (usage !== undefined) reading = { ...reading, usage }
    return choices.length === 0 || isFields(chunk.base_resp) || choices.some(isDecisive)
      ? judged(provider, chunk, reading)
      : reading
  }
}

const readChoice = (choice: Fields): Reading => {
  const { finish_reason: finish } = choice
  const delta = fieldsOf(choice.delta)
  const text = textOf(delta.content)
  const calls = arrayOf(delta.tool_calls)
  const message = String(choice.index ?? 0)
  const toolCalls = calls.map((call, place) => toolCallOf(call, message, place))
  if (isFields(delta.function_call)) toolCalls.push(toolCallOf({ function: delta.function_call }, message, "function"))
  const isContent = text !== "" || toolCalls.length > 0
  return {
    kind: isContent ? "content" : thinks(delta) ? "reasoning" : "metadata",
    end: isEnd(finish),
    ...(text !== "" && { text }),
    ...(toolCalls.length > 0 && { toolCalls })
  }
}

/** An ending or a refusal, which only the classifier can tell from a good answer. */
const isDecisive = (u: unknown): boolean => {
  const choice = fieldsOf(u)
  return isEnd(choice.finish_reason) || textOf(fieldsOf(choice.delta).refusal) !== ""
}

/** The names under which compatible servers send what the model thinks. */
const thinks = (delta: Fields): boolean => textOf(delta.reasoning_content) !== "" || textOf(delta.reasoning) !== ""

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

const usageOf = (u: unknown): Usage | undefined =>
  isFields(u)
    ? numbers({
        inputTokens: u.prompt_tokens,
        outputTokens: u.completion_tokens,
        cachedInputTokens: fieldsOf(u.prompt_tokens_details).cached_tokens ?? u.prompt_cache_hit_tokens,
        reasoningTokens: fieldsOf(u.completion_tokens_details).reasoning_tokens
      })
    : undefined
