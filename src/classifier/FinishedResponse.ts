/**
 * A response that arrived whole and with a good status: is it an answer?
 */
import * as Option from "effect/Option"
import * as Foreign from "../internal/foreign.js"
import type { LlmError } from "../LlmError.js"
import { badEnding } from "./Ending.js"
import { errorBody, fromErrorBody, mostText, parsed } from "./ErrorBody.js"
import type { HeadersInput } from "./Facts.js"
import { fromStreamEvent } from "./StreamEvent.js"
import { changed, fromVerdict, type Origin, type Verdict } from "./Verdict.js"

/**
 * A response that arrived whole.
 *
 * @since 0.1.0
 * @category Models
 */
export interface FinishedResponse extends Origin {
  /** The body as text, as bytes, or already parsed. */
  readonly body: unknown
  readonly headers?: HeadersInput | undefined
  /** 200 unless said otherwise. */
  readonly status?: number | undefined
}

const malformed: Verdict = { is: "MalformedResponse" }
/** Some keep the line open with blank lines while a request waits for its turn, and in the end close it. */
const neverServed: Verdict = { is: "Overloaded" }
/** All tokens the caller allows were spent before the first word: nobody is ill, and the next try ends the same. */
const tooShort: Verdict = { is: "InvalidRequest", code: "length" }
const windowFull: Verdict = { is: "ContextLengthExceeded" }

/** A dialect's answer: how it is recognised, and what is wrong with one that says nothing. */
interface Answer {
  readonly dialect: string
  readonly recognise: (body: unknown) => boolean
  /** What is wrong with it, if anything is. */
  readonly lacks: (body: unknown) => Verdict | undefined
}

/** What parts of an answer are called. An object is asked for these and not for all it has, which may be a million. */
const partNames = [
  ...[
    "text",
    "content",
    "data",
    "id",
    "name",
    "arguments",
    "url",
    "image_url",
    "type",
    "role",
    "tool_calls",
    "thinking"
  ],
  ...["functionCall", "function_call", "inlineData", "fileData", "executableCode", "codeExecutionResult", "thought"],
  ...["functionResponse", "thoughtSignature", "response", "transcript", "inline_data", "file_data", "refusal", "parts"]
]

const holds = (value: unknown): boolean =>
  typeof value === "string" || Foreign.items(value, 1).length > 0 || Foreign.hasAny(value, partNames)

const list = (value: unknown, ...path: ReadonlyArray<string>): ReadonlyArray<unknown> =>
  Foreign.items(Foreign.get(value, ...path), 256)

/** What an empty answer means by the reason it ended for. */
const emptyBecause = (reason: unknown): Verdict => {
  const ended = typeof reason === "string" ? reason.toLowerCase() : ""
  if (/^(?:length|max_tokens|max_output_tokens)$/.test(ended)) return tooShort
  return /^(?:model_context_window_exceeded|model_length)$/.test(ended) ? windowFull : malformed
}

/** The parts of a chat message that are an answer. */
const spoken = ["content", "tool_calls", "function_call", "audio", "images", "reasoning_content"]

const emptyChoice = (choice: unknown): Verdict | undefined => {
  if (typeof Foreign.get(choice, "text") === "string") return undefined
  const message = Foreign.get(choice, "message") ?? Foreign.get(choice, "delta")
  return spoken.some((part) => holds(Foreign.get(message, part))) || Foreign.isObject(Foreign.get(message, "parsed"))
    ? undefined
    : emptyBecause(Foreign.get(choice, "finish_reason"))
}

/** The verdict on a list of candidates: there is an answer if one of them is. */
const everyOne = (
  candidates: ReadonlyArray<unknown>,
  lacks: (candidate: unknown) => Verdict | undefined
): Verdict | undefined => {
  let first: Verdict | undefined
  for (const candidate of candidates) {
    const verdict = lacks(candidate)
    if (verdict === undefined) return undefined
    first ??= verdict
  }
  return first ?? malformed
}

