/** Hedging and keeping a model's turns, by a few words of configuration. */
import { LanguageModel } from "@effect/ai"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Layer, Option, Schema, Stream, TestClock } from "effect"
import { Hedge, Resilience, ResilienceEvent, ResponseCache, Telemetry } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import { failureOf, toEnd } from "../targets.js"
import { answered, deltas, finish, model, text, usage } from "./scripted.js"

const ask = Effect.map(LanguageModel.generateText({ prompt: "?" }), (answer) => answer.text)

const stream = LanguageModel.streamText({ prompt: "?" }).pipe(
  Stream.filterMap((part) => (part.type === "text-delta" ? Option.some(part.delta) : Option.none())),
  Stream.runCollect,
  Effect.map((parts) => Chunk.toReadonlyArray(parts).join(""))
)

const slow = (millis: number, answer: string) =>
  model(Effect.delay(text(answer), millis), Stream.unwrap(Effect.delay(Effect.succeed(deltas(answer)), millis)))

const over = (
  targets: ReadonlyArray<ReturnType<typeof model>>,
  policy: ResilientLanguageModel.Policy,
  options: Resilience.Options = {}
) => {
  const named = targets.map(({ layer }, index) => ({ name: "abc".charAt(index), model: layer }))
  return ResilientLanguageModel.layer({ targets: named as unknown as readonly [(typeof named)[0]], ...policy }).pipe(
    Layer.provideMerge(Resilience.layer(options))
  )
}

describe("hedge", () => {
  for (const [name, turn] of Object.entries({ generateText: ask, streamText: stream })) {
    it.effect(`${name}: the next model is asked when the first is late`, () =>
      Effect.gen(function* () {
        const [a, b] = [slow(60_000, "a"), slow(1_000, "b")]
        const { exit, took } = yield* toEnd(turn).pipe(Effect.provide(over([a, b], { hedge: { after: "3 seconds" } })))
        expect([exit, took]).toEqual([Exit.succeed("b"), 4_000])
        expect([a.asked.times, b.asked.times]).toEqual([1, 1])
      }).pipe(Effect.provide(Hedge.layer()))
    )

    it.effect(`${name}: a model alone is asked again`, () =>
      Effect.gen(function* () {
        const a = slow(10_000, "a")
        const { took } = yield* toEnd(turn).pipe(Effect.provide(over([a], { hedge: { after: "3 seconds" } })))
        expect([took, a.asked.times]).toEqual([10_000, 2])
      }).pipe(Effect.provide(Hedge.layer()))
    )
  }

  it.effect("its events go to the hub of the layer", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const layer = over([slow(60_000, "a"), slow(1_000, "b")], { hedge: { after: "3 seconds" } })
      yield* toEnd(ask).pipe(Effect.provide(layer))
      const told = [...(yield* events.takeAll)].map(({ _tag }) => _tag)
      expect(told).toEqual(expect.arrayContaining(["HedgeStarted", "HedgeWon", "HedgeLost"]))
    }).pipe(Effect.scoped, Effect.provide([ResilienceEvent.layer(), Hedge.layer()]))
  )

  it.effect("`Resilience` hedges one target by the same few words, within its one deadline", () =>
    Effect.gen(function* () {
      let asked = 0
      const call = Effect.suspend(() => Effect.as(Effect.sleep(++asked === 1 ? "1 minute" : "1 second"), asked))
      const policies = Resilience.layer({ hedge: { after: "3 seconds" }, targets: { plain: { hedge: false } } })
      yield* Effect.gen(function* () {
        const { exit, took } = yield* toEnd(call.pipe(Resilience.protect("a")))
        expect([exit, took, asked]).toEqual([Exit.succeed(2), 4_000, 2])
        asked = 0
        expect((yield* toEnd(call.pipe(Resilience.protect("plain")))).took).toBe(60_000)
        asked = 0
        const chunks = Stream.fromEffect(Effect.map(call, String)).pipe(
          Resilience.protectStream("a"),
          Stream.runCollect
        )
        expect((yield* toEnd(chunks)).took).toBe(4_000)
      }).pipe(Effect.provide(policies))
      const short = Resilience.layer({ deadline: "5 seconds", retry: false, hedge: { after: "3 seconds" } })
      const never = Effect.never.pipe(Resilience.protect("a"))
      expect((yield* toEnd(never).pipe(Effect.provide(short))).took).toBe(5_000)
    }).pipe(Effect.provide(Hedge.layer()))
  )

  it.effect("options that make no sense are refused by name", () =>
    Effect.gen(function* () {
      expect(() => over([slow(1, "a")], { hedge: { after: -1 } })).toThrow(/after is -1/)
      expect(() => over([slow(1, "a")], { hedge: { late: 1 } as never })).toThrow(/no option "late"/)
      expect(() => over([slow(1, "a")], { cache: { ttl: 1 } as never })).toThrow(/no option "ttl"/)
      const policies = Effect.exit(Effect.scoped(Layer.build(Resilience.layer({ hedge: { hedges: 0, after: 1 } }))))
      expect(String(failureOf(yield* policies))).toMatch(/hedges is 0/)
    })
  )
})

