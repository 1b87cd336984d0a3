import * as Predicate from "effect/Predicate"
import { openAiError } from "./openAiErrors.js"
import { type Answer, fragments, words } from "./Reply.js"
import {
  type Body,
  bodyOf,
  type Frame,
  listOf,
  namedEvent,
  offer,
  readModel,
  stringOf,
  textOf,
  type Wire
} from "./Wire.js"

/** OpenAI's responses: `POST /v1/responses`. @internal */
export const OpenAiResponses: Wire = {
  dialect: "openai-responses",
  requestIdHeader: "x-request-id",
  keepAlive: ": keep-alive\n\n",
  read: (body) => {
    const model = readModel(body)
    if (!Predicate.isString(model)) return model
    const { input } = body
    if (!Predicate.isString(input) && !(Array.isArray(input) && input.length > 0)) {
      return { message: "Invalid 'input': expected a string or an array of items that is not empty.", param: "input" }
    }
    const format = bodyOf(bodyOf(body.text).format)
    const choice = body.tool_choice
    return {
      dialect: "openai-responses",
      model,
      streaming: body.stream === true,
      prompt: textOf(Predicate.isString(input) ? input : input[input.length - 1]),
      characters: textOf(body.instructions).length + textOf(input).length,
      tools: listOf(body.tools).flatMap((tool) => (tool.type === "function" ? offer(tool.name, tool.parameters) : [])),
      mustCall: choice === "required" ? "any" : stringOf(bodyOf(choice).name),
      jsonSchema: format.type === "json_schema" ? format.schema : format.type === "json_object" ? null : undefined,
      body
    }
  },
  plain: (answer) => ({
    ...response(answer, statusOf(answer), outputOf(answer)),
    usage: usage(answer),
    completed_at: answer.created
  }),
  stream: (answer) => {
    let sequence = 0
    const frame = (role: Frame["role"], type: string, event: Body): Frame => ({
      role,
      text: namedEvent({ type, sequence_number: sequence++, ...event })
    })
    const begun = response(answer, "in_progress", [])
    return [
      frame("opening", "response.created", { response: begun }),
      frame("opening", "response.in_progress", { response: begun }),
      ...itemsOf(answer).flatMap((item, output_index) => itemFrames(frame, item, output_index)),
      frame("end", statusOf(answer) === "incomplete" ? "response.incomplete" : "response.completed", {
        response: { ...response(answer, statusOf(answer), outputOf(answer)), usage: usage(answer) }
      })
    ]
  },
  problem: (problem, about) => {
    const { error, status } = openAiError(problem, about, "input")
    return { status, body: { error } }
  },
  problemInStream: (problem, about) => {
    const { error } = openAiError(problem, about, "input")
    const { code, message, param, type } = error
    return (
      namedEvent({
        type: "error",
        sequence_number: about.sent,
        ...(about.envelope === "nested" ? { error: { type, code, message, param } } : { code, message, param })
      }) +
      namedEvent({
        type: "response.failed",
        sequence_number: about.sent + 1,
        response: {
          ...response(about.answer, "failed", []),
          error: { code: code ?? type, message }
        }
      })
    )
  }
}

type Item =
  | { readonly type: "message"; readonly id: string; readonly part: "output_text" | "refusal"; readonly text: string }
  | { readonly type: "function_call"; readonly id: string; readonly call: Answer["toolCalls"][number] }

const itemsOf = (answer: Answer): ReadonlyArray<Item> => {
  const message = (part: "output_text" | "refusal", text: string): Item => ({
    type: "message",
    id: `msg_${answer.id}`,
    part,
    text
  })
  const calls = answer.toolCalls.map((call): Item => ({ type: "function_call", id: `fc_${call.id}`, call }))
  if (answer.refusal !== "") return [message("refusal", answer.refusal), ...calls]
  return answer.text !== "" || calls.length === 0 ? [message("output_text", answer.text), ...calls] : calls
}

const contentOf = (part: "output_text" | "refusal", text: string) =>
  part === "refusal" ? { type: part, refusal: text } : { type: part, text, annotations: [], logprobs: [] }

const outputItem = (item: Item, status: "in_progress" | "completed", whole = true) =>
  item.type === "message"
    ? {
        type: item.type,
        id: item.id,
        role: "assistant",
        status,
        content: whole ? [contentOf(item.part, item.text)] : []
      }
    : {
        type: item.type,
        id: item.id,
        call_id: item.call.id,
        name: item.call.name,
        arguments: whole ? JSON.stringify(item.call.arguments) : "",
        status
      }

const outputOf = (answer: Answer) => itemsOf(answer).map((item) => outputItem(item, "completed"))

type MakeFrame = (role: Frame["role"], type: string, event: Body) => Frame

const itemFrames = (frame: MakeFrame, item: Item, output_index: number): ReadonlyArray<Frame> => {
  const at = { item_id: item.id, output_index }
  const added = frame("opening", "response.output_item.added", {
    output_index,
    item: outputItem(item, "in_progress", false)
  })
  const between =
    item.type === "message" ? textFrames(frame, item, { ...at, content_index: 0 }) : callFrames(frame, item, at)
  return [
    added,
    ...between,
    frame("closing", "response.output_item.done", { output_index, item: outputItem(item, "completed") })
  ]
}

const textFrames = (frame: MakeFrame, { part, text }: Extract<Item, { type: "message" }>, at: Body) => {
  const refused = part === "refusal"
  const kind = `response.${part}`
  return [
    frame("opening", "response.content_part.added", { ...at, part: contentOf(part, "") }),
    ...words(text).map((delta) =>
      frame("content", `${kind}.delta`, { ...at, delta, ...(!refused && { logprobs: [] }) })
    ),
    frame("closing", `${kind}.done`, { ...at, ...(refused ? { refusal: text } : { text, logprobs: [] }) }),
    frame("closing", "response.content_part.done", { ...at, part: contentOf(part, text) })
  ]
}

const callFrames = (frame: MakeFrame, { call }: Extract<Item, { type: "function_call" }>, at: Body) => {
  const json = JSON.stringify(call.arguments)
  const kind = "response.function_call_arguments"
  return [
    ...fragments(json).map((delta) => frame("content", `${kind}.delta`, { ...at, delta })),
    frame("closing", `${kind}.done`, { ...at, name: call.name, arguments: json })
  ]
}

const statusOf = ({ finish }: Answer): "completed" | "incomplete" =>
  finish === "length" || finish === "contentFilter" ? "incomplete" : "completed"

const response = (answer: Answer, status: string, output: ReadonlyArray<unknown>) => {
  const { body, model } = answer.request
  return {
    id: `resp_${answer.id}`,
    object: "response",
    created_at: answer.created,
    status,
    background: false,
    error: null,
    incomplete_details:
      status === "incomplete" ? { reason: answer.finish === "length" ? "max_output_tokens" : "content_filter" } : null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    model,
    output,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    reasoning: { effort: null, summary: null },
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: bodyOf(body.text).format === undefined ? { format: { type: "text" } } : body.text,
    tool_choice: body.tool_choice ?? "auto",
    tools: listOf(body.tools).map((tool) =>
      tool.type === "function" ? { strict: true, parameters: {}, ...tool } : tool
    ),
    top_p: body.top_p ?? 1,
    truncation: "disabled",
    usage: null,
    metadata: body.metadata ?? {}
  }
}

const usage = ({ usage }: Answer) => ({
  input_tokens: usage.inputTokens,
  input_tokens_details: { cached_tokens: usage.cachedInputTokens },
  output_tokens: usage.outputTokens,
  output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  total_tokens: usage.inputTokens + usage.outputTokens
})
