/** Streams through the cache: kept when whole, given again, read by several at once. */
import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Exit, Fiber, FiberRef, Layer, Ref, Schema, Stream, TestClock } from "effect"
import {
  Deadline,
  LlmError,
  type Rejection,
  Resilience,
  ResilienceEvent,
  ResponseCache,
  Telemetry
} from "effect-resilience"
import { failureOf } from "./targets.js"

const down = new LlmError.ServerError({ target: "a", status: 500 })

const options = { key: "k", schema: Schema.String, fresh: "1 hour", staleIfError: "1 day" } as const

const cached = Layer.fresh(ResponseCache.layerMemory())

const text = <E, R>(stream: Stream.Stream<string, E, R>) => Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)

describe("ResponseCache.throughStream", () => {
  const streaming = (opened: Ref.Ref<number>, ...parts: ReadonlyArray<string | LlmError.LlmError>) =>
    Stream.unwrap(
      Effect.as(
        Ref.update(opened, (n) => n + 1),
        Stream.fromIterable(parts).pipe(
          Stream.flatMap(
            (part): Stream.Stream<string, LlmError.LlmError> =>
              typeof part === "string" ? Stream.make(part) : Stream.fail(part)
          )
        )
      )
    )

  it.effect("keeps a stream that was whole, and gives it again as a stream", () =>
    Effect.gen(function* () {
      const opened = yield* Ref.make(0)
      const stream = streaming(opened, "a", "b").pipe(ResponseCache.throughStream(options))
      expect(yield* text(stream)).toEqual(["a", "b"])
      expect(yield* text(stream)).toEqual(["a", "b"])
      expect(yield* Ref.get(opened)).toBe(1)
      // A value of the same key is something else.
      expect(yield* Effect.succeed("v").pipe(ResponseCache.through(options))).toBe("v")
      yield* Effect.flatMap(ResponseCache.ResponseCache, (cache) => cache.forget("k"))
      yield* text(stream)
      expect(yield* Ref.get(opened)).toBe(2)
    }).pipe(Effect.provide(cached))
  )

  it.effect("F13: a stream that was left, or that failed, is not kept", () =>
    Effect.gen(function* () {
      const opened = yield* Ref.make(0)
      const whole = streaming(opened, "a", "b").pipe(ResponseCache.throughStream(options))
      expect(yield* text(Stream.take(whole, 1))).toEqual(["a"])
      yield* Effect.exit(text(streaming(opened, "a", down).pipe(ResponseCache.throughStream(options))))
      expect(yield* text(whole)).toEqual(["a", "b"])
      expect(yield* Ref.get(opened)).toBe(3)
    }).pipe(Effect.provide(cached))
  )

  it.effect("F13: a stream that ends at a limit of tokens is not kept", () =>
    Effect.gen(function* () {
      const opened = yield* Ref.make(0)
      const schema = Schema.Struct({ finishReason: Schema.NullOr(Schema.String) })
      const stream = (reason: string) =>
        Stream.unwrap(
          Effect.as(
            Ref.update(opened, (n) => n + 1),
            Stream.make({ finishReason: null }, { finishReason: reason })
          )
        ).pipe(ResponseCache.throughStream({ key: reason, schema }))
      for (const reason of ["length", "length", "stop", "stop"]) yield* Stream.runDrain(stream(reason))
      expect(yield* Ref.get(opened)).toBe(3)
    }).pipe(Effect.provide(cached))
  )

  it.effect("F11: a failure before the first element gets the kept stream; one after it is the stream's own", () =>
    Effect.gen(function* () {
      const opened = yield* Ref.make(0)
      yield* text(streaming(opened, "a", "b").pipe(ResponseCache.throughStream(options)))
      yield* TestClock.adjust("2 hours")
      expect(yield* text(streaming(opened, down).pipe(ResponseCache.throughStream(options)))).toEqual(["a", "b"])
      const late = yield* Effect.exit(text(streaming(opened, "x", down).pipe(ResponseCache.throughStream(options))))
      expect(failureOf(late)).toBe(down)
      yield* TestClock.adjust("1 day")
      const past = yield* Effect.exit(text(streaming(opened, down).pipe(ResponseCache.throughStream(options))))
      expect(failureOf(past)).toBe(down)
    }).pipe(Effect.provide(cached))
  )

  it.effect("what came before a restart is not part of what is kept", () =>
    Effect.gen(function* () {
      const mark = new Resilience.Restarted({ target: "a", attempt: 2, error: down })
      const stream = Stream.make<Array<unknown>>("void", mark, "a").pipe(
        ResponseCache.throughStream({ key: "r", schema: Schema.Unknown })
      )
      expect(Chunk.toReadonlyArray(yield* Stream.runCollect(stream))).toEqual(["void", mark, "a"])
      expect(Chunk.toReadonlyArray(yield* Stream.runCollect(stream))).toEqual(["a"])
    }).pipe(Effect.provide(cached))
  )
})

