/** What `ClientRetries` says of each client is what it does: the requests are counted where they arrive. */
import { createOpenAI } from "@ai-sdk/openai"
import Anthropic from "@anthropic-ai/sdk"
import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime"
import { expect, it } from "@effect/vitest"
import { GoogleGenAI } from "@google/genai"
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai"
import { Mistral } from "@mistralai/mistralai"
import { NodeHttpHandler } from "@smithy/node-http-handler"
import { embed, generateObject, generateText, streamText } from "ai"
import { CohereClient, CohereClientV2 } from "cohere-ai"
import { Effect, Logger, Option } from "effect"
import { ClientRetries } from "effect-resilience"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { Ollama } from "ollama"
import OpenAI from "openai"
import { afterAll, beforeAll, vi } from "vitest"
import { always } from "./http/clients/matrix.js"

const { Step } = MisbehavingProvider
const model = "m"
const messages = [{ role: "user" as const, content: "hello" }]

type Provider = MisbehavingProvider.Service
interface Case {
  /** What `ClientRetries` looks at. */
  readonly client: unknown
  readonly call: () => Promise<unknown>
}
type Make = (provider: Provider) => Case

const openAi =
  (options: object): Make =>
  (provider) => {
    const client = new OpenAI({ apiKey: "k", baseURL: provider.openAiUrl, ...options })
    return { client, call: () => client.chat.completions.create({ model, messages }) }
  }

const anthropic =
  (options: object): Make =>
  (provider) => {
    const { messages: client } = new Anthropic({ apiKey: "k", baseURL: provider.anthropicUrl, ...options })
    return { client, call: () => client.create({ model, max_tokens: 1, messages }) }
  }

const genAi =
  (options: object): Make =>
  (provider) => {
    const client = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: provider.url, ...options } })
    return { client, call: () => client.models.generateContent({ model, contents: "hello" }) }
  }

const mistral =
  (options: object): Make =>
  (provider) => {
    const client = new Mistral({ apiKey: "k", serverURL: provider.url, ...options })
    return { client, call: () => client.chat.complete({ model, messages }) }
  }

const cohere =
  (options: object): Make =>
  (provider) => {
    const client = new CohereClientV2({ token: "k", environment: provider.url, ...options })
    return { client, call: () => client.chat({ model, messages }) }
  }

const langChain =
  (options: object, bound = false): Make =>
  (provider) => {
    const chat = new ChatOpenAI({ model, apiKey: "k", configuration: { baseURL: provider.openAiUrl }, ...options })
    const client = bound ? chat.bindTools([]) : chat
    return { client, call: () => client.invoke("hello") }
  }

const bedrock =
  (options: object): Make =>
  (provider) => {
    const client = new BedrockRuntimeClient({
      endpoint: provider.url,
      region: "us-east-1",
      credentials: { accessKeyId: "a", secretAccessKey: "key" },
      requestHandler: new NodeHttpHandler(),
      ...options
    })
    const command = new ConverseCommand({ modelId: model, messages: [{ role: "user", content: [{ text: "hello" }] }] })
    return { client, call: () => client.send(command) }
  }

/** A client, and how many requests it makes of a call that always fails. */
const cases: Readonly<Record<string, readonly [make: Make, requests: number]>> = {
  openai: [openAi({}), 3],
  "openai, told to stop": [openAi({ maxRetries: 0 }), 1],
  anthropic: [anthropic({}), 3],
  "anthropic, told to stop": [anthropic({ maxRetries: 0 }), 1],
  genai: [genAi({}), 1],
  "genai, told to retry": [genAi({ retryOptions: {} }), 5],
  "genai, told to retry once": [genAi({ retryOptions: { attempts: 2 } }), 2],
  mistral: [mistral({}), 1],
  "mistral, told to stop": [mistral({ retryConfig: { strategy: "none" } }), 1],
  cohere: [cohere({}), 3],
  "cohere, told to stop": [cohere({ maxRetries: 0 }), 1],
  "cohere, of version 1": [
    (provider) => {
      const client = new CohereClient({ token: "k", environment: provider.url })
      return { client: client.v2, call: () => client.v2.chat({ model, messages }) }
    },
    3
  ],
  ollama: [
    (provider) => {
      const client = new Ollama({ host: provider.url })
      return { client, call: () => client.chat({ model, messages }) }
    },
    1
  ],
  LangChain: [langChain({}), 7],
  "LangChain, with tools": [langChain({}, true), 7],
  "LangChain, told to stop": [langChain({ maxRetries: 0 }), 1],
  "LangChain, embeddings": [
    (provider) => {
      const client = new OpenAIEmbeddings({ model, apiKey: "k", configuration: { baseURL: provider.openAiUrl } })
      return { client, call: () => client.embedQuery("hello") }
    },
    7
  ],
  Bedrock: [bedrock({}), 3],
  "Bedrock, told to stop": [bedrock({ maxAttempts: 1 }), 1]
}