describe("cache", () => {
  const failing = (answer: string) => {
    const state = { up: true }
    const made = model(
      Effect.suspend(() => (state.up ? text(answer) : Effect.fail(answered(500)))),
      Stream.suspend(() => (state.up ? deltas(answer) : Stream.fail(answered(500))))
    )
    return { ...made, state }
  }
  const cache = { fresh: "1 hour", staleIfError: "1 day" } as const
  const object = Effect.map(
    LanguageModel.generateObject({ prompt: "?", schema: Schema.Struct({ at: Schema.Date }) }),
    ({ value }) => value.at.getTime()
  )

  for (const [name, turn, first] of [
    ["generateText", ask, "a"],
    ["streamText", stream, "a"]
  ] as const) {
    it.effect(`F11: ${name}: a turn is kept, and given in place of a failure until its time is up`, () =>
      Effect.gen(function* () {
        const a = failing("a")
        yield* Effect.gen(function* () {
          expect(yield* turn).toBe(first)
          expect(yield* turn).toBe(first)
          expect(a.asked.times).toBe(1)
          a.state.up = false
          yield* TestClock.adjust("2 hours")
          const { exit, trail } = yield* Telemetry.withTrail(turn)
          expect(exit).toEqual(Exit.succeed(first))
          expect(trail.at(-1)).toMatchObject({ target: "a", outcome: "CacheStale" })
          yield* TestClock.adjust("1 day")
          expect(Exit.isFailure(yield* Effect.exit(turn))).toBe(true)
        }).pipe(Effect.provide(over([a], { cache }, { retry: false })))
      })
    )
  }

  it.effect("an object comes back decoded by its schema", () =>
    Effect.gen(function* () {
      const a = model(Effect.succeed([{ type: "text", text: '{"at":"1970-01-01T00:00:07.000Z"}' }, finish]))
      yield* Effect.gen(function* () {
        expect([yield* object, yield* object, a.asked.times]).toEqual([7_000, 7_000, 1])
        // The same prompt without a schema is another turn.
        yield* ask
        expect(a.asked.times).toBe(2)
      }).pipe(Effect.provide(over([a], { cache })))
    })
  )

  it.effect("F10: ten equal turns at once are one; what differs in the prompt is another", () =>
    Effect.gen(function* () {
      const a = slow(1_000, "a")
      const ten = Effect.all(
        Array.from({ length: 10 }, () => ask),
        { concurrency: "unbounded" }
      )
      yield* toEnd(ten).pipe(Effect.provide(over([a], { cache })))
      expect(a.asked.times).toBe(1)
      const others = Effect.forEach(["a", "b", "a"], (prompt) => LanguageModel.generateText({ prompt }))
      yield* toEnd(others).pipe(Effect.provide(over([a], { cache })))
      expect(a.asked.times).toBe(3)
    })
  )

  it.effect("F13: a truncated turn is not kept", () =>
    Effect.gen(function* () {
      const cut = model(
        Effect.succeed([
          { type: "text", text: "a" },
          { type: "finish", reason: "length", usage }
        ])
      )
      yield* Effect.zipRight(ask, ask).pipe(Effect.provide(over([cut], { cache })))
      expect(cut.asked.times).toBe(2)
    })
  )

  it.effect("uses the cache that is there; layers over other targets, or with something added, do not share", () =>
    Effect.gen(function* () {
      const [a, b] = [failing("a"), failing("b")]
      const turn = (layer: ReturnType<typeof over>) => Effect.provide(ask, Layer.fresh(layer))
      yield* turn(over([a], { cache }))
      yield* turn(over([a], { cache }))
      expect(a.asked.times).toBe(1)
      yield* turn(over([a], { cache: { ...cache, add: { tenant: 1 } } }))
      yield* turn(over([a, b], { cache }))
      expect(a.asked.times).toBe(3)
    }).pipe(Effect.provide(ResponseCache.layerMemory()))
  )

  it.effect("a prompt that can be read but once reaches every target", () =>
    Effect.gen(function* () {
      const [a, b] = [model(Effect.fail(answered(500))), failing("b")]
      function* messages() {
        yield { role: "user" as const, content: [{ type: "text" as const, text: "?" }] }
      }
      const turn = Effect.suspend(() => LanguageModel.generateText({ prompt: messages() }))
      const { text } = yield* turn.pipe(Effect.provide(over([a, b], { cache }, { retry: false })))
      expect(text).toBe("b")
    })
  )
})
