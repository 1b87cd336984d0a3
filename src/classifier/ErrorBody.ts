/**
 * Errors that come as data where no status announces them: inside a stream, in a 200, in what a client's error kept.
 */
import type * as LlmError from "../internal/errors/llmError.js"
import * as Foreign from "../internal/errors/safeRead.js"
import { holdsAnswer, isAnswer } from "./Answers.js"
import { ofResponse, sentence } from "./Failures.js"
import { headersIn } from "./Headers.js"
import { examine } from "./HttpResponse.js"
import { names } from "./Names.js"
import { known, type Origin } from "./Verdict.js"

/**
 * How much text is parsed.
 *
 * @internal
 */
export const mostText = 262_144

/** What has to be counted at all, and how many values no failure has. */
const most = { uncounted: 65_536, values: 16_384 }

/**
 * More text, or more values in it, than is parsed here: a failure is neither so long nor so full.
 *
 * @internal
 */
export const isTooMuch = (text: string): boolean => {
  if (text.length <= most.uncounted) return false
  if (text.length > mostText) return true
  let values = 0
  for (let at = 0; at < text.length && values <= most.values; at++) {
    const c = text.charCodeAt(at)
    // A comma, or what opens a list or an object.
    if (c === 44 || c === 91 || c === 123) values++
  }
  return values > most.values
}

/**
 * JSON as data; anything else as it is.
 *
 * @internal
 */