/** Their waits are seconds; their time limits, which are minutes, stay. */
beforeAll(() => {
  const after = globalThis.setTimeout
  const sooner = (run: () => void, millis = 0, ...rest: []) => after(run, millis > 90_000 ? millis : 1, ...rest)
  vi.stubGlobal("setTimeout", sooner)
})
afterAll(() => vi.unstubAllGlobals())

/** How many requests a call makes. */
const counted = (call: (provider: Provider) => () => Promise<unknown>) =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make({ script: always(Step.serverError({ status: 503 })) })
    yield* Effect.flip(Effect.tryPromise(call(provider)))
    return (yield* provider.awaitSettled).length
  })

const said = (client: unknown) =>
  Effect.map(ClientRetries.find(client), Option.match({ onNone: () => 0, onSome: (retries) => retries.maxRetries }))

it.scopedLive.each(Object.entries(cases))("R13: %s repeats as often as ClientRetries says", ([, [make, requests]]) =>
  Effect.gen(function* () {
    let client: unknown
    const made = yield* counted((provider) => {
      const one = make(provider)
      client = one.client
      return one.call
    })
    expect(made).toBe(requests)
    expect(yield* said(client)).toBe(requests - 1)
  })
)

it.scopedLive("R13: the Vercel AI SDK repeats as often as ClientRetries says, whatever is called", () =>
  Effect.gen(function* () {
    const of = (provider: Provider) => createOpenAI({ apiKey: "k", baseURL: provider.openAiUrl })
    for (const maxRetries of [undefined, 0, 1]) {
      const told = maxRetries === undefined ? {} : { maxRetries }
      const prompt = "hello"
      const calls: ReadonlyArray<(provider: Provider) => Promise<unknown>> = [
        (provider) => generateText({ model: of(provider).chat(model), prompt, ...told }),
        (provider) => generateObject({ model: of(provider).chat(model), output: "no-schema", prompt, ...told }),
        (provider) => embed({ model: of(provider).embedding(model), value: prompt, ...told }),
        (provider) =>
          Promise.resolve(streamText({ model: of(provider).chat(model), prompt, onError: () => {}, ...told }).text)
      ]
      for (const call of calls) {
        const retries = Option.match(ClientRetries.ofCallOptions(told), {
          onNone: () => 0,
          onSome: (_) => _.maxRetries
        })
        expect(yield* counted((provider) => () => call(provider))).toBe(1 + retries)
      }
    }
  })
)

it.live("R13: Mistral's client, which counts time, is said to repeat as often as fits into it", () =>
  Effect.gen(function* () {
    const backoff = { initialInterval: 1_000, maxInterval: 4_000, exponent: 1, maxElapsedTime: 10_000 }
    // Waits of 0, 1, 2, 3, 4 seconds are over after 10, and one more begins: the limit is looked at before each.
    const client = new Mistral({ apiKey: "k", retryConfig: { strategy: "backoff", backoff } })
    expect(yield* said(client)).toBe(6)
    expect(yield* said(client.chat)).toBe(6)
    expect(yield* said(new Mistral({ apiKey: "k", retryConfig: { strategy: "backoff" } }))).toBeGreaterThan(60)
    const fix = Option.map(ClientRetries.ofClient(client), (retries) => retries.fix)
    expect(fix).toEqual(Option.some('new Mistral({ retryConfig: { strategy: "none" } })'))
  })
)

it.live("R13: one that tells only in a promise is warned of, once, and one that does not answer is not", () =>
  Effect.gen(function* () {
    const lines: Array<unknown> = []
    const logger = Logger.make(({ message }) => lines.push(...[message].flat()))
    const client = new BedrockRuntimeClient({ region: "us-east-1", maxAttempts: 2 })
    const silent = { config: { maxAttempts: () => Promise.reject(new Error("no file")) } }
    const odd = { config: { maxAttempts: () => "three", retryStrategy: () => 3 } }
    yield* Effect.all([ClientRetries.warn(client), ClientRetries.warn(client)], { concurrency: "unbounded" }).pipe(
      Effect.andThen(Effect.all([ClientRetries.warn(silent), ClientRetries.warn(odd)])),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger))
    )
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain("new BedrockRuntimeClient({ maxAttempts: 1 })")
  })
)
