/** The provider's answers as the real clients read them: a dialect is right when its own clients say so. */

import AnthropicSdk from "@anthropic-ai/sdk"
import { LanguageModel, Tool, Toolkit } from "@effect/ai"
import { AnthropicClient, AnthropicLanguageModel } from "@effect/ai-anthropic"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient } from "@effect/platform"
import { it } from "@effect/vitest"
import { Chunk, Effect, Layer, Redacted, Schema, Stream } from "effect"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import OpenAI from "openai"
import { describe, expect } from "vitest"

const { Step, Script } = MisbehavingProvider

const sentence = 'This is the embedded provider, playing the model "gpt-5". No real model was asked.'

const openai = (provider: MisbehavingProvider.Service) =>
  new OpenAI({ apiKey: "sk-test", baseURL: provider.openAiUrl, maxRetries: 0 })

const anthropic = (provider: MisbehavingProvider.Service) =>
  new AnthropicSdk({ apiKey: "sk-ant-test", baseURL: provider.anthropicUrl, maxRetries: 0 })

const all = async <A>(stream: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const seen: Array<A> = []
  for await (const one of stream) seen.push(one)
  return seen
}

const messages = [{ role: "user" as const, content: "Which model are you?" }]

const weather = {
  type: "object" as const,
  properties: { city: { type: "string" }, days: { type: "integer", minimum: 3 } },
  required: ["city", "days"],
  additionalProperties: false
}

describe("the openai SDK, chat completions", () => {
  it.scopedLive("reads a plain answer with its usage and request id", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const answer = yield* Effect.promise(() => openai(provider).chat.completions.create({ model: "gpt-5", messages }))
      expect(answer.choices[0]?.message.content).toBe(sentence)
      expect(answer.choices[0]?.finish_reason).toBe("stop")
      expect(answer.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 21, total_tokens: 26 })
      expect(answer._request_id).toBe("req_embedded0")
    })
  )

  it.scopedLive("reads a stream, with usage if it asks for it", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const runner = openai(provider).chat.completions.stream({
        model: "gpt-5",
        messages,
        stream_options: { include_usage: true }
      })
      const answer = yield* Effect.promise(() => runner.finalChatCompletion())
      expect(answer.choices[0]?.message.content).toBe(sentence)
      expect(answer.choices[0]?.finish_reason).toBe("stop")
      expect(answer.usage?.total_tokens).toBe(26)
    })
  )

  it.scopedLive("reads tool calls, plain and streamed", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        reply: { text: "Let me look.", toolCalls: [{ name: "weather", arguments: { city: "Köln", days: 3 } }] }
      })
      const body = {
        model: "gpt-5",
        messages,
        tools: [{ type: "function" as const, function: { name: "weather", parameters: weather } }]
      }
      const plain = yield* Effect.promise(() => openai(provider).chat.completions.create(body))
      const streamed = yield* Effect.promise(() => openai(provider).chat.completions.stream(body).finalChatCompletion())
      for (const answer of [plain, streamed]) {
        const call = answer.choices[0]?.message.tool_calls?.[0]
        expect(answer.choices[0]?.finish_reason).toBe("tool_calls")
        expect(call?.type === "function" && [call.function.name, JSON.parse(call.function.arguments)]).toEqual([
          "weather",
          { city: "Köln", days: 3 }
        ])
      }
    })
  )

  it.scopedLive("gets a value that follows its JSON schema, and calls of the tool it demands", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const object = yield* Effect.promise(() =>
        openai(provider).chat.completions.create({
          model: "gpt-5",
          messages,
          response_format: { type: "json_schema", json_schema: { name: "weather", schema: weather } }
        })
      )
      expect(JSON.parse(object.choices[0]?.message.content ?? "")).toEqual({ city: "embedded", days: 3 })
      const forced = yield* Effect.promise(() =>
        openai(provider).chat.completions.create({
          model: "gpt-5",
          messages,
          tools: [{ type: "function", function: { name: "weather", parameters: weather } }],
          tool_choice: "required"
        })
      )
      const call = forced.choices[0]?.message.tool_calls?.[0]
      expect(call?.type === "function" && call.function).toEqual({
        name: "weather",
        arguments: '{"city":"embedded","days":3}'
      })
    })
  )

  it.scopedLive("throws its own error for each complaint, also from within a stream", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.inOrder(
          [
            Step.rateLimited({ retryAfter: "1500 millis" }),
            Step.overloaded(),
            Step.quotaExhausted(),
            Step.contextLengthExceeded({ limit: 100, requested: 250 }),
            Step.invalidKey(),
            Step.modelNotFound(),
            Step.errorInStream({ after: 2, problem: "rateLimited" })
          ],
          { afterwards: "answer" }
        )
      })
      const fail = Effect.flip(
        Effect.tryPromise({
          try: () => openai(provider).chat.completions.stream({ model: "gpt-5", messages }).finalChatCompletion(),
          catch: (error) => error as InstanceType<typeof OpenAI.APIError>
        })
      )
      const limited = yield* fail
      expect(limited).toBeInstanceOf(OpenAI.RateLimitError)
      expect(limited.code).toBe("rate_limit_exceeded")
      expect(limited.headers?.get("retry-after")).toBe("2")
      expect(limited.headers?.get("retry-after-ms")).toBe("1500")
      expect(limited.message).toContain("Please try again in 1.5s.")
      expect(yield* fail).toMatchObject({ status: 503, code: "server_is_overloaded" })
      expect(yield* fail).toMatchObject({ status: 429, code: "insufficient_quota" })
      const long = yield* fail
      expect(long).toMatchObject({ status: 400, code: "context_length_exceeded" })
      expect(long.message).toContain("100 tokens. However, your messages resulted in 250 tokens")
      expect(yield* fail).toBeInstanceOf(OpenAI.AuthenticationError)
      expect(yield* fail).toMatchObject({ status: 404, code: "model_not_found" })
      expect(yield* fail).toMatchObject({ status: undefined, code: "rate_limit_exceeded", type: "requests" })
    })
  )

  it.scopedLive("lists the models", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({ models: { mine: Script.always(Step.stall()) } })
      const listed = yield* Effect.promise(() => all(openai(provider).models.list()))
      expect(listed.map((model) => model.id)).toEqual(expect.arrayContaining(["embedded", "mine", "fault/429"]))
      const others = yield* Effect.promise(() => all(anthropic(provider).models.list()))
      expect(others.map((model) => model.id)).toEqual(listed.map((model) => model.id))
      expect(yield* provider.attempts).toEqual([])
    })
  )
})