export const parsed = (data: unknown): unknown => {
  if (typeof data !== "string" || !/^\s*[{["]/.test(data) || isTooMuch(data)) return data
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
const alone = (data: unknown, name = "error"): unknown =>
  ["choices", "candidates", "output", "message"].some((field) => Foreign.isObject(Foreign.get(data, field)))
    ? { [name]: Foreign.get(data, name) }
    : data

const said = (data: unknown, names: ReadonlyArray<string>): boolean =>
  names.some((name) => (Foreign.text(data, name) ?? "").trim() !== "")

/** Where the words of a failure stand in a flat object. */
const wordFields = [
  "message",
  "msg",
  "Message",
  "detail",
  "details",
  "title",
  "reason",
  "error_msg",
  "errorMessage",
  "error_message",
  "description"
]

/** A code that names a failure: not 0, not that of a success, and no status of one. */
const isFailing = (code: unknown): boolean =>
  typeof code === "number"
    ? code !== 0 && !(code >= 200 && code < 300) && code !== 20_000
    : typeof code === "string" &&
      code !== "" &&
      !/^(?:0+|2\d\d|20000|ok|success(?:ful)?|succeeded|none|null)$/i.test(code)

const codeFields = [
  "code",
  "Code",
  "error_code",
  "errorCode",
  "errcode",
  "err_code",
  "errno",
  "status_code",
  "statusCode"
]

/** The parts of streams have a type of their own, which says that they are no failure. */
const isPart = (data: unknown): boolean => {
  const type = Foreign.text(data, "type") ?? Foreign.text(data, "event") ?? ""
  return type !== "" && !/err|fail|exception|^about:blank$|^urn:|^https?:/i.test(type)
}

/** A flat object with a code and words, and nothing of an answer: DashScope, Zhipu, Novita, relays. */
const isFlat = (data: unknown): boolean =>
  !isPart(data) &&
  codeFields.some((name) => isFailing(Foreign.get(data, name))) &&
  said(data, [...wordFields, "errmsg", "err_msg", "errorMsg", "error_message"]) &&
  !holdsAnswer(data, true)

const isHttpFailure = (status: unknown): boolean => typeof status === "number" && status >= 400 && status < 600

const isFailedStatus = (status: unknown): boolean =>
  typeof status === "number"
    ? isHttpFailure(status)
    : typeof status === "string" && /^(?:error|fail(?:ed|ure)?)$/i.test(status)

/** `{"base_resp": {"status_code": 1008}}`, iFlytek's `{"header": {"code": 11202}}`. */
const envelopes = ["base_resp", "baseResp", "header"]

const envelope = (data: unknown): unknown => {
  for (const name of envelopes) {
    const held = Foreign.get(data, name)
    if (!Foreign.isObject(held)) continue
    if (["status_code", "statusCode", "StatusCode", "code"].some((code) => isFailing(Foreign.get(held, code)))) {
      return { [name]: held }
    }
  }
  return undefined
}

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
      .map((choice) => within(choice))
      .find((found) => found !== undefined),
  // Cohere: {"type": "message-end", "delta": {"error": ...}}.
  (data) => within(Foreign.get(data, "delta")),
  // MiniMax: {"base_resp": {"status_code": 1008, "status_msg": "..."}}, with choices that are null or empty.
  envelope,
  // Cloudflare: {"success": false, "errors": [...]}.
  (data) => (Foreign.get(data, "success") === false && filled(Foreign.get(data, "errors")) ? data : undefined),
  // Tencent: {"Response": {"Error": {"Code", "Message"}}}; Volcengine: {"ResponseMetadata": {"Error": {...}}}.
  (data) => within(Foreign.get(data, "Response"), "Error") ?? within(Foreign.get(data, "ResponseMetadata"), "Error"),
  // DashScope: a task that failed: {"output": {"task_status": "FAILED", "code", "message"}}.
  (data) =>
    isFailedStatus(Foreign.get(data, "output", "task_status")) ? { error: Foreign.get(data, "output") } : undefined
]

const errorNames = ["ErrorMsg", "Error", "errorText", "fault", "exception", "err", "error_message", "errorMessage"]

/** What is a failure in the data of a response, while a thrown error has such fields whatever it says. */
const flat: ReadonlyArray<(data: unknown) => unknown> = [
  // Zhipu: {"code": 1261, "msg": "...", "success": false}.
  (data) =>
    ["success", "Success", "ok"].some((name) => Foreign.get(data, name) === false) ? alone(data, "errors") : undefined,
  (data) => (filled(Foreign.get(data, "errors")) && !holdsAnswer(data, true) && !isPart(data) ? data : undefined),
  // Tencent, in a stream: {"ErrorMsg": {"Code", "Msg"}}; the Vercel AI SDK's messages: {"errorText"}; Apigee: {"fault"}.
  (data) => (errorNames.some((name) => filled(Foreign.get(data, name))) && !holdsAnswer(data, true) ? data : undefined),
  (data) => within(Foreign.get(data, "data")) ?? within(Foreign.get(data, "result")),
  // {"code": "Throttling", "message": "...", "request_id": "..."}; Baidu: {"error_code": 336003, "error_msg": "..."}.
  (data) => (isFlat(data) ? data : undefined),
  // {"type": "rate_limit_error", "message": "..."}: a failure by the name of its type; that of a tool is none.
  (data) =>
    /^(?!.*(?:tool|function)).*(?:error|exception)$/i.test(Foreign.text(data, "type") ?? "") &&
    said(data, wordFields) &&
    !holdsAnswer(data, true)
      ? data
      : undefined,
  // {"status": "error", "message": "..."}; problem+json: {"status": 404, "title": "...", "detail": "..."}.
  (data) =>
    ["status", "state", "result", "Status"].some((name) => isFailedStatus(Foreign.get(data, name))) &&
    !isPart(data) &&
    said(data, wordFields) &&
    !holdsAnswer(data, true)
      ? data
      : undefined,
  // {"status": 503}, and nothing else.
  (data) =>
    ["status", "status_code", "statusCode", "code"].some((name) => isHttpFailure(Foreign.get(data, name))) &&
    !isPart(data) &&
    !holdsAnswer(data, true)
      ? data
      : undefined
]

const within = (part: unknown, name = "error"): unknown => {
  const error = Foreign.get(part, name)
  return filled(error) ? { error } : undefined
}

/**
 * Words in the place of an answer, as a front says them: `{"message": "..."}`, and nothing of an answer.
 *
 * @internal
 */
export const onlyWords = (body: unknown): unknown =>
  !Foreign.isList(body) && (said(body, wordFields) || filled(Foreign.get(body, "detail"))) && !isAnswer(body)
    ? body
    : undefined

/**
 * FastAPI's words in the place of an event: `{"detail": "..."}`, and nothing of an answer.
 *
 * @internal
 */
export const onlyDetail = (data: unknown): unknown =>
  Foreign.has(data, "detail") && filled(Foreign.get(data, "detail")) && !isPiece(data) ? onlyWords(data) : undefined

/**
 * The error in a piece of data, as the body a failed response would have had, if there is one.
 *
 * @internal
 */
export const errorBody = (data: unknown): unknown => inPlace(data, places)

/**
 * The same in what a provider sent, where a flat object with a code and words is a failure too.
 *
 * @internal
 */
export const failureBody = (data: unknown): unknown => {
  const body = parsed(data)
  return inPlace(body, places) ?? (isPiece(body) ? undefined : inPlace(body, flat))
}

/** What nearly all events of a stream are is known by one look. */
const isPiece = (data: unknown): boolean =>
  Foreign.items(Foreign.get(data, "choices"), 1).length > 0 ||
  Foreign.items(Foreign.get(data, "candidates"), 1).length > 0 ||
  (Foreign.get(data, "success") !== false && isPart(data))

const inPlace = (data: unknown, where: typeof places): unknown => {
  const body = parsed(data)
  if (!Foreign.isObject(body)) return undefined
  for (const part of [body, ...Foreign.items(body, 8)]) {
    for (const place of where) {
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
  const { about, verdict } = examine({ ...known(origin), status: 200, headers: headersIn(options?.headers), body })
  const is = verdict.is === "MalformedResponse" ? "ServerError" : verdict.is
  const cause = options?.cause ?? body
  return ofResponse(
    { ...verdict, is },
    { ...about, status: options?.status },
    cause,
    sentence({ is }, about.code, origin)
  )
}
