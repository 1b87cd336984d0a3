import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Exit, Fiber, Layer, Ref, Schema, TestClock } from "effect"
import {
  Deadline,
  Fallback,
  LlmError,
  type Rejection,
  Resilience,
  ResilienceEvent,
  ResponseCache,
  Telemetry
} from "effect-resilience"
import { failureOf } from "./targets.js"

const down = new LlmError.ServerError({ target: "a", status: 500 })
const filtered = new LlmError.ContentFiltered({ target: "a", by: "prompt" })

/** A call that takes a second and counts itself; what it answers can be changed. */
const upstream = Effect.gen(function* () {
  const calls = yield* Ref.make(0)
  const stopped = yield* Ref.make(0)
  const answer = yield* Ref.make<Effect.Effect<string, LlmError.LlmError>>(Effect.succeed("one"))
  const run = Effect.zipRight(
    Ref.update(calls, (n) => n + 1),
    Effect.onInterrupt(Effect.zipRight(Effect.sleep("1 second"), Effect.flatten(Ref.get(answer))), () =>
      Ref.update(stopped, (n) => n + 1)
    )
  )
  return {
    run,
    calls: Ref.get(calls),
    stopped: Ref.get(stopped),
    answers: (text: string) => Ref.set(answer, Effect.succeed(text)),
    fails: (error: LlmError.LlmError) => Ref.set(answer, Effect.fail(error))
  }
})

const options = { key: "k", schema: Schema.String, fresh: "1 hour", staleIfError: "1 day" } as const

/** The exit of an effect, with the clock moved on until it has one. */
const ended = <A, E, R>(self: Effect.Effect<A, E, R>, time: Duration.DurationInput = "1 second") =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Effect.exit(self))
    yield* TestClock.adjust(time)
    return yield* Fiber.join(fiber)
  })

const cached = Layer.fresh(ResponseCache.layerMemory())

const marked = (exit: Exit.Exit<ResponseCache.Answer<string>, unknown>) =>
  Exit.isSuccess(exit)
    ? [exit.value.state, exit.value.value, exit.value.target, DateTime.toEpochMillis(exit.value.at)]
    : failureOf(exit)

