/** What a turn is expected to use, where its target reserves tokens. */

import { AiError, LanguageModel, Prompt, Tokenizer } from "@effect/ai"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import { RateLimit, Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import { model } from "./scripted.js"

const settle = Effect.yieldNow({ priority: 1 }).pipe(Effect.repeatN(20))
const prompt = Prompt.make([
  { role: "system", content: "Answer in one word." },
  { role: "user", content: [{ type: "text", text: "Warum ist der Himmel blau?" }] },
  {
    role: "assistant",
    content: [{ type: "tool-call", id: "1", name: "look", params: { at: "空" }, providerExecuted: false }]
  },
  {
    role: "tool",
    content: [{ type: "tool-result", id: "1", name: "look", isFailure: false, result: "blue", providerExecuted: false }]
  }
])
const byCharacters = RateLimit.estimateTokens(
  ["Answer in one word.", "Warum ist der Himmel blau?", 'look {"at":"空"}', '"blue"'].join("\n")
)

const tokenizer = (tokenize: Tokenizer.Service["tokenize"]) =>
  Layer.succeed(Tokenizer.Tokenizer, { tokenize, truncate: (input) => Effect.succeed(Prompt.make(input)) })

const ways = {
  generateText: Effect.asVoid(LanguageModel.generateText({ prompt })),
  streamText: Stream.runDrain(LanguageModel.streamText({ prompt }))
}

describe.each(Object.entries(ways))("L2: %s of a target that reserves tokens", (_, ask) => {
  const policies = Resilience.layer({ rateLimit: { inputTokens: { limit: 1_000 } } })
  const Model = ResilientLanguageModel.layer({
    targets: [{ name: "a", model: model(Effect.never, Stream.never).layer }]
  })

  /** What a turn has reserved while it is under way. */
  const reserved = (turn: typeof ask, counting: Layer.Layer<Tokenizer.Tokenizer> | Layer.Layer<never> = Layer.empty) =>
    Effect.gen(function* () {
      const { rateLimit } = yield* Resilience.Resilience
      const running = yield* Effect.fork(turn)
      yield* settle
      const { inputTokens } = yield* rateLimit.left("a")
      yield* Fiber.interrupt(running)
      return 1_000 - (inputTokens ?? 0)
    }).pipe(Effect.provide(Model.pipe(Layer.provide(counting), Layer.provideMerge(policies))))

  it.effect("counts its prompt by characters", () =>
    Effect.gen(function* () {
      expect(yield* reserved(ask)).toBe(byCharacters)
    })
  )

  it.effect("counts its prompt as the tokenizer does, where there is one that can", () =>
    Effect.gen(function* () {
      expect(
        yield* reserved(
          ask,
          tokenizer(() => Effect.succeed([1, 2, 3]))
        )
      ).toBe(3)
      const fails = new AiError.UnknownError({ module: "test", method: "tokenize" })
      expect(
        yield* reserved(
          ask,
          tokenizer(() => Effect.fail(fails))
        )
      ).toBe(byCharacters)
      expect(
        yield* reserved(
          ask,
          tokenizer(() => Effect.die("broken"))
        )
      ).toBe(byCharacters)
    })
  )

  it.effect("is what its caller says", () =>
    Effect.gen(function* () {
      expect(yield* reserved(RateLimit.withEstimate(ask, { inputTokens: 70 }))).toBe(70)
    })
  )
})

describe("a target that reserves nothing", () => {
  it.effect("has no prompt counted", () =>
    Effect.gen(function* () {
      let counted = 0
      const Model = ResilientLanguageModel.layer({ targets: [{ name: "a", model: model(Effect.never).layer }] })
      const running = yield* Effect.fork(
        Effect.provide(
          ways.generateText,
          Model.pipe(
            Layer.provide(tokenizer(() => Effect.sync(() => [counted++]))),
            Layer.provide(Resilience.layer({ rateLimit: { requests: { limit: 10 } } }))
          )
        )
      )
      yield* settle
      yield* Fiber.interrupt(running)
      expect(counted).toBe(0)
    })
  )
})
