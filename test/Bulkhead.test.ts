import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Queue, Stream, TestClock } from "effect"
import { Bulkhead, Deadline, LlmError, Rejection, ResilienceEvent } from "effect-resilience"

const settle = Effect.yieldNow({ priority: 1 }).pipe(Effect.repeatN(5))

/** Runs an effect in a fiber of its own, up to where it waits. */
const begin = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.tap(Effect.fork(effect), () => settle)

const stateOf = (key = "a") => Effect.flatMap(Bulkhead.Bulkhead, (bulkhead) => bulkhead.state(key))

describe("Bulkhead", () => {
  it.effect("L1: 1 000 callers, some interrupted: never more than N run, first come first served, nobody twice", () => {
    let running = 0
    let most = 0
    const order: Array<number> = []
    const call = (id: number) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          order.push(id)
          most = Math.max(most, ++running)
        }),
        () => Effect.sleep(10),
        () => Effect.sync(() => running--)
      ).pipe(Bulkhead.protect("a"))
    return Effect.gen(function* () {
      const fibers = yield* Effect.forEach(
        Array.from({ length: 1_000 }, (_, id) => id),
        (id) => Effect.fork(call(id))
      )
      yield* settle
      expect(yield* stateOf()).toEqual({ running: 7, queued: 500, limit: 7 })
      // Those that run, those that wait, and those that were turned away.
      yield* Effect.forEach(
        fibers.filter((_, id) => id % 3 === 0),
        Fiber.interruptFork
      )
      yield* settle
      yield* TestClock.adjust("1 minute")
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      const served = exits.flatMap((exit, id) => (Exit.isSuccess(exit) ? [id] : []))
      expect(most).toBe(7)
      expect(order).toEqual([...new Set(order)].sort((one, other) => one - other))
      expect(served).toEqual(Array.from({ length: 507 }, (_, id) => id).filter((id) => id % 3 !== 0))
      expect(exits.filter((exit) => Exit.isFailure(exit) && String(exit.cause).includes("BulkheadFull")).length).toBe(
        493
      )
      expect(yield* stateOf()).toEqual({ running: 0, queued: 0, limit: 7 })
    }).pipe(Effect.provide(Bulkhead.layer({ maxConcurrent: 7, maxQueued: 500, maxWait: Duration.infinity })))
  })

  it.effect("L1: a caller that is interrupted at the moment of its turn passes it on", () =>
    Effect.gen(function* () {
      const holder = yield* begin(Bulkhead.protect(Effect.sleep(10), "a"))
      const ran: Array<string> = []
      const first = yield* begin(
        Bulkhead.protect(
          Effect.sync(() => ran.push("first")),
          "a"
        )
      )
      const second = yield* begin(
        Bulkhead.protect(
          Effect.sync(() => ran.push("second")),
          "a"
        )
      )
      // The permit goes to the first in the same step in which it is interrupted.
      yield* Effect.zipRight(Fiber.interruptFork(holder), Fiber.interruptFork(first))
      yield* settle
      expect(Exit.isSuccess(yield* Fiber.await(second))).toBe(true)
      expect(ran).toContain("second")
      expect(yield* stateOf()).toEqual({ running: 0, queued: 0, limit: 1 })
    }).pipe(Effect.provide(Bulkhead.layer({ maxConcurrent: 1 })))
  )

  it.effect("L6: interactive callers go first, and batch ones keep their share", () => {
    const order: Array<string> = []
    const call = (kind: "interactive" | "batch") =>
      Effect.sync(() => order.push(kind === "batch" ? "b" : "i")).pipe(
        Effect.zipRight(Effect.sleep(1)),
        Bulkhead.protect("a"),
        Bulkhead.withPriority(kind)
      )
    return Effect.gen(function* () {
      yield* begin(Bulkhead.protect(Effect.sleep(1), "a"))
      yield* Effect.forEach(Array.from({ length: 4 }), () => begin(call("batch")))
      yield* Effect.forEach(Array.from({ length: 8 }), () => begin(call("interactive")))
      yield* TestClock.adjust("1 second")
      expect(order.join("")).toBe("iiibiiibiibb")
    }).pipe(Effect.provide(Bulkhead.layer({ maxConcurrent: 1, batchShare: 0.25 })))
  })

  it.effect("L6: of ten tenants, one of them greedy, each gets its turn, also in a full queue", () => {
    const order: Array<string> = []
    const call = (tenant: string) =>
      Effect.sync(() => order.push(tenant)).pipe(
        Effect.zipRight(Effect.sleep(1)),
        Bulkhead.protect("a"),
        Bulkhead.withTenant(tenant)
      )
    return Effect.gen(function* () {
      yield* begin(Bulkhead.protect(Effect.sleep(1), "a"))
      const greedy = yield* Effect.forEach(Array.from({ length: 100 }), () => begin(call("greedy")))
      for (let n = 1; n < 10; n++) yield* begin(call(`tenant ${n}`))
      yield* TestClock.adjust("1 second")
      expect(order.slice(0, 10).sort()).toEqual(["greedy", ...Array.from({ length: 9 }, (_, n) => `tenant ${n + 1}`)])
      const exits = yield* Effect.forEach(greedy, Fiber.await)
      // Its last ones made room.
      expect(exits.map((exit) => (Exit.isSuccess(exit) ? 1 : 0)).join("")).toBe("1".repeat(91) + "0".repeat(9))
    }).pipe(Effect.provide(Bulkhead.layer({ maxConcurrent: 1, maxQueued: 100 })))
  })

  it.effect("nobody waits longer than maxWait or the deadline, and a full queue is told at once", () =>
    Effect.gen(function* () {
      yield* begin(Bulkhead.protect(Effect.never, "a"))
      const waits = yield* begin(Effect.flip(Bulkhead.protect(Effect.void, "a")))
      const full = yield* Effect.flip(Bulkhead.protect(Effect.void, "a"))
      expect(full).toBeInstanceOf(Rejection.BulkheadFull)
      expect(full).toMatchObject({ key: "a", running: 1, queued: 1 })
      yield* TestClock.adjust(2_999)
      expect(waits.unsafePoll()).toBe(null)
      yield* TestClock.adjust(1)
      expect(yield* Fiber.join(waits)).toMatchObject({ _tag: "BulkheadFull" })
      const late = yield* begin(Effect.exit(Bulkhead.protect(Effect.void, "a").pipe(Deadline.within("1 second"))))
      yield* TestClock.adjust("1 second")
      expect(Exit.isFailure(yield* Fiber.join(late))).toBe(true)
      expect(yield* stateOf()).toEqual({ running: 1, queued: 0, limit: 1 })
    }).pipe(Effect.provide(Bulkhead.layer({ maxConcurrent: 1, maxQueued: 1, maxWait: "3 seconds" })))
  )

  it.effect("a stream holds its permit until it ends, fails or is left", () =>
    Effect.gen(function* () {
      const running = Effect.map(stateOf(), (state) => state.running)
      const some = Stream.make(1, 2, 3).pipe(
        Stream.rechunk(1),
        Stream.mapEffect((n) => Effect.as(running, n))
      )
      const seen = yield* Stream.runCollect(Stream.mapEffect(Bulkhead.protectStream(some, "a"), () => running))
      expect(Array.from(seen)).toEqual([1, 1, 1])
      expect(yield* running).toBe(0)
      yield* Stream.runDrain(Stream.take(Bulkhead.protectStream(some, "a"), 1))
      expect(yield* running).toBe(0)
      const broken = Stream.concat(Stream.make(1), Stream.fail(new LlmError.ServerError({})))
      yield* Effect.exit(Stream.runDrain(Bulkhead.protectStream(broken, "a")))
      expect(yield* running).toBe(0)
    }).pipe(Effect.provide(Bulkhead.layer({ maxConcurrent: 1 })))
  )

  it.effect("a call from within takes no second permit", () =>
    Effect.gen(function* () {
      const inner = Effect.succeed(1).pipe(Bulkhead.protect("a"))
      expect(yield* Effect.flatMap(Effect.void, () => inner).pipe(Bulkhead.protect("a"))).toBe(1)
    }).pipe(Effect.provide(Bulkhead.layer({ maxConcurrent: 1, maxQueued: 0 })))
  )

  it.effect("whoever waits is told to those who listen", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      yield* begin(Bulkhead.protect(Effect.sleep("2 seconds"), "a"))
      yield* begin(Bulkhead.protect(Effect.void, "a"))
      yield* TestClock.adjust("2 seconds")
      expect(Array.from(yield* Queue.takeAll(events))).toMatchObject([
        { _tag: "CallQueued", at: 0, target: "a", gate: "bulkhead", queued: 1 },
        { _tag: "CallDequeued", at: 2_000, target: "a", gate: "bulkhead", wait: Duration.seconds(2), admitted: true }
      ])
    }).pipe(
      Effect.scoped,
      Effect.provide(Layer.provideMerge(Bulkhead.layer({ maxConcurrent: 1 }), ResilienceEvent.layer()))
    )
  )

  it.each([
    [{ maxConcurrent: 0 }, "Bulkhead: maxConcurrent is 0"],
    [{ maxConcurrent: 1, maxQueued: -1 }, "maxQueued is -1"],
    [{ maxConcurrent: 1, batchShare: 2 }, "batchShare is 2, and has to be a number from 0 to 1"],
    [{ maxConcurrent: 1, queue: 2 }, 'Bulkhead has no option "queue"']
  ])("%o make no sense", (options, message) => {
    expect(() => Effect.runSync(Bulkhead.make(options as never))).toThrow(message)
  })
})