describe("ResponseCache.through", () => {
  it.effect("asks once while the answer is fresh, and then again", () =>
    Effect.gen(function* () {
      const up = yield* upstream
      const call = up.run.pipe(ResponseCache.throughMarked(options))
      expect(marked(yield* ended(call))).toEqual(["live", "one", undefined, 1_000])
      yield* up.answers("two")
      expect(marked(yield* ended(call, 0))).toEqual(["fresh", "one", undefined, 1_000])
      yield* TestClock.adjust(3_599_999)
      expect(marked(yield* ended(call, 0))).toEqual(["fresh", "one", undefined, 1_000])
      yield* TestClock.adjust(1)
      expect(marked(yield* ended(call))).toEqual(["live", "two", undefined, 3_602_000])
      expect(yield* up.calls).toBe(2)
    }).pipe(Effect.provide(cached))
  )

  it.effect("F11: a failure gets the kept answer, marked stale, within its time; past that, the real error", () =>
    Effect.gen(function* () {
      const up = yield* upstream
      const call = up.run.pipe(ResponseCache.throughMarked(options))
      yield* ended(call)
      yield* up.fails(down)
      yield* TestClock.adjust("2 hours")
      expect(marked(yield* ended(call))).toEqual(["stale", "one", undefined, 1_000])
      yield* TestClock.adjust("21 hours")
      expect(marked(yield* ended(call))).toEqual(["stale", "one", undefined, 1_000])
      yield* TestClock.adjust("1 hour")
      expect(marked(yield* ended(call))).toBe(down)
      expect(yield* up.calls).toBe(4)
    }).pipe(Effect.provide(cached))
  )

  it.effect("F11: a failure that is the request's own gets no answer of before, unless asked for", () =>
    Effect.gen(function* () {
      const up = yield* upstream
      yield* ended(up.run.pipe(ResponseCache.through(options)))
      yield* TestClock.adjust("2 hours")
      yield* up.fails(filtered)
      expect(failureOf(yield* ended(up.run.pipe(ResponseCache.through(options))))).toBe(filtered)
      const asked = up.run.pipe(ResponseCache.through({ ...options, staleOn: () => true }))
      expect(yield* ended(asked)).toEqual(Exit.succeed("one"))
    }).pipe(Effect.provide(cached))
  )

  it.effect("tells whose answer it is, also after a fallback, and in the trail", () =>
    Effect.gen(function* () {
      const call = Fallback.firstOf([
        { name: "a", run: Effect.fail(down).pipe(Resilience.protect("a")) },
        { name: "b", run: Effect.succeed("b's").pipe(Resilience.protect("b")) }
      ]).pipe(ResponseCache.throughMarked(options))
      expect(marked(yield* Effect.exit(call))).toEqual(["live", "b's", "b", 0])
      expect(marked(yield* Effect.exit(call))).toEqual(["fresh", "b's", "b", 0])
      const { trail } = yield* Telemetry.withTrail(call)
      expect(trail).toMatchObject([{ target: "b", attempt: 0, outcome: "CacheFresh" }])
    }).pipe(Effect.provide([cached, Resilience.layer({ retry: false })]))
  )

  it.effect("F13: a failed, truncated, filtered or tool-calling answer is not kept, unless asked for", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const schema = Schema.Struct({ finishReason: Schema.String })
      const calls = yield* Ref.make(0)
      const ask = (reason: string, own: { readonly storeIf?: (answer: unknown, flaw: unknown) => boolean } = {}) =>
        Effect.as(
          Ref.update(calls, (n) => n + 1),
          { finishReason: reason }
        ).pipe(ResponseCache.through({ key: `${reason} ${String(own.storeIf)}`, schema, ...own }))
      const twice = (reason: string, own?: Parameters<typeof ask>[1]) =>
        Effect.zipRight(Ref.set(calls, 0), Effect.zipRight(Effect.repeatN(ask(reason, own), 1), Ref.get(calls)))
      expect(yield* twice("stop")).toBe(1)
      for (const reason of ["length", "content-filter", "tool-calls", "error"]) expect(yield* twice(reason)).toBe(2)
      expect(yield* twice("length", { storeIf: () => true })).toBe(1)
      expect(yield* twice("stop", { storeIf: (_: unknown, flaw: unknown) => flaw === "truncated" })).toBe(2)
      const told = [...(yield* events.takeAll)].filter((event) => event._tag === "CacheNotStored")
      expect(told.map((event) => "reason" in event && event.reason)).toEqual([
        "truncated",
        "truncated",
        "failed",
        "failed",
        "toolCalls",
        "toolCalls",
        "failed",
        "failed",
        "unwanted",
        "unwanted"
      ])
    }).pipe(Effect.scoped, Effect.provide(cached), Effect.provide(ResilienceEvent.layer()))
  )

  it.effect("stale-while-revalidate gives the kept answer at once, and asks once in the background", () =>
    Effect.gen(function* () {
      const up = yield* upstream
      const call = up.run.pipe(ResponseCache.throughMarked({ ...options, staleWhileRevalidate: "2 hours" }))
      yield* ended(call)
      yield* TestClock.adjust("90 minutes")
      yield* up.answers("two")
      expect(marked(yield* ended(call, 0))).toEqual(["stale", "one", undefined, 1_000])
      expect(marked(yield* ended(call, 0))).toEqual(["stale", "one", undefined, 1_000])
      expect(yield* up.calls).toBe(2)
      yield* TestClock.adjust("1 second")
      expect(marked(yield* ended(call, 0))).toEqual(["fresh", "two", undefined, 5_402_000])
    }).pipe(Effect.provide(cached))
  )

  it.effect("a refresh in the background ends with the cache, and its failure changes nothing", () =>
    Effect.gen(function* () {
      const up = yield* upstream
      const call = up.run.pipe(ResponseCache.through({ ...options, staleWhileRevalidate: "10 hours" }))
      yield* Effect.gen(function* () {
        yield* ended(call)
        yield* TestClock.adjust("2 hours")
        yield* up.fails(down)
        expect(yield* ended(call, "1 second")).toEqual(Exit.succeed("one"))
        expect(yield* ended(call, 0)).toEqual(Exit.succeed("one"))
      }).pipe(Effect.provide(cached))
      expect([yield* up.calls, yield* up.stopped]).toEqual([3, 1])
    })
  )

  it.effect("refuses options that make no sense by name", () =>
    Effect.gen(function* () {
      const call = (own: object) => Effect.exit(Effect.succeed("a").pipe(ResponseCache.through({ ...options, ...own })))
      expect(String(failureOf(yield* call({ fresh: -1 })))).toMatch(/fresh is -1/)
      expect(String(failureOf(yield* call({ ttl: 1 })))).toMatch(/no option "ttl"/)
      const layers = [
        ResponseCache.layerMemory({ bytes: 0 }),
        ResponseCache.layerMemory({ storeTimeout: "x" as never })
      ]
      for (const layer of layers) {
        expect(String(failureOf(yield* Effect.exit(Effect.scoped(Layer.build(layer)))))).toMatch(/bytes|storeTimeout/)
      }
    }).pipe(Effect.provide(cached))
  )

  it("has the types of the call, of the schema and of the cache", () => {
    class Key extends Effect.Tag("Key")<Key, string>() {}
    const call = Key.pipe(ResponseCache.through({ key: "k", schema: Schema.String }))
    expectTypeOf(call).toEqualTypeOf<
      Effect.Effect<string, Rejection.DeadlineExceeded, Key | ResponseCache.ResponseCache>
    >()
  })
})

