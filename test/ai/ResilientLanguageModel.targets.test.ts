/** Several targets in virtual time: one deadline over all of them, and who is asked. */

import { type AiError, LanguageModel } from "@effect/ai"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Chunk, Duration, Effect, Exit, Layer, Option, Schema, Stream } from "effect"
import { Deadline, LlmError, Rejection, Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import { toEnd } from "../targets.js"
import { answered, deltas, model, text } from "./scripted.js"

type Scripted = ReturnType<typeof model>

const over = (
  targets: readonly [Scripted, ...ReadonlyArray<Scripted>],
  options: Resilience.Options,
  shareOfDeadline?: number | false
) => {
  const [first, ...others] = targets.map(({ layer }, index) => ({ name: "abc".charAt(index), model: layer }))
  const named = [first as NonNullable<typeof first>, ...others] as const
  return Layer.provide(ResilientLanguageModel.layer({ targets: named, shareOfDeadline }), Resilience.layer(options))
}

const failureOf = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) ? Option.getOrUndefined(ResilientLanguageModel.failure(Cause.squash(exit.cause))) : undefined

type Ask = Effect.Effect<unknown, AiError.AiError, LanguageModel.LanguageModel>

const ways = {
  generateText: LanguageModel.generateText({ prompt: "?" }),
  generateObject: LanguageModel.generateObject({ prompt: "?", schema: Schema.Struct({ a: Schema.String }) }),
  streamText: Stream.runCollect(LanguageModel.streamText({ prompt: "?" }))
}

const slow = () => {
  const failing = Effect.delay(Effect.fail(answered(500)), "50 seconds")
  return model(failing, Stream.fromEffect(failing))
}

describe("the deadline stands outside the fallback", () => {
  for (const [name, ask] of Object.entries<Ask>(ways)) {
    it.effect(`${name}: two targets have one minute between them, and no error is lost`, () =>
      Effect.gen(function* () {
        const [a, b, c] = [slow(), model(Effect.never), model(text("c"), deltas("c"))]
        const policies = { deadline: "1 minute", retry: false } as const
        const { exit, took } = yield* toEnd(ask).pipe(Effect.provide(over([a, b, c], policies, false)))
        expect(took).toBe(60_000)
        expect(failureOf(exit)).toBeInstanceOf(Rejection.AllTargetsFailed)
        expect(failureOf(exit)).toMatchObject({
          errors: [
            { _tag: "ServerError", target: "a", status: 500 },
            { _tag: "DeadlineExceeded", budget: Duration.minutes(1) }
          ]
        })
        expect([a.asked.times, b.asked.times, c.asked.times]).toEqual([1, 1, 0])
      })
    )

    it.effect(`${name}: a shorter deadline around the call holds, and none is needed`, () =>
      Effect.gen(function* () {
        const targets = [slow(), model(Effect.never)] as const
        const general = over(targets, { deadline: "1 minute", retry: false, attemptTimeout: false }, false)
        expect((yield* toEnd(Deadline.within(ask, "55 seconds")).pipe(Effect.provide(general))).took).toBe(55_000)
        const none = over(targets, {
          deadline: false,
          retry: false,
          attemptTimeout: "5 minutes",
          stream: { firstToken: "5 minutes" }
        })
        expect((yield* toEnd(ask).pipe(Effect.provide(none))).took).toBe(350_000)
      })
    )
  }

  it.effect("the next target sees what is left of it, and the code after the turn sees none", () =>
    Effect.gen(function* () {
      const left: Array<Option.Option<Duration.Duration>> = []
      const look = Effect.map(Deadline.remaining, (remaining) => left.push(remaining))
      const b = model(Effect.zipRight(look, text("b")))
      const ask = Effect.zipRight(ways.generateText, look)
      yield* toEnd(ask).pipe(Effect.provide(over([slow(), b], { deadline: "1 minute", retry: false }, false)))
      expect(left).toEqual([Option.some(Duration.seconds(10)), Option.none()])
      const again = over([slow(), b], { deadline: "1 minute", retry: false }, false)
      yield* toEnd(Deadline.within(ask, "55 seconds")).pipe(Effect.provide(again))
      expect(left.slice(2)).toEqual([Option.some(Duration.seconds(5)), Option.some(Duration.seconds(5))])
    })
  )
})

describe("who is asked", () => {
  it.effect("F3: a refusal leads to another target only where it was asked for", () =>
    Effect.gen(function* () {
      const a = model(Effect.fail(answered(401)), Stream.fail(answered(401)))
      const b = model(text("b"), deltas("b"))
      const targets = [
        { name: "a", model: a.layer },
        { name: "b", model: b.layer }
      ] as const
      const policies = Resilience.layer({ retry: false })
      const plain = Layer.provide(ResilientLanguageModel.layer({ targets }), policies)
      for (const ask of [ways.generateText, ways.streamText] as ReadonlyArray<Ask>) {
        const exit = yield* Effect.exit(Effect.provide(ask, plain))
        expect(failureOf(exit)).toBeInstanceOf(LlmError.AuthenticationFailed)
      }
      expect(b.asked.times).toBe(0)
      const asking = ResilientLanguageModel.layer({ targets, fallbackOn: ["AuthenticationFailed"] })
      const model_ = Layer.provide(asking, policies)
      expect((yield* Effect.provide(ways.generateText, model_)).text).toBe("b")
      const parts = Chunk.toReadonlyArray(yield* Effect.provide(ways.streamText, model_))
      expect(parts.filter((part) => part.type === "text-delta").map((part) => part.delta)).toEqual(["b"])
    })
  )

  it.effect("F2: after a prompt that was too long, only the target whose window holds it", () =>
    Effect.gen(function* () {
      const error = {
        code: "context_length_exceeded",
        message:
          "This model's maximum context length is 100000 tokens. However, your messages resulted in 300000 tokens. Please reduce the length of the messages."
      }
      const a = model(Effect.fail(answered(400, JSON.stringify({ error }))))
      const [b, c] = [model(text("b")), model(text("c"))]
      const targets = [
        { name: "a", model: a.layer, contextWindow: 100_000 },
        { name: "b", model: b.layer, contextWindow: 128_000 },
        { name: "c", model: c.layer, contextWindow: 400_000 }
      ] as const
      const layer = Layer.provide(ResilientLanguageModel.layer({ targets }), Resilience.layer())
      expect((yield* Effect.provide(ways.generateText, layer)).text).toBe("c")
      expect(b.asked.times).toBe(0)
    })
  )
})
