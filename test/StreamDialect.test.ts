import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Stream } from "effect"
import { Resilience, StreamDialect } from "effect-resilience"

const { ai, anthropic, gemini, openAiChat, openAiResponses, sse } = StreamDialect

const choice = (delta: unknown, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason }]
})

describe("what is content", () => {
  it.each([
    [openAiChat, choice({ role: "assistant", content: "" }), "metadata"],
    [openAiChat, choice({ content: "x" }), "content"],
    [openAiChat, choice({ reasoning_content: "hm" }), "reasoning"],
    [openAiChat, choice({ tool_calls: [{ index: 0, function: { arguments: "{" } }] }), "content"],
    [openAiChat, { choices: [], usage: { prompt_tokens: 1 } }, "metadata"],
    [openAiChat, "x", "malformed"],
    [openAiResponses, { type: "response.created", response: {} }, "metadata"],
    [openAiResponses, { type: "response.output_text.delta", delta: "x" }, "content"],
    [openAiResponses, { type: "response.output_text.delta", delta: "" }, "metadata"],
    [openAiResponses, { type: "response.reasoning_summary_text.delta", delta: "hm" }, "reasoning"],
    [anthropic, { type: "message_start", message: { usage: { input_tokens: 3 } } }, "metadata"],
    [anthropic, { type: "ping" }, "metadata"],
    [anthropic, { type: "content_block_start", content_block: { type: "text", text: "" } }, "metadata"],
    [anthropic, { type: "content_block_delta", delta: { type: "text_delta", text: "x" } }, "content"],
    [anthropic, { type: "content_block_delta", delta: { type: "thinking_delta", thinking: "hm" } }, "reasoning"],
    [gemini, { candidates: [{ content: { parts: [{ text: "x" }] } }] }, "content"],
    [gemini, { candidates: [{ content: { parts: [{ text: "hm", thought: true }] } }] }, "reasoning"],
    [gemini, { candidates: [{ content: {} }] }, "metadata"],
    [ai, { type: "response-metadata" }, "metadata"],
    [ai, { type: "text-start" }, "metadata"],
    [ai, { type: "text-delta", delta: "x" }, "content"],
    [ai, { type: "reasoning-delta", delta: "hm" }, "reasoning"],
    [sse(openAiChat), { data: "{ not json" }, "malformed"],
    [sse(anthropic), { data: '{"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}}' }, "content"]
  ] as const)("%#: %j is %s", (dialect, element, kind) => {
    expect(dialect.read(element as never).kind).toBe(kind)
  })
})

describe("what ends an answer", () => {
  it.each([
    [openAiChat, choice({}, "stop"), true],
    [openAiChat, choice({}, "tool_calls"), true],
    [openAiChat, choice({ content: "x" }), false],
    [openAiResponses, { type: "response.completed", response: {} }, true],
    [
      openAiResponses,
      { type: "response.incomplete", response: { incomplete_details: { reason: "max_output_tokens" } } },
      true
    ],
    [openAiResponses, { type: "response.output_text.done" }, undefined],
    [anthropic, { type: "message_delta", delta: { stop_reason: "end_turn" } }, undefined],
    [anthropic, { type: "message_stop" }, true],
    [gemini, { candidates: [{ finishReason: "STOP" }] }, true],
    [ai, { type: "finish", reason: "stop", usage: {} }, true],
    [sse(openAiChat), { data: "[DONE]" }, undefined]
  ] as const)("%#: %j", (dialect, element, end) => {
    const reading = dialect.read(element as never)
    expect(reading.end).toBe(end)
    expect(reading.error).toBeUndefined()
  })
})

