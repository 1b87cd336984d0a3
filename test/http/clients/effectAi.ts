import { AiError, LanguageModel, Tool, Toolkit } from "@effect/ai"
import { AnthropicClient, AnthropicLanguageModel } from "@effect/ai-anthropic"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient, type HttpClient } from "@effect/platform"
import { Cause, Effect, Exit, Layer, Redacted, Schema, Stream } from "effect"
import { StreamDialect } from "effect-resilience"
import type * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { type Client, type Entry, model, prompt, type Seam } from "./Client.js"

type Model = Layer.Layer<LanguageModel.LanguageModel, never, HttpClient.HttpClient>

const error = { is: AiError.HttpResponseError, status: "response.status" }

const Weather = Toolkit.make(
  Tool.make("weather", { parameters: { city: Schema.String }, success: Schema.String, description: "the weather" })
)

/** The call is looked at, and never made. */
const handled = Weather.toLayer({ weather: () => Effect.succeed("sunny") })

const clientOf =
  (modelOf: (provider: MisbehavingProvider.Service, seam: Seam) => Model) =>
  (provider: MisbehavingProvider.Service, seam: Seam): Client => {
    const Model = Layer.provide(modelOf(provider, seam), FetchHttpClient.layer)
    const run = async <A, E>(call: Effect.Effect<A, E, LanguageModel.LanguageModel>, signal?: AbortSignal) => {
      const exit = await Effect.runPromiseExit(Effect.provide(call, Model), signal && { signal })
      if (Exit.isSuccess(exit)) return exit.value
      throw Cause.squash(exit.cause)
    }
    return {
      plain: async (signal) => (await run(LanguageModel.generateText({ prompt }), signal)).text,
      stream: () => Stream.toAsyncIterable(Stream.provideLayer(LanguageModel.streamText({ prompt }), Model)),
      tool: async () => {
        const call = LanguageModel.generateText({
          prompt,
          toolkit: Weather,
          toolChoice: "required",
          disableToolCallResolution: true
        })
        return (await run(Effect.provide(call, handled))).toolCalls[0]?.name
      },
      structured: async () =>
        (await run(LanguageModel.generateObject({ prompt, schema: Schema.Struct({ city: Schema.String }) }))).value
    }
  }

export const effectOpenAi: Entry = {
  name: "@effect/ai-openai",
  dialect: StreamDialect.ai as StreamDialect.StreamDialect<unknown>,
  error,
  make: clientOf((provider, { transform }) =>
    OpenAiLanguageModel.layer({ model }).pipe(
      Layer.provide(
        OpenAiClient.layer({
          apiKey: Redacted.make("sk-test"),
          apiUrl: provider.openAiUrl,
          transformClient: transform
        })
      )
    )
  )
}

export const effectAnthropic: Entry = {
  name: "@effect/ai-anthropic",
  dialect: StreamDialect.ai as StreamDialect.StreamDialect<unknown>,
  error,
  make: clientOf((provider, { transform }) =>
    AnthropicLanguageModel.layer({ model }).pipe(
      Layer.provide(
        AnthropicClient.layer({
          apiKey: Redacted.make("sk-test"),
          apiUrl: provider.anthropicUrl,
          transformClient: transform
        })
      )
    )
  )
}
