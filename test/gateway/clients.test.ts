/**
 * The clients that people have, unchanged but for the base URL: the answer comes from the fallback of a primary that is
 * overloaded, and they never hear of it.
 */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { createOpenAI } from "@ai-sdk/openai"
import Anthropic from "@anthropic-ai/sdk"
import { LanguageModel, Tool, Toolkit } from "@effect/ai"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient } from "@effect/platform"
import { expect, it } from "@effect/vitest"
import { generateText, jsonSchema, Output, streamText, tool } from "ai"
import { Effect, Layer, Redacted, Schema, Stream } from "effect"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import OpenAI from "openai"
import { start } from "./asking.js"

const started = start({
  models: { main: Script.always(Step.overloaded()) },
  reply: (request) => {
    if (request.jsonSchema !== undefined || request.mustCall !== undefined) return { json: { city: "Paris" } }
    if (request.tools.length > 0) return { toolCalls: [{ name: request.tools[0]!.name, arguments: { city: "Paris" } }] }
    return { text: "It is sunny.", usage: { inputTokens: 5, outputTokens: 4 } }
  }
})

const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false
} as const
const ask = [{ role: "user", content: "What is the weather in Paris?" }] as const

it.scopedLive("openai", () =>
  Effect.gen(function* () {
    const { gateway } = yield* started
    const client = new OpenAI({ apiKey: "none", baseURL: `${gateway.url}/v1`, maxRetries: 0 })
    yield* Effect.promise(async () => {
      const body = { model: "main", messages: [...ask] }
      const plain = await client.chat.completions.create(body)
      expect([plain.choices[0]?.message.content, plain.model, plain.usage?.completion_tokens]).toEqual([
        "It is sunny.",
        "spare",
        4
      ])
      let text = ""
      for await (const chunk of await client.chat.completions.create({ ...body, stream: true }))
        text += chunk.choices[0]?.delta.content ?? ""
      expect(text).toBe("It is sunny.")
      const tools = [{ type: "function" as const, function: { name: "weather", parameters } }]
      const called = await client.chat.completions.create({ ...body, tools })
      expect(called.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { arguments: '{"city":"Paris"}' } })
      const streamed = await client.chat.completions.stream({ ...body, tools }).finalChatCompletion()
      expect([streamed.model, streamed.choices[0]?.message.tool_calls?.[0]]).toMatchObject([
        "spare",
        { function: { arguments: '{"city":"Paris"}' } }
      ])
      const shaped = await client.chat.completions.parse({
        ...body,
        response_format: { type: "json_schema", json_schema: { name: "answer", schema: parameters, strict: true } }
      })
      expect(shaped.choices[0]?.message.parsed).toEqual({ city: "Paris" })
      const response = await client.responses.create({ model: "main", input: "Hi" })
      expect([response.output_text, response.model]).toEqual(["It is sunny.", "spare"])
      text = ""
      for await (const event of await client.responses.create({ model: "main", input: "Hi", stream: true })) {
        if (event.type === "response.output_text.delta") text += event.delta
      }
      expect(text).toBe("It is sunny.")
      expect((await client.embeddings.create({ model: "spare", input: "Hi" }).catch((error) => error)).status).toBe(404)
      expect(
        (await client.embeddings.create({ model: "main", input: "Hi" })).data[0]?.embedding.length
      ).toBeGreaterThan(0)
      expect((await client.models.list()).data.map(({ id }) => id)).toEqual(["main"])
    })
  })
)