/** A stream of three elements, one a second, and what became of it. */
const ticking = Effect.gen(function* () {
  const opened = yield* Ref.make(0)
  const pulled = yield* Ref.make(0)
  const closed = yield* Ref.make<ReadonlyArray<string>>([])
  const fails = yield* Ref.make<LlmError.LlmError | undefined>(undefined)
  const element = (name: string) =>
    Effect.gen(function* () {
      yield* Ref.update(pulled, (n) => n + 1)
      yield* Effect.sleep("1 second")
      const failure = yield* Ref.get(fails)
      return failure === undefined ? name : yield* failure
    })
  const run = Stream.unwrapScoped(
    Effect.as(
      Effect.acquireRelease(
        Ref.update(opened, (n) => n + 1),
        (_, exit) => Ref.update(closed, (ends) => [...ends, Exit.isSuccess(exit) ? "done" : "cut"])
      ),
      Stream.mapEffect(Stream.make("a", "b", "c"), element)
    )
  )
  return {
    run,
    opened: Ref.get(opened),
    pulled: Ref.get(pulled),
    closed: Ref.get(closed),
    fails: (failure: LlmError.LlmError | undefined) => Ref.set(fails, failure)
  }
})

const abc = ["a", "b", "c"]

describe("streams at the same time", () => {
  it.effect("F10: ten identical streams in flight are one upstream stream, which each gets from its beginning", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const up = yield* ticking
      const stream = up.run.pipe(ResponseCache.throughStream(options))
      const fibers: Array<Fiber.RuntimeFiber<ReadonlyArray<string>, unknown>> = []
      // They come one after the other while it goes on.
      for (let i = 0; i < 10; i++) {
        fibers.push(yield* Effect.fork(text(stream)))
        yield* TestClock.adjust(250)
      }
      yield* TestClock.adjust("1 second")
      for (const fiber of fibers) expect(yield* Fiber.join(fiber)).toEqual(abc)
      expect([yield* up.opened, yield* up.closed]).toEqual([1, ["done"]])
      const told = [...(yield* events.takeAll)].map(({ _tag }) => _tag)
      expect(told.filter((tag) => tag === "CacheCoalesced")).toHaveLength(9)
      expect(told.at(-1)).toBe("CacheStored")
      // It is kept, and not under way any more.
      expect(yield* text(stream)).toEqual(abc)
      expect(yield* up.opened).toBe(1)
    }).pipe(Effect.scoped, Effect.provide(cached), Effect.provide(ResilienceEvent.layer()))
  )

  it.effect("F10: one who comes later has at once what has come so far, in the trail too", () =>
    Effect.gen(function* () {
      const up = yield* ticking
      const stream = up.run.pipe(ResponseCache.throughStream(options))
      yield* Effect.fork(Stream.runDrain(stream))
      yield* TestClock.adjust("2500 millis")
      const { exit, trail } = yield* Telemetry.withTrail(text(Stream.take(stream, 2)))
      expect(exit).toEqual(Exit.succeed(["a", "b"]))
      expect(trail).toMatchObject([{ target: "cache", attempt: 0, outcome: "Coalesced" }])
    }).pipe(Effect.provide(cached))
  )

  it.effect("F10: whoever leaves does not take the stream along, be it who began it; the last one does", () =>
    Effect.gen(function* () {
      const up = yield* ticking
      const stream = up.run.pipe(ResponseCache.throughStream(options))
      const [first, second] = yield* Effect.all([Effect.fork(text(stream)), Effect.fork(text(stream))])
      yield* TestClock.adjust("1500 millis")
      yield* Fiber.interrupt(first)
      expect(yield* up.closed).toEqual([])
      yield* TestClock.adjust("1500 millis")
      expect(yield* Fiber.join(second)).toEqual(abc)

      yield* TestClock.adjust("2 hours")
      const others = yield* Effect.all([Effect.fork(text(stream)), Effect.fork(text(stream))])
      yield* TestClock.adjust("1500 millis")
      yield* Fiber.interruptAll(others)
      expect([yield* up.opened, yield* up.closed]).toEqual([2, ["done", "cut"]])
      // Nothing of it is left: the next one is a stream of its own.
      const again = yield* Effect.fork(text(stream))
      yield* TestClock.adjust("3 seconds")
      expect(yield* Fiber.join(again)).toEqual(abc)
      expect(yield* up.opened).toBe(3)
    }).pipe(Effect.provide(cached))
  )

  it.effect("a reader who has had enough is no interruption, and the stream is read no faster than anybody wants", () =>
    Effect.gen(function* () {
      const up = yield* ticking
      const stream = up.run.pipe(ResponseCache.throughStream(options))
      const taken = yield* Effect.fork(text(Stream.take(stream, 1)))
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(taken)).toEqual(["a"])
      expect([yield* up.pulled, yield* up.closed]).toEqual([1, ["done"]])
    }).pipe(Effect.provide(cached))
  )

  it.effect("F10: each reads no longer than its own deadline, whoever began", () =>
    Effect.gen(function* () {
      const up = yield* ticking
      const stream = up.run.pipe(ResponseCache.throughStream(options))
      const long = yield* Effect.fork(text(stream))
      yield* TestClock.adjust(1)
      const watched = yield* Effect.fork(Effect.exit(text(stream.pipe(Deadline.withinStream("1500 millis")))))
      const told = Effect.provideService(text(stream), Deadline.CurrentDeadline, {
        at: 2_500,
        budget: Duration.millis(2_500)
      })
      const announced = yield* Effect.fork(Effect.exit(told))
      yield* TestClock.adjust("2500 millis")
      for (const fiber of [watched, announced]) {
        expect(failureOf(yield* Fiber.join(fiber))).toMatchObject({ _tag: "DeadlineExceeded" })
      }
      yield* TestClock.adjust("500 millis")
      expect(yield* Fiber.join(long)).toEqual(abc)
      expect(yield* up.opened).toBe(1)
    }).pipe(Effect.provide(cached))
  )

  it.effect("F10: one that ran out of the time of whoever began it is opened again for those who have more", () =>
    Effect.gen(function* () {
      const up = yield* ticking
      const late = Stream.concat(Stream.execute(Effect.sleep("4 seconds")), up.run)
      const stream = late.pipe(Resilience.protectStream("a"), ResponseCache.throughStream(options))
      const short = yield* Effect.fork(Effect.exit(text(stream.pipe(Deadline.withinStream("2 seconds")))))
      yield* TestClock.adjust(1)
      const long = yield* Effect.fork(text(stream.pipe(Deadline.withinStream("1 minute"))))
      yield* TestClock.adjust("2 seconds")
      expect(failureOf(yield* Fiber.join(short))).toMatchObject({ _tag: "DeadlineExceeded" })
      yield* TestClock.adjust("10 seconds")
      expect(yield* Fiber.join(long)).toEqual(abc)
    }).pipe(Effect.provide([cached, Resilience.layer({ retry: false })]))
  )

  it.effect("F10: a failure goes to all who read, each with what it was given before; the next one asks again", () =>
    Effect.gen(function* () {
      const up = yield* ticking
      const stream = up.run.pipe(ResponseCache.throughStream(options))
      const seen = yield* Ref.make<ReadonlyArray<string>>([])
      const read = Effect.exit(Stream.runForEach(stream, (element) => Ref.update(seen, (all) => [...all, element])))
      const fibers = yield* Effect.all([Effect.fork(read), Effect.fork(read)])
      yield* TestClock.adjust("1500 millis")
      yield* up.fails(down)
      yield* TestClock.adjust("500 millis")
      for (const fiber of fibers) expect(failureOf(yield* Fiber.join(fiber))).toBe(down)
      expect([yield* Ref.get(seen), yield* up.opened]).toEqual([["a", "a"], 1])
      yield* up.fails(undefined)
      const next = yield* Effect.fork(text(stream))
      yield* TestClock.adjust("3 seconds")
      expect(yield* Fiber.join(next)).toEqual(abc)
    }).pipe(Effect.provide(cached))
  )

  it.effect("streams read by different schemas, and those that want none of it, are streams of their own", () =>
    Effect.gen(function* () {
      const up = yield* ticking
      const through = (own: object) => text(up.run.pipe(ResponseCache.throughStream({ ...options, ...own })))
      const all = [through({}), through({ schema: Schema.NonEmptyString }), through({ coalesce: false })]
      const fiber = yield* Effect.fork(Effect.all(all, { concurrency: "unbounded" }))
      yield* TestClock.adjust("3 seconds")
      expect(yield* Fiber.join(fiber)).toEqual([abc, abc, abc])
      expect(yield* up.opened).toBe(3)
    }).pipe(Effect.provide(cached))
  )

  it.effect("what the stream sets in its fiber is set for who began it", () =>
    Effect.gen(function* () {
      const ref = yield* FiberRef.make("before")
      const sets = Stream.mapEffect(Stream.make("a"), (element) => Effect.as(FiberRef.set(ref, element), element))
      yield* Stream.runDrain(sets.pipe(ResponseCache.throughStream(options)))
      expect(yield* FiberRef.get(ref)).toBe("a")
    }).pipe(Effect.scoped, Effect.provide(cached))
  )
})

