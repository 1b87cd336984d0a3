/** Filtered and refused answers: never a success, however they were asked for. */

import { LanguageModel, type Response } from "@effect/ai"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Layer, Option, Stream } from "effect"
import { LlmError, Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { openAiModel } from "../scenarios/ways.js"
import { deltas, finish, model, text } from "./scripted.js"

const { Script, Step } = MisbehavingProvider

const policies = Resilience.layer({ retry: false })

const ways = {
  generateText: Effect.map(LanguageModel.generateText({ prompt: "?" }), ({ text }) => text),
  streamText: Effect.map(Stream.runCollect(LanguageModel.streamText({ prompt: "?" })), (parts) =>
    Chunk.toReadonlyArray(parts)
      .map((part) => (part.type === "text-delta" ? part.delta : ""))
      .join("")
  )
}

const failureOf = (exit: Exit.Exit<unknown, unknown>) =>
  Option.getOrUndefined(
    Option.flatMap(Exit.match(exit, { onSuccess: Option.none, onFailure: Option.some }), (cause) =>
      ResilientLanguageModel.failure(cause._tag === "Fail" ? cause.error : undefined)
    )
  )

const half = (reason: Response.FinishReason): ReturnType<typeof model> => {
  const ended = { ...finish, reason }
  return model(
    Effect.succeed([{ type: "text", text: "Mix two parts of" }, ended]),
    Stream.map(deltas("Mix two parts of"), (part) => (part.type === "finish" ? ended : part))
  )
}

describe("an answer that is none", () => {
  for (const [name, ask] of Object.entries(ways)) {
    for (const [reason, tag] of [
      ["content-filter", "ContentFiltered"],
      ["error", "ServerError"]
    ] as const) {
      it.effect(
        `${name}: ended by ${reason}, it fails with its target's name, and another target helps if asked for`,
        () =>
          Effect.gen(function* () {
            const a = half(reason)
            const b = model(text("b"), deltas("b"))
            const one = ResilientLanguageModel.layer({ targets: [{ name: "a", model: a.layer }] })
            const exit = yield* Effect.exit(Effect.provide(ask, Layer.provide(one, policies)))
            const failure = failureOf(exit)
            const found = failure instanceof LlmError.StreamInterrupted ? failure.message : failure?._tag
            expect(found).toContain(name === "streamText" ? "broke off" : tag)
            expect(failure).toMatchObject({ target: "a" })

            const two = ResilientLanguageModel.layer({
              delivery: "buffered",
              fallbackOn: ["ContentFiltered"],
              targets: [
                { name: "a", model: a.layer },
                { name: "b", model: b.layer }
              ]
            })
            expect(yield* Effect.provide(ask, Layer.provide(two, policies))).toBe("b")
          })
      )
    }

    it.scopedLive(
      `${name}: a refusal through @effect/ai-openai is ContentFiltered, and another target helps if asked for`,
      () =>
        Effect.gen(function* () {
          const script = Script.inOrder(
            [Step.contentFiltered({ by: "refusal" }), Step.contentFiltered({ by: "refusal" })],
            { afterwards: "answer" }
          )
          const provider = yield* MisbehavingProvider.make({ script })
          const b = model(text("b"), deltas("b"))
          const first = { name: "openai", model: openAiModel(provider) }
          const one = ResilientLanguageModel.layer({ targets: [first] })
          const exit = yield* Effect.exit(Effect.provide(ask, Layer.provide(one, policies)))
          expect(failureOf(exit)).toBeInstanceOf(LlmError.ContentFiltered)
          expect(failureOf(exit)).toMatchObject({ by: "refusal", target: "openai" })

          const two = ResilientLanguageModel.layer({
            fallbackOn: ["ContentFiltered"],
            targets: [first, { name: "b", model: b.layer }]
          })
          expect(yield* Effect.provide(ask, Layer.provide(two, policies))).toBe("b")
          // And a sound answer of the same client is one.
          expect(yield* Effect.provide(ask, Layer.provide(one, policies))).toContain("gpt-5")
        })
    )
  }

  it.effect("an answer without a word that another model ends is left as it is", () =>
    Effect.gen(function* () {
      const silent = model(
        Effect.succeed([finish]),
        Stream.make<Array<Response.StreamPartEncoded>>(
          { type: "text-start", id: "1" },
          { type: "text-end", id: "1" },
          finish
        )
      )
      const one = ResilientLanguageModel.layer({ targets: [{ name: "a", model: silent.layer }] })
      for (const ask of Object.values(ways)) {
        expect(yield* Effect.provide(ask, Layer.provide(one, policies))).toBe("")
      }
    })
  )
})
