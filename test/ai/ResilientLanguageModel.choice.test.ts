/** Which of several models a turn asks: what they can do, who answered last, and who would take a call now. */
import { LanguageModel, Prompt, Tool, Toolkit } from "@effect/ai"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Exit, Layer, Option, Schema, Stream } from "effect"
import { Fallback, Hedge, LlmError, type Rejection, Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import { failureOf, toEnd } from "../targets.js"
import { answered, deltas, model, text } from "./scripted.js"

const whole = Effect.map(LanguageModel.generateText({ prompt: "?" }), (answer) => answer.text)

const streamed = LanguageModel.streamText({ prompt: "?" }).pipe(
  Stream.filterMap((part) => (part.type === "text-delta" ? Option.some(part.delta) : Option.none())),
  Stream.runCollect,
  Effect.map((parts) => Chunk.toReadonlyArray(parts).join(""))
)

const turns = { generateText: whole, streamText: streamed }

const slow = (millis: number, answer: string) =>
  model(Effect.delay(text(answer), millis), Stream.unwrap(Effect.delay(Effect.succeed(deltas(answer)), millis)))

const failing = model(Effect.fail(answered(500)), Stream.fail(answered(500)))

type Made = ReturnType<typeof model>

const over = (targets: ReadonlyArray<Made & { readonly can?: ReadonlyArray<string> }>, policy: object) => {
  const named = targets.map(({ can, layer }, index) => ({ name: "abc".charAt(index), model: layer, capabilities: can }))
  return ResilientLanguageModel.layer({ targets: named as unknown as readonly [(typeof named)[0]], ...policy }).pipe(
    Layer.provideMerge(Resilience.layer({ retry: false }))
  )
}

const hedges = { none: {}, hedged: { hedge: { after: "3 seconds" } } } as const

for (const [name, turn] of Object.entries(turns)) {
  for (const [way, hedge] of Object.entries(hedges)) {
    describe(`${name}, ${way === "none" ? "one after the other" : "hedged"}`, () => {
      it.effect("only a model that can do what the turn needs is asked", () =>
        Effect.gen(function* () {
          const [a, b] = [
            { ...slow(10, "a"), can: ["tools"] },
            { ...slow(10, "b"), can: ["tools", "images"] }
          ]
          const able = over([a, b], { ...hedge, needs: ["images"] })
          expect((yield* toEnd(turn).pipe(Effect.provide(able))).exit).toEqual(Exit.succeed("b"))
          expect(a.asked.times).toBe(0)
          const none = over([a], { ...hedge, needs: ["images"] })
          const { exit } = yield* toEnd(turn).pipe(Effect.provide(none))
          const error = Option.getOrThrow(ResilientLanguageModel.failure(failureOf(exit)))
          expect((error as Rejection.AllTargetsFailed).targets).toMatchObject([{ target: "a", asked: false }])
        }).pipe(Effect.provide(Hedge.layer()))
      )

      it.effect("the model that answered last is asked first", () =>
        Effect.gen(function* () {
          const memory = yield* Fallback.makeSticky({ keepFor: "2 hours" })
          const b = slow(10, "b")
          const layer = over([failing, b], { ...hedge, sticky: { memory, key: "conversation" } })
          const before = failing.asked.times
          yield* Effect.zipRight(toEnd(turn), toEnd(turn)).pipe(Effect.provide(layer))
          expect([failing.asked.times - before, b.asked.times]).toEqual([1, 2])
        }).pipe(Effect.provide(Hedge.layer()))
      )
    })
  }

  describe(`${name}: a model that would not take a call is no hedge`, () => {
    const askedOf = (prepare: Effect.Effect<unknown, unknown, Resilience.Resilience>) =>
      Effect.gen(function* () {
        const [a, b, c] = [slow(60_000, "a"), slow(1_000, "b"), slow(1_000, "c")]
        const { exit, took } = yield* Effect.zipRight(Effect.exit(prepare), toEnd(turn)).pipe(
          Effect.provide(over([a, b, c], { hedge: { after: "3 seconds" } }))
        )
        return [exit, took, b.asked.times]
      }).pipe(Effect.provide(Hedge.layer()))

    it.effect("since its circuit is open", () =>
      Effect.gen(function* () {
        const opened = Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) => circuitBreaker.open("b", "1 hour"))
        expect(yield* askedOf(opened)).toEqual([Exit.succeed("c"), 4_000, 0])
      })
    )

    it.effect("since it is parked", () =>
      Effect.gen(function* () {
        const parks = new LlmError.RateLimited({ target: "b", retryAfter: Duration.minutes(30) })
        const parked = Effect.fail(parks).pipe(Resilience.protect("b"))
        expect(yield* askedOf(parked)).toEqual([Exit.succeed("c"), 4_000, 0])
      })
    )
  })
}

