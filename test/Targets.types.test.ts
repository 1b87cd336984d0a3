/** What a user writes first, and the types that come of it. */
import { EmbeddingModel, type LanguageModel } from "@effect/ai"
import { AnthropicLanguageModel } from "@effect/ai-anthropic"
import type { AnthropicClient } from "@effect/ai-anthropic/AnthropicClient"
import { OpenAiLanguageModel } from "@effect/ai-openai"
import type { OpenAiClient } from "@effect/ai-openai/OpenAiClient"
import { describe, expectTypeOf, it } from "@effect/vitest"
import { Context, Effect, Layer, Schema, type Scope, Stream } from "effect"
import { Fallback, Hedge, LlmCall, type LlmError, type Rejection, Resilience, ResponseCache } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"

const Answer = Schema.Struct({ text: Schema.String })

const messages = [{ role: "user", content: "Hello" }]

const model = "gpt-5-mini"

const ask = (target: string) =>
  LlmCall.tryPromise({ target, try: async () => ({ text: "Hi" }) }).pipe(Resilience.protect(target))

type Failures = LlmError.LlmError | Resilience.Failures | Rejection.AllTargetsFailed

describe("as a user writes it", () => {
  const answer = Hedge.across([ask("openai/gpt-5-mini"), ask("anthropic/haiku")], { after: Hedge.quantile(0.95) })

  it("a hedge across two effects", () => {
    expectTypeOf<Effect.Effect.Success<typeof answer>>().toEqualTypeOf<{ text: string }>()
    expectTypeOf<Exclude<Effect.Effect.Error<typeof answer>, Failures>>().toEqualTypeOf<never>()
    expectTypeOf<Exclude<Failures, Effect.Effect.Error<typeof answer>>>().toEqualTypeOf<never>()
    expectTypeOf<Effect.Effect.Context<typeof answer>>().toEqualTypeOf<Resilience.Resilience>()
  })

  it("a cache around it", () => {
    const cached = answer.pipe(
      ResponseCache.through({ key: ResponseCache.keyOf({ model, messages, temperature: 0 }), schema: Answer })
    )
    expectTypeOf<Effect.Effect.Success<typeof cached>>().toEqualTypeOf<{ readonly text: string }>()
    expectTypeOf<Exclude<Effect.Effect.Error<typeof cached>, Failures>>().toEqualTypeOf<never>()
    expectTypeOf<Effect.Effect.Context<typeof cached>>().toEqualTypeOf<
      Resilience.Resilience | ResponseCache.ResponseCache
    >()
  })

  it("a model over several", () => {
    const Model = ResilientLanguageModel.layer({
      targets: [
        { name: "openai/gpt-5", model: OpenAiLanguageModel.layer({ model: "gpt-5" }), capabilities: ["tools"] },
        { name: "anthropic/claude", model: AnthropicLanguageModel.layer({ model: "claude-sonnet-4-5" }) }
      ],
      hedge: { after: "3 seconds" },
      cache: { fresh: "1 hour", staleIfError: "1 day" }
    })
    expectTypeOf(Model).toEqualTypeOf<
      Layer.Layer<LanguageModel.LanguageModel, never, Resilience.Resilience | OpenAiClient | AnthropicClient>
    >()
  })
})

describe("targets as layers of any service", () => {
  it("@effect/ai's embeddings, with the needs and failures of all layers", () => {
    class Key extends Context.Tag("Key")<Key, string>() {}
    const one = Layer.effect(
      EmbeddingModel.EmbeddingModel,
      Effect.flatMap(Key, () => EmbeddingModel.make({ embedMany: () => Effect.succeed([]) }))
    )
    const two: Layer.Layer<EmbeddingModel.EmbeddingModel, "no such model"> = Layer.fail("no such model" as const)
    const embeddings = Fallback.services(EmbeddingModel.EmbeddingModel, [
      { name: "openai/embeddings", layer: one },
      { name: "voyage/embeddings", layer: two, capabilities: ["german"] }
    ])
    expectTypeOf(embeddings).toEqualTypeOf<
      Effect.Effect<Fallback.Services<EmbeddingModel.Service>, "no such model", Scope.Scope | Key>
    >()
    const vector = Effect.flatMap(embeddings, ({ ask }) =>
      ask((service, target) => service.embed("hello").pipe(Resilience.protect(target)), { needs: ["german"] })
    )
    expectTypeOf<Effect.Effect.Success<typeof vector>>().toEqualTypeOf<Array<number>>()
    expectTypeOf<Rejection.AllTargetsFailed>().toExtend<Effect.Effect.Error<typeof vector>>()
  })

  it("images, and a service of the user's own, as effects and as streams", () => {
    interface Painter {
      readonly paint: (prompt: string) => Effect.Effect<Uint8Array, LlmError.LlmError>
      readonly sketch: (prompt: string) => Stream.Stream<Uint8Array, LlmError.LlmError, "canvas">
    }
    const Painter = Context.GenericTag<"Painter", Painter>("Painter")
    const layer = Layer.succeed(Painter, { paint: () => Effect.succeed(new Uint8Array()), sketch: () => Stream.empty })
    const painters = Fallback.services(Painter, [{ name: "a", layer }])
    expectTypeOf(painters).toEqualTypeOf<Effect.Effect<Fallback.Services<Painter>, never, Scope.Scope>>()
    const picture = Effect.flatMap(painters, ({ ask }) => ask((service) => service.paint("a cat")))
    expectTypeOf(picture).toEqualTypeOf<
      Effect.Effect<Uint8Array, LlmError.LlmError | Rejection.AllTargetsFailed, Scope.Scope>
    >()
    const sketches = Effect.map(painters, ({ askStream }) => askStream((service) => service.sketch("a cat")))
    expectTypeOf<Effect.Effect.Success<typeof sketches>>().toEqualTypeOf<
      Stream.Stream<Uint8Array, LlmError.LlmError | Rejection.AllTargetsFailed, "canvas">
    >()
  })

  it("a layer of another service does not compile", () => {
    const layer = Layer.succeed(Context.GenericTag<"Other", number>("Other"), 1)
    const Painter = Context.GenericTag<"Painter", string>("Painter")
    // @ts-expect-error it makes `Other`, and no `Painter`
    Fallback.services(Painter, [{ name: "a", layer }])
  })
})
