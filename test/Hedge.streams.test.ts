import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Ref, Stream, TestClock } from "effect"
import { Hedge, LlmError, Resilience, StreamDialect } from "effect-resilience"
import { allOf, failureOf, toEnd } from "./targets.js"

const down = new LlmError.ServerError({ target: "a", status: 500 })

/** A stream whose first element comes after so long, and when it was opened and closed. */
const streaming = (
  name: string,
  first: number,
  rest: Stream.Stream<string, LlmError.LlmError> = Stream.make(`${name}2`)
) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const opened = yield* Ref.make<ReadonlyArray<number>>([])
    const closed = yield* Ref.make<ReadonlyArray<number>>([])
    const note = (ref: Ref.Ref<ReadonlyArray<number>>) =>
      Ref.update(ref, (times) => [...times, clock.unsafeCurrentTimeMillis()])
    const body = Stream.concat(Stream.fromEffect(Effect.as(Effect.sleep(first), `${name}1`)), rest)
    const run = Stream.unwrapScoped(
      Effect.as(
        Effect.acquireRelease(note(opened), () => note(closed)),
        body
      )
    )
    return { name, run, opened: Ref.get(opened), closed: Ref.get(closed) }
  })

const fresh = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.provide(self, Hedge.layer({ budget: false }))

const text = <E, R>(stream: Stream.Stream<string, E, R>) => Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)

describe("Hedge.acrossStreams", () => {
  it.effect("races to the first content; the winner is read to its end, and the loser is closed", () =>
    Effect.gen(function* () {
      const a = yield* streaming("a", 10_000)
      const late = Stream.fromEffect(Effect.as(Effect.sleep("20 seconds"), "b2"))
      const b = yield* streaming("b", 500, late)
      const c = yield* streaming("c", 500)
      const { exit, took } = yield* toEnd(text(Hedge.acrossStreams([a, b, c], { after: "1 second" })))
      expect([exit, took]).toEqual([Exit.succeed(["b1", "b2"]), 21_500])
      expect([yield* a.closed, yield* b.closed]).toEqual([[1_500], [21_500]])
      // Nothing is started after the first content, however long the rest takes.
      expect(yield* c.opened).toEqual([])
    }).pipe(fresh)
  )

  it.effect("a failure before the first content starts the next; one after it is the winner's own", () =>
    Effect.gen(function* () {
      const failing = { name: "a", run: Stream.fail(down) }
      const b = yield* streaming("b", 100, Stream.fail(down))
      const c = yield* streaming("c", 100)
      const { exit, took } = yield* toEnd(text(Hedge.acrossStreams([failing, b, c], { after: "1 second" })))
      expect([failureOf(exit), took]).toEqual([down, 100])
      expect(yield* c.opened).toEqual([])
      const all = yield* toEnd(
        text(Hedge.acrossStreams([failing, { name: "d", run: Stream.fail(down) }], { after: "1 second" }))
      )
      expect(allOf(all.exit)).toEqual([down, down])
    }).pipe(fresh)
  )

  it.effect("a stream that ends without an element has answered", () =>
    Effect.gen(function* () {
      const { exit } = yield* toEnd(text(Hedge.acrossStreams([Stream.empty as Stream.Stream<string>], { after: 1 })))
      expect(exit).toEqual(Exit.succeed([]))
    }).pipe(fresh)
  )

  it.effect("a consumer that leaves, before or after the first content, closes everything", () =>
    Effect.gen(function* () {
      const a = yield* streaming("a", 10_000)
      const b = yield* streaming("b", 10_000)
      const fiber = yield* Effect.fork(text(Hedge.acrossStreams([a, b], { after: "1 second" })))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.interrupt(fiber)
      expect([yield* a.closed, yield* b.closed]).toEqual([[2_000], [2_000]])

      const c = yield* streaming("c", 10, Stream.never)
      const { exit } = yield* toEnd(text(Stream.take(Hedge.acrossStreams([c], { after: "1 second" }), 1)))
      expect(exit).toEqual(Exit.succeed(["c1"]))
      expect(yield* c.closed).toEqual([2_010])
    }).pipe(fresh)
  )

  it.effect("two first contents at one instant give one stream, and the other is closed", () =>
    Effect.gen(function* () {
      const a = yield* streaming("a", 1_000)
      const b = yield* streaming("b", 1_000)
      const { exit } = yield* toEnd(text(Hedge.acrossStreams([a, b], { after: 0 })))
      expect([
        ["a1", "a2"],
        ["b1", "b2"]
      ]).toContainEqual(Exit.isSuccess(exit) ? exit.value : undefined)
      expect([yield* a.closed, yield* b.closed]).toEqual([[1_000], [1_000]])
    }).pipe(fresh)
  )

  it.effect("under `protectStream` a role-only beginning is no content, and the race goes on", () =>
    Effect.gen(function* () {
      const chunk = (delta: object, finish: string | null = null) => ({
        choices: [{ index: 0, delta, finish_reason: finish }]
      })
      const later = (millis: number, value: unknown) => Stream.fromEffect(Effect.as(Effect.sleep(millis), value))
      const dialect = StreamDialect.openAiChat
      const a = Stream.concat(Stream.make(chunk({ role: "assistant" })), later(60_000, chunk({ content: "a" }, "stop")))
      const b = later(200, chunk({ content: "b" }, "stop"))
      const { exit, took } = yield* toEnd(
        Stream.runCollect(
          Hedge.acrossStreams(
            [
              { name: "a", run: a.pipe(Resilience.protectStream("a", { dialect })) },
              { name: "b", run: b.pipe(Resilience.protectStream("b", { dialect })) }
            ],
            { after: "1 second" }
          )
        )
      )
      expect(took).toBe(1_200)
      expect(Exit.isSuccess(exit) && Chunk.toReadonlyArray(exit.value)).toEqual([chunk({ content: "b" }, "stop")])
      expect((yield* (yield* Resilience.Resilience).circuitBreaker.state("a"))._tag).toBe("Closed")
    }).pipe(Effect.provide(Resilience.layer()), fresh)
  )

  it.effect("B11: a stream that is always given up for another opens its circuit", () =>
    Effect.gen(function* () {
      const a = yield* streaming("a", 60_000)
      const b = yield* streaming("b", 100)
      const protect = (t: typeof a) => ({
        name: t.name,
        run: Resilience.protectStream(t.run, t.name, { dialect: StreamDialect.text })
      })
      for (let i = 0; i < 6; i++) {
        yield* toEnd(text(Hedge.acrossStreams([protect(a), protect(b)], { after: "1 second" })))
      }
      expect((yield* a.opened).length).toBe(5)
      expect((yield* (yield* Resilience.Resilience).circuitBreaker.state("b"))._tag).toBe("Closed")
    }).pipe(Effect.provide(Resilience.layer({ circuitBreaker: { openDuration: "10 hours" } })), fresh)
  )
})

