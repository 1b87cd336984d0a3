/** The ways in which an application can ask a provider for a stream: each vendor's own client, and `@effect/ai`'s. */

import AnthropicSdk from "@anthropic-ai/sdk"
import { LanguageModel } from "@effect/ai"
import { AnthropicClient, AnthropicLanguageModel } from "@effect/ai-anthropic"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient } from "@effect/platform"
import { Layer, Redacted, Stream } from "effect"
import { Classifier, LlmCall, StreamDialect } from "effect-resilience"
import type * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import OpenAI from "openai"

type Provider = MisbehavingProvider.Service

export interface Way {
  readonly name: string
  readonly dialect: StreamDialect.StreamDialect<unknown>
  readonly stream: (provider: Provider) => Stream.Stream<unknown, unknown>
}

const messages = [{ role: "user" as const, content: "Which model are you?" }]
const target = "a"

const openai = (provider: Provider) => new OpenAI({ apiKey: "sk-test", baseURL: provider.openAiUrl, maxRetries: 0 })

const anthropic = (provider: Provider) =>
  new AnthropicSdk({ apiKey: "sk-ant-test", baseURL: provider.anthropicUrl, maxRetries: 0 })

export const openAiModel = (provider: Provider) =>
  OpenAiLanguageModel.layer({ model: "gpt-5" }).pipe(
    Layer.provide(OpenAiClient.layer({ apiKey: Redacted.make("sk-test"), apiUrl: provider.openAiUrl })),
    Layer.provide(FetchHttpClient.layer)
  )

export const anthropicModel = (provider: Provider) =>
  AnthropicLanguageModel.layer({ model: "claude-embedded" }).pipe(
    Layer.provide(AnthropicClient.layer({ apiKey: Redacted.make("sk-ant-test"), apiUrl: provider.anthropicUrl })),
    Layer.provide(FetchHttpClient.layer)
  )

const streamText = LanguageModel.streamText({ prompt: "Which model are you?" }).pipe(
  Stream.mapError((error) => Classifier.fromUnknown(error, { target }))
)

export const ways: ReadonlyArray<Way> = [
  {
    name: "openai chat",
    dialect: StreamDialect.openAiChat,
    stream: (provider) =>
      LlmCall.tryStream({
        target,
        try: (signal) =>
          openai(provider).chat.completions.create(
            { model: "gpt-5", messages, stream: true, stream_options: { include_usage: true } },
            { signal }
          )
      })
  },
  {
    name: "openai responses",
    dialect: StreamDialect.openAiResponses,
    stream: (provider) =>
      LlmCall.tryStream({
        target,
        try: (signal) =>
          openai(provider).responses.create({ model: "gpt-5", input: "Which model are you?", stream: true }, { signal })
      })
  },
  {
    name: "anthropic",
    dialect: StreamDialect.anthropic,
    stream: (provider) =>
      LlmCall.tryStream({
        target,
        try: (signal) =>
          anthropic(provider).messages.create(
            { model: "claude-embedded", max_tokens: 100, messages, stream: true },
            { signal }
          )
      })
  },
  {
    name: "@effect/ai-openai",
    dialect: StreamDialect.ai,
    stream: (provider) => Stream.provideLayer(streamText, openAiModel(provider))
  },
  {
    name: "@effect/ai-anthropic",
    dialect: StreamDialect.ai,
    stream: (provider) => Stream.provideLayer(streamText, anthropicModel(provider))
  }
]
