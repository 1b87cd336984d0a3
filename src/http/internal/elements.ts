/**
 * The bytes of a streamed answer, read as they pass: nothing is changed or held up by reading them.
 *
 * @internal
 */
import type { Usage } from "../../internal/errors/llmError.js"
import type { LlmError } from "../../LlmError.js"
import * as StreamDialect from "../../StreamDialect.js"
import { Decoder } from "./decoder.js"
import { Pattern } from "./pattern.js"

type Reading = StreamDialect.Reading

/** How the elements are separated, by the content type of the response. @internal */
export type Framing = "sse" | "lines"

/** @internal */
export const framingOf = (contentType: string | null): Framing | undefined => {
  const type = contentType?.toLowerCase() ?? ""
  if (type.includes("text/event-stream")) return "sse"
  return /ndjson|jsonl|json-seq|stream\+json/.test(type) ? "lines" : undefined
}

/** Reads one answer. A chunk of bytes is one reading of all elements that end in it. @internal */
export interface ElementReader {
  readonly feed: (bytes: Uint8Array) => Reading
  /** What an element that nothing follows has left unsaid. */
  readonly end: () => Reading
}

/** An element that never ends is not collected for ever. */
const mostCharacters = 16_777_216

/** @internal */
export const elementReader = (framing: Framing, dialect: StreamDialect.StreamDialect<unknown>): ElementReader =>
  framing === "sse" ? events(StreamDialect.sse(dialect)) : lines(dialect)

const events = (dialect: StreamDialect.StreamDialect<StreamDialect.ServerSentEvent>): ElementReader => {
  const decoder = new Decoder({ provider: dialect.provider, maxEventSize: mostCharacters })
  const pattern = new Pattern()
  /** Nothing has been read of the event that comes next. */
  let between = true
  const readingOf = (decode: () => ReadonlyArray<StreamDialect.ServerSentEvent>, text = ""): Reading => {
    try {
      const found = decode()
      const reading = joined(found.map((event) => dialect.read(event)))
      if (between && found.length === 1 && isWhole(text)) pattern.learn(text, reading)
      return reading
    } catch (error) {
      return { kind: "metadata", error: error as LlmError }
    }
  }
  return {
    feed: (bytes) => {
      const text = decoder.decode(bytes)
      const words = between ? pattern.wordsIn(text) : undefined
      if (words !== undefined) return { kind: "content", text: words }
      const reading = readingOf(() => decoder.parse(text), text)
      between = isWhole(text)
      return reading
    },
    end: () => readingOf(() => decoder.end())
  }
}

/** With a blank line an event is over. */
const isWhole = (text: string): boolean => text.endsWith("\n\n") || text.endsWith("\r\n\r\n")

const lines = (dialect: StreamDialect.StreamDialect<unknown>): ElementReader => {
  const decoder = new TextDecoder()
  let rest = ""
  const readingOf = (texts: ReadonlyArray<string>): Reading =>
    joined(texts.filter((text) => text.trim() !== "").map((text) => readJson(dialect, text)))
  return {
    feed: (bytes) => {
      const texts = (rest + decoder.decode(bytes, { stream: true })).split("\n")
      rest = texts.pop() ?? ""
      return rest.length > mostCharacters ? { kind: "malformed" } : readingOf(texts)
    },
    end: () => readingOf([rest + decoder.decode()])
  }
}

const readJson = (dialect: StreamDialect.StreamDialect<unknown>, text: string): Reading => {
  try {
    return dialect.read(JSON.parse(text))
  } catch {
    return { kind: "malformed" }
  }
}

const weight = { metadata: 0, reasoning: 1, content: 2, malformed: 3 } as const

/** Several elements as one. The first failure among them is theirs; content before it has not been handed on yet. */
const joined = (readings: ReadonlyArray<Reading>): Reading => {
  if (readings.length === 1) return readings[0] as Reading
  let kind: Reading["kind"] = "metadata"
  let end = false
  let error: LlmError | undefined
  let text = ""
  let usage: Reading["usage"]
  let toolCalls: Reading["toolCalls"]
  let model: string | undefined
  for (const reading of readings) {
    // What was said before the first content says nothing of the output.
    if (kind !== "content" && reading.kind === "content" && usage !== undefined) usage = inputOf(usage)
    if (weight[reading.kind] > weight[kind]) kind = reading.kind
    end ||= reading.end === true
    error ??= reading.error
    text += reading.text ?? ""
    if (reading.usage !== undefined) usage = { ...usage, ...reading.usage }
    model ??= reading.model
    if (reading.toolCalls !== undefined) toolCalls = [...(toolCalls ?? []), ...reading.toolCalls]
  }
  return {
    kind,
    end,
    ...(error !== undefined && { error }),
    ...(text !== "" && { text }),
    ...(usage !== undefined && { usage }),
    ...(model !== undefined && { model }),
    ...(toolCalls !== undefined && { toolCalls })
  }
}

const inputOf = ({ outputTokens: _, ...before }: Usage): Usage => before