const hasReason = /^(?:end_turn|stop_sequence|tool_use|pause_turn)$/

/** A turn without words is how Anthropic's models end one that had nothing to add to a tool's result. */
const emptyTurn = (content: unknown, reason: unknown): Verdict | undefined => {
  if (!Foreign.isList(content)) return typeof content === "string" ? undefined : malformed
  return content.length > 0 || (typeof reason === "string" && hasReason.test(reason)) ? undefined : emptyBecause(reason)
}

const answers: ReadonlyArray<Answer> = [
  {
    dialect: "OpenAI chat",
    recognise: (body) => Foreign.has(body, "choices"),
    lacks: (body) => everyOne(list(body, "choices"), emptyChoice)
  },
  {
    dialect: "OpenAI responses",
    recognise: (body) => Foreign.get(body, "object") === "response",
    lacks: (body) => {
      const status = Foreign.get(body, "status")
      if (status === "queued" || status === "in_progress") return undefined
      if (status === "failed" || status === "cancelled") return { is: "ServerError", code: `response_${status}` }
      return list(body, "output").length > 0
        ? undefined
        : emptyBecause(Foreign.get(body, "incomplete_details", "reason"))
    }
  },
  {
    dialect: "Anthropic",
    recognise: (body) => Foreign.get(body, "type") === "message",
    lacks: (body) => emptyTurn(Foreign.get(body, "content"), Foreign.get(body, "stop_reason"))
  },
  {
    dialect: "Gemini",
    recognise: (body) =>
      Foreign.has(body, "candidates") ||
      Foreign.has(body, "promptFeedback") ||
      (Foreign.has(body, "usageMetadata") && Foreign.has(body, "modelVersion")),
    lacks: (body) =>
      everyOne(list(body, "candidates"), (candidate) =>
        list(candidate, "content", "parts").some(holds)
          ? undefined
          : emptyBecause(Foreign.get(candidate, "finishReason"))
      )
  },
  {
    dialect: "Bedrock Converse",
    recognise: (body) => Foreign.has(body, "stopReason") && Foreign.has(body, "output"),
    lacks: (body) => emptyTurn(Foreign.get(body, "output", "message", "content"), Foreign.get(body, "stopReason"))
  },
  {
    dialect: "Ollama",
    recognise: (body) => typeof Foreign.get(body, "done") === "boolean" && Foreign.has(body, "model"),
    lacks: (body) => {
      if (Foreign.get(body, "done") === false) return malformed
      const said = ["response", "message"].some((part) => holds(Foreign.get(body, part)))
      return said && Foreign.get(body, "done_reason") !== "load" ? undefined : malformed
    }
  },
  {
    dialect: "Cohere",
    recognise: (body) => Foreign.has(body, "finish_reason") && Foreign.has(body, "message"),
    lacks: (body) =>
      list(body, "message", "content").length + list(body, "message", "tool_calls").length > 0
        ? undefined
        : emptyBecause(Foreign.get(body, "finish_reason"))
  }
]

/** A front's own words in the place of an answer: `{"message": "..."}` and nothing else. */
const onlyWords = (body: unknown): boolean =>
  Foreign.hasAny(body, ["message", "detail", "details", "msg"]) && !Foreign.hasAny(body, answerNames)

/** What stands beside an answer, or holds it, in the dialects whose answers are not looked into. */
const answerNames = [
  ...["choices", "candidates", "output", "outputs", "content", "contents", "messages", "response", "responses", "text"],
  ...["result", "results", "data", "embedding", "embeddings", "predictions", "generation", "generations", "completion"],
  ...[
    "completions",
    "generated_text",
    "answer",
    "answers",
    "id",
    "object",
    "type",
    "model",
    "role",
    "usage",
    "created"
  ],
  ...["done", "finish_reason", "finishReason", "stop_reason", "stopReason", "promptFeedback", "usageMetadata", "steps"],
  ...["toolCalls", "tool_calls", "reasoning", "warnings", "images", "image", "audio", "artifacts", "scores", "items"],
  ...["totalTokens", "total_tokens", "input_tokens", "inputTokens", "tokenCount", "token_count", "models", "vectors"],
  ...[
    "status",
    "name",
    "summary",
    "tokens",
    "logprobs",
    "rankings",
    "sentiment",
    "labels",
    "segments",
    "parts",
    "success"
  ]
]

