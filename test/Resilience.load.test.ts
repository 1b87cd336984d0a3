import { describe, expect, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Random, Stream, TestClock } from "effect"
import { Fallback, LlmError, RateLimit, Resilience } from "effect-resilience"

const settle = Effect.yieldNow({ priority: 1 }).pipe(Effect.repeatN(10))
const begin = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.tap(Effect.fork(effect), () => settle)
const state = Effect.flatMap(Resilience.Resilience, ({ bulkhead }) => bulkhead.state("a"))
const left = Effect.flatMap(Resilience.Resilience, ({ rateLimit }) => rateLimit.left("a"))
const circuit = Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) => circuitBreaker.state("a"))

const under =
  (options: Resilience.Options) =>
  <A, E, R>(self: Effect.Effect<A, E, R>) =>
    self.pipe(Effect.provide(Resilience.layer(options)), Effect.withRandom(Random.make("a seed")))

const fails = (error: LlmError.LlmError) => Effect.exit(Resilience.protect(Effect.fail(error), "a"))
const ill = new LlmError.ServerError({ status: 500 })

describe("one admission", () => {
  it.effect("an open circuit rejects before anything queues or is reserved", () =>
    Effect.gen(function* () {
      yield* fails(ill)
      const before = yield* left
      const rejected = yield* Effect.flip(Resilience.protect(Effect.void, "a"))
      expect(rejected._tag).toBe("CircuitOpen")
      expect(yield* left).toEqual(before)
      expect(yield* state).toEqual({ running: 0, queued: 0, limit: 1 })
    }).pipe(
      under({
        retry: false,
        circuitBreaker: { tripPolicy: { _tag: "Consecutive", failures: 1 } },
        bulkhead: { maxConcurrent: 1 },
        rateLimit: { requests: { limit: 10 } }
      })
    )
  )

  it.effect("the probe's permit is taken last: whoever waits for a place holds none of it", () =>
    Effect.gen(function* () {
      const holder = yield* begin(
        Resilience.protect(Effect.delay(Effect.fail(ill), "2 minutes"), "a").pipe(Effect.exit)
      )
      const waits = yield* begin(Resilience.protect(Effect.succeed("probed"), "a"))
      expect(yield* state).toEqual({ running: 1, queued: 1, limit: 1 })
      expect((yield* circuit)._tag).toBe("Closed")
      yield* TestClock.adjust("2 minutes")
      yield* Fiber.join(holder)
      // The circuit opened while it waited, which it is told when its turn has come.
      expect(yield* Effect.flip(Fiber.join(waits))).toMatchObject({ _tag: "CircuitOpen" })
      expect(yield* state).toEqual({ running: 0, queued: 0, limit: 1 })
    }).pipe(
      under({
        retry: false,
        attemptTimeout: false,
        circuitBreaker: { tripPolicy: { _tag: "Consecutive", failures: 1 } },
        bulkhead: { maxConcurrent: 1, maxWait: "5 minutes" }
      })
    )
  )

  it.effect("L7: what was taken before a late rejection goes back, all of it and once", () =>
    Effect.gen(function* () {
      const rejected = yield* Effect.flip(
        Resilience.protect(Effect.void, "a").pipe(
          RateLimit.withEstimate({ cost: 2, inputTokens: 100, outputTokens: 0 })
        )
      )
      expect(rejected._tag).toBe("RequestTooLarge")
      expect(yield* left).toEqual({ requests: 10, tokens: 1_000 })
      expect(yield* state).toEqual({ running: 0, queued: 0, limit: 3 })
    }).pipe(
      under({
        bulkhead: { maxConcurrent: 3 },
        rateLimit: { requests: { limit: 10 }, tokens: { limit: 1_000 } },
        spendLimit: { limit: 1 }
      })
    )
  )

  it.effect("L7: a caller that is interrupted while it waits for a later gate gets all of it back", () =>
    Effect.gen(function* () {
      yield* Resilience.protect(Effect.void, "a").pipe(RateLimit.withEstimate({ cost: 1 }))
      const waits = yield* begin(Resilience.protect(Effect.void, "a").pipe(RateLimit.withEstimate({ cost: 0.5 })))
      expect((yield* state).running).toBe(1)
      expect(yield* left).toEqual({ requests: 8 })
      yield* Fiber.interrupt(waits)
      expect((yield* state).running).toBe(0)
      expect(yield* left).toEqual({ requests: 9 })
    }).pipe(
      under({
        bulkhead: { maxConcurrent: 3 },
        rateLimit: { requests: { limit: 10, per: "1000 days" } },
        spendLimit: { limit: 1, per: "1 minute", whenExceeded: "wait", maxWait: "1 hour" }
      })
    )
  )

  it.effect("L3, L9: 429 with a hint parks the target and empties its buckets until the same time", () =>
    Effect.gen(function* () {
      yield* fails(new LlmError.RateLimited({ retryAfter: Duration.seconds(5) }))
      const times: Array<number> = []
      yield* Effect.forEach(Array.from({ length: 4 }), () =>
        begin(
          Resilience.protect(
            Effect.map(Clock.currentTimeMillis, (at) => times.push(at)),
            "a"
          )
        )
      )
      yield* TestClock.adjust("4999 millis")
      expect(times).toEqual([])
      yield* TestClock.adjust("1 minute")
      expect(times).toEqual([5_500, 6_000, 6_500, 7_000])
    }).pipe(under({ retry: false, rateLimit: { requests: { limit: 2, per: "1 second" } } }))
  )

  it.effect("L9: a hint that the circuit does not believe for longer holds the buckets for no longer", () =>
    Effect.gen(function* () {
      yield* fails(new LlmError.RateLimited({ retryAfter: Duration.hours(2) }))
      yield* TestClock.adjust("10 minutes")
      const first = yield* begin(Resilience.protect(Clock.currentTimeMillis, "a"))
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(first)).toBe(601_000)
    }).pipe(
      under({
        retry: false,
        circuitBreaker: { maxRetryAfter: "10 minutes" },
        rateLimit: { requests: { limit: 60 } }
      })
    )
  )

  it.effect("L2: streams and whole answers are settled by what they tell", () =>
    Effect.gen(function* () {
      const chunks = Stream.make(
        { choices: [{ index: 0, delta: { content: "hi" }, finish_reason: null }] },
        { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
        { choices: [], usage: { prompt_tokens: 70, completion_tokens: 20 } }
      )
      yield* Stream.runDrain(Resilience.protectStream(chunks, "a", {}))
      expect(yield* left).toEqual({ tokens: 1_910 })
      yield* Resilience.protect(Effect.succeed({ usage: { input_tokens: 5, output_tokens: 5 } }), "a")
      expect(yield* left).toEqual({ tokens: 1_900 })
    }).pipe(under({ rateLimit: { tokens: { limit: 2_000 } } }))
  )

  it.effect("S9: a stream holds its place until it ends, and gives it back when its consumer leaves", () =>
    Effect.gen(function* () {
      const endless = Stream.concat(Stream.make("a", "b"), Stream.never)
      const seen = yield* Resilience.protectStream(endless, "a", {}).pipe(
        Stream.mapEffect(() => Effect.map(state, ({ running }) => running)),
        Stream.take(2),
        Stream.runCollect
      )
      expect(Array.from(seen)).toEqual([1, 1])
      yield* settle
      expect((yield* state).running).toBe(0)
    }).pipe(under({ bulkhead: { maxConcurrent: 1 } }))
  )

  it.effect("each attempt passes, and a retry waits its turn again", () =>
    Effect.gen(function* () {
      let attempts = 0
      const call = Effect.suspend(() => (++attempts < 3 ? Effect.fail(ill) : Effect.succeed(attempts)))
      const fiber = yield* begin(Resilience.protect(call, "a"))
      yield* TestClock.adjust("1 minute")
      expect(yield* Fiber.join(fiber)).toBe(3)
      expect((yield* left).requests).toBeCloseTo(7, 4)
      expect((yield* state).running).toBe(0)
    }).pipe(under({ bulkhead: { maxConcurrent: 1 }, rateLimit: { requests: { limit: 10, per: "1000 days" } } }))
  )

  it.effect("a target has its own limits, and false for none", () =>
    Effect.gen(function* () {
      const two = yield* begin(Resilience.protect(Effect.never, "b"))
      expect(Exit.isFailure(yield* Effect.exit(Resilience.protect(Effect.void, "b")))).toBe(true)
      yield* Resilience.protect(Effect.void, "c")
      yield* Fiber.interrupt(two)
    }).pipe(
      under({
        bulkhead: { maxConcurrent: 5, maxQueued: 0 },
        targets: { b: { bulkhead: { maxConcurrent: 1 } }, c: { bulkhead: false, adaptiveLimit: { initial: 1 } } }
      })
    )
  )

  it.each([
    [{ bulkhead: { maxConcurrent: 0 } }, "Bulkhead: maxConcurrent is 0"],
    [{ targets: { x: { rateLimit: {} } } }, 'target "x": RateLimit has no limit'],
    [{ bulkhead: { maxConcurrent: 1 }, adaptiveLimit: {} }, "give one of them"]
  ])("%o make no sense", async (options, message) => {
    await expect(Effect.runPromise(Effect.scoped(Resilience.make(options as never)))).rejects.toThrow(message)
  })
})

