import { LanguageModel } from "@effect/ai"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as Assertions from "effect-resilience/testing/Assertions"
import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"

const { Script, Step } = ScriptedModel

it.effect("a rate limit is waited for as long as the provider asks", () =>
  Effect.gen(function* () {
    const gpt = yield* ScriptedModel.make({
      script: Script.inOrder([Step.rateLimited({ retryAfter: "20 seconds" })], { afterwards: "answer" })
    })
    const Model = ResilientLanguageModel.layer({ targets: [{ name: "openai/gpt-5", model: gpt.layer }] })
    const asking = LanguageModel.generateText({ prompt: "Why?" }).pipe(Effect.provide(Model))
    const ended = yield* Assertions.runToEnd(asking)
    yield* Assertions.attempts(ended, [{ outcome: "RateLimited" }, { outcome: "Success" }])
    const [first, second] = yield* gpt.asked
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(20_000)
  }).pipe(Effect.provide(Resilience.layer()))
)
