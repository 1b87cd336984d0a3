import { createOpenAI } from "@ai-sdk/openai"
import Anthropic from "@anthropic-ai/sdk"
import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime"
import { LanguageModel } from "@effect/ai"
import { AnthropicClient, AnthropicLanguageModel } from "@effect/ai-anthropic"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient, type HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { GoogleGenAI } from "@google/genai"
import { NodeHttpHandler } from "@smithy/node-http-handler"
import { generateText, streamText } from "ai"
import { Effect, Layer, Redacted, Stream } from "effect"
import OpenAI from "openai"

/** A call to a model through a vendor's client that repeats nothing on its own. */
export interface Client {
  readonly client: string
  readonly dialect: "openai" | "anthropic" | "gemini" | "bedrock"
  readonly call: (options: { readonly url: string; readonly timeout: number }) => Promise<unknown>
  /** The client leaves nobody a way to tell its own time limit from a caller who gave up. */
  readonly timeoutLooksCancelled?: true
  /** The client hands on no headers. */
  readonly losesHeaders?: true
  /** The client hands on no body that is not JSON. */
  readonly losesText?: true
}

const apiKey = "sk-SECRET"
const prompt = "PROMPT"
const messages = [{ role: "user" as const, content: prompt }]

const drain = async (stream: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of stream) {
  }
}

const openAi = (url: string, timeout: number): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0, timeout })

const anthropic = (url: string, timeout: number): Anthropic =>
  new Anthropic({ apiKey, baseURL: url, maxRetries: 0, timeout })

const gemini = (url: string, timeout: number): GoogleGenAI =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url, timeout } })

const bedrock = (url: string, timeout: number): BedrockRuntimeClient =>
  new BedrockRuntimeClient({
    endpoint: url,
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: apiKey },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ requestTimeout: timeout, throwOnRequestTimeout: true })
  })

const thrown = async (effect: Effect.Effect<unknown, unknown>, timeout: number): Promise<unknown> => {
  const exit = await Effect.runPromise(Effect.either(Effect.timeout(effect, timeout)))
  if (exit._tag === "Left") throw exit.left
  return exit.right
}

type Http = Layer.Layer<HttpClient.HttpClient>

const viaOpenAi = (http: Http, url: string): Layer.Layer<LanguageModel.LanguageModel> =>
  OpenAiLanguageModel.layer({ model: "gpt-5" }).pipe(
    Layer.provide(OpenAiClient.layer({ apiKey: Redacted.make(apiKey), apiUrl: url })),
    Layer.provide(http)
  )

const viaAnthropic = (http: Http, url: string): Layer.Layer<LanguageModel.LanguageModel> =>
  AnthropicLanguageModel.layer({ model: "claude-sonnet-4-5" }).pipe(
    Layer.provide(AnthropicClient.layer({ apiKey: Redacted.make(apiKey), apiUrl: url })),
    Layer.provide(http)
  )

const generate = LanguageModel.generateText({ prompt })
const stream = Stream.runDrain(LanguageModel.streamText({ prompt }))

export const clients: ReadonlyArray<Client> = [
  {
    client: "openai chat",
    dialect: "openai",
    call: ({ timeout, url }) => openAi(url, timeout).chat.completions.create({ model: "m", messages })
  },
  {
    client: "openai chat, streaming",
    dialect: "openai",
    call: async ({ timeout, url }) =>
      drain(await openAi(url, timeout).chat.completions.create({ model: "m", messages, stream: true }))
  },
  {
    client: "openai responses",
    dialect: "openai",
    call: ({ timeout, url }) => openAi(url, timeout).responses.create({ model: "m", input: prompt })
  },
  {
    client: "@anthropic-ai/sdk",
    dialect: "anthropic",
    call: ({ timeout, url }) => anthropic(url, timeout).messages.create({ model: "m", max_tokens: 9, messages })
  },
  {
    client: "@anthropic-ai/sdk, streaming",
    dialect: "anthropic",
    call: async ({ timeout, url }) =>
      drain(await anthropic(url, timeout).messages.create({ model: "m", max_tokens: 9, messages, stream: true }))
  },
  {
    client: "@google/genai",
    dialect: "gemini",
    timeoutLooksCancelled: true,
    losesHeaders: true,
    call: ({ timeout, url }) => gemini(url, timeout).models.generateContent({ model: "m", contents: prompt })
  },
  {
    client: "@google/genai, streaming",
    dialect: "gemini",
    timeoutLooksCancelled: true,
    losesHeaders: true,
    call: async ({ timeout, url }) =>
      drain(await gemini(url, timeout).models.generateContentStream({ model: "m", contents: prompt }))
  },
  {
    client: "ai",
    dialect: "openai",
    call: ({ timeout, url }) =>
      generateText({
        model: createOpenAI({ baseURL: `${url}/v1`, apiKey }).chat("m"),
        prompt,
        maxRetries: 0,
        abortSignal: AbortSignal.timeout(timeout)
      })
  },
  {
    client: "ai, streaming",
    dialect: "openai",
    call: async ({ timeout, url }) => {
      const signal = AbortSignal.timeout(timeout)
      const { fullStream } = streamText({
        model: createOpenAI({ baseURL: `${url}/v1`, apiKey }).chat("m"),
        prompt,
        maxRetries: 0,
        abortSignal: signal,
        onError: () => {}
      })
      for await (const part of fullStream) if (part.type === "error") throw part.error
      signal.throwIfAborted()
    }
  },
  {
    client: "@aws-sdk/client-bedrock-runtime",
    dialect: "bedrock",
    losesText: true,
    call: ({ timeout, url }) =>
      bedrock(url, timeout).send(
        new ConverseCommand({ modelId: "m", messages: [{ role: "user", content: [{ text: prompt }] }] })
      )
  },
  {
    client: "@effect/ai-openai over fetch",
    dialect: "openai",
    call: ({ timeout, url }) => thrown(Effect.provide(generate, viaOpenAi(FetchHttpClient.layer, url)), timeout)
  },
  {
    client: "@effect/ai-openai over fetch, streaming",
    dialect: "openai",
    call: ({ timeout, url }) => thrown(Effect.provide(stream, viaOpenAi(FetchHttpClient.layer, url)), timeout)
  },
  {
    client: "@effect/ai-openai over node:http",
    dialect: "openai",
    call: ({ timeout, url }) => thrown(Effect.provide(generate, viaOpenAi(NodeHttpClient.layer, url)), timeout)
  },
  {
    client: "@effect/ai-anthropic over undici",
    dialect: "anthropic",
    call: ({ timeout, url }) => thrown(Effect.provide(generate, viaAnthropic(NodeHttpClient.layerUndici, url)), timeout)
  },
  {
    client: "@effect/ai-anthropic over fetch, streaming",
    dialect: "anthropic",
    call: ({ timeout, url }) => thrown(Effect.provide(stream, viaAnthropic(FetchHttpClient.layer, url)), timeout)
  }
]