describe("coalescing", () => {
  it.effect("F10: ten identical calls in flight are one upstream call", () =>
    Effect.gen(function* () {
      const up = yield* upstream
      const call = up.run.pipe(ResponseCache.through(options))
      const all = yield* ended(
        Effect.all(
          Array.from({ length: 10 }, () => call),
          { concurrency: "unbounded" }
        )
      )
      expect(all).toEqual(Exit.succeed(Array.from({ length: 10 }, () => "one")))
      expect(yield* up.calls).toBe(1)
    }).pipe(Effect.provide(cached))
  )

  it.effect("F10: a failure goes to all who wait, and the next call asks again", () =>
    Effect.gen(function* () {
      const up = yield* upstream
      yield* up.fails(down)
      const call = Effect.exit(up.run.pipe(ResponseCache.through(options)))
      const all = yield* ended(Effect.all([call, call, call], { concurrency: "unbounded" }))
      expect(Exit.isSuccess(all) && all.value.map(failureOf)).toEqual([down, down, down])
      expect(yield* up.calls).toBe(1)
      yield* ended(call)
      expect(yield* up.calls).toBe(2)
    }).pipe(Effect.provide(cached))
  )

  it.effect("F10: whoever leaves does not take the call along, be it who began it; the last one does", () =>
    Effect.gen(function* () {
      const up = yield* upstream
      const call = up.run.pipe(ResponseCache.through(options))
      const [first, second, third] = yield* Effect.all([Effect.fork(call), Effect.fork(call), Effect.fork(call)])
      yield* TestClock.adjust("500 millis")
      yield* Fiber.interrupt(first)
      yield* Fiber.interrupt(second)
      expect(yield* up.stopped).toBe(0)
      yield* TestClock.adjust("500 millis")
      expect(yield* Fiber.join(third)).toBe("one")

      const others = yield* Effect.all([Effect.fork(call), Effect.fork(call)])
      expect(yield* Fiber.join(others[0])).toBe("one")
      yield* TestClock.adjust("2 hours")
      const fibers = yield* Effect.all([Effect.fork(call), Effect.fork(call)])
      yield* TestClock.adjust("500 millis")
      yield* Fiber.interruptAll(fibers)
      expect([yield* up.calls, yield* up.stopped]).toEqual([2, 1])
    }).pipe(Effect.provide(cached))
  )

  it.effect("F10: each waits no longer than its own deadline, whoever began", () =>
    Effect.gen(function* () {
      const slow = Effect.as(Effect.sleep("10 seconds"), "slow")
      const call = slow.pipe(ResponseCache.through(options))
      const long = yield* Effect.fork(Effect.exit(call))
      yield* TestClock.adjust(1)
      const watched = yield* Effect.fork(Effect.exit(call.pipe(Deadline.within("2 seconds"))))
      const told = Effect.provideService(call, Deadline.CurrentDeadline, {
        at: 3_000,
        budget: Duration.seconds(3)
      })
      const announced = yield* Effect.fork(Effect.exit(told))
      yield* TestClock.adjust("3 seconds")
      expect(failureOf(yield* Fiber.join(watched))).toMatchObject({ _tag: "DeadlineExceeded" })
      expect(failureOf(yield* Fiber.join(announced))).toMatchObject({ _tag: "DeadlineExceeded" })
      yield* TestClock.adjust("10 seconds")
      expect(yield* Fiber.join(long)).toEqual(Exit.succeed("slow"))
    }).pipe(Effect.provide(cached))
  )

  it.effect("F10: a call that ran out of the time of whoever began it is made again for those who have more", () =>
    Effect.gen(function* () {
      const calls = yield* Ref.make(0)
      const slow = Effect.zipRight(
        Ref.update(calls, (n) => n + 1),
        Effect.as(Effect.sleep("4 seconds"), "slow")
      )
      const call = slow.pipe(Resilience.protect("a"), ResponseCache.through(options))
      const short = yield* Effect.fork(Effect.exit(call.pipe(Deadline.within("2 seconds"))))
      yield* TestClock.adjust(1)
      const long = yield* Effect.fork(Effect.exit(call.pipe(Deadline.within("1 minute"))))
      yield* TestClock.adjust("2 seconds")
      expect(failureOf(yield* Fiber.join(short))).toMatchObject({ _tag: "DeadlineExceeded" })
      yield* TestClock.adjust("4 seconds")
      expect(yield* Fiber.join(long)).toEqual(Exit.succeed("slow"))
    }).pipe(Effect.provide([cached, Resilience.layer({ retry: false })]))
  )

  it.effect("calls read by different schemas, and calls that want none of it, are calls of their own", () =>
    Effect.gen(function* () {
      const up = yield* upstream
      const one = up.run.pipe(ResponseCache.through(options))
      const other = up.run.pipe(ResponseCache.through({ ...options, schema: Schema.NonEmptyString }))
      const alone = up.run.pipe(ResponseCache.through({ ...options, coalesce: false }))
      yield* ended(Effect.all([one, other, alone], { concurrency: "unbounded" }))
      expect(yield* up.calls).toBe(3)
    }).pipe(Effect.provide(cached))
  )
})

