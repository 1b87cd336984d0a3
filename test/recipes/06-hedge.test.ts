import { LanguageModel } from "@effect/ai"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Hedge, Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as Assertions from "effect-resilience/testing/Assertions"
import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"

const { Script, Step } = ScriptedModel

it.effect("a second model is asked where the first one is slow, and the first one is left alone", () =>
  Effect.gen(function* () {
    const gpt = yield* ScriptedModel.make({ script: Script.always(Step.answer({ delay: "1 minute" })) })
    const claude = yield* ScriptedModel.make({ script: Script.always(Step.answer({ delay: "1 second" })) })
    const Model = ResilientLanguageModel.layer({
      targets: [
        { name: "openai/gpt-5", model: gpt.layer },
        { name: "anthropic/claude", model: claude.layer }
      ],
      hedge: { after: "3 seconds" }
    })
    const asking = LanguageModel.generateText({ prompt: "Why?" }).pipe(Effect.provide(Model))
    yield* Assertions.within(yield* Assertions.runToEnd(asking), "4 seconds")
    expect(yield* gpt.asked).toMatchObject([{ endedAt: 4_000, left: true }])
  }).pipe(Effect.provide([Resilience.layer(), Hedge.layer()]))
)