describe("a queue, while other targets stand ready", () => {
  const full = Resilience.protect(Effect.delay(Effect.succeed("late"), "1 hour"), "a")
  const walk = Fallback.firstOf([
    { name: "a", run: Resilience.protect(Effect.succeed("from a"), "a") },
    { name: "b", run: Resilience.protect(Effect.succeed("from b"), "b") }
  ])
  const timed = (walk: Effect.Effect<string, unknown, Resilience.Resilience>, at: number) =>
    Effect.gen(function* () {
      const running = yield* begin(walk)
      yield* TestClock.adjust(at - 1)
      expect(running.unsafePoll()).toBe(null)
      yield* TestClock.adjust(1)
      return yield* Fiber.join(running)
    })

  it.effect("for a place is worth no more than the patience of the walk", () =>
    Effect.gen(function* () {
      yield* begin(full)
      expect(yield* timed(walk, 5_000)).toBe("from b")
      expect(yield* state).toEqual({ running: 1, queued: 0, limit: 1 })
    }).pipe(under({ bulkhead: { maxConcurrent: 1 } }))
  )

  it.effect("for a place is worth its own time, while none of them would let the call in", () =>
    Effect.gen(function* () {
      const { circuitBreaker } = yield* Resilience.Resilience
      yield* circuitBreaker.isolate("b")
      yield* begin(full)
      const running = yield* begin(Effect.flip(walk))
      yield* TestClock.adjust("29 seconds")
      expect(running.unsafePoll()).toBe(null)
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(running)).toMatchObject({ _tag: "AllTargetsFailed" })
    }).pipe(Effect.scoped, under({ bulkhead: { maxConcurrent: 1 } }))
  )

  it.effect("for a rate limit is not begun, where it is known to be longer", () =>
    Effect.gen(function* () {
      yield* Resilience.protect(Effect.void, "a")
      expect(yield* walk).toBe("from b")
      // Now the other one has none left either. Its queue is worth its time, since nobody stands behind it.
      expect(yield* timed(walk, 20_000)).toBe("from b")
    }).pipe(under({ rateLimit: { requests: { limit: 3, burst: 1 } } }))
  )
})

