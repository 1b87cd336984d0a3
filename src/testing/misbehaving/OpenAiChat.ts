import * as Predicate from "effect/Predicate"
import { openAiError } from "./openAiErrors.js"
import { type Answer, fragments, words } from "./Reply.js"
import {
  bodyOf,
  dataEvent,
  type Frame,
  isMessages,
  listOf,
  offer,
  readModel,
  stringOf,
  textOf,
  type Wire
} from "./Wire.js"

/** OpenAI's chat completions: `POST /v1/chat/completions`. @internal */
export const OpenAiChat: Wire = {
  dialect: "openai-chat",
  requestIdHeader: "x-request-id",
  keepAlive: ": keep-alive\n\n",
  read: (body) => {
    const model = readModel(body)
    if (!Predicate.isString(model)) return model
    if (!isMessages(body.messages)) {
      return { message: "Invalid 'messages': expected an array of messages that is not empty.", param: "messages" }
    }
    const format = bodyOf(body.response_format)
    const choice = body.tool_choice
    return {
      dialect: "openai-chat",
      model,
      streaming: body.stream === true,
      prompt: textOf(body.messages[body.messages.length - 1]),
      characters: textOf(body.messages).length,
      tools: listOf(body.tools).flatMap((tool) => offer(bodyOf(tool.function).name, bodyOf(tool.function).parameters)),
      mustCall: choice === "required" ? "any" : stringOf(bodyOf(bodyOf(choice).function).name),
      jsonSchema:
        format.type === "json_schema"
          ? bodyOf(format.json_schema).schema
          : format.type === "json_object"
            ? null
            : undefined,
      body
    }
  },
  plain: (answer) => ({
    id: `chatcmpl-${answer.id}`,
    object: "chat.completion",
    created: answer.created,
    model: answer.request.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: answer.text === "" && (answer.toolCalls.length > 0 || answer.refusal !== "") ? null : answer.text,
          refusal: answer.refusal === "" ? null : answer.refusal,
          annotations: [],
          ...(answer.toolCalls.length > 0 && { tool_calls: answer.toolCalls.map(toolCall) })
        },
        logprobs: null,
        finish_reason: finishReasons[answer.finish]
      }
    ],
    usage: usage(answer),
    service_tier: "default",
    system_fingerprint: "fp_embedded"
  }),
  stream: (answer) => {
    const frame = (role: Frame["role"], chunk: object): Frame => ({
      role,
      text: dataEvent({
        id: `chatcmpl-${answer.id}`,
        object: "chat.completion.chunk",
        created: answer.created,
        model: answer.request.model,
        service_tier: "default",
        system_fingerprint: "fp_embedded",
        ...chunk
      })
    })
    const delta = (role: Frame["role"], delta: object, finish_reason: string | null = null): Frame =>
      frame(role, { choices: [{ index: 0, delta, logprobs: null, finish_reason }] })
    const wantsUsage = bodyOf(answer.request.body.stream_options).include_usage === true
    return [
      delta("opening", { role: "assistant", content: "", refusal: null }),
      ...words(answer.text).map((content) => delta("content", { content })),
      ...words(answer.refusal).map((refusal) => delta("content", { refusal })),
      ...answer.toolCalls.flatMap(({ arguments: args, id, name }, index) => [
        delta("content", { tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] }),
        ...fragments(JSON.stringify(args)).map((piece) =>
          delta("content", { tool_calls: [{ index, function: { arguments: piece } }] })
        )
      ]),
      delta("finish", {}, finishReasons[answer.finish]),
      ...(wantsUsage ? [frame("finish", { choices: [], usage: usage(answer) })] : []),
      { role: "end", text: "data: [DONE]\n\n" }
    ]
  },
  problem: (problem, about) => {
    const { error, status } = openAiError(problem, about, "messages")
    return { status, body: { error } }
  },
  problemInStream: (problem, about) => dataEvent({ error: openAiError(problem, about, "messages").error })
}

const finishReasons: Readonly<Record<Answer["finish"], string>> = {
  stop: "stop",
  length: "length",
  toolCalls: "tool_calls",
  contentFilter: "content_filter",
  refusal: "stop"
}

const toolCall = (call: Answer["toolCalls"][number]) => ({
  id: call.id,
  type: "function",
  function: { name: call.name, arguments: JSON.stringify(call.arguments) }
})

const usage = ({ usage }: Answer) => ({
  prompt_tokens: usage.inputTokens,
  completion_tokens: usage.outputTokens,
  total_tokens: usage.inputTokens + usage.outputTokens,
  prompt_tokens_details: { cached_tokens: usage.cachedInputTokens, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: usage.reasoningTokens,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0
  }
})