/** A body that is a stream kept whole: server-sent events, or JSON line by line. */
const isStreamText = /^\s*(?:(?:data|event|id|retry|error)?:|\{[^\n]{0,65536}\}\s*\n\s*\{)/

/** A failure stands at the beginning of a stream or at its end. */
const mostLines = 500

const linesOf = (text: string): ReadonlyArray<string> => {
  const lines = text.split("\n")
  return lines.length <= 2 * mostLines ? lines : [...lines.slice(0, mostLines), ...lines.slice(-mostLines)]
}

const inStream = (text: string, origin: Origin): Option.Option<LlmError> => {
  let event: string | undefined
  for (const line of linesOf(text)) {
    const at = line.trim()
    if (at === "") event = undefined
    else if (at.startsWith("event:")) event = at.slice(6).trim()
    else if (/^(?:data:|error:|\{)/.test(at)) {
      const found = fromStreamEvent({ ...origin, data: at.replace(/^data:\s*/, ""), event })
      if (Option.isSome(found)) return found
    }
  }
  return Option.none()
}

/** Bytes as text; of too many, as much as tells that they are too many. */
const textIn = (body: unknown): unknown => {
  const bytes = Foreign.bytesOf(body)
  return bytes === undefined ? body : new TextDecoder().decode(bytes.subarray(0, mostText + 4))
}

const isMarkup = (text: string): boolean => /^\s*</.test(text.slice(0, 1_000))

const isJsonType = /[/+](?:x-)?(?:json|ndjson|jsonl)\b/i

/** @internal */
export const fromFinishedResponse = (response: FinishedResponse): Option.Option<LlmError> => {
  const status = response.status ?? 200
  const found = (verdict: Verdict | undefined): Option.Option<LlmError> =>
    verdict === undefined ? Option.none() : Option.some(fromVerdict(verdict, response, response, status))
  const told = (body: unknown): Option.Option<LlmError> =>
    Option.some(fromErrorBody(body, response, { headers: response.headers, status, cause: response }))

  const text = textIn(response.body)
  // Too large to be read here: no failure is.
  if (typeof text === "string" && text.length > mostText) return isMarkup(text) ? found(malformed) : Option.none()
  const body = parsed(text)
  if (body === undefined || body === null || body === "") return found(malformed)
  if (typeof body === "string") {
    if (linesOf(body).every((line) => /^\s*(?::|$)/.test(line))) return found(neverServed)
    if (isStreamText.test(body)) return Option.map(inStream(body, response), (error) => changed(error, { status }))
    const type = Foreign.record(response.headers)["content-type"] ?? ""
    const isProse = type !== "" && !isJsonType.test(type) && !/html/i.test(type) && !/^\s*</.test(body)
    return isProse ? Option.none() : found(malformed)
  }
  const error = errorBody(body) ?? (onlyWords(body) ? body : undefined)
  if (error !== undefined) return told(error)
  const items = Foreign.isList(body) ? Foreign.items(body, 256) : [body]
  if (items.length === 0 || (!Foreign.isList(body) && !Foreign.hasAny(body, answerNames))) return found(malformed)
  for (const item of items) {
    const verdict = badEnding(item) ?? badEnding(parsed(Foreign.get(item, "response", "body")))
    if (verdict !== undefined) return found(verdict)
  }
  const answer = answers.find(({ recognise }) => recognise(body))
  return found(answer?.lacks(body))
}
