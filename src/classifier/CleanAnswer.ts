/**
 * What nearly every answer is, known by one look: a chat completion or a message that says something, ended as answers
 * end, and has no place for anything else.
 *
 * No object in it may have other names than those listed here, in none of which a failure is looked for; whatever is
 * unusual is left to the whole reading.
 */
import { type Fields, isFields } from "../internal/stream/dialect/fields.js"

// biome-ignore format: a table
const names = {
  completion: new Set([
    "id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier", "prompt_filter_results",
    "provider", "x_groq", "prompt_logprobs", "kv_transfer_params"
  ]),
  choice: new Set([
    "index", "message", "finish_reason", "logprobs", "content_filter_results", "stop_reason", "matched_stop", "token_ids"
  ]),
  chatMessage: new Set([
    "role", "content", "refusal", "tool_calls", "function_call", "annotations", "audio", "reasoning", "reasoning_content",
    "reasoning_details"
  ]),
  message: new Set([
    "id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage", "container", "context_management"
  ]),
  part: new Set(["type", "text", "citations", "thinking", "signature", "data", "id", "name", "input"])
}

const chatEndings: ReadonlySet<unknown> = new Set(["stop", "length", "tool_calls", "function_call"])
const turnEndings: ReadonlySet<unknown> = new Set(["end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn"])

/** Asked name by name, so that of an object with a million of them no list is made. */
const hasOnly = (value: unknown, names: ReadonlySet<string>): value is Fields => {
  if (!isFields(value)) return false
  for (const name in value) if (!names.has(name)) return false
  return true
}

const isFilled = (value: unknown): value is ReadonlyArray<unknown> => Array.isArray(value) && value.length > 0

const isChoice = (choice: unknown): boolean =>
  hasOnly(choice, names.choice) && chatEndings.has(choice.finish_reason) && isChatMessage(choice.message)

const isChatMessage = (message: unknown): boolean =>
  hasOnly(message, names.chatMessage) &&
  (message.refusal === null || message.refusal === undefined) &&
  (typeof message.content === "string" || isFilled(message.tool_calls))

const isPart = (part: unknown): boolean => hasOnly(part, names.part)

/**
 * Whether the whole reading is known to find no failure in it. It is for data as `JSON.parse` gives it.
 *
 * @internal
 */
export const isCleanAnswer = (body: unknown): boolean =>
  isFields(body) && body.object === "chat.completion"
    ? hasOnly(body, names.completion) && isFilled(body.choices) && body.choices.every(isChoice)
    : hasOnly(body, names.message) &&
      body.type === "message" &&
      turnEndings.has(body.stop_reason) &&
      isFilled(body.content) &&
      body.content.every(isPart)