describe("what a turn needs by itself", () => {
  class Tools extends Toolkit.make(Tool.make("look", { success: Schema.String })) {}
  const image = {
    role: "user" as const,
    content: [Prompt.makePart("file", { mediaType: "image/png", data: "aGVsbG8=" })]
  }
  const file = {
    role: "user" as const,
    content: [Prompt.makePart("file", { mediaType: "application/pdf", data: "aGVsbG8=" })]
  }
  const object = Schema.Struct({ n: Schema.Number })
  const asked: Readonly<Record<string, Effect.Effect<unknown, unknown, LanguageModel.LanguageModel>>> = {
    tools: Effect.flatMap(Tools, (toolkit) => LanguageModel.generateText({ prompt: "?", toolkit })).pipe(
      Effect.provide(Tools.toLayer({ look: () => Effect.succeed("seen") }))
    ),
    images: LanguageModel.generateText({ prompt: [image] }),
    files: Stream.runDrain(LanguageModel.streamText({ prompt: [file] })),
    structuredOutput: LanguageModel.generateObject({ prompt: "?", schema: object }),
    german: LanguageModel.generateText({ prompt: "?" }).pipe(
      Effect.provideService(ResilientLanguageModel.Needs, ["german"])
    )
  }
  const everything = Object.keys(asked)

  for (const [need, turn] of Object.entries(asked)) {
    it.effect(`${need}: a model without it is passed over, and one that has it or states nothing is asked`, () =>
      Effect.gen(function* () {
        const can = everything.filter((name) => name !== need)
        const [a, b, c] = [
          { ...slow(1, "a"), can },
          { ...slow(1, '{"n":1}'), can: [need] },
          slow(1, '{"n":1}')
        ] as const
        yield* toEnd(turn).pipe(Effect.provide(over([a, b], {})))
        expect([a.asked.times, b.asked.times]).toEqual([0, 1])
        yield* toEnd(turn).pipe(Effect.provide(over([a, c], {})))
        expect([a.asked.times, c.asked.times]).toEqual([0, 1])
      })
    )
  }

  it.effect("a turn that needs nothing is everybody's", () =>
    Effect.gen(function* () {
      const a = { ...slow(1, "a"), can: [] }
      expect((yield* toEnd(whole).pipe(Effect.provide(over([a], {})))).exit).toEqual(Exit.succeed("a"))
      expect((yield* toEnd(streamed).pipe(Effect.provide(over([a], {})))).exit).toEqual(Exit.succeed("a"))
    })
  )

  it.effect("what a turn needs in words of its own keeps its kept answer apart", () =>
    Effect.gen(function* () {
      const [a, b] = [
        { ...slow(1, "a"), can: [] },
        { ...slow(1, "b"), can: ["german"] }
      ]
      const german = Effect.provideService(whole, ResilientLanguageModel.Needs, ["german"])
      const { exit } = yield* toEnd(Effect.all([whole, german, whole, german])).pipe(
        Effect.provide(over([a, b], { cache: { fresh: "1 hour" } }))
      )
      expect([exit, a.asked.times, b.asked.times]).toEqual([Exit.succeed(["a", "b", "a", "b"]), 1, 1])
    })
  )
})