describe("the openai SDK, responses", () => {
  it.scopedLive("reads a plain answer and a stream of the same", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const plain = yield* Effect.promise(() => openai(provider).responses.create({ model: "gpt-5", input: "Hello" }))
      const streamed = yield* Effect.promise(() =>
        openai(provider).responses.stream({ model: "gpt-5", input: "Hello" }).finalResponse()
      )
      for (const answer of [plain, streamed]) {
        expect(answer.status).toBe("completed")
        expect(answer.output_text).toBe(sentence)
        expect(answer.usage).toMatchObject({ input_tokens: 2, output_tokens: 21, total_tokens: 23 })
      }
    })
  )

  it.scopedLive("reads tool calls and structured output, plain and streamed", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const called: OpenAI.Responses.ResponseCreateParamsNonStreaming = {
        model: "gpt-5",
        input: "Hello",
        tools: [{ type: "function", name: "weather", parameters: weather, strict: true }],
        tool_choice: { type: "function", name: "weather" }
      }
      const structured: OpenAI.Responses.ResponseCreateParamsNonStreaming = {
        model: "gpt-5",
        input: "Hello",
        text: { format: { type: "json_schema", name: "weather", schema: weather } }
      }
      for (const body of [called, structured]) {
        const plain = yield* Effect.promise(() => openai(provider).responses.create(body))
        const streamed = yield* Effect.promise(() =>
          openai(provider)
            .responses.stream({ ...body, stream: true })
            .finalResponse()
        )
        for (const answer of [plain, streamed]) {
          const item = answer.output[0]
          const json = item?.type === "function_call" ? item.arguments : answer.output_text
          expect(JSON.parse(json)).toEqual({ city: "embedded", days: 3 })
        }
      }
    })
  )

  it.scopedLive("reads a cut-off answer, a refusal and a failure within a stream", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.inOrder(
          [
            Step.answer({ reply: { text: "Half a", finish: "length" } }),
            Step.contentFiltered({ by: "refusal" }),
            Step.errorInStream({ after: 1 }),
            Step.errorInStream({ after: 1, problem: "quotaExhausted", envelope: "nested" })
          ],
          { afterwards: "answer" }
        )
      })
      const stream = Effect.tryPromise(async () =>
        all(await openai(provider).responses.create({ model: "gpt-5", input: "Hello", stream: true }))
      )
      const cut = yield* stream
      expect(cut[cut.length - 1]).toMatchObject({
        type: "response.incomplete",
        response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }
      })
      const refused = yield* stream
      expect(
        refused
          .filter((event) => event.type === "response.refusal.delta")
          .map((event) => event.delta)
          .join("")
      ).toBe("I can't help with that.")
      const failed = yield* stream
      expect(failed.slice(-2)).toMatchObject([
        { type: "error", code: "server_is_overloaded", sequence_number: 5 },
        {
          type: "response.failed",
          sequence_number: 6,
          response: { status: "failed", error: { code: "server_is_overloaded" } }
        }
      ])
      const nested = yield* Effect.flip(stream)
      expect(String(nested.error)).toContain("exceeded your current quota")
    })
  )
})

