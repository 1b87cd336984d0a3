import { LanguageModel } from "@effect/ai"
import { expect, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as Assertions from "effect-resilience/testing/Assertions"
import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"

const { Script, Step } = ScriptedModel

it.effect("a program that is shut down in mid-call leaves nothing behind", () =>
  Effect.gen(function* () {
    const gpt = yield* ScriptedModel.make({ script: Script.always(Step.answer({ firstToken: "30 seconds" })) })
    const Model = ResilientLanguageModel.layer({ targets: [{ name: "openai/gpt-5", model: gpt.layer }] })
    const serving = Effect.gen(function* () {
      const asking = yield* Effect.fork(LanguageModel.generateText({ prompt: "Why?" }).pipe(Effect.provide(Model)))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.interrupt(asking)
    })
    yield* Assertions.noLeaks(serving)
    expect(yield* gpt.asked).toMatchObject([{ endedAt: 10_000, left: true }])
  }).pipe(Effect.provide(Resilience.layer({ bulkhead: { maxConcurrent: 5 } })))
)
