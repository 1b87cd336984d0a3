/**
 * What an answer looks like, in every format that is known: those that are looked into, and those that are only
 * recognised. A body in which nothing is recognised is no answer.
 */
import * as Foreign from "../internal/errors/safeRead.js"
import type { Verdict } from "./Verdict.js"

/** @internal */
export const malformed: Verdict = { is: "MalformedResponse" }
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
// biome-ignore format: a table
const partNames = [
  "text", "content", "data", "id", "name", "arguments", "url", "image_url", "type", "role", "tool_calls", "thinking",
  "functionCall", "function_call", "inlineData", "fileData", "executableCode", "codeExecutionResult", "thought",
  "functionResponse", "thoughtSignature", "response", "transcript", "inline_data", "file_data", "refusal", "parts"
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

/** The parts of a chat message that are an answer, as the wire and as the vendors' clients spell them. */
// biome-ignore format: a table
const spoken = [
  "content", "tool_calls", "function_call", "audio", "images", "reasoning_content", "toolCalls", "functionCall",
  "reasoningContent", "reasoning", "Content", "ToolCalls", "refusal"
]

const emptyChoice = (choice: unknown): Verdict | undefined => {
  if (typeof Foreign.get(choice, "text") === "string") return undefined
  const message = ["message", "delta", "Message", "Delta", "messages"]
    .map((name) => Foreign.get(choice, name))
    .find((one) => one !== undefined && one !== null)
  return spoken.some((part) => holds(Foreign.get(message, part))) || Foreign.isObject(Foreign.get(message, "parsed"))
    ? undefined
    : emptyBecause(Foreign.get(choice, "finish_reason") ?? Foreign.get(choice, "finishReason"))
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

/** The formats that are looked into. @internal */
export const answers: ReadonlyArray<Answer> = [
  {
    dialect: "OpenAI chat",
    recognise: (body) => Foreign.has(body, "choices") || /^(?:chat|text)[._]completion/.test(objectOf(body)),
    lacks: (body) => everyOne(list(body, "choices"), emptyChoice)
  },
  {
    dialect: "OpenAI responses",
    recognise: (body) => objectOf(body) === "response",
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
    recognise: (body) => ["finish_reason", "finishReason"].some((name) => Foreign.has(body, name)) && isTurn(body),
    lacks: (body) =>
      list(body, "message", "content").length +
        list(body, "message", "tool_calls").length +
        list(body, "message", "toolCalls").length >
      0
        ? undefined
        : emptyBecause(Foreign.get(body, "finish_reason") ?? Foreign.get(body, "finishReason"))
  },
  {
    dialect: "LangChain",
    recognise: (body) =>
      Foreign.isObject(Foreign.get(body, "response_metadata")) &&
      Foreign.isObject(Foreign.get(body, "additional_kwargs")),
    lacks: (body) => {
      const content = Foreign.get(body, "content")
      const said = typeof content === "string" ? content !== "" : list(body, "content").length > 0
      const called = list(body, "tool_calls").length + list(body, "additional_kwargs", "tool_calls").length > 0
      return said || called || Foreign.has(Foreign.get(body, "additional_kwargs"), "function_call")
        ? undefined
        : emptyBecause(
            Foreign.get(body, "response_metadata", "finish_reason") ??
              Foreign.get(body, "response_metadata", "stop_reason")
          )
    }
  }
]

/**
 * LangChain writes a message as what would construct it: `{"lc": 1, "kwargs": {"content": "..."}}`.
 *
 * @internal
 */
export const unwrapped = (body: unknown): unknown => {
  const kept = Foreign.get(body, "kwargs")
  return typeof Foreign.get(body, "lc") === "number" && Foreign.isObject(kept) ? kept : body
}

const isTurn = (body: unknown): boolean => Foreign.isObject(Foreign.get(body, "message"))

const objectOf = (body: unknown): string => Foreign.text(body, "object") ?? ""

/** Something stands there: a text, if an empty one, a number, an object, a list that is not empty. */
const isSomething = (value: unknown, filled: boolean): boolean =>
  (typeof value === "string" && !(filled && value === "")) ||
  typeof value === "number" ||
  (Foreign.isList(value) ? Foreign.items(value, 1).length > 0 : Foreign.isObject(value))

/** What holds the answer in the formats that are not looked into: of models of every kind, and of the vendors' clients. */
// biome-ignore format: a table
const held = [
  // Words.
  "choices", "candidates", "content", "contents", "text", "texts", "output", "outputs", "output_text", "outputText",
  "generation", "generations", "generated_text", "generated_texts", "completion", "completions", "answer", "answers",
  "messages", "steps", "parts", "toolCalls", "tool_calls", "Choices", "experimental_output", "output_parsed",
  "translation", "translations", "translation_text", "summary", "summary_text", "pages", "delta",
  // Vectors, ranks, labels, counts.
  "embedding", "embeddings", "embeddings_by_type", "embeddingsByType", "Embeddings", "vectors", "results", "rankings", "ranking",
  "rerankedDocuments", "scores", "score", "label", "labels", "classifications", "sentiment", "entities", "entity_group",
  "prediction", "predictions", "sequence", "token_str", "totalTokens", "total_tokens", "input_tokens", "inputTokens",
  "inputTextTokenCount", "tokenCount", "token_count", "token_ids", "retrievalResults", "similarity", "similarities",
  // Pictures and sound.
  "images", "image", "generatedImages", "generatedVideos", "videos", "video", "artifacts", "b64_json", "audio",
  "audioContent", "audio_url", "image_url", "audio_base64", "file_id", "segments", "transcript", "transcripts", "transcription", "invocationArn"
]

/** Lists of what there is may be empty. */
const lists = ["models", "items", "tokens", "voices"]

/** A body as a client's command holds it: Bedrock's and SageMaker's. */
const bodies = ["body", "Body", "stream", "completion"]

const underWay =
  /^(?:queued|pending|starting|processing|running|in_?(?:progress|queue)|submitted|accepted|created|started|validating)$/i
const tickets = ["id", "name", "request_id", "requestId", "task_id", "taskId", "job_id", "jobId"]

/** What is asked for later: a batch, a file, an operation, a task in a queue. */
const isTicket = (body: unknown): boolean => {
  const id = tickets.some((name) => (Foreign.text(body, name) ?? "") !== "")
  if (!id) return false
  const status = Foreign.text(body, "status") ?? Foreign.text(body, "state") ?? Foreign.text(body, "task_status") ?? ""
  return (
    underWay.test(status) ||
    typeof Foreign.get(body, "done") === "boolean" ||
    /\boperations\//.test(Foreign.text(body, "name") ?? "") ||
    Foreign.get(body, "base_resp", "status_code") === 0 ||
    objectOf(body) !== "" ||
    /^(?:message_batch|model|file|message_batch_deleted)$/.test(Foreign.text(body, "type") ?? "")
  )
}

/**
 * Whether there is an answer in it in any known format, however little it says.
 *
 * @internal
 */
export const isAnswer = (body: unknown): boolean =>
  holdsAnswer(body) || isTicket(body) || answers.some(({ recognise }) => recognise(body))

const says = /^(?:|ok|success|true|error|fail(?:ed|ure)?|false|null|none)$/i

/**
 * Whether something in it is called as only the parts of an answer are. Beside a failure an empty text is nothing.
 *
 * @internal
 */
export const holdsAnswer = (body: unknown, filled = false, depth = 0): boolean => {
  if (!Foreign.isObject(body) || depth > 4) return false
  const within = (value: unknown): boolean =>
    typeof value === "string"
      ? !says.test(value)
      : typeof value === "number" || holdsAnswer(value, filled, depth + 1) || (!filled && isTicket(value))
  if (Foreign.isList(body)) return Foreign.items(body, 16).some(within)
  return (
    held.some((name) => isSomething(Foreign.get(body, name), filled)) ||
    lists.some(
      (name) =>
        Foreign.items(Foreign.get(body, name), 1).length > 0 || (!filled && Foreign.isList(Foreign.get(body, name)))
    ) ||
    isTurn(body) ||
    (typeof Foreign.get(body, "object") === "object" && Foreign.get(body, "object") !== null) ||
    (objectOf(body) === "list" && Foreign.isList(Foreign.get(body, "data"))) ||
    Foreign.items(Foreign.get(body, "data"), 1).length > 0 ||
    ["data", "result", "response", "Response"].some((name) => within(Foreign.get(body, name))) ||
    bodies.some((name) => isOpaque(Foreign.get(body, name)))
  )
}

/**
 * Bytes that are no text, and what is read elsewhere: a stream, a `Response`, a `Blob`. They are looked at by name only,
 * since a getter of the Vercel AI SDK's results begins to read the stream.
 *
 * @internal
 */
export const isOpaque = (body: unknown): boolean => {
  const bytes = Foreign.bytesOf(body)
  if (bytes !== undefined) return bytes.length > 0
  return (
    Foreign.isObject(body) &&
    !Foreign.isList(body) &&
    ["textStream", "fullStream", "getReader", "arrayBuffer", Symbol.asyncIterator].some((name) =>
      Foreign.has(body, name)
    )
  )
}
