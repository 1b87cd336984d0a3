import { gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { Option } from "effect"
import { Classifier, LlmError } from "effect-resilience"
import { isCleanAnswer } from "../../src/classifier/CleanAnswer.js"

interface Case {
  readonly what: string
  readonly body: unknown
  readonly headers?: Record<string, string>
  readonly gives: object
}

const chat = (choices: unknown): object => ({ id: "c", object: "chat.completion", choices, usage: { total_tokens: 1 } })
const response = (fields: object): object => ({ id: "r", object: "response", error: null, output: [], ...fields })
const claude = (content: unknown, stop_reason: string): object => ({
  type: "message",
  role: "assistant",
  content,
  stop_reason
})
const langChain = (fields: object) => ({
  lc: 1,
  type: "constructor",
  id: ["langchain_core", "messages", "AIMessage"],
  kwargs: { content: "yes", tool_calls: [], additional_kwargs: {}, response_metadata: {}, ...fields }
})
const sse = { "content-type": "text/event-stream" }

// biome-ignore format: a table
const failures: ReadonlyArray<Case> = [
  { what: "C7: an error body", body: { error: { message: "slow down", type: "rate_limit_error", code: "slow_down" } }, gives: { _tag: "RateLimited", status: 200 } },
  { what: "C7: an error body as text", body: '{"error":{"code":429,"message":"Rate limit exceeded","metadata":{}}}', gives: { _tag: "RateLimited" } },
  { what: "C7: an error body as bytes", body: new TextEncoder().encode('{"error":"model requires more system memory"}'), gives: {} },
  { what: "C7: an empty body", body: "", gives: { _tag: "MalformedResponse" } },
  { what: "C7: no body", body: undefined, gives: { _tag: "MalformedResponse" } },
  { what: "C7: JSON null", body: "null", gives: { _tag: "MalformedResponse" } },
  { what: "C7: an empty object", body: {}, gives: { _tag: "MalformedResponse" } },
  { what: "C7: only blank keep-alive lines", body: "\n\n   \n\n", gives: { _tag: "Overloaded" } },
  { what: "C7: only comments", body: ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n", headers: sse, gives: { _tag: "Overloaded" } },
  { what: "C7: no candidates", body: { candidates: [], usageMetadata: {} }, gives: { _tag: "MalformedResponse" } },
  { what: "C7: candidates left out", body: { usageMetadata: { promptTokenCount: 3 }, modelVersion: "m" }, gives: { _tag: "MalformedResponse" } },
  { what: "C7: a blocked prompt", body: { promptFeedback: { blockReason: "PROHIBITED_CONTENT" } }, gives: { _tag: "ContentFiltered", by: "prompt" } },
  { what: "C7: no choices", body: chat([]), gives: { _tag: "MalformedResponse" } },
  { what: "C7: null choices", body: chat(null), gives: { _tag: "MalformedResponse" } },
  { what: "markup", body: "<html><body><h1>Sign in</h1></body></html>", headers: { "content-type": "text/html" }, gives: { _tag: "MalformedResponse" } },
  { what: "JSON that breaks off", body: '{"choices":[{"message":{"cont', headers: { "content-type": "application/json" }, gives: { _tag: "MalformedResponse" } },
  { what: "a front's own words", body: { message: "Endpoint request timed out" }, gives: {} },
  { what: "a message without content", body: chat([{ message: { role: "assistant", content: null }, finish_reason: "stop" }]), gives: { _tag: "MalformedResponse" } },
  { what: "all tokens spent on reasoning", body: chat([{ message: { role: "assistant", content: null }, finish_reason: "length" }]), gives: { _tag: "InvalidRequest", code: "length" } },
  { what: "a filtered choice", body: chat([{ message: { content: "so" }, finish_reason: "content_filter" }]), gives: { _tag: "ContentFiltered", by: "completion" } },
  { what: "a refusal", body: chat([{ message: { content: null, refusal: "No." }, finish_reason: "stop" }]), gives: { _tag: "ContentFiltered", by: "refusal", code: "refusal" } },
  { what: "an error in a choice", body: chat([{ error: { code: 502, message: "upstream" }, message: { content: "so" }, finish_reason: "error" }]), gives: { _tag: "ServerError" } },
  { what: "a failed response", body: response({ status: "failed", error: { code: "server_error", message: "x" } }), gives: { _tag: "ServerError" } },
  { what: "a failed response without a reason", body: response({ status: "failed" }), gives: { _tag: "ServerError" } },
  { what: "a filtered response", body: response({ status: "incomplete", incomplete_details: { reason: "content_filter" } }), gives: { _tag: "ContentFiltered" } },
  { what: "a response of nothing", body: response({ status: "completed" }), gives: { _tag: "MalformedResponse" } },
  { what: "a refusal in a response", body: response({ status: "completed", output: [{ type: "reasoning" }, { type: "message", content: [{ type: "refusal", refusal: "No." }] }] }), gives: { _tag: "ContentFiltered", by: "refusal" } },
  { what: "Claude's refusal", body: claude([{ type: "text", text: "" }], "refusal"), gives: { _tag: "ContentFiltered", by: "refusal" } },
  { what: "a message of Claude's without content", body: claude([], "max_tokens"), gives: { _tag: "InvalidRequest", code: "length" } },
  { what: "a window that is full before the first word", body: claude([], "model_context_window_exceeded"), gives: { _tag: "ContextLengthExceeded" } },
  { what: "Gemini without parts", body: { candidates: [{ content: { role: "model", parts: [] }, finishReason: "STOP" }] }, gives: { _tag: "MalformedResponse" } },
  { what: "Gemini without content", body: { candidates: [{ finishReason: "STOP" }] }, gives: { _tag: "MalformedResponse" } },
  { what: "Gemini cut before the first word", body: { candidates: [{ content: {}, finishReason: "MAX_TOKENS" }] }, gives: { _tag: "InvalidRequest" } },
  { what: "Gemini filtered", body: { candidates: [{ finishReason: "SAFETY" }] }, gives: { _tag: "ContentFiltered", by: "completion" } },
  { what: "Bedrock's guardrail", body: { output: { message: { content: [{ text: "no" }] } }, stopReason: "guardrail_intervened" }, gives: { _tag: "ContentFiltered" } },
  { what: "Bedrock without content", body: { output: { message: { content: [] } }, stopReason: "max_tokens" }, gives: { _tag: "InvalidRequest" } },
  { what: "Ollama that only loaded the model", body: { model: "m", message: { role: "assistant", content: "" }, done: true, done_reason: "load" }, gives: { _tag: "MalformedResponse" } },
  { what: "Ollama that is not done", body: { model: "m", response: "a", done: false }, gives: { _tag: "MalformedResponse" } },
  { what: "Cohere that failed", body: { finish_reason: "ERROR", message: { content: [] } }, gives: { _tag: "ServerError" } },
  { what: "a stream kept whole, with an error in it", body: 'event: message_start\ndata: {"type":"message_start"}\n\nevent: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n', headers: sse, gives: { _tag: "Overloaded" } },
  { what: "C15: MiniMax's envelope", body: { id: "1", choices: null, base_resp: { status_code: 1008, status_msg: "insufficient balance" } }, gives: { _tag: "QuotaExhausted", code: "1008" } },
  { what: "C15: MiniMax's envelope alone", body: { base_resp: { status_code: 1002, status_msg: "rate limit" } }, gives: { _tag: "RateLimited" } },
  { what: "C15: MiniMax's envelope, a code nobody knows", body: { base_resp: { status_code: 7777, status_msg: "?" } }, gives: { _tag: "ServerError" } },
  { what: "C15: Cloudflare's", body: { success: false, errors: [{ code: 10000, message: "Authentication error" }], result: null, messages: [] }, gives: { _tag: "AuthenticationFailed" } },
  { what: "C15: Zhipu's older one", body: { success: false, code: 1261, msg: "too long" }, gives: { _tag: "ContextLengthExceeded" } },
  { what: "C15: no success and no reason", body: { success: false }, gives: { _tag: "ServerError" } },
  { what: "C15: a flat object", body: { code: "Throttling.RateQuota", message: "Requests rate limit exceeded", request_id: "r" }, gives: { _tag: "RateLimited" } },
  { what: "C15: a flat object with a number and empty data", body: { code: 30001, message: "account balance is insufficient", data: null }, gives: { _tag: "QuotaExhausted" } },
  { what: "C15: a status as the code", body: { code: 429, reason: "TOO_MANY", message: "Too many requests", metadata: {} }, gives: { _tag: "RateLimited" } },
  { what: "C15: Baidu's", body: { error_code: 18, error_msg: "Open api qps request limit reached" }, gives: { _tag: "RateLimited" } },
  { what: "C15: Tencent's", body: { Response: { RequestId: "r", Error: { Code: "AuthFailure.SignatureExpire", Message: "x" } } }, gives: { _tag: "AuthenticationFailed" } },
  { what: "C15: Volcengine's", body: { ResponseMetadata: { RequestId: "r", Error: { Code: "InvalidAuthentication", Message: "x" } } }, gives: { _tag: "AuthenticationFailed" } },
  { what: "C15: a task that failed", body: { request_id: "r", output: { task_status: "FAILED", code: "DataInspectionFailed", message: "x" } }, gives: { _tag: "ContentFiltered" } },
  { what: "C15: a status in words", body: { status: "error", message: "Rate limit reached" }, gives: { _tag: "RateLimited" } },
  { what: "C15: problem+json", body: { type: "about:blank", title: "Not Found", status: 404, detail: "Model x not found" }, gives: { _tag: "ModelNotFound" } },
  { what: "C15: words alone that are known", body: { detail: "Rate limit reached" }, gives: { _tag: "RateLimited" } },
  { what: "C15: errors and no data", body: { data: null, errors: [{ message: "Rate limit reached" }] }, gives: { _tag: "RateLimited" } },
  ...["function_call_filter: MALFORMED_FUNCTION_CALL", "function_call_filter: UNEXPECTED_TOOL_CALL", "MALFORMED_FUNCTION_CALL", "malformed_function_call"].map((finish_reason) => ({ what: `C16: ${finish_reason}`, body: chat([{ message: { content: "" }, finish_reason }]), gives: { _tag: "MalformedResponse" } })),
  ...["MALFORMED_FUNCTION_CALL", "malformed_function_call", "UNEXPECTED_TOOL_CALL"].map((native_finish_reason) => ({ what: `C16: a stop that was ${native_finish_reason}`, body: chat([{ message: { content: "so" }, finish_reason: "stop", native_finish_reason }]), gives: { _tag: "MalformedResponse" } })),
  { what: "C16: LiteLLM's own field of the provider's reason", body: chat([{ message: { content: "so" }, finish_reason: "stop", provider_specific_fields: { native_finish_reason: "MALFORMED_FUNCTION_CALL" } }]), gives: { _tag: "MalformedResponse" } },
  { what: "a provider that hung up", body: chat([{ message: { content: "ha" }, finish_reason: "cancelled" }]), gives: { _tag: "ServerError" } },
  { what: "DashScope's own format, filtered", body: { output: { text: "so", finish_reason: "content_filter" }, request_id: "r" }, gives: { _tag: "ContentFiltered" } },
  { what: "Tencent's own format, filtered", body: { Response: { Choices: [{ Message: { Content: "so" }, FinishReason: "sensitive" }], RequestId: "r" } }, gives: { _tag: "ContentFiltered" } },
  { what: "Titan, filtered", body: { inputTextTokenCount: 3, results: [{ outputText: "so", completionReason: "CONTENT_FILTERED" }] }, gives: { _tag: "ContentFiltered" } },
  { what: "C15: a front's words of credentials", body: { detail: "Not authenticated" }, gives: { _tag: "AuthenticationFailed" } },
  { what: "C15: a flat code with words of credentials", body: { code: 4100, msg: "authentication is invalid" }, gives: { _tag: "AuthenticationFailed" } },
  { what: "C15: Cloudflare's capacity", body: { success: false, errors: [{ code: 3040, message: "Capacity temporarily exceeded" }], result: null }, gives: { _tag: "Overloaded" } },
  { what: "C15: Dify's quota", body: { code: "provider_quota_exceeded", message: "No words.", status: 400 }, gives: { _tag: "QuotaExhausted" } },
  { what: "C15: a quota of something, by words", body: { code: 1, message: "Your quota for hosted models has been exhausted." }, gives: { _tag: "QuotaExhausted" } },
  ...["SAFETY", "PROHIBITED_CONTENT", "content_filter", "safety"].map((native_finish_reason) => ({ what: `C16: a stop that was ${native_finish_reason}`, body: chat([{ message: { content: "so" }, finish_reason: "stop", native_finish_reason }]), gives: { _tag: "ContentFiltered" } })),
  { what: "C15: a result that is an error", body: { result: "error", message: "Rate limited" }, gives: { _tag: "RateLimited" } },
  { what: "C15: a state and words of its own", body: { status: "FAILED", error_message: "Model overloaded" }, gives: { _tag: "Overloaded" } },
  { what: "C15: iFlytek's header", body: { header: { code: 10013, message: "slow down", sid: "x" } }, gives: { _tag: "RateLimited" } },
  { what: "C15: a fault", body: { fault: { faultstring: "Rate limit violation" } }, gives: { _tag: "RateLimited" } },
  { what: "C15: an error under data", body: { data: { error: { message: "Overloaded" } } }, gives: { _tag: "Overloaded" } },
  { what: "C15: a flat object beside an empty text", body: { code: 429, message: "Rate limited", text: "" }, gives: { _tag: "RateLimited" } },
  ...([{ foo: 1 }, { status: "ok" }, { success: true }, { code: 0, message: "success", data: null }, { id: "x", model: "m", usage: { total_tokens: 3 } }, { object: "chat.completion", id: "x" }, { message: "pong" }, { result: null, success: true }, { data: [] }, { type: "ping" }, [], [{}], [{ foo: 1 }], 7, true] as const).map((body) => ({ what: `C15: nothing of an answer: ${JSON.stringify(body)}`, body, gives: { _tag: "MalformedResponse" } })),
  ...["", " ", "null", "None", "undefined", "nil"].flatMap((word) => [
    { what: `C15: an answer that ends with ${JSON.stringify(word)}`, body: chat([{ message: { content: "yes" }, finish_reason: word }]), gives: { _tag: "MalformedResponse" } },
    { what: `C15: the same of Claude's`, body: claude([{ type: "text", text: "yes" }], word), gives: { _tag: "MalformedResponse" } },
    { what: `C15: the same of Gemini's`, body: { candidates: [{ content: { parts: [{ text: "yes" }] }, finishReason: word }] }, gives: { _tag: "MalformedResponse" } },
    { what: `C15: the same of Bedrock's`, body: { output: { message: { content: [{ text: "yes" }] } }, stopReason: word }, gives: { _tag: "MalformedResponse" } },
    { what: `C15: the same of Cohere's`, body: { finish_reason: word, message: { content: [{ type: "text", text: "yes" }] } }, gives: { _tag: "MalformedResponse" } },
    { what: `C15: the same of Ollama's`, body: { model: "m", response: "yes", done: true, done_reason: word }, gives: { _tag: "MalformedResponse" } },
    { what: `C15: the same of DashScope's`, body: { output: { text: "yes", finish_reason: word } }, gives: { _tag: "MalformedResponse" } },
    { what: `C15: the same of the Vercel AI SDK's`, body: { text: "yes", finishReason: word }, gives: { _tag: "MalformedResponse" } }
  ]),
  { what: "C15: LangChain's message, filtered", body: langChain({ content: "ye", response_metadata: { finish_reason: "content_filter" } }), gives: { _tag: "ContentFiltered" } },
  { what: "C15: LangChain's message, refused", body: langChain({ content: "", additional_kwargs: { refusal: "No." } }), gives: { _tag: "ContentFiltered", by: "refusal" } },
  { what: "C15: LangChain's message without words", body: langChain({ content: "", response_metadata: { finish_reason: "stop" } }).kwargs, gives: { _tag: "MalformedResponse" } },
  { what: "C15: LangChain's message, all tokens thought away", body: langChain({ content: "", response_metadata: { finish_reason: "length" } }), gives: { _tag: "InvalidRequest" } },
  { what: "lines of JSON with an error in them", body: '{"model":"m","response":"a","done":false}\n{"error":"the runner has died"}\n', gives: { _tag: "ServerError" } }
]

// biome-ignore format: a table
const answers: ReadonlyArray<readonly [what: string, body: unknown, headers?: Record<string, string>]> = [
  ["an answer", chat([{ message: { content: "yes" }, finish_reason: "stop" }])],
  ["an answer cut at its limit", chat([{ message: { content: "ye" }, finish_reason: "length" }])],
  ["a call of a tool", chat([{ message: { content: null, tool_calls: [{ id: "t" }] }, finish_reason: "tool_calls" }])],
  ["an answer that is the empty string", chat([{ message: { content: "" }, finish_reason: "stop" }])],
  ["one answer beside a filtered one", chat([{ message: { content: null }, finish_reason: "content_filter" }, { message: { content: "yes" }, finish_reason: "stop" }])],
  ["an older completion", { choices: [{ text: "yes", finish_reason: "stop" }] }],
  ["a response", response({ status: "completed", output: [{ type: "message", content: [{ type: "output_text", text: "yes" }] }] })],
  ["a response that is under way", response({ status: "queued" })],
  ["a message of Claude's", claude([{ type: "text", text: "yes" }], "end_turn")],
  ["a turn of Claude's without words", claude([], "end_turn")],
  ["Gemini's answer", { candidates: [{ content: { parts: [{ text: "yes" }] }, finishReason: "STOP" }] }],
  ["Gemini's tokens", { totalTokens: 3 }],
  ["Bedrock's answer", { output: { message: { content: [{ text: "yes" }] } }, stopReason: "end_turn" }],
  ["Ollama's answer", { model: "m", response: "yes", done: true, done_reason: "stop" }],
  ["Cohere's answer", { finish_reason: "COMPLETE", message: { content: [{ type: "text", text: "yes" }] } }],
  ["C15: MiniMax's answer", { choices: [{ message: { content: "yes" }, finish_reason: "stop" }], base_resp: { status_code: 0, status_msg: "" } }],
  ["C15: DashScope's answer", { output: { text: "yes", finish_reason: "stop" }, usage: { total_tokens: 700 }, request_id: "r" }],
  ["C15: Cloudflare's answer", { result: { response: "yes" }, success: true, errors: [], messages: [] }],
  ["C15: Baidu's answer", { id: "as-1", object: "chat.completion", result: "yes", choices: [{ message: { content: "yes" } }] }],
  ["C15: Tencent's answer", { Response: { Choices: [{ Message: { Content: "yes" }, FinishReason: "stop" }], RequestId: "r" } }],
  ["C15: an answer that does not say why it ended", chat([{ message: { content: "yes" }, finish_reason: null }])],
  ["C15: LangChain's message as JSON", langChain({ response_metadata: { finish_reason: "stop" } })],
  ["C15: LangChain's message", langChain({}).kwargs],
  ["C15: LangChain's call of a tool", langChain({ content: "", tool_calls: [{ name: "t", args: {} }] })],
  ["C15: a relay's answer", { code: 0, msg: "success", data: { answer: "yes" } }],
  ["C15: Cohere's first version", { text: "yes", generation_id: "g", chat_history: [] }],
  ["C15: Cohere's client", { id: "1", finishReason: "COMPLETE", message: { role: "assistant", content: [{ type: "text", text: "yes" }] } }],
  ["C15: Mistral's client", { id: "1", object: "chat.completion", choices: [{ index: 0, finishReason: "tool_calls", message: { content: null, toolCalls: [{ function: {} }] } }] }],
  ["C15: Ollama's chat", { model: "m", message: { role: "assistant", content: "yes" }, done: true }],
  ["C15: Ollama's embeddings", { model: "m", embeddings: [[1]], total_duration: 7 }],
  ["C15: Ollama's models", { models: [] }],
  ["C15: Llama on Bedrock", { generation: "yes", stop_reason: "stop" }],
  ["C15: Titan on Bedrock", { inputTextTokenCount: 3, results: [{ outputText: "yes" }] }],
  ["C15: Titan's embedding", { embedding: [1], inputTextTokenCount: 3 }],
  ["C15: Hugging Face's text", [{ generated_text: "yes" }]],
  ["C15: Hugging Face's labels", [[{ label: "good", score: 0.9 }]]],
  ["C15: vectors alone", [[0.1, 0.2]]],
  ["C15: pictures", { created: 1, data: [{ b64_json: "AA" }] }],
  ["C15: pictures of another", { images: [{ url: "u" }], timings: {}, seed: 1 }],
  ["C15: a transcript with its parts", { text: "hello", segments: [] }],
  ["C15: ranks", { rankings: [{ index: 0, logit: 1 }] }],
  ["C15: a moderation", { id: "modr-1", model: "m", results: [{ flagged: false }] }],
  ["C15: predictions", { predictions: [{ values: [1] }], deployedModelId: "1" }],
  ["C15: Replicate's", { id: "p", status: "succeeded", output: ["yes"], error: null }],
  ["C16: a stop that was one", chat([{ message: { content: "so" }, finish_reason: "stop", native_finish_reason: "STOP" }])],
  ["C15: pictures by address", { created: 1, data: [{ url: "u" }] }],
  ["C15: a task in a queue", { task_id: "t", base_resp: { status_code: 0, status_msg: "success" } }],
  ["C15: a task under a relay's data", { code: 0, msg: "ok", data: { id: "c", status: "in_progress" } }],
  ["C15: Google's operation", { name: "models/veo/operations/1", metadata: {} }],
  ["C15: what is asked for later", { id: "batch_1", object: "batch", status: "in_progress" }],
  ["C15: an operation", { name: "operations/1", done: false }],
  ["C15: a page of nothing", { object: "list", data: [] }],
  ["C15: tokens counted", { input_tokens: 3 }],
  ["C15: an object made by the AI SDK", { object: { city: "Paris" }, finishReason: "stop", usage: {} }],
  ["C15: an embedding made by the AI SDK", { value: "x", embedding: [1], usage: { tokens: 3 } }],
  ["embeddings", { object: "list", data: [{ embedding: [1] }], error: null }],
  ["a transcript", "Hello there.", { "content-type": "text/plain; charset=utf-8" }],
  ["a stream kept whole", 'data: {"choices":[{"delta":{"content":"yes"}}]}\n\ndata: [DONE]\n\n', sse],
  ["a stream in an array", [{ candidates: [{ content: { parts: [{ text: "y" }] } }] }, { candidates: [{ finishReason: "STOP" }] }]]
]

describe("fromFinishedResponse", () => {
  it.each(failures)("$what", ({ body, gives, headers }) => {
    const found = Classifier.fromFinishedResponse({ body, headers, target: "t", model: "m" })
    expect(Option.getOrUndefined(found)).toMatchObject({ ...gives, target: "t", model: "m", status: 200 })
  })

  for (const [what, body, headers] of answers) {
    it(`is an answer: ${what}`, () => {
      const text = typeof body === "string" ? body : JSON.stringify(body)
      expect(Classifier.fromFinishedResponse({ body, headers })).toEqual(Option.none())
      expect(Classifier.fromFinishedResponse({ body: text, headers })).toEqual(Option.none())
    })
  }

  it("none of these failures passes for a clean answer, and nearly every answer's form does", () => {
    const asJson = (body: unknown): unknown => JSON.parse(typeof body === "object" ? JSON.stringify(body) : "null")
    expect(failures.filter(({ body }) => isCleanAnswer(asJson(body)))).toEqual([])
    expect(answers.filter(([, body]) => isCleanAnswer(asJson(body))).map(([what]) => what)).toEqual([
      "an answer",
      "an answer cut at its limit",
      "a call of a tool",
      "an answer that is the empty string",
      "a message of Claude's"
    ])
  })

  it("C15: bytes that are no text, streams and what is read elsewhere are not judged", () => {
    const stream = {
      textStream: new ReadableStream(),
      get text() {
        throw new Error("read")
      }
    }
    for (const body of [
      new Uint8Array([255, 251, 0, 0]),
      new ReadableStream(),
      stream,
      new Response("x"),
      new Blob(["x"])
    ]) {
      expect(Classifier.fromFinishedResponse({ body })).toEqual(Option.none())
    }
    const sound = { body: new Uint8Array([255, 251, 0, 0]), headers: { "content-type": "audio/mpeg" } }
    expect(Classifier.fromFinishedResponse(sound)).toEqual(Option.none())
    const command = { $metadata: {}, contentType: "application/json", body: new TextEncoder().encode("{}") }
    expect(Classifier.fromFinishedResponse({ body: command })).toEqual(Option.none())
  })

  it("C7: bytes that are no text are no answer where the response says that it is JSON", () => {
    const packed = { body: gzipSync('{"choices":[]}'), headers: { "content-type": "application/json; charset=utf-8" } }
    expect(Option.getOrThrow(Classifier.fromFinishedResponse(packed))._tag).toBe("MalformedResponse")
  })

  it("C14: neither prints nor encodes what the provider said", () => {
    const body = chat([{ message: { content: null, refusal: "SECRET" }, finish_reason: "stop" }])
    const error = Option.getOrThrow(Classifier.fromFinishedResponse({ body, headers: { authorization: "SECRET" } }))
    expect(JSON.stringify(error) + String(error) + LlmError.userMessage(error) + error.stack).not.toContain("SECRET")
  })

  it("ends soon on a megabyte of blank lines, of an open brace, or of an answer", () => {
    // Anything worse than linear would take minutes; the limit leaves room for a busy machine.
    const started = performance.now()
    for (const part of ["\n", "{", ": x\n", "data: \n", " ", "<", '{"a":1}\n']) {
      Classifier.fromFinishedResponse({ body: part.repeat(1_000_000 / part.length) })
    }
    expect(performance.now() - started).toBeLessThan(15_000)
  })
})
