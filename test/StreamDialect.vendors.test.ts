/** What the dialects of OpenAI's, Mistral's and Google's further APIs, and the AI SDK's, read beside `everyDialect`. */
import { describe, expect, it } from "@effect/vitest"
import type { ConversationEventsData } from "@mistralai/mistralai/models/components/conversationevents.js"
import { StreamDialect } from "effect-resilience"
import type { RealtimeServerEvent } from "openai/resources/realtime/realtime"
import { type InteractionEvent, moreSamples } from "./internal/stream/moreSamples.js"

const { aiSdk, geminiInteractions, mistral, openAiAssistants, openAiRealtime } = StreamDialect

const done = (response: object) =>
  ({ type: "response.done", event_id: "e", response }) satisfies RealtimeServerEvent as RealtimeServerEvent

const error = (fields: object): RealtimeServerEvent => ({
  type: "error",
  event_id: "e",
  error: { type: "invalid_request_error", message: "no", ...fields }
})

/** What is looked at of OpenAI's long objects. */
const run = (status: string, fields: object = {}) => ({
  event: `thread.run.${status}`,
  data: { id: "run", object: "thread.run", status, last_error: null, ...fields }
})

const part = (fields: object) => ({
  event: "thread.message.delta",
  data: { id: "m", object: "thread.message.delta", delta: { content: [{ index: 0, ...fields }] } }
})

const stepOf = (fields: object) => ({
  event: "thread.run.step.delta",
  data: {
    id: "s",
    object: "thread.run.step.delta",
    delta: { step_details: { type: "tool_calls", tool_calls: [{ index: 0, ...fields }] } }
  }
})

const said = (content: unknown): ConversationEventsData =>
  ({ type: "message.output.delta", outputIndex: 0, id: "m", contentIndex: 0, role: "assistant", content }) as never

const tool = { id: "t", outputIndex: 0, name: "web_search", arguments: "" }

const interaction = (status: string): InteractionEvent => ({
  event_type: "interaction.completed",
  interaction: { id: "i", status }
})

const delta = (fields: object): InteractionEvent =>
  ({ event_type: "step.delta", index: 0, delta: fields }) as InteractionEvent

describe("the first content", () => {
  it.each<readonly [StreamDialect.StreamDialect<unknown>, unknown, object]>([
    [openAiRealtime, { type: "response.audio.delta", event_id: "e", delta: "AAAA" }, { kind: "content" }],
    [openAiRealtime, { type: "response.text.delta", event_id: "e", delta: "x" }, { kind: "content", text: "x" }],
    [
      openAiRealtime,
      { type: "conversation.item.input_audio_transcription.failed", event_id: "e", error: { message: "unheard" } },
      { kind: "metadata" }
    ],
    [openAiRealtime, { type: "mcp_list_tools.failed", event_id: "e", item_id: "i" }, { kind: "metadata" }],
    [openAiRealtime, { type: "response.output_text.done", event_id: "e", text: "x" }, { kind: "metadata" }],
    [openAiRealtime, "x", { kind: "malformed" }],
    [openAiAssistants, part({ type: "text", text: { value: "" } }), { kind: "metadata" }],
    [openAiAssistants, part({ type: "image_file", image_file: { file_id: "f" } }), { kind: "content" }],
    [openAiAssistants, stepOf({ type: "code_interpreter", id: "1" }), { toolCalls: [{ providerExecuted: true }] }],
    [openAiAssistants, { event: "thread.created", data: { id: "t", object: "thread" } }, { kind: "metadata" }],
    [openAiAssistants, { event: "done", data: "[DONE]" }, { kind: "metadata" }],
    [openAiAssistants, "x", { kind: "malformed" }],
    [mistral, said({ type: "thinking", thinking: [] }), { kind: "reasoning" }],
    [mistral, said({ type: "tool_reference", tool: "web_search", title: "x" }), { kind: "content" }],
    [mistral, said(""), { kind: "metadata" }],
    [mistral, { type: "tool.execution.started", ...tool }, { toolCalls: [{ providerExecuted: true }] }],
    [mistral, { type: "tool.execution.done", ...tool }, { kind: "metadata" }],
    [mistral, { type: "agent.handoff.started", ...tool }, { kind: "metadata" }],
    [
      mistral,
      { type: "function.call.delta", name: "pay", tool_call_id: "1", arguments: "" },
      { toolCalls: [{ id: "1", name: "pay" }] }
    ],
    [geminiInteractions, delta({ type: "thought_summary" }), { kind: "reasoning" }],
    [geminiInteractions, delta({ type: "text_annotation" }), { kind: "metadata" }],
    [geminiInteractions, delta({ type: "image", data: "AAAA" }), { kind: "content" }],
    [
      geminiInteractions,
      { event_type: "step.start", index: 0, step: { type: "google_search_call", id: "1" } },
      { kind: "content" }
    ],
    [geminiInteractions, "x", { kind: "malformed" }]
  ])("%#: %o is read", (dialect, element, reading) => {
    expect(dialect.read(element)).toMatchObject(reading)
    expect(dialect.read(element).error).toBeUndefined()
  })
})

