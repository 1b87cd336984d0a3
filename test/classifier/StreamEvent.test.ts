import { describe, expect, it } from "@effect/vitest"
import { Option } from "effect"
import { Classifier, LlmError } from "effect-resilience"

type Expected = Partial<Record<"_tag" | "by" | "phase" | "code" | "retryable", unknown>>

interface Case {
  readonly dialect: string
  readonly what: string
  readonly data: unknown
  readonly event?: string | undefined
  readonly gives: Expected
}

const chunk = (fields: object): object => ({ id: "c-1", object: "chat.completion.chunk", ...fields })

// biome-ignore format: a table
const failures: ReadonlyArray<Case> = [
  { dialect: "openai chat", what: "C13: a chunk with a top-level error", data: { error: { message: "The engine is currently overloaded", type: "server_error", code: null } }, gives: { _tag: "Overloaded" } },
  { dialect: "openai chat", what: "C1: a spent quota inside a 200", data: '{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}', gives: { _tag: "QuotaExhausted", code: "insufficient_quota" } },
  { dialect: "openai chat", what: "an error nobody knows", data: { error: { message: "kaput", type: "zonk" } }, gives: { _tag: "ServerError" } },
  { dialect: "openai chat", what: "content filter", data: chunk({ choices: [{ index: 0, delta: {}, finish_reason: "content_filter" }] }), gives: { _tag: "ContentFiltered", by: "completion", code: "content_filter" } },
  { dialect: "openai chat", what: "a refusal", data: chunk({ choices: [{ index: 0, delta: { refusal: "I cannot" }, finish_reason: null }] }), gives: { _tag: "ContentFiltered", by: "refusal" } },
  { dialect: "openai responses", what: "C13: response.failed", event: "response.failed", data: { type: "response.failed", response: { id: "r", status: "failed", error: { code: "server_error", message: "The model failed" }, output: [] } }, gives: { _tag: "ServerError", code: "server_error" } },
  { dialect: "openai responses", what: "response.failed with a rate limit", data: { type: "response.failed", response: { error: { code: "rate_limit_exceeded", message: "Rate limit reached. Please try again in 1.5s." } } }, gives: { _tag: "RateLimited" } },
  { dialect: "openai responses", what: "C5: response.failed with a full window", data: { type: "response.failed", response: { error: { code: "context_length_exceeded", message: "Your input exceeds the context window" } } }, gives: { _tag: "ContextLengthExceeded" } },
  { dialect: "openai responses", what: "response.incomplete by a filter", data: { type: "response.incomplete", response: { status: "incomplete", incomplete_details: { reason: "content_filter" } } }, gives: { _tag: "ContentFiltered", by: "completion" } },
  { dialect: "openai responses", what: "a flat error event", event: "error", data: { type: "error", code: "server_is_overloaded", message: "Our servers are overloaded", param: null, sequence_number: 1 }, gives: { _tag: "Overloaded" } },
  { dialect: "openai responses", what: "a refusal", data: { type: "response.refusal.delta", delta: "I" }, gives: { _tag: "ContentFiltered", by: "refusal" } },
  { dialect: "anthropic", what: "C13: event: error, overloaded", event: "error", data: '{"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"},"request_id":"req_011"}', gives: { _tag: "Overloaded" } },
  { dialect: "anthropic", what: "event: error with plain words", event: "error", data: "Overloaded", gives: { _tag: "Overloaded" } },
  { dialect: "anthropic", what: "a rate limit", data: { type: "error", error: { type: "rate_limit_error", message: "slow" } }, gives: { _tag: "RateLimited" } },
  { dialect: "anthropic", what: "refusal", data: { type: "message_delta", delta: { stop_reason: "refusal", stop_sequence: null }, usage: { output_tokens: 3 } }, gives: { _tag: "ContentFiltered", by: "refusal" } },
  { dialect: "gemini", what: "an error object", data: { error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" } }, gives: { _tag: "Overloaded" } },
  { dialect: "gemini", what: "an error in an array", data: [{ error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" } }], gives: { _tag: "Overloaded" } },
  { dialect: "gemini", what: "C7: a blocked prompt", data: { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: {} }, gives: { _tag: "ContentFiltered", by: "prompt" } },
  { dialect: "gemini", what: "a filtered candidate", data: { candidates: [{ finishReason: "RECITATION" }] }, gives: { _tag: "ContentFiltered", by: "completion" } },
  { dialect: "gemini", what: "a broken tool call", data: { candidates: [{ content: {}, finishReason: "MALFORMED_FUNCTION_CALL" }] }, gives: { _tag: "MalformedResponse" } },
  { dialect: "bedrock", what: "a throttling frame", event: "throttlingException", data: { message: "Too many requests" }, gives: { _tag: "RateLimited" } },
  { dialect: "bedrock", what: "a frame with its headers", data: { ":message-type": "exception", ":exception-type": "serviceUnavailableException", message: "x" }, gives: { _tag: "Overloaded" } },
  { dialect: "bedrock", what: "C5: a window too small", event: "validationException", data: '{"message":"Input is too long for requested model."}', gives: { _tag: "ContextLengthExceeded" } },
  { dialect: "bedrock", what: "a frame as an object", data: { modelStreamErrorException: { message: "The stream failed", originalStatusCode: 500 } }, gives: { _tag: "ServerError" } },
  { dialect: "bedrock", what: "a guardrail", data: { messageStop: { stopReason: "guardrail_intervened" } }, gives: { _tag: "ContentFiltered", by: "completion" } },
  { dialect: "openrouter", what: "an error beside empty choices", data: chunk({ provider: "X", error: { code: 502, message: "Provider returned error" }, choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }] }), gives: { _tag: "ServerError" } },
  { dialect: "openrouter", what: "an error in a choice", data: chunk({ choices: [{ error: { code: 429, message: "Rate limited upstream" }, finish_reason: "error" }] }), gives: { _tag: "RateLimited" } },
  { dialect: "openrouter", what: "finish_reason error alone", data: chunk({ choices: [{ index: 0, delta: {}, finish_reason: "error" }] }), gives: { _tag: "ServerError" } },
  { dialect: "vllm", what: "a flat error", data: { object: "error", message: "EngineCore encountered an issue", type: "InternalServerError", code: 500 }, gives: { _tag: "ServerError" } },
  { dialect: "vllm", what: "an error line of data", data: 'data: {"error":{"message":"out of blocks","type":"InternalServerError","code":500}}', gives: { _tag: "ServerError" } },
  { dialect: "llama.cpp", what: "a line that begins with error:", data: 'error: {"code":503,"message":"Loading model","type":"unavailable_error"}', gives: { _tag: "Overloaded" } },
  { dialect: "ollama", what: "a line of JSON", data: '{"error":"an error was encountered while running the model"}', gives: { _tag: "ServerError" } },
  { dialect: "cohere", what: "finish ERROR", data: { type: "message-end", delta: { finish_reason: "ERROR" } }, gives: { _tag: "ServerError" } },
  { dialect: "cohere", what: "finish ERROR in the first version", data: { event_type: "stream-end", finish_reason: "ERROR_TOXIC" }, gives: { _tag: "ContentFiltered" } },
  { dialect: "deepseek", what: "no resources", data: chunk({ choices: [{ index: 0, delta: {}, finish_reason: "insufficient_system_resource" }] }), gives: { _tag: "Overloaded" } },
  { dialect: "mistral", what: "finish_reason error", data: chunk({ choices: [{ index: 0, delta: {}, finish_reason: "error" }] }), gives: { _tag: "ServerError" } },
  { dialect: "dashscope", what: "C15: a flat object", data: { code: "DataInspectionFailed", message: "x", request_id: "r" }, gives: { _tag: "ContentFiltered", code: "DataInspectionFailed" } },
  { dialect: "minimax", what: "C15: its envelope", data: { choices: [], base_resp: { status_code: 1039, status_msg: "x" } }, gives: { _tag: "RateLimited" } },
  { dialect: "fastapi", what: "C15: words under a status", data: { status: 429, title: "Too Many Requests" }, gives: { _tag: "RateLimited" } },
  { dialect: "hunyuan", what: "C15: ErrorMsg", data: { ErrorMsg: { Code: "RequestLimitExceeded", Msg: "x" } }, gives: { _tag: "RateLimited" } },
  { dialect: "gemini's compatible endpoint", what: "C16: a malformed call", data: chunk({ choices: [{ index: 0, delta: {}, finish_reason: "function_call_filter: MALFORMED_FUNCTION_CALL" }] }), gives: { _tag: "MalformedResponse" } },
  { dialect: "openrouter", what: "C16: a malformed call behind a stop", data: chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop", native_finish_reason: "MALFORMED_FUNCTION_CALL" }] }), gives: { _tag: "MalformedResponse" } },
  { dialect: "openrouter", what: "C16: a filter behind a stop", data: chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop", native_finish_reason: "SAFETY" }] }), gives: { _tag: "ContentFiltered" } },
  { dialect: "ai", what: "an error part that holds an error", data: { type: "error", error: Object.assign(new Error("x"), { code: "ECONNRESET" }) }, gives: { _tag: "ConnectionFailed", code: "ECONNRESET" } },
  { dialect: "ai", what: "a filtered finish part", data: { type: "finish", finishReason: "content-filter" }, gives: { _tag: "ContentFiltered" } },
  { dialect: "ai", what: "a filtered finish part of @effect/ai", data: { type: "finish", reason: "content-filter" }, gives: { _tag: "ContentFiltered" } }
]

// biome-ignore format: a table
const fine: ReadonlyArray<readonly [what: string, data: unknown, event?: string]> = [
  ["the end marker", "[DONE]"], ["the end marker with its field", "data: [DONE]"], ["a comment", ": OPENROUTER PROCESSING"],
  ["a blank line", "\n"], ["nothing", undefined], ["text that is not JSON", "hello"], ["a number", 7],
  ["a role", chunk({ choices: [{ index: 0, delta: { role: "assistant", refusal: null }, finish_reason: null }] })],
  ["content that speaks of errors", chunk({ choices: [{ index: 0, delta: { content: '{"error":{"code":429}}' } }] })],
  ["a stop", chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })],
  ["a cut", chunk({ choices: [{ index: 0, delta: {}, finish_reason: "length" }] })],
  ["one filtered of two candidates", chunk({ choices: [{ finish_reason: "content_filter" }, { finish_reason: null }] })],
  ["usage with empty choices", chunk({ choices: [], usage: { total_tokens: 3 } })],
  ["a response without error", { type: "response.created", response: { error: null, incomplete_details: null } }],
  ["a response cut at its limit", { type: "response.incomplete", response: { incomplete_details: { reason: "max_output_tokens" } } }],
  ["a tool that failed", { type: "response.output_item.done", item: { type: "mcp_call", error: { message: "x" } } }],
  ["a ping", { type: "ping" }, "ping"],
  ["an end of turn", { type: "message_delta", delta: { stop_reason: "end_turn" } }, "message_delta"],
  ["a pause", { type: "message_delta", delta: { stop_reason: "pause_turn" } }],
  ["candidates", { candidates: [{ content: { parts: [{ text: "a" }] }, finishReason: "STOP" }], promptFeedback: { blockReason: "" } }],
  ["a done line", { model: "m", done: true, done_reason: "stop" }],
  ["code that an assistant wrote", { type: "response.code_interpreter_call_code.done", code: "print(1)", message: "x" }],
  ["an envelope of a success", { choices: [{ delta: { content: "a" } }], base_resp: { status_code: 0, status_msg: "" } }],
  ["a flat object of a success", { code: 0, message: "success", data: { text: "a" } }],
  ["a text delta part", { type: "text-delta", delta: "error", reason: "error" }]
]

describe("fromStreamEvent", () => {
  it.each(failures)("$dialect: $what", ({ data, event, gives }) => {
    const found = Classifier.fromStreamEvent({ data, event, target: "t" })
    expect(Option.getOrUndefined(found)).toMatchObject({ ...gives, target: "t" })
  })

  it.each(failures.filter(({ dialect }) => dialect !== "ai"))("$dialect, as text: $what", ({ data, event, gives }) => {
    const text = typeof data === "string" ? data : JSON.stringify(data)
    expect(Option.getOrUndefined(Classifier.fromStreamEvent({ data: text, event }))).toMatchObject(gives)
  })

  for (const [what, data, event] of fine) {
    it(`is no failure: ${what}`, () => {
      expect(Classifier.fromStreamEvent({ data, event })).toEqual(Option.none())
    })
  }

  it("C14: neither prints nor encodes what the provider said", () => {
    const data = { error: { message: "the prompt was SECRET and the key sk-SECRET", type: "server_error" } }
    const error = Option.getOrThrow(Classifier.fromStreamEvent({ data }))
    expect(JSON.stringify(error) + String(error) + LlmError.userMessage(error) + error.stack).not.toContain("SECRET")
  })
})