describe("stores", () => {
  const broken = (fault: Effect.Effect<never, unknown>) =>
    ResponseCache.layer().pipe(
      Layer.provide(
        Layer.succeed(ResponseCache.ResponseCacheStore, { get: () => fault, set: () => fault, remove: () => fault })
      )
    )

  it.effect("F12: with a store that fails, calls go on as if there were none, each with one upstream call", () =>
    Effect.gen(function* () {
      for (const fault of [Effect.fail("down"), Effect.die("bug"), Effect.never]) {
        const up = yield* upstream
        const events = yield* ResilienceEvent.subscribe
        const call = up.run.pipe(ResponseCache.through(options))
        yield* Effect.gen(function* () {
          const fiber = yield* Effect.fork(call)
          yield* TestClock.adjust("1500 millis")
          expect(yield* Fiber.join(fiber)).toBe("one")
          expect(yield* ended(call, "2 seconds")).toEqual(Exit.succeed("one"))
          expect(yield* up.calls).toBe(2)
        }).pipe(Effect.provide(broken(fault)))
        const told = [...(yield* events.takeAll)].filter((event) => event._tag === "StoreFailed")
        expect(told.length).toBeGreaterThan(0)
        expect(told[0]).toMatchObject({ policy: "cache" })
      }
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))
  )

  it.effect("a store that hangs delays a call by its timeout at most, and is then left alone for a second", () =>
    Effect.gen(function* () {
      const asked = yield* Ref.make(0)
      const get = () =>
        Effect.zipRight(
          Ref.update(asked, (n) => n + 1),
          Effect.never
        )
      const layer = ResponseCache.layer({ storeTimeout: "100 millis" }).pipe(
        Layer.provide(Layer.succeed(ResponseCache.ResponseCacheStore, { get, set: () => Effect.void, remove: get }))
      )
      const call = Effect.succeed("a").pipe(ResponseCache.through(options))
      yield* Effect.gen(function* () {
        const fiber = yield* Effect.fork(call)
        yield* TestClock.adjust("99 millis")
        expect(fiber.unsafePoll()).toBeNull()
        yield* TestClock.adjust("1 millis")
        expect(yield* Fiber.join(fiber)).toBe("a")
        expect(yield* ended(call, 0)).toEqual(Exit.succeed("a"))
        expect(yield* Ref.get(asked)).toBe(1)
        yield* TestClock.adjust("1 second")
        yield* ended(call, "100 millis")
        expect(yield* Ref.get(asked)).toBe(2)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("what another program has written, or another schema, is no answer", () =>
    Effect.gen(function* () {
      const up = yield* upstream
      const number = { ...options, schema: Schema.Struct({ n: Schema.Number }) }
      yield* Effect.succeed({ n: 1 }).pipe(ResponseCache.through(number))
      expect(yield* ended(up.run.pipe(ResponseCache.through(options)))).toEqual(Exit.succeed("one"))
      const store = yield* ResponseCache.ResponseCacheStore
      for (const text of ["", "{", "null", '{"v":2}', '{"v":1,"at":"x"}']) {
        yield* store.set("k", text, Duration.hours(1))
        expect(yield* ended(up.run.pipe(ResponseCache.through(options)))).toEqual(Exit.succeed("one"))
      }
      expect(yield* up.calls).toBe(6)
    }).pipe(Effect.provide(Layer.provideMerge(ResponseCache.layer(), ResponseCache.layerStoreMemory())))
  )

  it.effect("an answer goes through its schema: classes and dates come back as they were", () =>
    Effect.gen(function* () {
      class Answer extends Schema.Class<Answer>("Answer")({ text: Schema.String, at: Schema.Date }) {}
      const call = Effect.sync(() => new Answer({ text: "a", at: new Date(7) })).pipe(
        ResponseCache.throughMarked({ key: "k", schema: Answer })
      )
      yield* call
      const { state, value } = yield* call
      expect(state).toBe("fresh")
      expect(value).toBeInstanceOf(Answer)
      expect(value.at.getTime()).toBe(7)
    }).pipe(Effect.provide(cached))
  )

  it.effect("memory keeps no more than its bounds, and forgets what was not asked for lately", () =>
    Effect.gen(function* () {
      const store = yield* ResponseCache.ResponseCacheStore
      const size = () => (store as unknown as { readonly size: { entries: number; bytes: number } }).size
      for (const key of ["a", "b", "c"]) yield* store.set(key, key, Duration.hours(1))
      yield* store.get("a")
      yield* store.set("d", "d", Duration.hours(1))
      expect(yield* Effect.forEach(["a", "b", "c", "d"], store.get)).toEqual(["a", undefined, "c", "d"])
      yield* store.set("e", "x".repeat(300), Duration.hours(1))
      expect(size().bytes).toBeLessThanOrEqual(1_000)
      yield* store.set("f", "x".repeat(1_000), Duration.hours(1))
      expect(yield* store.get("f")).toBeUndefined()
      yield* store.set("g", "g", Duration.seconds(1))
      yield* TestClock.adjust("1 second")
      expect(yield* store.get("g")).toBeUndefined()
      for (const key of ["a", "b", "c", "d", "e", "f", "g"]) yield* store.remove(key)
      expect(size()).toEqual({ entries: 0, bytes: 0 })
    }).pipe(Effect.provide(ResponseCache.layerStoreMemory({ entries: 3, bytes: 1_000 })))
  )
})
