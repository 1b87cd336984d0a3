import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Chunk, Context, Effect, Exit, Layer, Ref, Stream, TestClock } from "effect"
import { Fallback, LlmError, Rejection, ResilienceEvent } from "effect-resilience"
import { allOf, failureOf, target } from "./targets.js"

const down = new LlmError.ServerError({ target: "a", status: 500 })
const filtered = new LlmError.ContentFiltered({ target: "a", by: "prompt" })

describe("needs", () => {
  const able = (name: string, ...capabilities: ReadonlyArray<string>) => ({
    name,
    capabilities,
    run: Effect.succeed(name)
  })

  it.effect("targets that state what they can do are asked only for that; the others for anything", () =>
    Effect.gen(function* () {
      const targets = [
        able("a", "tools"),
        able("b", "tools", "images"),
        { name: "c", run: Effect.succeed("c") }
      ] as const
      const ask = (...needs: ReadonlyArray<string>) => Fallback.firstOf(targets, { needs })
      expect(yield* ask()).toBe("a")
      expect(yield* ask("images")).toBe("b")
      expect(yield* ask("images", "german")).toBe("c")
      expect(yield* Stream.runCollect(streams(targets, ["images"]))).toEqual(Chunk.of("b"))
    })
  )

  const streams = (
    targets: readonly [ReturnType<typeof able>, ...ReadonlyArray<Fallback.Target<string, never, never>>],
    needs: ReadonlyArray<string>
  ) => {
    const [first, ...others] = targets
    return Fallback.firstStreamOf(
      [{ ...first, run: Stream.make(first.name) }, ...others.map((t) => ({ ...t, run: Stream.fromEffect(t.run) }))],
      { needs }
    )
  }

  it.effect("who was passed over is told with the reason, in the failure and as an event", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const failing = { ...able("b", "images"), run: Effect.fail(down) }
      const exit = yield* Effect.exit(Fallback.firstOf([able("a"), failing, able("c")], { needs: ["images"] }))
      const failure = failureOf(exit) as Rejection.AllTargetsFailed
      expect(allOf(exit)).toMatchObject([{ message: "a was skipped: it has no images" }, down, { target: "c" }])
      expect(failure.targets).toMatchObject([
        { target: "a", asked: false },
        { target: "b", asked: true, tag: "ServerError" },
        { target: "c", asked: false }
      ])
      expect(failureOf(yield* Effect.exit(Fallback.firstOf([able("a")], { needs: ["images"] })))).toBeInstanceOf(
        Rejection.AllTargetsFailed
      )
      const told = [...(yield* events.takeAll)].map(({ _tag, target }) => [_tag, target])
      expect(told).toEqual([["FallbackSkipped", "a"]])
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))
  )

  it.effect("a step to the next target is an event", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      yield* Fallback.firstOf([{ name: "a", run: Effect.fail(down) }, able("b")])
      yield* Stream.runDrain(
        Fallback.firstStreamOf([
          { name: "a", run: Stream.fail(down) },
          { name: "b", run: Stream.make("b") }
        ])
      )
      const told = { _tag: "FallbackTaken", target: "b", from: "a", error: down }
      expect([...(yield* events.takeAll)]).toMatchObject([told, told])
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))
  )
})

describe("sticky", () => {
  it.effect("the target that answered last is asked first for its key, for a while", () =>
    Effect.gen(function* () {
      const up = yield* Ref.make(false)
      const a = yield* target(
        "a",
        Effect.flatMap(Ref.get(up), (up) => (up ? Effect.succeed("a") : Effect.fail(down)))
      )
      const b = yield* target("b", Effect.succeed("b"))
      const memory = yield* Fallback.makeSticky({ keepFor: "5 minutes" })
      const ask = (key: string) => Fallback.firstOf([a, b], { sticky: { memory, key } })
      expect(yield* ask("x")).toBe("b")
      yield* Ref.set(up, true)
      expect([yield* ask("x"), yield* ask("y")]).toEqual(["b", "a"])
      yield* TestClock.adjust("4 minutes")
      expect(yield* ask("x")).toBe("b")
      yield* TestClock.adjust("5 minutes")
      expect(yield* ask("x")).toBe("a")
      expect((yield* a.asked).length).toBe(3)
    })
  )

  it.effect("holds for streams too, and a target that is gone is no longer asked", () =>
    Effect.gen(function* () {
      const memory = yield* Fallback.makeSticky()
      const named = (name: string, run: Stream.Stream<string, LlmError.LlmError>) => ({ name, run })
      const sticky = { memory, key: "x" }
      const both = [named("a", Stream.fail(down)), named("b", Stream.make("b"))] as const
      expect([...(yield* Stream.runCollect(Fallback.firstStreamOf(both, { sticky })))]).toEqual(["b"])
      const healed = [named("a", Stream.make("a")), named("b", Stream.make("b"))] as const
      expect([...(yield* Stream.runCollect(Fallback.firstStreamOf(healed, { sticky })))]).toEqual(["b"])
      const without = [named("a", Stream.make("a")), named("c", Stream.make("c"))] as const
      expect([...(yield* Stream.runCollect(Fallback.firstStreamOf(without, { sticky })))]).toEqual(["a"])
    })
  )
})

