import { LanguageModel, Tool, Toolkit } from "@effect/ai"
import { expect, it } from "@effect/vitest"
import { Effect, Ref, Schema } from "effect"
import { Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as Assertions from "effect-resilience/testing/Assertions"
import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"

const { Script, Step } = ScriptedModel

const Pay = Tool.make("Pay", { parameters: { amount: Schema.Number }, success: Schema.String })
const toolkit = Toolkit.make(Pay)

it.effect("a tool runs once, however often the model's turn is repeated", () =>
  Effect.gen(function* () {
    const paid = yield* Ref.make(0)
    const handlers = toolkit.toLayer({
      Pay: () =>
        Effect.as(
          Ref.update(paid, (n) => n + 1),
          "paid"
        )
    })
    const gpt = yield* ScriptedModel.make({
      reply: { toolCalls: [{ name: "Pay", arguments: { amount: 5 } }] },
      script: Script.inOrder([Step.overloaded(), Step.truncatedBody()], { afterwards: "answer" })
    })
    const Model = ResilientLanguageModel.layer({ targets: [{ name: "openai/gpt-5", model: gpt.layer }] })
    const paying = LanguageModel.generateText({ prompt: "Pay!", toolkit }).pipe(Effect.provide([Model, handlers]))
    yield* (yield* Assertions.runToEnd(paying)).exit
    expect(yield* Ref.get(paid)).toBe(1)
  }).pipe(Effect.provide(Resilience.layer()))
)