describe("coming back gradually", () => {
  /** How many run at once, each for a second, every 100 ms after the target is asked again. */
  const comeBack = (options: Resilience.Options, first: LlmError.LlmError, after: number) =>
    Effect.gen(function* () {
      let running = 0
      const call = Effect.acquireUseRelease(
        Effect.sync(() => running++),
        () => Effect.sleep("20 seconds"),
        () => Effect.sync(() => running--)
      )
      const all = yield* Effect.fork(
        Effect.replicateEffect(Resilience.protect(Effect.delay(Effect.fail(first), 1), "a").pipe(Effect.exit), 10, {
          concurrency: "unbounded"
        })
      )
      yield* TestClock.adjust(1)
      yield* Fiber.join(all)
      yield* TestClock.adjust(after)
      // A probe or two, where there is a circuit to close.
      if (first._tag !== "RateLimited") yield* Effect.replicateEffect(Resilience.protect(Effect.void, "a"), 2)
      yield* Effect.replicateEffect(begin(Resilience.protect(call, "a")), 30)
      const seen: Array<number> = [running]
      for (let i = 0; i < 12; i++) {
        yield* TestClock.adjust("1 second")
        seen.push(running)
      }
      return seen
    }).pipe(under({ retry: false, ...options }))

  it.effect("after a close the calls rise evenly to what ran before, and on while somebody waits", () =>
    Effect.gen(function* () {
      const seen = yield* comeBack({ rampUp: "10 seconds" }, ill, 60_000)
      expect(seen).toEqual([1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    })
  )

  it.effect("to what the bulkhead allows, where there is one", () =>
    Effect.gen(function* () {
      const seen = yield* comeBack({ rampUp: "10 seconds", bulkhead: { maxConcurrent: 20 } }, ill, 60_000)
      expect(seen).toEqual([1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 20, 20])
    })
  )

  it.effect("to what an adaptive limit has found, which learns nothing from places that are not in use", () =>
    Effect.gen(function* () {
      const seen = yield* comeBack({ rampUp: "10 seconds", adaptiveLimit: { initial: 20 } }, ill, 60_000)
      expect(seen).toEqual([1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 20, 20])
    })
  )

  it.effect("L4: an adaptive limit that was found stays as it is while few places are open", () =>
    Effect.gen(function* () {
      const { adaptiveLimit } = yield* Resilience.Resilience
      yield* fails(new LlmError.RateLimited({ retryAfter: Duration.seconds(1) }))
      const { limit } = yield* adaptiveLimit.state("a")
      expect(limit).toBe(18)
      yield* TestClock.adjust("1 second")
      // One place is open, in which one call after the other is answered.
      for (let i = 0; i < 20; i++) yield* Resilience.protect(Effect.void, "a")
      expect((yield* adaptiveLimit.state("a")).limit).toBe(limit)
    }).pipe(under({ retry: false, rampUp: "1 hour", adaptiveLimit: { initial: 20 } }))
  )

  it.effect("after a parking too", () =>
    Effect.gen(function* () {
      const told = new LlmError.RateLimited({ retryAfter: Duration.seconds(5) })
      const seen = yield* comeBack({ rampUp: "10 seconds" }, told, 5_000)
      expect(seen).toEqual([1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    })
  )

  it.effect("and without the option all at once", () =>
    Effect.gen(function* () {
      expect(yield* comeBack({}, ill, 60_000)).toEqual(Array.from({ length: 13 }, () => 30))
    })
  )
})
