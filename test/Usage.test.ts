/** One answer has used the same, whoever tells of it and in whatever words. */
import { LanguageModel } from "@effect/ai"
import { it } from "@effect/vitest"
import { Duration, Effect, Stream } from "effect"
import { RateLimit, SpendLimit, StreamDialect } from "effect-resilience"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import * as ScriptedProvider from "effect-resilience/testing/ScriptedProvider"
import { describe, expect } from "vitest"
import { usageOf } from "../src/internal/load/usage.js"
import type { Seam } from "./http/clients/Client.js"
import { entries } from "./http/clients/index.js"
import { anthropicModel, openAiModel } from "./scenarios/ways.js"

const bare: Seam = { fetch: (...request) => globalThis.fetch(...request), transform: (client) => client }

const reply = {
  text: "Hello",
  usage: { inputTokens: 1_000_000, outputTokens: 100_000, cachedInputTokens: 800_000, reasoningTokens: 30_000 }
}
const prices = { input: 1, output: 10, cachedInput: 0.1, cacheCreationInput: 2 }

const budget = SpendLimit.layerMemory({ limit: 100, per: Duration.infinity, prices })
const spent = Effect.map(
  Effect.flatMap(SpendLimit.SpendLimit, (limit) => limit.left("a")),
  (left) => Number((100 - left).toFixed(6))
)

/** Ollama and Cohere say nothing of a cache. */
const cacheless = ["cohere-ai", "ollama"]
/** OpenAI tells the usage of a chat's stream only where it is asked to. */
const untold = ["openai, chat", "@mistralai/mistralai"]
const telling = entries.filter(({ name }) => !untold.includes(name))

describe("what an answer has cost", () => {
  const cost = 0.2 * 1 + 0.8 * 0.1 + 0.1 * 10
  const costOf = (name: string): number => (cacheless.includes(name) ? 1 + 0.1 * 10 : cost)

  it.scopedLive.each(telling.map((entry) => [entry.name, entry] as const))("of %s, streamed", ([name, entry]) =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({ reply })
      const stream = Stream.unwrap(
        Effect.map(
          Effect.promise(async () => entry.make(provider, bare).stream()),
          (elements) => Stream.fromAsyncIterable(elements, (error) => error)
        )
      )
      yield* Stream.runDrain(SpendLimit.protectStream(stream, "a"))
      expect(yield* spent).toBe(costOf(name))
    }).pipe(Effect.provide(budget))
  )

  it.effect.each([
    ["/v1/chat/completions", { messages: [{ role: "user", content: "Hello" }] }],
    ["/v1/responses", { input: "Hello" }],
    ["/v1/messages", { max_tokens: 5, messages: [{ role: "user", content: "Hello" }] }],
    ["/v1beta/models/gemini-3:generateContent", { contents: [{ role: "user", parts: [{ text: "Hello" }] }] }],
    ["/model/claude/converse", { messages: [{ role: "user", content: [{ text: "Hello" }] }] }]
  ] as const)("of %s, whole", ([path, body]) =>
    Effect.gen(function* () {
      const provider = yield* ScriptedProvider.make({ reply })
      yield* SpendLimit.protect(provider.answer(path, { model: "large", ...body }), "a")
      expect(yield* spent).toBe(cost)
    }).pipe(Effect.provide(budget))
  )

  it.scopedLive.each([
    ["openai", openAiModel],
    ["anthropic", anthropicModel]
  ] as const)("of @effect/ai-%s, whole", ([, model]) =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({ reply })
      const asked = LanguageModel.generateText({ prompt: "Hello" }).pipe(Effect.provide(model(provider)))
      yield* SpendLimit.protect(asked, "a")
      expect(yield* spent).toBe(cost)
    }).pipe(Effect.provide(budget))
  )
})

