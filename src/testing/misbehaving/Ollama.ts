import * as Predicate from "effect/Predicate"
import type { Particulars, Problem } from "./Problem.js"
import { type Answer, words } from "./Reply.js"
import { bodyOf, type Frame, isBody, isMessages, listOf, offer, readModel, textOf, type Wire } from "./Wire.js"

/** Ollama's chat: `POST /api/chat`, a JSON text a line where it is streamed, as it is unless told otherwise. @internal */
export const Ollama: Wire = {
  dialect: "ollama",
  requestIdHeader: "x-request-id",
  streamType: "application/x-ndjson",
  keepAlive: "\n",
  malformed: '{"message": \n',
  read: (body) => {
    const model = readModel(body)
    if (!Predicate.isString(model)) return model
    if (!isMessages(body.messages)) return { message: "messages are missing", param: "messages" }
    return {
      dialect: "ollama",
      model,
      streaming: body.stream !== false,
      prompt: textOf(body.messages[body.messages.length - 1]),
      characters: textOf(body.messages).length,
      tools: listOf(body.tools).flatMap((tool) => offer(bodyOf(tool.function).name, bodyOf(tool.function).parameters)),
      mustCall: undefined,
      jsonSchema: isBody(body.format) ? body.format : body.format === "json" ? null : undefined,
      body
    }
  },
  plain: (answer) => last(answer, { content: wordsOf(answer), ...calls(answer) }),
  stream: (answer) => [
    ...words(wordsOf(answer)).map((content) => line("content", part(answer, { content }))),
    ...(answer.toolCalls.length > 0 ? [line("content", part(answer, { content: "", ...calls(answer) }))] : []),
    line("end", last(answer, { content: "" }))
  ],
  problem,
  problemInStream: (kind, about) => `${JSON.stringify(problem(kind, about).body)}\n`
}

const line = (role: Frame["role"], data: unknown): Frame => ({ role, text: `${JSON.stringify(data)}\n` })

const wordsOf = ({ refusal, text }: Answer): string => text + refusal

const calls = ({ toolCalls }: Answer) =>
  toolCalls.length === 0
    ? {}
    : { tool_calls: toolCalls.map(({ arguments: args, name }) => ({ function: { name, arguments: args } })) }

const part = ({ created, request }: Answer, message: object) => ({
  model: request.model,
  created_at: new Date(created * 1000).toISOString(),
  message: { role: "assistant", ...message },
  done: false
})

const last = (answer: Answer, message: object) => ({
  ...part(answer, message),
  done: true,
  done_reason: answer.finish === "length" ? "length" : "stop",
  total_duration: 1_000_000,
  load_duration: 100_000,
  prompt_eval_count: answer.usage.inputTokens,
  prompt_eval_duration: 400_000,
  eval_count: answer.usage.outputTokens,
  eval_duration: 500_000
})

function problem(kind: Problem, about: Particulars) {
  const { message, status } = described(kind, about)
  return { status, body: { error: about.message ?? message } }
}

const described = (problem: Problem, about: Particulars): { readonly status: number; readonly message: string } => {
  switch (problem) {
    case "rateLimited":
      return { status: 429, message: "too many requests" }
    case "quotaExhausted":
      return { status: 402, message: "you have reached your usage limit, please upgrade to continue" }
    case "overloaded":
      return { status: 503, message: "server busy, please try again.  maximum pending requests exceeded" }
    case "serverError":
      return { status: 500, message: "llama runner process has terminated: exit status 2" }
    case "contextLengthExceeded":
      return { status: 400, message: `the input length exceeds the context length of ${about.limit ?? 8192}` }
    case "contentFiltered":
      return { status: 400, message: "the prompt was blocked by the safety filter" }
    case "invalidKey":
      return { status: 401, message: "unauthorized" }
    case "permissionDenied":
      return { status: 403, message: "forbidden" }
    case "modelNotFound":
      return { status: 404, message: `model '${about.model}' not found` }
    case "invalidRequest":
      return { status: 400, message: "missing request body" }
    case "requestTooLarge":
      return { status: 413, message: "request body too large" }
  }
}