describe("the end", () => {
  it.each<readonly [StreamDialect.StreamDialect<unknown>, unknown, boolean | undefined]>([
    [openAiRealtime, done({ status: "incomplete", status_details: { reason: "max_output_tokens" } }), true],
    // The user has begun to speak.
    [openAiRealtime, done({ status: "cancelled", status_details: { reason: "turn_detected" } }), true],
    [openAiAssistants, run("completed", { usage: { prompt_tokens: 5, completion_tokens: 2 } }), true],
    [openAiAssistants, run("incomplete", { incomplete_details: { reason: "max_completion_tokens" } }), true],
    [openAiAssistants, run("in_progress"), undefined],
    [openAiAssistants, { event: "thread.run.step.failed", data: { object: "thread.run.step" } }, undefined],
    [geminiInteractions, interaction("completed"), true],
    [geminiInteractions, interaction("incomplete"), true],
    [geminiInteractions, interaction("a_new_word"), true],
    [geminiInteractions, interaction("requires_continuation"), false],
    [aiSdk, { type: "finish", finishReason: "other", rawFinishReason: "a_new_word" }, true],
    [aiSdk, { type: "finish", finishReason: "stop", rawFinishReason: undefined }, true],
    // Version 5 does not say what the provider's own word was.
    [aiSdk, { type: "finish", finishReason: "other" }, true],
    [aiSdk, { type: "finish", finishReason: "other", rawFinishReason: undefined }, false],
    [aiSdk, { type: "finish", finishReason: "unknown" }, false]
  ])("%#: %o", (dialect, element, end) => {
    expect(dialect.read(element).end).toBe(end)
    expect(dialect.read(element).error).toBeUndefined()
  })
})

describe("C13: a failure", () => {
  it.each<readonly [StreamDialect.StreamDialect<unknown>, unknown, string]>([
    [openAiRealtime, error({}), "InvalidRequest"],
    [openAiRealtime, error({ type: "server_error" }), "ServerError"],
    [
      openAiRealtime,
      done({ status: "failed", status_details: { type: "failed", error: { type: "rate_limit_exceeded" } } }),
      "RateLimited"
    ],
    [
      openAiRealtime,
      done({ status: "failed", status_details: { type: "failed", error: { code: "insufficient_quota" } } }),
      "QuotaExhausted"
    ],
    [openAiRealtime, done({ status: "failed" }), "ServerError"],
    [
      openAiRealtime,
      done({ status: "incomplete", status_details: { type: "incomplete", reason: "content_filter" } }),
      "ContentFiltered"
    ],
    [
      openAiAssistants,
      run("failed", { last_error: { code: "rate_limit_exceeded", message: "slow down" } }),
      "RateLimited"
    ],
    [openAiAssistants, run("failed", { last_error: { code: "server_error", message: "no" } }), "ServerError"],
    [openAiAssistants, run("failed"), "ServerError"],
    [openAiAssistants, run("expired"), "ServerError"],
    [openAiAssistants, run("cancelled"), "ServerError"],
    [openAiAssistants, { event: "error", data: { code: "rate_limit_exceeded", message: "no" } }, "RateLimited"],
    [openAiAssistants, part({ type: "refusal", refusal: "I will not" }), "ContentFiltered"],
    [
      openAiAssistants,
      {
        event: "thread.message.incomplete",
        data: { object: "thread.message", status: "incomplete", incomplete_details: { reason: "content_filter" } }
      },
      "ContentFiltered"
    ],
    [mistral, { type: "conversation.response.error", message: "slow down", code: 429 }, "RateLimited"],
    [mistral, { type: "conversation.response.error", message: "no", code: 503 }, "Overloaded"],
    [mistral, { data: { choices: [{ index: 0, delta: {}, finishReason: "error" }] } }, "ServerError"],
    [geminiInteractions, { event_type: "error", error: { code: 429, message: "slow down" } }, "RateLimited"],
    [geminiInteractions, { event_type: "error", error: { code: "503", message: "no" } }, "Overloaded"],
    [geminiInteractions, { event_type: "error" }, "ServerError"],
    [geminiInteractions, interaction("failed"), "ServerError"]
  ])("%#: %o is %s", (dialect, element, tag) => {
    expect(dialect.read(element).error?._tag).toBe(tag)
  })

  it("names whose it is", () => {
    expect(mistral.read({ type: "conversation.response.error", message: "no", code: 500 }).error?.provider).toBe(
      "mistral"
    )
  })
})

it.each(moreSamples)("$name: text, usage and calls stand where the vendor puts them", ({ dialect, elements }) => {
  const readings = elements.map((element) => dialect.read(element))
  expect(readings.map(({ text }) => text ?? "").join("")).toBe("one two")
  expect(readings.flatMap(({ toolCalls }) => toolCalls ?? [])[0]).toMatchObject({ id: "1", name: "pay" })
})

it("the usage of each", () => {
  const usage = { prompt_tokens: 5, completion_tokens: 2 }
  expect(openAiAssistants.read(run("completed", { usage })).usage).toEqual({ inputTokens: 5, outputTokens: 2 })
  const tokens = { input_tokens: 5, output_tokens: 2, input_token_details: { cached_tokens: 3 } }
  expect(openAiRealtime.read(done({ status: "completed", usage: tokens })).usage?.cachedInputTokens).toBe(3)
  const used = moreSamples.map(({ dialect, elements, name }) => [
    name,
    elements.map((element) => dialect.read(element).usage?.outputTokens).find((tokens) => tokens !== undefined)
  ])
  expect(Object.fromEntries(used)).toEqual({
    "OpenAI Realtime": 2,
    "OpenAI Assistants": undefined,
    Mistral: undefined,
    "Mistral conversations": 2,
    "Gemini Interactions": 2
  })
})
