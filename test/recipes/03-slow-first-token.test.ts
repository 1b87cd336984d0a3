import { LanguageModel } from "@effect/ai"
import { expect, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as Assertions from "effect-resilience/testing/Assertions"
import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"

const { Script, Step } = ScriptedModel

it.effect("a stream whose first token does not come is asked for once more", () =>
  Effect.gen(function* () {
    const gpt = yield* ScriptedModel.make({
      script: Script.inOrder([Step.answer({ firstToken: "90 seconds" })], { afterwards: "answer" })
    })
    const Model = ResilientLanguageModel.layer({ targets: [{ name: "openai/gpt-5", model: gpt.layer }] })
    const reading = Stream.runDrain(LanguageModel.streamText({ prompt: "Why?" })).pipe(Effect.provide(Model))
    const ended = yield* Assertions.runToEnd(reading)
    yield* Assertions.attempts(ended, [{ outcome: "TimedOut", at: 0 }, { outcome: "Success" }])
    yield* Assertions.within(ended, "22 seconds")
    expect((yield* gpt.asked)[0]?.left).toBe(true)
  }).pipe(Effect.provide(Resilience.layer({ stream: { firstToken: "20 seconds" } })))
)