describe("the Anthropic SDK", () => {
  const ask = { model: "claude-embedded", max_tokens: 100, messages }

  it.scopedLive("reads a plain answer and a stream of the same", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const plain = yield* Effect.promise(() => anthropic(provider).messages.create(ask))
      const streamed = yield* Effect.promise(() => anthropic(provider).messages.stream(ask).finalMessage())
      for (const answer of [plain, streamed]) {
        expect(answer.content).toMatchObject([{ type: "text", text: sentence.replace("gpt-5", "claude-embedded") }])
        expect(answer.stop_reason).toBe("end_turn")
        expect(answer.usage).toMatchObject({ input_tokens: 5, output_tokens: 23 })
      }
      expect(plain._request_id).toBe("req_embedded0")
    })
  )

  it.scopedLive("reads tool calls and structured output, plain and streamed", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const called = {
        ...ask,
        tools: [{ name: "weather", input_schema: weather }],
        tool_choice: { type: "tool" as const, name: "weather" }
      }
      for (const answer of [
        yield* Effect.promise(() => anthropic(provider).messages.create(called)),
        yield* Effect.promise(() => anthropic(provider).messages.stream(called).finalMessage())
      ]) {
        expect(answer.stop_reason).toBe("tool_use")
        expect(answer.content).toMatchObject([
          { type: "tool_use", name: "weather", input: { city: "embedded", days: 3 } }
        ])
      }
      const structured = yield* Effect.promise(() =>
        anthropic(provider).messages.create({
          ...ask,
          output_config: { format: { type: "json_schema", schema: weather } }
        })
      )
      const block = structured.content[0]
      expect(block?.type === "text" && JSON.parse(block.text)).toEqual({ city: "embedded", days: 3 })
    })
  )

  it.scopedLive("throws its own error for each complaint, also from within a stream", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.inOrder(
          [
            Step.overloaded(),
            Step.rateLimited(),
            Step.quotaExhausted(),
            Step.invalidKey(),
            Step.errorInStream({ after: 2 })
          ],
          { afterwards: "answer" }
        )
      })
      const fail = Effect.flip(
        Effect.tryPromise({
          try: () => anthropic(provider).messages.stream(ask).finalMessage(),
          catch: (error) => error as InstanceType<typeof AnthropicSdk.APIError>
        })
      )
      expect(yield* fail).toMatchObject({ status: 529, type: "overloaded_error", requestID: "req_embedded0" })
      const limited = yield* fail
      expect(limited).toMatchObject({ status: 429, type: "rate_limit_error" })
      expect(limited.headers?.get("retry-after")).toBe(null)
      const broke = yield* fail
      expect(broke).toMatchObject({ status: 400, type: "invalid_request_error" })
      expect(broke.message).toContain("credit balance is too low")
      expect(yield* fail).toBeInstanceOf(AnthropicSdk.AuthenticationError)
      expect(yield* fail).toMatchObject({ status: undefined, type: "overloaded_error" })
    })
  )
})

class Forecast extends Schema.Class<Forecast>("Forecast")({
  city: Schema.String,
  temperature: Schema.Number,
  sky: Schema.Literal("clear", "cloudy"),
  winds: Schema.Array(Schema.Struct({ speed: Schema.Number.pipe(Schema.between(2, 9)), gusts: Schema.Boolean })),
  note: Schema.NullOr(Schema.String)
}) {}

const GetWeather = Tool.make("GetWeather", { parameters: { city: Schema.String }, success: Schema.String })
const tools = Toolkit.make(GetWeather)
const handlers = tools.toLayer({ GetWeather: ({ city }) => Effect.succeed(`Sun in ${city}`) })

const effectAi = {
  "@effect/ai-openai": (provider: MisbehavingProvider.Service) =>
    OpenAiLanguageModel.layer({ model: "gpt-5" }).pipe(
      Layer.provide(OpenAiClient.layer({ apiUrl: provider.openAiUrl, apiKey: Redacted.make("sk-test") }))
    ),
  "@effect/ai-anthropic": (provider: MisbehavingProvider.Service) =>
    AnthropicLanguageModel.layer({ model: "claude-embedded" }).pipe(
      Layer.provide(AnthropicClient.layer({ apiUrl: provider.anthropicUrl, apiKey: Redacted.make("sk-ant-test") }))
    )
}

