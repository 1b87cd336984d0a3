import * as Predicate from "effect/Predicate"
import type { Particulars, Problem } from "./Problem.js"
import { type Answer, fragments, words } from "./Reply.js"
import { bodyOf, type Frame, isMessages, listOf, namedEvent, offer, readModel, textOf, type Wire } from "./Wire.js"

/** Cohere's chat, version 2: `POST /v2/chat`. @internal */
export const Cohere: Wire = {
  dialect: "cohere",
  requestIdHeader: "x-debug-trace-id",
  keepAlive: ": keep-alive\n\n",
  read: (body) => {
    const model = readModel(body)
    if (!Predicate.isString(model)) return model
    if (!isMessages(body.messages)) {
      return {
        message: "invalid request: message must be at least 1 token long or tool results must be specified.",
        param: "messages"
      }
    }
    const format = bodyOf(body.response_format)
    return {
      dialect: "cohere",
      model,
      streaming: body.stream === true,
      prompt: textOf(body.messages[body.messages.length - 1]),
      characters: textOf(body.messages).length,
      tools: listOf(body.tools).flatMap((tool) => offer(bodyOf(tool.function).name, bodyOf(tool.function).parameters)),
      mustCall: body.tool_choice === "REQUIRED" ? "any" : undefined,
      jsonSchema: format.type === "json_object" ? (format.json_schema ?? format.schema ?? null) : undefined,
      body
    }
  },
  plain: (answer) => ({
    id: answer.id,
    finish_reason: finishReasons[answer.finish],
    message: {
      role: "assistant",
      ...(wordsOf(answer) !== "" && { content: [{ type: "text", text: wordsOf(answer) }] }),
      ...(answer.toolCalls.length > 0 && {
        tool_calls: answer.toolCalls.map(({ arguments: args, id, name }) => ({
          id,
          type: "function",
          function: { name, arguments: JSON.stringify(args) }
        }))
      })
    },
    usage: usage(answer)
  }),
  stream: (answer) => {
    const event = (role: Frame["role"], type: string, more: object): Frame => ({
      role,
      text: namedEvent({ type, ...more })
    })
    const message = (role: Frame["role"], type: string, index: number, message: object): Frame =>
      event(role, type, { index, delta: { message } })
    return [
      event("opening", "message-start", {
        id: answer.id,
        delta: { message: { role: "assistant", content: [], tool_plan: "", tool_calls: [], citations: [] } }
      }),
      ...(wordsOf(answer) === ""
        ? []
        : [
            message("opening", "content-start", 0, { content: { type: "text", text: "" } }),
            ...words(wordsOf(answer)).map((text) => message("content", "content-delta", 0, { content: { text } })),
            event("closing", "content-end", { index: 0 })
          ]),
      ...answer.toolCalls.flatMap(({ arguments: args, id, name }, index) => [
        message("content", "tool-call-start", index, {
          tool_calls: { id, type: "function", function: { name, arguments: "" } }
        }),
        ...fragments(JSON.stringify(args)).map((piece) =>
          message("content", "tool-call-delta", index, { tool_calls: { function: { arguments: piece } } })
        ),
        event("closing", "tool-call-end", { index })
      ]),
      event("end", "message-end", { delta: { finish_reason: finishReasons[answer.finish], usage: usage(answer) } })
    ]
  },
  problem,
  problemInStream: (kind, about) =>
    namedEvent({ type: "message-end", delta: { finish_reason: "ERROR", error: problem(kind, about).body.message } })
}

const wordsOf = ({ refusal, text }: Answer): string => text + refusal

const finishReasons: Readonly<Record<Answer["finish"], string>> = {
  stop: "COMPLETE",
  length: "MAX_TOKENS",
  toolCalls: "TOOL_CALL",
  contentFilter: "ERROR_TOXIC",
  refusal: "COMPLETE"
}

const usage = ({ usage }: Answer) => {
  const tokens = { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens }
  return { billed_units: tokens, tokens }
}

function problem(kind: Problem, about: Particulars) {
  const { message, status } = described(kind, about)
  return { status, body: { message: about.message ?? message } }
}

const described = (problem: Problem, about: Particulars): { readonly status: number; readonly message: string } => {
  switch (problem) {
    case "rateLimited":
      return { status: 429, message: "You are past the per minute request limit, please wait and try again later." }
    case "quotaExhausted":
      return { status: 402, message: "Please add or update your payment method to continue." }
    case "overloaded":
      return { status: 503, message: "service unavailable, the model is overloaded" }
    case "serverError":
      return { status: 500, message: "internal server error" }
    case "contextLengthExceeded": {
      const limit = about.limit ?? 8192
      return {
        status: 400,
        message: `too many tokens: total number of tokens in the prompt cannot exceed ${limit} - received ${about.requested ?? limit + 1}.`
      }
    }
    case "contentFiltered":
      return { status: 400, message: "the prompt was blocked by the safety filter" }
    case "invalidKey":
      return { status: 401, message: "invalid api token" }
    case "permissionDenied":
      return { status: 403, message: "you do not have permission to use this resource" }
    case "modelNotFound":
      return { status: 404, message: `model '${about.model}' not found, make sure the correct model ID was used` }
    case "invalidRequest":
      return { status: 400, message: "invalid request: could not parse the body" }
    case "requestTooLarge":
      return { status: 413, message: "the request is too large" }
  }
}
