// Which models are asked, and over which clients: the real ones where a key is set, the embedded provider otherwise.
import { AnthropicClient, AnthropicLanguageModel } from "@effect/ai-anthropic"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient } from "@effect/platform"
import { Config, Effect, Layer, Option, Redacted } from "effect"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import { startProvider } from "./embedded.js"

export const primary = { target: "embedded/primary", model: "primary" }
export const backup = { target: "embedded/backup", model: "backup" }

const settings = Config.all({
  openAiKey: Config.option(Config.redacted("OPENAI_API_KEY")),
  openAiUrl: Config.option(Config.string("OPENAI_BASE_URL")),
  openAiModel: Config.withDefault(Config.string("OPENAI_MODEL"), "gpt-5-mini"),
  anthropicKey: Config.option(Config.redacted("ANTHROPIC_API_KEY")),
  anthropicUrl: Config.option(Config.string("ANTHROPIC_BASE_URL")),
  anthropicModel: Config.withDefault(Config.string("ANTHROPIC_MODEL"), "claude-sonnet-5")
})

const openAi = (options: { target: string; model: string; key: Redacted.Redacted; url?: string | undefined }) => ({
  name: options.target,
  model: OpenAiLanguageModel.layer({ model: options.model }).pipe(
    Layer.provide(OpenAiClient.layer({ apiKey: options.key, apiUrl: options.url })),
    Layer.provide(FetchHttpClient.layer)
  )
})

const anthropic = (options: { target: string; model: string; key: Redacted.Redacted; url?: string | undefined }) => ({
  name: options.target,
  model: AnthropicLanguageModel.layer({ model: options.model }).pipe(
    Layer.provide(AnthropicClient.layer({ apiKey: options.key, apiUrl: options.url })),
    Layer.provide(FetchHttpClient.layer)
  )
})

/** The targets in the order in which they are asked, and where they come from, for the heading. */
export const targets = Effect.gen(function* () {
  const { anthropicKey, anthropicModel, anthropicUrl, openAiKey, openAiModel, openAiUrl } = yield* settings
  const real = [
    ...Option.toArray(openAiKey).map((key) =>
      openAi({ target: `openai/${openAiModel}`, model: openAiModel, key, url: Option.getOrUndefined(openAiUrl) })
    ),
    ...Option.toArray(anthropicKey).map((key) =>
      anthropic({
        target: `anthropic/${anthropicModel}`,
        model: anthropicModel,
        key,
        url: Option.getOrUndefined(anthropicUrl)
      })
    )
  ]
  const [first, ...others] = real
  if (first !== undefined) return { targets: [first, ...others] as const, from: "the real API" }
  const provider = yield* startProvider
  const key = Redacted.make("embedded")
  return {
    targets: [
      openAi({ ...primary, key, url: `${provider.url}/v1` }),
      anthropic({ ...backup, key, url: provider.url })
    ] as const,
    from: `the embedded provider, which misbehaves on purpose\n(process ${provider.pid}, ${provider.url})`
  }
})

/** The model of the application: all targets as one. */
export const layer = (list: Effect.Effect.Success<typeof targets>["targets"]) =>
  ResilientLanguageModel.layer({ targets: list })
