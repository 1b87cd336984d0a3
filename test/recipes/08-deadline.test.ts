import { LanguageModel } from "@effect/ai"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as Assertions from "effect-resilience/testing/Assertions"
import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"

const { Script, Step } = ScriptedModel

it.effect("nobody waits past the deadline, whatever the provider does", () =>
  Effect.gen(function* () {
    const gpt = yield* ScriptedModel.make({
      script: Script.inOrder([Step.overloaded(), Step.rateLimited({ retryAfter: "50 seconds" }), Step.stall()], {
        afterwards: "repeatLast"
      })
    })
    const Model = ResilientLanguageModel.layer({ targets: [{ name: "openai/gpt-5", model: gpt.layer }] })
    const asking = LanguageModel.generateText({ prompt: "Why?" }).pipe(Effect.provide(Model))
    const ended = yield* Assertions.runToEnd(Effect.flip(asking))
    yield* Assertions.within(ended, "1 minute")
    expect(ended.attempts.length).toBeGreaterThan(1)
  }).pipe(Effect.provide(Resilience.layer({ deadline: "1 minute" })))
)