it.scopedLive("@anthropic-ai/sdk", () =>
  Effect.gen(function* () {
    const { gateway } = yield* started
    const client = new Anthropic({ apiKey: "none", baseURL: gateway.url, maxRetries: 0 })
    yield* Effect.promise(async () => {
      const body = { model: "main", max_tokens: 100, messages: [...ask] }
      const plain = await client.messages.create(body)
      expect([plain.content[0], plain.model, plain.usage.output_tokens]).toMatchObject([
        { text: "It is sunny." },
        "spare",
        4
      ])
      const streamed = await client.messages.stream(body).finalMessage()
      expect(streamed.content[0]).toMatchObject({ text: "It is sunny." })
      const tools = [{ name: "weather", input_schema: { ...parameters, required: ["city"] } }]
      const called = await client.messages.stream({ ...body, tools }).finalMessage()
      expect(called.content[0]).toMatchObject({ type: "tool_use", input: { city: "Paris" } })
      const asked = await client.messages.create({ ...body, tools })
      expect(asked.content[0]).toMatchObject({ type: "tool_use", input: { city: "Paris" } })
      const format = { type: "json_schema", schema: parameters } as const
      const shaped = await client.messages.create({ ...body, output_config: { format } })
      expect(JSON.parse(shaped.content.flatMap((block) => ("text" in block ? block.text : "")).join(""))).toEqual({
        city: "Paris"
      })
      expect((await client.models.list()).data.map(({ id }) => id)).toEqual(["main"])
    })
  })
)

const tools = Toolkit.make(Tool.make("weather", { parameters: { city: Schema.String }, success: Schema.String }))

it.scopedLive("@effect/ai-openai", () =>
  Effect.gen(function* () {
    const { gateway } = yield* started
    const client = OpenAiClient.layer({ apiKey: Redacted.make("none"), apiUrl: `${gateway.url}/v1` })
    const model = OpenAiLanguageModel.layer({ model: "main" }).pipe(
      Layer.provide(client),
      Layer.provide(FetchHttpClient.layer)
    )
    const asked = Effect.gen(function* () {
      const plain = yield* LanguageModel.generateText({ prompt: "Hi" })
      const parts = yield* Stream.runCollect(LanguageModel.streamText({ prompt: "Hi" }))
      const shaped = yield* LanguageModel.generateObject({
        prompt: "Hi",
        schema: Schema.Struct({ city: Schema.String })
      })
      const called = yield* LanguageModel.generateText({
        prompt: "Hi",
        toolkit: yield* tools,
        disableToolCallResolution: true
      })
      expect(called.toolCalls.map(({ name, params }) => [name, params])).toEqual([["weather", { city: "Paris" }]])
      return [
        plain.text,
        [...parts].map((part) => (part.type === "text-delta" ? part.delta : "")).join(""),
        shaped.value
      ]
    })
    const weather = tools.toLayer({ weather: () => Effect.succeed("sunny") })
    expect(yield* Effect.provide(asked, [model, weather])).toEqual(["It is sunny.", "It is sunny.", { city: "Paris" }])
  })
)

it.scopedLive("ai", () =>
  Effect.gen(function* () {
    const { gateway } = yield* started
    const model = createOpenAI({ apiKey: "none", baseURL: `${gateway.url}/v1` }).chat("main")
    yield* Effect.promise(async () => {
      const options = { model, prompt: "Hi", maxRetries: 0 }
      expect((await generateText(options)).text).toBe("It is sunny.")
      expect(await streamText(options).text).toBe("It is sunny.")
      const schema = jsonSchema<{ city: string }>(parameters)
      const called = await generateText({ ...options, tools: { weather: tool({ inputSchema: schema }) } })
      expect(called.toolCalls[0]?.input).toEqual({ city: "Paris" })
      const streamed = streamText({ ...options, tools: { weather: tool({ inputSchema: schema }) } })
      expect((await streamed.toolCalls)[0]?.input).toEqual({ city: "Paris" })
      const shaped = await generateText({ ...options, output: Output.object({ schema }) })
      expect(shaped.output).toEqual({ city: "Paris" })
    })
  })
)

it.scopedLive("curl", () =>
  Effect.gen(function* () {
    const { gateway } = yield* started
    const curl = (stream: boolean) =>
      Effect.promise(() =>
        promisify(execFile)("curl", [
          "-sN",
          `${gateway.url}/v1/chat/completions`,
          "-d",
          JSON.stringify({ model: "main", stream, messages: ask })
        ])
      )
    expect(JSON.parse((yield* curl(false)).stdout).model).toBe("spare")
    expect((yield* curl(true)).stdout).toMatch(/data: \[DONE\]\n\n$/)
  })
)
