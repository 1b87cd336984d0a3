import { LanguageModel } from "@effect/ai"
import { Effect, Layer, Stream } from "effect"

/** A model that answers at once. */
export const model: Layer.Layer<LanguageModel.LanguageModel> = Layer.effect(
  LanguageModel.LanguageModel,
  LanguageModel.make({
    generateText: () =>
      Effect.succeed([
        { type: "text", text: "forty-two" },
        { type: "finish", reason: "stop", usage: { inputTokens: 10, outputTokens: 20, totalTokens: 30 } }
      ]),
    streamText: () => Stream.empty
  })
)

export const generate = LanguageModel.generateText({ prompt: "what is six times seven?" })
