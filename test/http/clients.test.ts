/** The vendors' clients, as they are, over `ResilientFetch` and against the misbehaving provider. */
import { createOpenAI } from "@ai-sdk/openai"
import AnthropicSdk from "@anthropic-ai/sdk"
import { it } from "@effect/vitest"
import { GoogleGenAI } from "@google/genai"
import { embed, generateObject, generateText, jsonSchema, streamText, tool } from "ai"
import { Effect } from "effect"
import * as ResilientFetch from "effect-resilience/http/ResilientFetch"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import OpenAI from "openai"
import { describe, expect } from "vitest"

const { Script, Step } = MisbehavingProvider

const sentence = 'This is the embedded provider, playing the model "gpt-5". No real model was asked.'
const city = {
  type: "object" as const,
  properties: { city: { type: "string" as const } },
  required: ["city"],
  additionalProperties: false
}

/** What a client can do, each as one promise. */
interface Client {
  readonly plain: () => Promise<string | null | undefined>
  readonly stream: () => Promise<string>
  readonly tool?: () => Promise<string | undefined>
  readonly structured?: () => Promise<unknown>
  readonly embedding?: () => Promise<number>
}

type Make = (provider: MisbehavingProvider.Service, fetch: typeof globalThis.fetch) => Client

const joined = async <A>(stream: AsyncIterable<A>, textOf: (part: A) => string | null | undefined): Promise<string> => {
  let text = ""
  for await (const part of stream) text += textOf(part) ?? ""
  return text
}

const messages = [{ role: "user" as const, content: "Which model are you?" }]

const clients: Readonly<Record<string, Make>> = {
  "openai, chat": (provider, fetch) => {
    const openai = new OpenAI({ apiKey: "sk-test", baseURL: provider.openAiUrl, maxRetries: 0, fetch })
    const call = { model: "gpt-5", messages }
    const tools = [{ type: "function" as const, function: { name: "weather", parameters: city } }]
    return {
      plain: async () => (await openai.chat.completions.create(call)).choices[0]?.message.content,
      stream: async () =>
        joined(
          await openai.chat.completions.create({ ...call, stream: true }),
          (chunk) => chunk.choices[0]?.delta.content
        ),
      tool: async () => {
        const stream = openai.chat.completions.stream({ ...call, tools, tool_choice: "required" })
        const called = (await stream.finalChatCompletion()).choices[0]?.message.tool_calls?.[0]
        return called?.type === "function" ? called.function.name : undefined
      },
      structured: async () => {
        const response_format = { type: "json_schema" as const, json_schema: { name: "city", schema: city } }
        return JSON.parse(
          (await openai.chat.completions.create({ ...call, response_format })).choices[0]?.message.content ?? ""
        )
      },
      embedding: async () =>
        (await openai.embeddings.create({ model: "gpt-5", input: "hello" })).data[0]?.embedding.length ?? 0
    }
  },
  "openai, responses": (provider, fetch) => {
    const openai = new OpenAI({ apiKey: "sk-test", baseURL: provider.openAiUrl, maxRetries: 0, fetch })
    const call = { model: "gpt-5", input: "Which model are you?" }
    return {
      plain: async () => (await openai.responses.create(call)).output_text,
      stream: async () =>
        joined(await openai.responses.create({ ...call, stream: true }), (event) =>
          event.type === "response.output_text.delta" ? event.delta : ""
        )
    }
  },
  anthropic: (provider, fetch) => {
    const anthropic = new AnthropicSdk({ apiKey: "sk-ant", baseURL: provider.anthropicUrl, maxRetries: 0, fetch })
    const call = { model: "gpt-5", max_tokens: 100, messages }
    const tools = [{ name: "weather", input_schema: city }]
    return {
      plain: async () => {
        const [block] = (await anthropic.messages.create(call)).content
        return block?.type === "text" ? block.text : undefined
      },
      stream: () => anthropic.messages.stream(call).finalText(),
      tool: async () => {
        const stream = anthropic.messages.stream({ ...call, tools, tool_choice: { type: "any" } })
        const block = (await stream.finalMessage()).content.find((block) => block.type === "tool_use")
        return block?.name
      }
    }
  },
  "Vercel AI SDK": (provider, fetch) => {
    const openai = createOpenAI({ apiKey: "sk-test", baseURL: provider.openAiUrl, fetch })
    const call = { model: openai.chat("gpt-5"), prompt: "Which model are you?", maxRetries: 0 }
    return {
      plain: async () => (await generateText(call)).text,
      stream: () => joined(streamText(call).textStream, (text) => text),
      tool: async () => {
        const tools = {
          weather: tool({ inputSchema: jsonSchema<{ city: string }>(city), execute: ({ city }) => city })
        }
        return (await generateText({ ...call, tools, toolChoice: "required" })).toolCalls[0]?.toolName
      },
      structured: async () => (await generateObject({ ...call, schema: jsonSchema(city) })).object,
      embedding: async () =>
        (await embed({ model: openai.embedding("gpt-5"), value: "hello", maxRetries: 0 })).embedding.length
    }
  }
}

const faults = {
  "a 429 with a hint": Step.rateLimited({ retryAfter: "5 millis" }),
  "a 500": Step.serverError(),
  "a 529": Step.overloaded({ status: 529 }),
  "a reset": Step.reset(),
  "an error in a 200": Step.errorInStream({ after: 0 }),
  "a cut": Step.cutBody({ after: 0 })
}

