import * as Predicate from "effect/Predicate"
import type { Particulars, Problem } from "./Problem.js"
import { type Answer, fragments, words } from "./Reply.js"
import {
  bodyOf,
  type Frame,
  isMessages,
  listOf,
  namedEvent,
  offer,
  readModel,
  stringOf,
  textOf,
  type Wire
} from "./Wire.js"

/** Anthropic's messages: `POST /v1/messages`. @internal */
export const Anthropic: Wire = {
  dialect: "anthropic",
  requestIdHeader: "request-id",
  keepAlive: namedEvent({ type: "ping" }),
  read: (body) => {
    const model = readModel(body)
    if (!Predicate.isString(model)) return model
    if (!Predicate.isNumber(body.max_tokens) || !Number.isInteger(body.max_tokens) || body.max_tokens < 1) {
      return { message: "max_tokens: a whole number, at least 1, is required", param: "max_tokens" }
    }
    if (!isMessages(body.messages)) {
      return { message: "messages: at least one message is required", param: "messages" }
    }
    const format = bodyOf(bodyOf(body.output_config).format ?? body.output_format)
    const choice = bodyOf(body.tool_choice)
    return {
      dialect: "anthropic",
      model,
      streaming: body.stream === true,
      prompt: textOf(body.messages[body.messages.length - 1]),
      characters: textOf(body.system).length + textOf(body.messages).length,
      tools: listOf(body.tools).flatMap((tool) => offer(tool.name, tool.input_schema)),
      mustCall: choice.type === "any" ? "any" : choice.type === "tool" ? stringOf(choice.name) : undefined,
      jsonSchema: format.type === "json_schema" ? format.schema : undefined,
      body
    }
  },
  plain: (answer) => ({
    ...message(answer, contentOf(answer)),
    stop_reason: stopReasons[answer.finish],
    usage: { ...inputUsage(answer), output_tokens: answer.usage.outputTokens }
  }),
  stream: (answer) => {
    const frame = (role: Frame["role"], event: Parameters<typeof namedEvent>[0]): Frame => ({
      role,
      text: namedEvent(event)
    })
    return [
      frame("opening", { type: "message_start", message: message(answer, []) }),
      frame("opening", { type: "ping" }),
      ...contentOf(answer).flatMap((block, index) => [
        frame("opening", {
          type: "content_block_start",
          index,
          content_block: block.type === "text" ? { ...block, text: "" } : { ...block, input: {} }
        }),
        ...(block.type === "text"
          ? words(block.text).map((text) => ({ type: "text_delta", text }))
          : fragments(JSON.stringify(block.input)).map((partial_json) => ({ type: "input_json_delta", partial_json }))
        ).map((delta) => frame("content", { type: "content_block_delta", index, delta })),
        frame("closing", { type: "content_block_stop", index })
      ]),
      frame("finish", {
        type: "message_delta",
        delta: { stop_reason: stopReasons[answer.finish], stop_sequence: null },
        usage: { ...inputUsage(answer), output_tokens: answer.usage.outputTokens }
      }),
      frame("end", { type: "message_stop" })
    ]
  },
  problem: (problem, about) => {
    const { message, status, type } = described(problem, about)
    return { status, body: { type: "error", error: { type, message }, request_id: about.requestId } }
  },
  problemInStream: (problem, about) => {
    const { message, type } = described(problem, about)
    return namedEvent({ type: "error", error: { details: null, type, message }, request_id: about.requestId })
  }
}

const stopReasons: Readonly<Record<Answer["finish"], string>> = {
  stop: "end_turn",
  length: "max_tokens",
  toolCalls: "tool_use",
  contentFilter: "refusal",
  refusal: "refusal"
}

/** A refusal has no field of its own here: what the model said before it stopped is text. */
const contentOf = (answer: Answer) => {
  const text = answer.text + answer.refusal
  return [
    ...(text === "" ? [] : [{ type: "text" as const, text, citations: null }]),
    ...answer.toolCalls.map((call) => ({
      type: "tool_use" as const,
      id: call.id.replace("call_", "toolu_"),
      name: call.name,
      input: call.arguments
    }))
  ]
}

const message = (answer: Answer, content: ReadonlyArray<unknown>) => ({
  id: `msg_${answer.id}`,
  type: "message",
  role: "assistant",
  model: answer.request.model,
  content,
  stop_reason: null,
  stop_sequence: null,
  usage: { ...inputUsage(answer), output_tokens: 1 }
})

const inputUsage = ({ usage }: Answer) => ({
  input_tokens: usage.inputTokens - usage.cachedInputTokens,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: usage.cachedInputTokens,
  service_tier: "standard"
})

interface Described {
  readonly status: number
  readonly type: string
  readonly message: string
}

const described = (problem: Problem, about: Particulars): Described => {
  const known = table(problem, about)
  return about.message === undefined ? known : { ...known, message: about.message }
}

const table = (problem: Problem, about: Particulars): Described => {
  const invalid = (message: string): Described => ({ status: 400, type: "invalid_request_error", message })
  switch (problem) {
    case "rateLimited":
      return {
        status: 429,
        type: "rate_limit_error",
        message: "This request would exceed your organization's rate limit. Please try again later."
      }
    case "overloaded":
      return { status: 529, type: "overloaded_error", message: "Overloaded" }
    case "serverError":
      return { status: 500, type: "api_error", message: "Internal server error" }
    case "quotaExhausted":
      return invalid("Your credit balance is too low to access the Anthropic API.")
    case "contextLengthExceeded": {
      const limit = about.limit ?? 8192
      return invalid(`prompt is too long: ${about.requested ?? limit + 1} tokens > ${limit} maximum`)
    }
    case "contentFiltered":
      return invalid("Output blocked by content filtering policy")
    case "invalidKey":
      return { status: 401, type: "authentication_error", message: "invalid x-api-key" }
    case "permissionDenied":
      return {
        status: 403,
        type: "permission_error",
        message: "Your API key does not have permission to use the specified resource."
      }
    case "modelNotFound":
      return { status: 404, type: "not_found_error", message: `model: ${about.model}` }
    case "invalidRequest":
      return invalid("The request body is not valid JSON")
    case "requestTooLarge":
      return { status: 413, type: "request_too_large", message: "Request exceeds the maximum size" }
  }
}
