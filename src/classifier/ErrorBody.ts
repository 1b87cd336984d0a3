/**
 * Errors that come as data where no status announces them: inside a stream, in a 200, in what a client's error kept.
 */
import * as Redacted from "effect/Redacted"
import * as Foreign from "../internal/foreign.js"
import * as LlmError from "../LlmError.js"
import { fromHttpResponse } from "./HttpResponse.js"
import { names } from "./Names.js"
import { changed, known, type Origin, sentence } from "./Verdict.js"

/**
 * How much text is parsed.
 *
 * @internal
 */
export const mostText = 262_144

/**
 * JSON as data; anything else as it is.
 *
 * @internal
 */
export const parsed = (data: unknown): unknown => {
  if (typeof data !== "string" || data.length > mostText || !/^\s*[{["]/.test(data)) return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}

const isFilledList = (value: unknown): boolean => Foreign.items(value, 1).length > 0

const filled = (value: unknown): boolean =>
  typeof value === "string"
    ? value.trim() !== ""
    : Foreign.isObject(value) && typeof value !== "function" && (isFilledList(value) || Foreign.hasAny(value, names))

/** The error alone where an answer, or a part of one, stands beside it: an answer's words are not the error's. */
const alone = (data: unknown): unknown =>
  ["choices", "candidates", "output", "message"].some((field) => Foreign.isObject(Foreign.get(data, field)))
    ? { error: Foreign.get(data, "error") }
    : data

/** Where dialects put an error, each with the part of the data that is the body of a failed response. */
const places: ReadonlyArray<(data: unknown) => unknown> = [
  // Nearly all: {"error": ...}, also as a chunk of a stream; Ollama and xAI put a string there.
  (data) => (filled(Foreign.get(data, "error")) ? alone(data) : undefined),
  // Anthropic and OpenAI's Responses API: {"type": "error", ...}; vLLM and Mistral: {"object": "error", ...}.
  (data) => (Foreign.get(data, "type") === "error" || Foreign.get(data, "object") === "error" ? data : undefined),
  // Responses API: {"type": "response.failed", "response": {"error": ...}}.
  (data) => within(Foreign.get(data, "response")),
  // OpenRouter: an error in the place of a choice.
  (data) =>
    Foreign.items(Foreign.get(data, "choices"), 8)
      .map(within)
      .find((found) => found !== undefined),
  // Cohere: {"type": "message-end", "delta": {"error": ...}}.
  (data) => within(Foreign.get(data, "delta")),
  // Cloudflare: {"success": false, "errors": [...]}.
  (data) => (Foreign.get(data, "success") === false && filled(Foreign.get(data, "errors")) ? data : undefined)
]

const within = (part: unknown): unknown => {
  const error = Foreign.get(part, "error")
  return filled(error) ? { error } : undefined
}

/**
 * The error in a piece of data, as the body a failed response would have had, if there is one.
 *
 * @internal
 */
export const errorBody = (data: unknown): unknown => {
  const body = parsed(data)
  if (!Foreign.isObject(body)) return undefined
  for (const part of [body, ...Foreign.items(body, 8)]) {
    for (const place of places) {
      const found = place(part)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/**
 * Reads an error that has no status of its own. One that is in words nobody knows is still the provider's.
 *
 * @internal
 */
export const fromErrorBody = (
  body: unknown,
  origin: Origin,
  options?: { readonly headers?: unknown; readonly status?: number | undefined; readonly cause?: unknown }
): LlmError.LlmError => {
  const read = fromHttpResponse({
    ...known(origin),
    status: 200,
    headers: Foreign.record(options?.headers),
    body
  })
  const is = read._tag === "MalformedResponse" || read._tag === "StreamInterrupted" ? "ServerError" : read._tag
  const told = {
    message: sentence({ is, ...(read.code !== undefined && { code: read.code }) }, origin),
    status: options?.status,
    cause: Redacted.make(options?.cause ?? body)
  }
  return is === read._tag ? changed(read, told) : changed(new LlmError.ServerError({}), { ...read, ...told })
}