const setUp = (make: Make, options: ResilientFetch.Options = {}) =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make()
    const fetch = ResilientFetch.make({ retry: { initialDelay: 1 }, circuitBreaker: false, ...options })
    yield* Effect.addFinalizer(() => Effect.promise(() => fetch.dispose()))
    return { provider, client: make(provider, fetch) }
  })

describe.each(Object.entries(clients))("X1: %s", (_, make) => {
  it.scopedLive("answers as it does without", () =>
    Effect.gen(function* () {
      const { client, provider } = yield* setUp(make)
      expect(yield* Effect.promise(client.plain)).toBe(sentence)
      expect(yield* Effect.promise(client.stream)).toBe(sentence)
      if (client.tool !== undefined) expect(yield* Effect.promise(client.tool)).toBe("weather")
      if (client.structured !== undefined) {
        expect(yield* Effect.promise(client.structured)).toMatchObject({ city: expect.any(String) })
      }
      if (client.embedding !== undefined) expect(yield* Effect.promise(client.embedding)).toBe(8)
      const asked = yield* provider.awaitSettled
      expect(asked.length).toBe(
        2 + [client.tool, client.structured, client.embedding].filter((f) => f !== undefined).length
      )
    })
  )

  it.scopedLive.each(Object.entries(faults))("never hears of %s, whatever it asks for", ([, fault]) =>
    Effect.gen(function* () {
      const { client, provider } = yield* setUp(make)
      for (const ask of [client.plain, client.stream, client.tool, client.structured, client.embedding]) {
        // With the name of a tool its call has begun, which is content: a cut after it is no longer to be mended.
        if (ask === undefined || (ask === client.tool && fault._tag === "CutBody")) continue
        yield* provider.reset
        yield* provider.script(Script.inOrder([fault], { afterwards: "answer" }))
        yield* Effect.promise<unknown>(ask)
        expect((yield* provider.awaitSettled).length).toBe(2)
      }
    })
  )

  it.scopedLive("has its own error for what nothing helps with", () =>
    Effect.gen(function* () {
      const { client, provider } = yield* setUp(make)
      yield* provider.script(Script.inOrder([Step.serverError()], { afterwards: "repeatLast" }))
      const thrown = yield* Effect.promise(() =>
        client.plain().then(
          () => undefined,
          (error: unknown) => error
        )
      )
      expect(thrown).toMatchObject(_ === "Vercel AI SDK" ? { statusCode: 500 } : { status: 500 })
      expect((yield* provider.awaitSettled).length).toBe(3)
    })
  )
})

describe("Gemini", () => {
  const ask = (provider: MisbehavingProvider.Service) =>
    new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: provider.url } })

  it.scopedLive("its own client reads the provider's answers, plain and streaming", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const call = { model: "gpt-5", contents: "Which model are you?" }
      const { models } = ask(provider)
      expect((yield* Effect.promise(() => models.generateContent(call))).text).toBe(sentence)
      const text = yield* Effect.promise(async () =>
        joined(await models.generateContentStream(call), (part) => part.text)
      )
      expect(text).toBe(sentence)
    })
  )
})

describe.each([
  [
    "gemini",
    "/v1beta/models/gpt-5:generateContent",
    "/v1beta/models/gpt-5:streamGenerateContent?alt=sse",
    { contents: [{ role: "user", parts: [{ text: "x" }] }] }
  ],
  ["cohere", "/v2/chat", "/v2/chat", { model: "gpt-5", messages }],
  ["ollama", "/api/chat", "/api/chat", { model: "gpt-5", messages }]
] as const)("X3: the wire format of %s", (_, plain, streamed, body) => {
  const post = (fetch: typeof globalThis.fetch, url: string, stream: boolean) =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...body, stream })
    }).then((response) => response.text())

  it.scopedLive("is held until its first content, and asked for again before it", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const fetch = ResilientFetch.make({ retry: { initialDelay: 1 }, circuitBreaker: false })
      for (const fault of Object.values(faults)) {
        for (const [path, stream] of [
          [plain, false],
          [streamed, true]
        ] as const) {
          yield* provider.reset
          yield* provider.script(Script.inOrder([fault], { afterwards: "answer" }))
          const text = yield* Effect.promise(() => post(fetch, `${provider.url}${path}`, stream))
          expect(text, `${fault._tag} ${stream}`).toContain("asked.")
          expect((yield* provider.awaitSettled).length, `${fault._tag} ${stream}`).toBe(2)
        }
      }
      yield* Effect.promise(() => fetch.dispose())
    })
  )

  it.scopedLive("breaks off with an error, never quietly", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.inOrder([Step.cutBody({ after: 3, by: "end", betweenChunks: "10 millis" })], {
          afterwards: "repeatLast"
        })
      })
      const fetch = ResilientFetch.make({ circuitBreaker: false })
      const thrown = yield* Effect.promise(() =>
        post(fetch, `${provider.url}${streamed}`, true).then(
          () => undefined,
          (error: unknown) => error
        )
      )
      expect(thrown).toBeInstanceOf(Error)
      yield* Effect.promise(() => fetch.dispose())
    })
  )
})