describe("Hedge.againStream", () => {
  it.effect("opens the same stream again when its first content is late", () =>
    Effect.gen(function* () {
      const asked = yield* Ref.make(0)
      const stream = Stream.unwrap(
        Effect.map(
          Ref.updateAndGet(asked, (n) => n + 1),
          (n) => Stream.fromEffect(Effect.as(Effect.sleep(n === 1 ? "1 minute" : "1 second"), `answer ${n}`))
        )
      )
      const { exit, took } = yield* toEnd(text(stream.pipe(Hedge.againStream("a", { after: "2 seconds" }))))
      expect([exit, took]).toEqual([Exit.succeed(["answer 2"]), 3_000])
    }).pipe(fresh)
  )

  it.effect("F8: the time to the first content is a latency of its own", () =>
    Effect.gen(function* () {
      const quick = yield* streaming("a", 100, Stream.fromEffect(Effect.as(Effect.sleep("1 minute"), "a2")))
      const after = Hedge.quantile(0.5, { minimumSamples: 3 })
      for (let i = 0; i < 3; i++) yield* toEnd(text(quick.run.pipe(Hedge.againStream("a", { after }))))
      const slow = yield* streaming("a", 10_000)
      yield* toEnd(text(slow.run.pipe(Hedge.againStream("a", { after }))))
      const [first, second] = yield* slow.opened
      expect(second! - first!).toBeGreaterThan(95)
      expect(second! - first!).toBeLessThan(105)
    }).pipe(fresh)
  )
})
