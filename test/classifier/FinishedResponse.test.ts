import { describe, expect, it } from "@effect/vitest"
import { Option } from "effect"
import { Classifier, LlmError } from "effect-resilience"

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
