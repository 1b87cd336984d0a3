import { describe, expect, it } from "vitest"
import { type Flaw, flawOf } from "../../../src/internal/cache/whole.js"

const cases: ReadonlyArray<readonly [Flaw | undefined, string, unknown]> = [
  [undefined, "OpenAI chat", { choices: [{ finish_reason: "stop", message: { content: "a", tool_calls: [] } }] }],
  ["truncated", "OpenAI chat", { choices: [{ finish_reason: "length", message: { content: "a" } }] }],
  ["failed", "OpenAI chat, filtered", { choices: [{ finish_reason: "content_filter", message: { content: "" } }] }],
  ["failed", "OpenAI chat, refused", { choices: [{ finish_reason: "stop", message: { refusal: "I cannot" } }] }],
  ["toolCalls", "OpenAI chat", { choices: [{ finish_reason: "tool_calls", message: { tool_calls: [{ id: "1" }] } }] }],
  [
    "toolCalls",
    "a tool call behind stop",
    { choices: [{ finish_reason: "stop", message: { tool_calls: [{ id: "1" }] } }] }
  ],
  ["toolCalls", "OpenAI chat, streamed", { choices: [{ delta: { tool_calls: [{ index: 0 }] }, finish_reason: null }] }],
  [undefined, "OpenAI chat, streamed", { choices: [{ delta: { content: "a" }, finish_reason: null }] }],
  [undefined, "OpenAI responses", { status: "completed", incomplete_details: null, output: [{ type: "message" }] }],
  ["truncated", "OpenAI responses", { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }],
  ["failed", "OpenAI responses", { status: "failed", error: { code: "server_error", message: "x" } }],
  ["toolCalls", "OpenAI responses", { status: "completed", output: [{ type: "function_call", name: "f" }] }],
  [undefined, "Anthropic", { type: "message", stop_reason: "end_turn", content: [{ type: "text", text: "a" }] }],
  ["truncated", "Anthropic", { type: "message", stop_reason: "max_tokens", content: [{ type: "text", text: "a" }] }],
  ["failed", "Anthropic", { type: "message", stop_reason: "refusal", content: [] }],
  ["toolCalls", "Anthropic", { type: "message", stop_reason: "tool_use", content: [{ type: "tool_use", id: "1" }] }],
  ["truncated", "Anthropic, streamed", { type: "message_delta", delta: { stop_reason: "max_tokens" } }],
  ["toolCalls", "Anthropic, streamed", { type: "content_block_start", content_block: { type: "tool_use", id: "1" } }],
  [undefined, "Gemini", { candidates: [{ finishReason: "STOP", content: { parts: [{ text: "a" }] } }] }],
  ["truncated", "Gemini", { candidates: [{ finishReason: "MAX_TOKENS", content: { parts: [{ text: "a" }] } }] }],
  ["failed", "Gemini", { candidates: [{ finishReason: "SAFETY" }] }],
  [
    "toolCalls",
    "Gemini",
    { candidates: [{ finishReason: "STOP", content: { parts: [{ functionCall: { name: "f" } }] } }] }
  ],
  ["truncated", "Bedrock", { stopReason: "max_tokens", output: {} }],
  ["toolCalls", "Bedrock", { stopReason: "tool_use", output: {} }],
  ["truncated", "Cohere", { finish_reason: "MAX_TOKENS" }],
  ["truncated", "Ollama", { done: true, done_reason: "length" }],
  ["truncated", "AI SDK", { finishReason: "length", text: "a" }],
  ["failed", "AI SDK", { finishReason: "content-filter", text: "" }],
  ["toolCalls", "AI SDK", { finishReason: "tool-calls", toolCalls: [{ toolName: "f" }] }],
  ["truncated", "@effect/ai, a part", { type: "finish", reason: "length" }],
  [
    "truncated",
    "@effect/ai, whole",
    {
      content: [
        { type: "text", text: "a" },
        { type: "finish", reason: "length" }
      ]
    }
  ],
  [
    "toolCalls",
    "@effect/ai, whole",
    {
      content: [
        { type: "tool-call", name: "f" },
        { type: "finish", reason: "tool-calls" }
      ]
    }
  ],
  ["failed", "an error in a 200", { error: { message: "overloaded", type: "overloaded_error" } }],
  [undefined, "an answer of one's own", { text: "the length of the error", status: "ok" }],
  [undefined, "plain text", "length"],
  [undefined, "nothing", null]
]

describe("flawOf", () => {
  it.each(cases)("F13: %s: %s", (flaw, _, answer) => {
    expect(flawOf(answer)).toBe(flaw)
  })
})