describe.each(Object.entries(effectAi))("%s", (_name, model) => {
  const layer = (provider: MisbehavingProvider.Service) =>
    Layer.provideMerge(handlers, Layer.provide(model(provider), FetchHttpClient.layer))

  it.scopedLive("reads a plain answer and a stream of the same", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        reply: {
          text: "Grüße aus dem Nichts 👋🏽",
          usage: { inputTokens: 40, outputTokens: 7, cachedInputTokens: 30, reasoningTokens: 2 }
        }
      })
      const plain = yield* LanguageModel.generateText({ prompt: "Hello" }).pipe(Effect.provide(layer(provider)))
      expect(plain.text).toBe("Grüße aus dem Nichts 👋🏽")
      expect(plain.finishReason).toBe("stop")
      expect(plain.usage.outputTokens).toBe(7)
      expect(plain.usage.cachedInputTokens).toBe(30)
      const parts = Chunk.toReadonlyArray(
        yield* Stream.runCollect(LanguageModel.streamText({ prompt: "Hello" })).pipe(Effect.provide(layer(provider)))
      )
      const text = parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join("")
      expect(text).toBe("Grüße aus dem Nichts 👋🏽")
      expect(parts[parts.length - 1]).toMatchObject({ type: "finish", reason: "stop", usage: { outputTokens: 7 } })
    })
  )

  it.scopedLive("reads a stream that arrives in awkward pieces", () =>
    Effect.gen(function* () {
      const text = "Grüße 👩‍👩‍👧‍👦 日本語 ".repeat(5)
      const provider = yield* MisbehavingProvider.make({
        reply: { text },
        script: Script.always(Step.answer({ boundaries: "anywhere" }))
      })
      const parts = yield* Stream.runCollect(LanguageModel.streamText({ prompt: "Hello" })).pipe(
        Effect.provide(layer(provider))
      )
      const read = Chunk.map(parts, (part) => (part.type === "text-delta" ? part.delta : ""))
      expect(Chunk.join(read, "")).toBe(text)
    })
  )

  it.scopedLive("makes an object of the value that follows its schema", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const { value } = yield* LanguageModel.generateObject({ prompt: "Weather?", schema: Forecast }).pipe(
        Effect.provide(layer(provider))
      )
      expect(value).toEqual(
        new Forecast({
          city: "embedded",
          temperature: 1,
          sky: "clear",
          winds: [{ speed: 2, gusts: true }],
          note: "embedded"
        })
      )
    })
  )

  it.scopedLive("makes an object of the value a reply function gives", () =>
    Effect.gen(function* () {
      const mine = { city: "Paris", temperature: 20, sky: "cloudy" as const, winds: [], note: null }
      const provider = yield* MisbehavingProvider.make({
        reply: (request) => (request.prompt.includes("Paris") ? { json: mine } : { text: "no" })
      })
      const { value } = yield* LanguageModel.generateObject({ prompt: "Weather in Paris?", schema: Forecast }).pipe(
        Effect.provide(layer(provider))
      )
      expect(value).toEqual(new Forecast(mine))
    })
  )

  it.scopedLive("calls a tool, plain and streamed", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        reply: { toolCalls: [{ name: "GetWeather", arguments: { city: "Paris" } }] }
      })
      const plain = yield* LanguageModel.generateText({ prompt: "Weather?", toolkit: tools }).pipe(
        Effect.provide(layer(provider))
      )
      expect(plain.toolResults.map((result) => result.result)).toEqual(["Sun in Paris"])
      expect(plain.finishReason).toBe("tool-calls")
      const parts = Chunk.toReadonlyArray(
        yield* Stream.runCollect(LanguageModel.streamText({ prompt: "Weather?", toolkit: tools })).pipe(
          Effect.provide(layer(provider))
        )
      )
      expect(parts.find((part) => part.type === "tool-result")).toMatchObject({ result: "Sun in Paris" })
    })
  )

  it.scopedLive("reports an error event within a stream", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({ script: Script.always(Step.errorInStream({ after: 2 })) })
      const parts = Chunk.toReadonlyArray(
        yield* Stream.runCollect(LanguageModel.streamText({ prompt: "Hello" })).pipe(Effect.provide(layer(provider)))
      )
      expect(parts.filter((part) => part.type === "text-delta").length).toBe(2)
      expect(parts.filter((part) => part.type === "error").length).toBe(1)
    })
  )
})
