/** `streamText` of the resilient model, over real sockets. */

import { AiError, LanguageModel, Tool, Toolkit } from "@effect/ai"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Either, Layer, Option, Redacted, Ref, Schema, Stream } from "effect"
import { LlmError, Resilience, ResilienceEvent } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { anthropicModel, openAiModel } from "../scenarios/ways.js"

const { Script, Step } = MisbehavingProvider

const policies = Resilience.layer({
  attemptTimeout: "2 seconds",
  retry: { maxAttempts: 2, initialDelay: 5 },
  stream: { idle: "300 millis" }
})

type Steps = readonly [MisbehavingProvider.Step.Step, ...ReadonlyArray<MisbehavingProvider.Step.Step>]

/** A model that asks OpenAI first, with these steps in store, and Anthropic second, which answers. */
const setUp = (steps: Steps, delivery?: "incremental" | "buffered", reply?: MisbehavingProvider.Options["reply"]) =>
  Effect.gen(function* () {
    const script = Script.inOrder(steps, { afterwards: "answer" })
    const answers = reply === undefined ? {} : { reply }
    const first = yield* MisbehavingProvider.make({ script, ...answers })
    const second = yield* MisbehavingProvider.make(answers)
    const model = ResilientLanguageModel.layer({
      delivery,
      targets: [
        { name: "openai", model: openAiModel(first) },
        { name: "anthropic", model: anthropicModel(second) }
      ]
    })
    return { first, second, model: Layer.provide(model, policies) }
  })

const textOf = (parts: Iterable<{ readonly type: string }>): string =>
  [...parts].map((part) => ("delta" in part && part.type === "text-delta" ? part.delta : "")).join("")

const run = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.gen(function* () {
    const parts = yield* Ref.make(Chunk.empty<A>())
    const result = yield* Effect.either(Stream.runForEach(stream, (part) => Ref.update(parts, Chunk.append(part))))
    return { parts: Chunk.toReadonlyArray(yield* Ref.get(parts)), result }
  })

const ask = LanguageModel.streamText({ prompt: "Which model are you?" })

const failureOf = (result: Either.Either<unknown, unknown>) => {
  const error = Either.getOrElse(Either.flip(result), () => undefined)
  expect(AiError.isAiError(error)).toBe(true)
  return Option.getOrUndefined(ResilientLanguageModel.failure(error))
}

describe("streamText", () => {
  it.scopedLive("S1: a failure before the content is retried on its target", () =>
    Effect.gen(function* () {
      const { first, model, second } = yield* setUp([Step.errorInStream({ after: 0 })])
      const { parts, result } = yield* Effect.provide(run(ask), model)
      expect(Either.isRight(result)).toBe(true)
      expect(textOf(parts)).toContain('playing the model "gpt-5"')
      expect(parts.filter((part) => part.type === "response-metadata")).toHaveLength(1)
      expect(yield* first.attempts).toHaveLength(2)
      expect(yield* second.attempts).toHaveLength(0)
    })
  )

  it.scopedLive("S1: and on the next target, when that does not help", () =>
    Effect.gen(function* () {
      const { first, model } = yield* setUp([Step.serverError(), Step.overloaded()])
      const { parts, result } = yield* Effect.provide(run(ask), model)
      expect(Either.isRight(result)).toBe(true)
      expect(textOf(parts)).toContain('playing the model "claude-embedded"')
      expect(yield* first.attempts).toHaveLength(2)
    })
  )

  it.scopedLive("S2: texts of two models are not joined; the failure holds what was delivered", () =>
    Effect.gen(function* () {
      const { model, second } = yield* setUp([Step.cutBody({ after: 3 })])
      const { parts, result } = yield* Effect.provide(run(ask), model)
      const failure = failureOf(result)
      expect(failure).toBeInstanceOf(LlmError.StreamInterrupted)
      expect(failure).toMatchObject({ target: "openai" })
      expect((failure as LlmError.StreamInterrupted).partial).toEqual(Redacted.make(textOf(parts)))
      expect(textOf(parts)).not.toBe("")
      expect(yield* second.attempts).toHaveLength(0)
    })
  )

  it.scopedLive("S2: buffered, the next target gives the whole answer", () =>
    Effect.gen(function* () {
      const cut = Step.cutBody({ after: 3 })
      const { model } = yield* setUp([cut, cut], "buffered")
      const { parts, result } = yield* Effect.provide(run(ask), model)
      expect(Either.isRight(result)).toBe(true)
      expect(textOf(parts)).toMatch(/^This is .*playing the model "claude-embedded".* asked\.$/)
    })
  )

  it.scopedLive("S9: a consumer that leaves closes the socket", () =>
    Effect.gen(function* () {
      const { first, model } = yield* setUp([Step.answer({ betweenChunks: "50 millis" })])
      yield* Stream.runDrain(Stream.take(ask, 4)).pipe(Effect.provide(model))
      const [attempt] = yield* first.awaitSettled
      expect(attempt?.clientLeft).toBe(true)
    })
  )

  it.scopedLive("tools run once, after the turn; a repeated turn does not repeat them", () =>
    Effect.gen(function* () {
      const weather = Tool.make("weather", { parameters: { city: Schema.String }, success: Schema.String })
      const toolkit = Toolkit.make(weather)
      let ran = 0
      const handlers = toolkit.toLayer({
        weather: ({ city }) =>
          Effect.sync(() => {
            ran++
            return `Sun in ${city}`
          })
      })
      const reply = { text: "Let me look.", toolCalls: [{ name: "weather", arguments: { city: "Köln" } }] }
      for (const [steps, delivery] of [
        [[Step.serverError()], "incremental"],
        [[Step.cutBody({ after: 3 })], "buffered"]
      ] as const) {
        ran = 0
        const { model } = yield* setUp(steps, delivery, reply)
        const asked = LanguageModel.streamText({ prompt: "Weather?", toolkit })
        const { parts, result } = yield* run(asked).pipe(Effect.provide(Layer.merge(model, handlers)))
        expect(Either.isRight(result)).toBe(true)
        expect(ran).toBe(1)
        expect(parts.filter((part) => part.type === "tool-call")).toHaveLength(1)
        expect(parts.find((part) => part.type === "tool-result")).toMatchObject({ result: "Sun in Köln" })
        expect(parts.at(-1)?.type).toBe("finish")
      }
      // A turn that breaks off has had no effects.
      ran = 0
      const { model } = yield* setUp([Step.omitEndMarker()], "incremental", reply)
      const asked = LanguageModel.streamText({ prompt: "Weather?", toolkit })
      const { result } = yield* run(asked).pipe(Effect.provide(Layer.merge(model, handlers)))
      expect(failureOf(result)).toMatchObject({ _tag: "StreamInterrupted", emittedToolCalls: [{ name: "weather" }] })
      expect(ran).toBe(0)
    })
  )

  it.scopedLive("one call is reported as one call", () =>
    Effect.gen(function* () {
      const { subscribe } = yield* ResilienceEvent.ResilienceEvents
      const events = yield* subscribe
      const { model } = yield* setUp([Step.answer()])
      yield* Effect.provide(run(ask), model)
      const tags = Chunk.map(yield* events.takeAll, (event) => event._tag)
      expect(Chunk.toReadonlyArray(tags)).toEqual(["AttemptStarted", "AttemptSucceeded", "CallSucceeded"])
    }).pipe(Effect.provide(ResilienceEvent.layer()))
  )
})