describe("orLastAnswer", () => {
  it.effect("gives a fixed or computed answer that is marked as such, with the reason", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const failing: Effect.Effect<string, LlmError.LlmError> = Effect.fail(filtered)
      const answer = yield* failing.pipe(Fallback.orLastAnswer((error) => Effect.succeed(`sorry: ${error._tag}`)))
      expect(answer).toEqual(new Fallback.LastAnswer({ value: "sorry: ContentFiltered", because: filtered }))
      expect(yield* Effect.succeed("live").pipe(Fallback.orLastAnswer(() => Effect.succeed(0)))).toBe("live")
      expect((yield* events.takeAll).pipe(Chunk.toReadonlyArray).map(({ _tag }) => _tag)).toEqual([
        "FallbackLastAnswer"
      ])
      expect(yield* Effect.exit(Effect.die("bug").pipe(Fallback.orLastAnswer(() => Effect.succeed(0))))).toEqual(
        Exit.die("bug")
      )
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))
  )
})

describe("services", () => {
  class Embeddings extends Context.Tag("Embeddings")<
    Embeddings,
    {
      readonly embed: (text: string) => Effect.Effect<number, LlmError.LlmError>
      readonly each: (text: string) => Stream.Stream<number, LlmError.LlmError>
    }
  >() {}

  it.effect("several layers of any service are asked in order; each is built once, and closed with the scope", () =>
    Effect.gen(function* () {
      const built = yield* Ref.make<ReadonlyArray<string>>([])
      const closed = yield* Ref.make<ReadonlyArray<string>>([])
      const layer = (name: string, answer: Effect.Effect<number, LlmError.LlmError>) =>
        Layer.scoped(
          Embeddings,
          Effect.as(
            Effect.acquireRelease(
              Ref.update(built, (names) => [...names, name]),
              () => Ref.update(closed, (names) => [...names, name])
            ),
            { embed: () => answer, each: () => Stream.fromEffect(answer) }
          )
        )
      yield* Effect.gen(function* () {
        const embeddings = yield* Fallback.services(Embeddings, [
          { name: "a", layer: layer("a", Effect.fail(down)) },
          { name: "b", layer: layer("b", Effect.succeed(7)) }
        ])
        const embed = embeddings.ask((service, target) => Effect.map(service.embed("?"), (n) => [target, n] as const))
        expectTypeOf(embed).toEqualTypeOf<
          Effect.Effect<readonly [string, number], LlmError.LlmError | Rejection.AllTargetsFailed>
        >()
        expect([yield* embed, yield* embed]).toEqual([
          ["b", 7],
          ["b", 7]
        ])
        expect([...(yield* Stream.runCollect(embeddings.askStream((service) => service.each("?"))))]).toEqual([7])
      }).pipe(Effect.scoped)
      expect([yield* Ref.get(built), yield* Ref.get(closed)]).toEqual([
        ["a", "b"],
        ["b", "a"]
      ])
    })
  )
})

describe("types", () => {
  it("a target or a handler that answers a tag removes it", () => {
    const ask: Effect.Effect<string, LlmError.RateLimited | LlmError.ServerError> = Effect.fail(down)
    const chain = Fallback.firstOf([
      { name: "a", run: ask.pipe(Effect.catchTag("RateLimited", () => Effect.succeed("busy"))) },
      { name: "b", run: ask.pipe(Effect.catchTag("RateLimited", () => Effect.succeed("busy"))) }
    ])
    expectTypeOf(chain).toEqualTypeOf<Effect.Effect<string, LlmError.ServerError | Rejection.AllTargetsFailed>>()
    const all = Fallback.firstOf([
      { name: "a", run: ask },
      { name: "b", run: Effect.succeed("b") }
    ]).pipe(Effect.catchTag("AllTargetsFailed", () => Effect.succeed("none")))
    expectTypeOf(all).toEqualTypeOf<Effect.Effect<string, LlmError.RateLimited | LlmError.ServerError>>()
    const never = chain.pipe(Fallback.orLastAnswer(() => Effect.succeed(0)))
    expectTypeOf<Effect.Effect.Error<typeof never>>().toEqualTypeOf<never>()
  })
})
