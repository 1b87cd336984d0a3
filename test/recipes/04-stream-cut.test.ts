import { LanguageModel } from "@effect/ai"
import { expect, it } from "@effect/vitest"
import { Effect, Exit, Option, Stream } from "effect"
import { Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as Assertions from "effect-resilience/testing/Assertions"
import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"

const { Script, Step } = ScriptedModel

it.effect("a stream that breaks off is not delivered in part", () =>
  Effect.gen(function* () {
    const reply = { text: "Because of Rayleigh." }
    const gpt = yield* ScriptedModel.make({
      reply,
      script: Script.inOrder([Step.cutBody({ after: 2 })], { afterwards: "answer" })
    })
    const targets = [{ name: "openai/gpt-5", model: gpt.layer }] as const
    const Model = ResilientLanguageModel.layer({ targets, delivery: "buffered" })
    const words = LanguageModel.streamText({ prompt: "Why?" }).pipe(
      Stream.filterMap((part) => (part.type === "text-delta" ? Option.some(part.delta) : Option.none()))
    )
    const ended = yield* Assertions.runToEnd(Stream.mkString(words).pipe(Effect.provide(Model)))
    expect(ended.exit).toEqual(Exit.succeed(reply.text))
  }).pipe(Effect.provide(Resilience.layer()))
)
