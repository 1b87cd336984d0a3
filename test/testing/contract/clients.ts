/** The clients that people have, each as a program that is asked whole and streamed, as it is and under policies. */
import AnthropicSdk from "@anthropic-ai/sdk"
import { LanguageModel } from "@effect/ai"
import { AnthropicClient, AnthropicLanguageModel } from "@effect/ai-anthropic"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient, type HttpClient } from "@effect/platform"
import { Effect, Layer, Redacted, Stream } from "effect"
import { LlmCall, Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import OpenAI from "openai"

/** Where a client asks. */
export interface Place {
  readonly openAiUrl: string
  readonly anthropicUrl: string
  readonly fetch: typeof globalThis.fetch
  readonly transform: (client: HttpClient.HttpClient) => HttpClient.HttpClient
}

type Ask<R = never> = Effect.Effect<string, unknown, R>

/** The text of the answer, whole and streamed. */
export interface Client {
  readonly bare: readonly [whole: Ask, streamed: Ask]
  readonly guarded: readonly [whole: Ask<Resilience.Resilience>, streamed: Ask<Resilience.Resilience>]
}

/** It stands in the prompt too, as keys do. */
export const key = "sk-planted-0123456789abcdefABCDEF"
const content = `Count. My key is ${key}.`
const messages = [{ role: "user" as const, content }]

const sdk = <A, C>(
  plain: (signal: AbortSignal) => Promise<A>,
  textOf: (answer: A) => string | null | undefined,
  stream: (signal: AbortSignal) => Promise<AsyncIterable<C>>,
  deltaOf: (chunk: C) => string | null | undefined
): Client => {
  const text = (answer: A) => textOf(answer) ?? ""
  const joined = <E, R>(chunks: Stream.Stream<C, E, R>) => Stream.mkString(Stream.map(chunks, (c) => deltaOf(c) ?? ""))
  const chunks = LlmCall.tryStream({ try: stream })
  return {
    bare: [Effect.map(LlmCall.tryPromise({ try: plain }), text), joined(chunks)],
    guarded: [
      LlmCall.tryPromise({ try: plain, checkAnswer: true }).pipe(Resilience.protect("a"), Effect.map(text)),
      joined(Resilience.protectStream(chunks, "a"))
    ]
  }
}

/** A program of Effect's own interface, whatever is behind it. */
export const ofModel = (model: Layer.Layer<LanguageModel.LanguageModel>): Client => {
  const whole = Effect.map(LanguageModel.generateText({ prompt: content }), ({ text }) => text)
  const streamed = LanguageModel.streamText({ prompt: content }).pipe(
    Stream.map((part) => (part.type === "text-delta" ? part.delta : "")),
    Stream.mkString
  )
  const resilient = ResilientLanguageModel.layer({ targets: [{ name: "a", model }] })
  return {
    bare: [Effect.provide(whole, model), Effect.provide(streamed, model)],
    guarded: [Effect.provide(whole, resilient), Effect.provide(streamed, resilient)]
  }
}

const http = ({ fetch }: Place) =>
  Layer.provide(FetchHttpClient.layer, Layer.succeed(FetchHttpClient.Fetch, fetch as typeof globalThis.fetch))

export const clients: Readonly<Record<string, (place: Place) => Client>> = {
  openai: ({ fetch, openAiUrl: baseURL }) => {
    const { chat } = new OpenAI({ apiKey: key, baseURL, maxRetries: 0, logLevel: "off", fetch })
    const call = { model: "gpt-5", messages }
    return sdk(
      (signal) => chat.completions.create(call, { signal }),
      (answer) => answer?.choices?.[0]?.message?.content,
      (signal) => chat.completions.create({ ...call, stream: true }, { signal }),
      ({ choices }) => choices?.[0]?.delta?.content
    )
  },
  "@anthropic-ai/sdk": ({ anthropicUrl: baseURL, fetch }) => {
    const anthropic = new AnthropicSdk({ apiKey: key, baseURL, maxRetries: 0, logLevel: "off", fetch })
    const call = { model: "claude", max_tokens: 100, messages }
    return sdk(
      (signal) => anthropic.messages.create(call, { signal }),
      (answer) => answer?.content?.map((block) => (block.type === "text" ? block.text : "")).join(""),
      (signal) => anthropic.messages.create({ ...call, stream: true }, { signal }),
      (event) => (event.type === "content_block_delta" && event.delta.type === "text_delta" ? event.delta.text : "")
    )
  },
  "@effect/ai-openai": (place) =>
    ofModel(
      OpenAiLanguageModel.layer({ model: "gpt-5" }).pipe(
        Layer.provide(
          OpenAiClient.layer({
            apiKey: Redacted.make(key),
            apiUrl: place.openAiUrl,
            transformClient: place.transform
          })
        ),
        Layer.provide(http(place))
      )
    ),
  "@effect/ai-anthropic": (place) =>
    ofModel(
      AnthropicLanguageModel.layer({ model: "claude", config: { max_tokens: 100 } }).pipe(
        Layer.provide(
          AnthropicClient.layer({
            apiKey: Redacted.make(key),
            apiUrl: place.anthropicUrl,
            transformClient: place.transform
          })
        ),
        Layer.provide(http(place))
      )
    )
}
