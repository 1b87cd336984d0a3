/**
 * A response that arrived whole and with a good status: is it an answer?
 */
import * as Option from "effect/Option"
import * as Foreign from "../internal/foreign.js"
import type { LlmError } from "../LlmError.js"
import { badEnding } from "./Ending.js"
import { errorBody, fromErrorBody, parsed } from "./ErrorBody.js"
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

const holds = (value: unknown): boolean => {
  if (typeof value === "string") return true
  return Foreign.isObject(value) && Foreign.keys(value).length > 0
}

const list = (value: unknown, ...path: ReadonlyArray<string>): ReadonlyArray<unknown> =>
  Foreign.items(Foreign.get(value, ...path), 256)

/** What an empty answer means by the reason it ended for. */
const emptyBecause = (reason: unknown): Verdict => {
  const ended = typeof reason === "string" ? reason.toLowerCase() : ""
  if (/^(?:length|max_tokens|max_output_tokens)$/.test(ended)) return tooShort
  return /^(?:model_context_window_exceeded|model_length)$/.test(ended) ? windowFull : malformed
}

/** The parts of a chat message that are an answer. */
const spoken = ["content", "tool_calls", "function_call", "audio", "images", "parsed", "reasoning_content"]

const emptyChoice = (choice: unknown): Verdict | undefined => {
  if (typeof Foreign.get(choice, "text") === "string") return undefined
  const message = Foreign.get(choice, "message") ?? Foreign.get(choice, "delta")
  return spoken.some((part) => holds(Foreign.get(message, part)))
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
const onlyWords = (body: unknown): boolean => {
  const keys = Foreign.keys(body)
  return (
    keys.length > 0 &&
    keys.length <= 2 &&
    keys.every((key) => /^(?:message|detail|details|msg|code|status)$/i.test(key))
  )
}

/** A body that is a stream kept whole: server-sent events, or JSON line by line. */
const isStreamText = /^\s*(?:(?:data|event|id|retry|error)?:|\{[^\n]{0,65536}\}\s*\n\s*\{)/

const mostLines = 50_000

const inStream = (text: string, origin: Origin): Option.Option<LlmError> => {
  let event: string | undefined
  for (const line of text.split("\n", mostLines)) {
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

const isJsonType = /[/+](?:x-)?(?:json|ndjson|jsonl)\b/i

/** @internal */
export const fromFinishedResponse = (response: FinishedResponse): Option.Option<LlmError> => {
  const status = response.status ?? 200
  const found = (verdict: Verdict | undefined): Option.Option<LlmError> =>
    verdict === undefined ? Option.none() : Option.some(fromVerdict(verdict, response, response, status))
  const told = (body: unknown): Option.Option<LlmError> =>
    Option.some(fromErrorBody(body, response, { headers: response.headers, status, cause: response }))

  const text = Foreign.isBytes(response.body) ? new TextDecoder().decode(response.body) : response.body
  const body = parsed(text)
  if (body === undefined || body === null || body === "") return found(malformed)
  if (typeof body === "string") {
    if (body.split("\n", mostLines).every((line) => /^\s*(?::|$)/.test(line))) return found(neverServed)
    if (isStreamText.test(body)) return Option.map(inStream(body, response), (error) => changed(error, { status }))
    const type = Foreign.record(response.headers)["content-type"] ?? ""
    const isProse = type !== "" && !isJsonType.test(type) && !/html/i.test(type) && !/^\s*</.test(body)
    return isProse ? Option.none() : found(malformed)
  }
  const error = errorBody(body) ?? (onlyWords(body) ? body : undefined)
  if (error !== undefined) return told(error)
  if (Foreign.keys(body).length === 0) return found(malformed)
  const items = Foreign.isList(body) ? Foreign.items(body, 256) : [body]
  for (const item of items) {
    const verdict = badEnding(item)
    if (verdict !== undefined) return found(verdict)
  }
  const answer = answers.find(({ recognise }) => recognise(body))
  return found(answer?.lacks(body))
}