describe("stale-while-revalidate of streams", () => {
  const own = { ...options, staleWhileRevalidate: "2 hours" } as const

  it.effect("gives the kept stream at once, and reads it anew once in the background", () =>
    Effect.gen(function* () {
      const up = yield* ticking
      const stream = up.run.pipe(ResponseCache.throughStream(own))
      const first = yield* Effect.fork(text(stream))
      yield* TestClock.adjust("3 seconds")
      expect(yield* Fiber.join(first)).toEqual(abc)
      yield* TestClock.adjust("90 minutes")
      const { exit, trail } = yield* Telemetry.withTrail(text(stream))
      expect([exit, trail.at(-1)?.outcome]).toEqual([Exit.succeed(abc), "CacheStale"])
      expect(yield* text(stream)).toEqual(abc)
      expect([yield* up.opened, yield* up.closed]).toEqual([2, ["done"]])
      yield* TestClock.adjust("3 seconds")
      expect(yield* up.closed).toEqual(["done", "done"])
      // Fresh again, so nobody is asked.
      yield* TestClock.adjust("30 minutes")
      expect(yield* text(stream)).toEqual(abc)
      expect(yield* up.opened).toBe(2)
    }).pipe(Effect.provide(cached))
  )

  it.effect("a refresh outlives the deadline of whoever began it, and ends with the cache", () =>
    Effect.gen(function* () {
      const up = yield* ticking
      const stream = up.run.pipe(ResponseCache.throughStream(own))
      yield* Effect.gen(function* () {
        const first = yield* Effect.fork(text(stream))
        yield* TestClock.adjust("3 seconds")
        yield* Fiber.join(first)
        yield* TestClock.adjust("90 minutes")
        yield* text(stream.pipe(Deadline.withinStream("1 second")))
        yield* TestClock.adjust("2 seconds")
        expect(yield* up.closed).toEqual(["done"])
      }).pipe(Effect.provide(cached))
      expect(yield* up.closed).toEqual(["done", "cut"])
    })
  )

  it.effect("one who may not have the kept stream joins the refresh, and does not take it along", () =>
    Effect.gen(function* () {
      const up = yield* ticking
      const stream = up.run.pipe(ResponseCache.throughStream(own))
      const first = yield* Effect.fork(text(stream))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(first)
      yield* TestClock.adjust("90 minutes")
      yield* text(stream)
      const strict = up.run.pipe(ResponseCache.throughStream(options))
      const joined = yield* Effect.fork(text(strict))
      const left = yield* Effect.fork(text(strict))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(left)
      yield* TestClock.adjust("2 seconds")
      expect(yield* Fiber.join(joined)).toEqual(abc)
      expect([yield* up.opened, yield* up.closed]).toEqual([2, ["done", "done"]])
    }).pipe(Effect.provide(cached))
  )
})

it("has the types of the stream, of the schema and of the cache", () => {
  const stream = Stream.fail(down).pipe(ResponseCache.throughStream({ key: "k", schema: Schema.Never }))
  expectTypeOf(stream).toEqualTypeOf<
    Stream.Stream<never, LlmError.ServerError | Rejection.DeadlineExceeded, ResponseCache.ResponseCache>
  >()
})
