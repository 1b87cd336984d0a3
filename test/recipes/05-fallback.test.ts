import { LanguageModel } from "@effect/ai"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as Assertions from "effect-resilience/testing/Assertions"
import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"

const { Script, Step } = ScriptedModel

it.effect("another model answers for one that is overloaded", () =>
  Effect.gen(function* () {
    const gpt = yield* ScriptedModel.make({ script: Script.always(Step.overloaded()) })
    const claude = yield* ScriptedModel.make({ provider: "anthropic", reply: { text: "Because." } })
    const Model = ResilientLanguageModel.layer({
      targets: [
        { name: "openai/gpt-5", model: gpt.layer },
        { name: "anthropic/claude", model: claude.layer }
      ]
    })
    const asking = LanguageModel.generateText({ prompt: "Why?" }).pipe(Effect.provide(Model))
    const ended = yield* Assertions.runToEnd(Effect.map(asking, ({ text }) => text))
    expect(yield* ended.exit).toBe("Because.")
    expect((yield* claude.asked).map(({ prompt }) => prompt)).toEqual(["Why?"])
  }).pipe(Effect.provide(Resilience.layer()))
)
