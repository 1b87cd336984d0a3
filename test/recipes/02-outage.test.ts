import { LanguageModel } from "@effect/ai"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { CircuitBreaker, Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as Assertions from "effect-resilience/testing/Assertions"
import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"

const { Script, Step } = ScriptedModel

it.effect("an outage is met by the circuit, and over soon after it has ended", () =>
  Effect.gen(function* () {
    const outage = { from: "2 minutes", to: "6 minutes", script: Script.always(Step.serverError()) } as const
    const gpt = yield* ScriptedModel.make({ script: Script.during([outage]) })
    const Model = ResilientLanguageModel.layer({ targets: [{ name: "openai/gpt-5", model: gpt.layer }] })
    const asking = LanguageModel.generateText({ prompt: "Why?" }).pipe(
      Effect.exit,
      Effect.zipLeft(Effect.sleep("1 minute"))
    )
    const ended = yield* Assertions.runToEnd(Effect.replicateEffect(asking, 10).pipe(Effect.provide(Model)))
    expect((yield* gpt.asked).filter(({ step }) => step._tag === "ServerError").length).toBe(3)
    expect(ended.attempts.at(-1)).toMatchObject({ outcome: "Success", at: 540_000 })
  }).pipe(
    Effect.provide(
      Resilience.layer({
        retry: false,
        circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(2), openDuration: "2 minutes" }
      })
    )
  )
)