/** What each says of 1 000 tokens that it read, 200 that it read from its cache and 30 that it put there, and of 50 that it wrote. */
const words = [
  [
    "OpenAI's chat",
    {
      prompt_tokens: 1_230,
      completion_tokens: 50,
      prompt_tokens_details: { cached_tokens: 200, cache_write_tokens: 30 }
    }
  ],
  ["DeepSeek's", { prompt_tokens: 1_230, completion_tokens: 50, prompt_cache_hit_tokens: 200 }],
  [
    "a gateway's that asks Anthropic",
    { prompt_tokens: 1_230, completion_tokens: 50, cache_read_input_tokens: 200, cache_creation_input_tokens: 30 }
  ],
  [
    "OpenAI's responses",
    { input_tokens: 1_230, output_tokens: 50, input_tokens_details: { cached_tokens: 200, cache_write_tokens: 30 } }
  ],
  [
    "LangChain's",
    { input_tokens: 1_230, output_tokens: 50, input_token_details: { cache_read: 200, cache_creation: 30 } }
  ],
  [
    "Anthropic's",
    { input_tokens: 1_000, output_tokens: 50, cache_read_input_tokens: 200, cache_creation_input_tokens: 30 }
  ],
  ["Bedrock's", { inputTokens: 1_000, outputTokens: 50, cacheReadInputTokens: 200, cacheWriteInputTokens: 30 }],
  [
    "the AI SDK's",
    { inputTokens: 1_230, outputTokens: 50, inputTokenDetails: { cacheReadTokens: 200, cacheWriteTokens: 30 } }
  ],
  [
    "a provider's within the AI SDK",
    { inputTokens: { total: 1_230, cacheRead: 200, cacheWrite: 30 }, outputTokens: { total: 50 } }
  ],
  ["our own", { inputTokens: 1_230, outputTokens: 50, cachedInputTokens: 200, cacheCreationInputTokens: 30 }]
] as const

const free = ["Anthropic's", "Bedrock's"]

describe("the words of", () => {
  const countless = ["DeepSeek's"]

  it.effect.each(words)("%s usage are of the same tokens", ([whose, usage]) =>
    Effect.gen(function* () {
      yield* SpendLimit.protect(Effect.succeed({ usage }), "a")
      const written = countless.includes(whose) ? 0 : 30
      expect(yield* spent).toBe(Number(((1_030 - written + 200 * 0.1 + written * 2 + 50 * 10) / 1e6).toFixed(6)))
    }).pipe(Effect.provide(budget))
  )

  it.effect.each(words)("%s usage take of a rate limit what its provider counts", ([whose, usage]) =>
    Effect.gen(function* () {
      yield* RateLimit.protect(Effect.succeed({ usage }), "a")
      const limits = yield* RateLimit.RateLimit
      const counted = free.includes(whose) ? 1_030 : 1_230
      expect(yield* limits.left("a")).toEqual({ inputTokens: 10_000 - counted, tokens: 10_000 - counted - 50 })
    }).pipe(Effect.provide(RateLimit.layerMemory({ inputTokens: { limit: 10_000 }, tokens: { limit: 10_000 } })))
  )

  it("a message that is streamed are added up before its output is known, and stay so", () => {
    const told = { input_tokens: 1_000, cache_read_input_tokens: 200, cache_creation_input_tokens: 30 }
    const start = { type: "message_start", message: { usage: { ...told, output_tokens: 1 } } }
    const { anthropic } = StreamDialect
    const input = {
      inputTokens: 1_230,
      cachedInputTokens: 200,
      cacheCreationInputTokens: 30,
      rateLimitedInputTokens: 1_030
    }
    expect(anthropic.read(start).usage).toEqual({ ...input, outputTokens: 1 })
    const end = (usage: object) => anthropic.read({ type: "message_delta", delta: {}, usage }).usage
    expect(end({ output_tokens: 50 })).toEqual({ outputTokens: 50 })
    expect(end({ input_tokens: null, cache_read_input_tokens: null, output_tokens: 50 })).toEqual({ outputTokens: 50 })
    expect(end({ ...told, output_tokens: 50 })).toEqual({ ...input, outputTokens: 50 })
  })

  it("Gemini are of what it has thought too, also before it has said anything", () => {
    const usageMetadata = { promptTokenCount: 10, toolUsePromptTokenCount: 5, thoughtsTokenCount: 7 }
    const { gemini } = StreamDialect
    const usage = { inputTokens: 15, outputTokens: 7, reasoningTokens: 7 }
    expect(gemini.read({ candidates: [], usageMetadata }).usage).toEqual(usage)
    const said = { ...usageMetadata, candidatesTokenCount: 3 }
    expect(gemini.read({ candidates: [], usageMetadata: said }).usage).toEqual({ ...usage, outputTokens: 10 })
  })
})

it.each([
  [{ completion_tokens: 7 }],
  [{ completionTokens: 7 }],
  [{ output_tokens: 7 }],
  [{ output_tokens: 7, cache_read_input_tokens: 3 }],
  [{ candidatesTokenCount: 4, thoughtsTokenCount: 3 }],
  [{ thoughtsTokenCount: 7 }],
  [{ total_output_tokens: 7 }],
  [{ outputTokens: 7 }]
])("%o tells what came out, though not what went in", (usage) => {
  expect(usageOf({ usage })?.outputTokens).toBe(7)
})