describe("C13: what is an error within a 200", () => {
  const failedResponse = {
    type: "response.failed",
    response: { error: { code: "server_error", message: "no" }, usage: null }
  }
  const finishOfFailed = {
    type: "finish",
    reason: "stop",
    usage: { inputTokens: undefined, outputTokens: undefined, totalTokens: 0 },
    metadata: { openai: { serviceTier: undefined } }
  }
  it.each([
    [openAiChat, { error: { message: "no", type: "server_error" } }, "ServerError"],
    [
      openAiChat,
      { error: { message: "no", code: "insufficient_quota", type: "insufficient_quota" } },
      "QuotaExhausted"
    ],
    [openAiChat, choice({}, "content_filter"), "ContentFiltered"],
    [openAiChat, choice({ refusal: "I will not" }), "ContentFiltered"],
    [openAiChat, { ...choice({}, "error"), error: { code: 502, message: "no" } }, "ServerError"],
    [openAiResponses, failedResponse, "ServerError"],
    [openAiResponses, { type: "error", code: "rate_limit_exceeded", message: "slow down" }, "RateLimited"],
    [anthropic, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, "Overloaded"],
    [anthropic, { type: "message_delta", delta: { stop_reason: "refusal" } }, "ContentFiltered"],
    [gemini, { error: { code: 503, status: "UNAVAILABLE", message: "overloaded" } }, "Overloaded"],
    [gemini, { promptFeedback: { blockReason: "SAFETY" } }, "ContentFiltered"],
    [gemini, { candidates: [{ finishReason: "SAFETY" }] }, "ContentFiltered"],
    [ai, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, "Overloaded"],
    [ai, { type: "error", error: { type: "error", code: "rate_limit_exceeded", message: "slow down" } }, "RateLimited"],
    [ai, finishOfFailed, "ServerError"],
    [ai, { type: "finish", reason: "content-filter", usage: {} }, "ContentFiltered"],
    [sse(openAiChat), { event: "error", data: '{"message":"no","type":"server_error"}' }, "ServerError"]
  ] as const)("%#: %j is %s", (dialect, element, tag) => {
    expect(dialect.read(element as never).error?._tag).toBe(tag)
  })
})

describe("usage and tool calls", () => {
  it("stand where each dialect puts them", () => {
    const usage = { prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 3 } }
    expect(openAiChat.read({ choices: [], usage }).usage).toEqual({
      inputTokens: 5,
      outputTokens: 2,
      cachedInputTokens: 3
    })
    expect(anthropic.read({ type: "message_delta", delta: {}, usage: { output_tokens: 2 } }).usage).toEqual({
      outputTokens: 2
    })
    const call = { id: "1", name: "pay" }
    const chat = choice({ tool_calls: [{ index: 0, id: "1", function: { name: "pay", arguments: "" } }] })
    expect(openAiChat.read(chat).toolCalls).toEqual([{ ...call, key: "0:0" }])
    const item = { type: "function_call", call_id: "1", name: "pay" }
    expect(openAiResponses.read({ type: "response.output_item.done", item }).toolCalls).toEqual([{ ...call, key: "1" }])
    const block = { type: "tool_use", id: "1", name: "pay" }
    expect(anthropic.read({ type: "content_block_start", content_block: block }).toolCalls).toEqual([call])
    expect(ai.read({ type: "tool-call", ...call }).toolCalls).toEqual([call])
  })

  it("one of several parallel answers that ends first does not end the stream", () => {
    const both = {
      choices: [
        { index: 0, delta: {}, finish_reason: "stop" },
        { index: 1, delta: { content: "x" } }
      ]
    }
    expect(openAiChat.read(both)).toMatchObject({ kind: "content", end: false })
  })
})

describe("left out", () => {
  const consume = (...elements: ReadonlyArray<unknown>) =>
    Stream.fromIterable(elements).pipe(
      Resilience.protectStream("a"),
      Stream.runDrain,
      Effect.either,
      Effect.map((result) => (Either.isLeft(result) ? result.left._tag : "success")),
      Effect.provide(Resilience.layer({ retry: false }))
    )

  it.effect("S4: the first element tells the dialect, and with it what a whole answer is", () =>
    Effect.gen(function* () {
      const chat = choice({ content: "x" })
      expect(yield* consume(chat)).toBe("StreamInterrupted")
      expect(yield* consume(chat, choice({}, "stop"))).toBe("success")
      const delta = { type: "content_block_delta", delta: { type: "text_delta", text: "x" } }
      expect(yield* consume({ type: "message_start" }, delta)).toBe("StreamInterrupted")
      expect(yield* consume({ type: "message_start" }, delta, { type: "message_stop" })).toBe("success")
      expect(yield* consume({ type: "text-delta", delta: "x" })).toBe("StreamInterrupted")
      expect(yield* consume({ type: "response.created" }, { type: "response.completed", response: {} })).toBe("success")
      expect(yield* consume("a", "b")).toBe("success")
      expect(yield* consume({ any: "thing" })).toBe("success")
      expect(yield* consume("", "")).toBe("MalformedResponse")
    })
  )
})
