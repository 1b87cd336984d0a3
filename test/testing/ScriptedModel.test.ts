import { LanguageModel, Tool, Toolkit } from "@effect/ai"
import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Schema, Stream, TestClock } from "effect"
import { Classifier, LlmError } from "effect-resilience"
import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"

const { Script, Step } = ScriptedModel

const ask = LanguageModel.generateText({ prompt: "Why is the sky blue?" })
const text = Effect.map(ask, (answer) => answer.text)

/** Runs to its end, however long that takes, and tells when it was. */
const timed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const running = yield* Effect.fork(Effect.zip(self, Clock.currentTimeMillis))
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(running)
  })

describe("ScriptedModel", () => {
  it.effect("V1: answers after the time that the script says", () =>
    Effect.gen(function* () {
      const model = yield* ScriptedModel.make({
        script: Script.always(Step.answer({ delay: "2 seconds", reply: { text: "Because of Rayleigh." } }))
      })
      expect(yield* timed(Effect.provide(text, model.layer))).toEqual(["Because of Rayleigh.", 2_000])
      expect(yield* model.asked).toMatchObject([
        { index: 0, at: 0, endedAt: 2_000, prompt: "Why is the sky blue?", streaming: false, left: false }
      ])
    })
  )

  it.effect("V1: streams words at a pace, and breaks off", () =>
    Effect.gen(function* () {
      const reply = { text: "one two three four" }
      const pace = { reply, firstToken: "3 seconds", betweenChunks: "1 second" } as const
      const model = yield* ScriptedModel.make({
        script: Script.inOrder([Step.answer(pace), Step.cutBody({ ...pace, after: 2 })], { afterwards: "answer" })
      })
      const seen: Array<readonly [string, number]> = []
      const read = LanguageModel.streamText({ prompt: "Count." }).pipe(
        Stream.runForEach((part) =>
          part.type === "text-delta"
            ? Effect.map(Clock.currentTimeMillis, (now) => void seen.push([part.delta, now]))
            : Effect.void
        ),
        Effect.provide(model.layer)
      )
      yield* timed(read)
      expect(seen).toEqual([
        ["one ", 3_000],
        ["two ", 4_000],
        ["three ", 5_000],
        ["four", 6_000]
      ])
      seen.length = 0
      const [failure] = yield* timed(Effect.flip(read))
      expect(Classifier.fromUnknown(failure)._tag).toBe("MalformedResponse")
      expect(seen.map(([word]) => word)).toEqual(["one ", "two "])
    })
  )

  it.effect("V1: fails with any error of the script, or with what a provider really sends", () =>
    Effect.gen(function* () {
      const overloaded = new LlmError.Overloaded({ status: 529 })
      const timedOut = new LlmError.TimedOut({ phase: "attempt" })
      const model = yield* ScriptedModel.make({
        provider: "anthropic",
        script: Script.inOrder(
          [
            Step.fail(overloaded),
            Step.fail(timedOut, { delay: "30 seconds" }),
            Step.status({ status: 200, body: { type: "error", error: { type: "overloaded_error" } } }),
            Step.status({ status: 429, headers: { "retry-after": "7" }, body: { error: { message: "slow down" } } }),
            Step.quotaExhausted(),
            Step.reset()
          ],
          { afterwards: "answer" }
        )
      })
      const read = Effect.map(Effect.flip(ask), (error) => Classifier.fromUnknown(error))
      const fails = Effect.provide(read, model.layer)
      expect(yield* fails).toBe(overloaded)
      expect(yield* timed(fails)).toEqual([timedOut, 30_000])
      expect((yield* fails)._tag).toBe("Overloaded")
      expect(yield* fails).toMatchObject({ _tag: "RateLimited", status: 429 })
      expect((yield* fails)._tag).toBe("QuotaExhausted")
      expect(yield* fails).toMatchObject({ _tag: "ConnectionFailed" })
    })
  )

  it.effect("V1: has its outages by the clock, and its answers by what is asked", () =>
    Effect.gen(function* () {
      const model = yield* ScriptedModel.make({
        script: Script.during(
          [{ from: "3 minutes", to: "5 minutes", script: Script.always(Step.overloaded()) }],
          Script.when([{ prompt: /weather/i, script: Script.always(Step.answer({ reply: { text: "Rain." } })) }])
        )
      })
      const says = (prompt: string) =>
        LanguageModel.generateText({ prompt }).pipe(
          Effect.map((answer) => answer.text),
          Effect.catchAll((error) => Effect.succeed(Classifier.fromUnknown(error)._tag)),
          Effect.provide(model.layer)
        )
      expect(yield* says("The weather?")).toBe("Rain.")
      expect(yield* says("The time?")).toContain("embedded provider")
      yield* TestClock.adjust("3 minutes")
      expect(yield* says("The weather?")).toBe("Overloaded")
      yield* TestClock.adjust("2 minutes")
      expect(yield* says("The weather?")).toBe("Rain.")
    })
  )

  it.effect("is slow by a seeded distribution, the same for the same seed", () =>
    Effect.gen(function* () {
      const run = (seed: string) =>
        Effect.gen(function* () {
          const delay = Step.latency({ median: "1 second", p95: "4 seconds" })
          const model = yield* ScriptedModel.make({ seed, script: Script.always(Step.answer({ delay })) })
          const start = yield* Clock.currentTimeMillis
          const asking = yield* Effect.fork(
            Effect.forEach(Array.from({ length: 80 }), () => text, { concurrency: "unbounded" }).pipe(
              Effect.provide(model.layer)
            )
          )
          yield* TestClock.adjust("1 minute")
          yield* Fiber.join(asking)
          return (yield* model.asked).map(({ endedAt = 0 }) => endedAt - start).sort((a, b) => a - b)
        })
      const times = yield* run("a")
      expect(yield* run("a")).toEqual(times)
      expect(yield* run("b")).not.toEqual(times)
      expect(times[40]).toBeGreaterThan(700)
      expect(times[40]).toBeLessThan(1_400)
      expect(times.at(-1)).toBeGreaterThan(3_000)
    })
  )

  it.effect("calls tools, whole and streamed, and follows a schema", () =>
    Effect.gen(function* () {
      const Weather = Tool.make("Weather", { parameters: { city: Schema.String }, success: Schema.String })
      const toolkit = Toolkit.make(Weather)
      const model = yield* ScriptedModel.make({
        reply: ({ tools }) =>
          tools.length > 0
            ? { toolCalls: [{ name: "Weather", arguments: { city: "Paris" } }] }
            : { json: { sky: "clear" } }
      })
      const handlers = toolkit.toLayer({ Weather: ({ city }) => Effect.succeed(`Sun in ${city}`) })
      const answer = yield* LanguageModel.generateText({ prompt: "The weather?", toolkit }).pipe(
        Effect.provide([model.layer, handlers])
      )
      expect(answer.toolResults.map(({ result }) => result)).toEqual(["Sun in Paris"])
      const parts = yield* LanguageModel.streamText({ prompt: "The weather?", toolkit }).pipe(
        Stream.runCollect,
        Effect.provide([model.layer, handlers])
      )
      expect(Array.from(parts).map(({ type }) => type)).toContain("tool-result")
      const { value } = yield* LanguageModel.generateObject({
        prompt: "The sky?",
        schema: Schema.Struct({ sky: Schema.String })
      }).pipe(Effect.provide(model.layer))
      expect(value).toEqual({ sky: "clear" })
      expect((yield* model.asked)[0]?.tools.map(({ name }) => name)).toEqual(["Weather"])
    })
  )

  it.effect("knows who has left, and what was asked meanwhile", () =>
    Effect.gen(function* () {
      const model = yield* ScriptedModel.make({ script: Script.always(Step.stall()) })
      const asking = yield* Effect.fork(Effect.provide(ask, model.layer))
      yield* TestClock.adjust("10 seconds")
      expect(yield* model.asked).toMatchObject([{ endedAt: undefined }])
      yield* Fiber.interrupt(asking)
      expect(yield* model.asked).toMatchObject([{ endedAt: 10_000, left: true }])
      yield* model.script(Script.always(Step.answer({ reply: { text: "Here." } })))
      expect(yield* Effect.provide(text, model.layer)).toBe("Here.")
      yield* model.reset
      expect(yield* model.asked).toEqual([])
    })
  )

  it.effect("names what it does not know", () =>
    Effect.gen(function* () {
      expect(String(yield* Effect.flip(ScriptedModel.make({ scrip: 1 } as never)))).toContain(
        'Option "scrip" of the scripted model is 1'
      )
      expect(yield* Effect.flip(ScriptedModel.make({ provider: "google" as never }))).toMatchObject({
        field: "provider",
        allowed: '"openai" or "anthropic"'
      })
      const late = { _tag: "During", windows: [{ from: "soon", to: 5, script: Script.always(Step.answer()) }] }
      const refused = yield* Effect.flip(ScriptedModel.make({ script: late as never }))
      expect(refused).toMatchObject({ field: "script.windows.0.from", value: '"soon"' })
    })
  )
})
