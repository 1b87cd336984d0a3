import type { Buffer } from "node:buffer"
import * as Predicate from "effect/Predicate"
import { eventStreamMessage, eventStreamType } from "./eventStream.js"
import type { Particulars, Problem } from "./Problem.js"
import { type Answer, fragments, words } from "./Reply.js"
import { type Body, bodyOf, type Frame, isMessages, listOf, offer, stringOf, textOf, type Wire } from "./Wire.js"

/** Bedrock's Converse: `POST /model/{model}/converse`, and `/converse-stream` in binary messages. @internal */
export const Bedrock: Wire = {
  dialect: "bedrock",
  requestIdHeader: "x-amzn-requestid",
  streamType: eventStreamType,
  streamEncoding: "latin1",
  get keepAlive() {
    // Bedrock has none. An event that nobody knows comes nearest.
    return latin1(event("keepAlive", {}))
  },
  get malformed() {
    const message = event("contentBlockDelta", { contentBlockIndex: 0, delta: { text: "?" } })
    // A checksum that is not that of the message.
    message.writeUInt32BE(0, message.length - 4)
    return latin1(message)
  },
  read: (body, path) => {
    if (!isMessages(body.messages)) {
      return {
        message: "A conversation must start with a user message. Try again with a conversation.",
        param: "messages"
      }
    }
    const { toolChoice, tools } = bodyOf(body.toolConfig)
    const choice = bodyOf(toolChoice)
    const specs = listOf(tools).map((tool) => bodyOf(tool.toolSpec))
    return {
      dialect: "bedrock",
      model: decodeURIComponent(/\/model\/([^/]+)\//.exec(path)?.[1] ?? ""),
      streaming: path.endsWith("/converse-stream"),
      prompt: textOf(body.messages[body.messages.length - 1]),
      characters: textOf(body.messages).length + textOf(body.system).length,
      tools: specs.flatMap(({ inputSchema, name }) => offer(name, bodyOf(inputSchema).json)),
      mustCall: choice.any !== undefined ? "any" : stringOf(bodyOf(choice.tool).name),
      jsonSchema: schemaOf(bodyOf(bodyOf(body.outputConfig).textFormat)),
      body
    }
  },
  plain: (answer) => ({
    output: {
      message: {
        role: "assistant",
        content: [
          ...(wordsOf(answer) === "" ? [] : [{ text: wordsOf(answer) }]),
          ...answer.toolCalls.map(({ arguments: input, id, name }) => ({ toolUse: { toolUseId: id, name, input } }))
        ]
      }
    },
    stopReason: stopReasons[answer.finish],
    ...accounts(answer)
  }),
  stream: (answer) => {
    const calls = answer.toolCalls.map(({ arguments: input, id, name }) => ({
      start: { toolUse: { toolUseId: id, name } },
      deltas: fragments(JSON.stringify(input)).map((input) => ({ toolUse: { input } }))
    }))
    const text = { start: undefined, deltas: words(wordsOf(answer)).map((text) => ({ text })) }
    const blocks = [...(text.deltas.length > 0 ? [text] : []), ...calls]
    return [
      frame("opening", "messageStart", { role: "assistant" }),
      ...blocks.flatMap(({ deltas, start }, contentBlockIndex) => [
        ...(start === undefined ? [] : [frame("content", "contentBlockStart", { contentBlockIndex, start })]),
        ...deltas.map((delta) => frame("content", "contentBlockDelta", { contentBlockIndex, delta })),
        frame("closing", "contentBlockStop", { contentBlockIndex })
      ]),
      frame("finish", "messageStop", { stopReason: stopReasons[answer.finish] }),
      frame("end", "metadata", accounts(answer))
    ]
  },
  problem: (kind, about) => {
    const { message, name, status } = described(kind, about)
    return { status, headers: { "x-amzn-errortype": name }, body: { message: about.message ?? message } }
  },
  problemInStream: (kind, about) => {
    const { message, name } = described(kind, about)
    const headers = {
      ":message-type": "exception",
      ":exception-type": `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
      ":content-type": "application/json"
    }
    return latin1(eventStreamMessage(headers, { message }))
  }
}

const event = (type: string, payload: unknown): Buffer =>
  eventStreamMessage({ ":message-type": "event", ":event-type": type, ":content-type": "application/json" }, payload)

/** A byte for each character, so that a frame of it can be cut and joined as any other. */
const latin1 = (bytes: Buffer): string => bytes.toString("latin1")

const frame = (role: Frame["role"], type: string, payload: unknown): Frame => ({
  role,
  text: latin1(event(type, payload))
})

const schemaOf = ({ structure, type }: Body): unknown => {
  if (type !== "json_schema") return undefined
  const { schema } = bodyOf(bodyOf(structure).jsonSchema)
  try {
    return Predicate.isString(schema) ? JSON.parse(schema) : null
  } catch {
    return null
  }
}

const wordsOf = ({ refusal, text }: Answer): string => text + refusal

const stopReasons: Readonly<Record<Answer["finish"], string>> = {
  stop: "end_turn",
  length: "max_tokens",
  toolCalls: "tool_use",
  contentFilter: "content_filtered",
  refusal: "end_turn"
}

const accounts = ({ usage }: Answer) => ({
  usage: {
    inputTokens: usage.inputTokens - usage.cachedInputTokens,
    outputTokens: usage.outputTokens,
    totalTokens: usage.inputTokens + usage.outputTokens,
    cacheReadInputTokens: usage.cachedInputTokens
  },
  metrics: { latencyMs: 1 }
})

interface Described {
  readonly status: number
  readonly name: string
  readonly message: string
}

const described = (problem: Problem, about: Particulars): Described => {
  const invalid = (message: string): Described => ({ status: 400, name: "ValidationException", message })
  switch (problem) {
    case "rateLimited":
      return {
        status: 429,
        name: "ThrottlingException",
        message: "Too many requests, please wait before trying again."
      }
    case "quotaExhausted":
      return { status: 429, name: "ThrottlingException", message: "Too many tokens per day, please wait." }
    case "overloaded":
      return {
        status: 503,
        name: "ServiceUnavailableException",
        message: "Bedrock is unable to process your request."
      }
    case "serverError":
      return {
        status: 500,
        name: "InternalServerException",
        message: "The system encountered an unexpected error during processing. Try your request again."
      }
    case "contextLengthExceeded":
      return invalid("Input is too long for requested model.")
    case "contentFiltered":
      return invalid("Output blocked by content filtering policy: blocked by our content filters.")
    case "invalidKey":
      return {
        status: 403,
        name: "UnrecognizedClientException",
        message: "The security token included in the request is invalid."
      }
    case "permissionDenied":
      return {
        status: 403,
        name: "AccessDeniedException",
        message: "You don't have access to the model with the specified model ID."
      }
    case "modelNotFound":
      return { status: 404, name: "ResourceNotFoundException", message: `Could not find the model ${about.model}.` }
    case "invalidRequest":
      return invalid("The provided request is not valid.")
    case "requestTooLarge":
      return { status: 413, name: "ValidationException", message: "The request is too large." }
  }
}
