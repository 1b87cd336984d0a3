import { describe, expect, it } from "@effect/vitest"
import { Clock, Deferred, Duration, Effect, Exit, Fiber, Layer, Metric, Queue, Stream, TestClock } from "effect"
import { Bulkhead, Deadline, LlmError, RateLimit, Rejection, ResilienceEvent, SpendLimit } from "effect-resilience"

const settle = Effect.yieldNow({ priority: 1 }).pipe(Effect.repeatN(5))
const begin = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.tap(Effect.fork(effect), () => settle)
const left = Effect.flatMap(RateLimit.RateLimit, (limit) => limit.left("a"))
const perSecond = (limit: number, burst?: number) => ({ limit, per: "1 second", burst }) as const
const asks = (inputTokens: number, outputTokens = 0) => RateLimit.withEstimate({ inputTokens, outputTokens })
const answer = (input: number, output: number) =>
  Effect.succeed({ usage: { prompt_tokens: input, completion_tokens: output } })

describe("RateLimit", () => {
  it.effect("L2: requests and tokens are reserved before the call and settled after it", () =>
    Effect.gen(function* () {
      const inside = yield* RateLimit.protect(left, "a").pipe(asks(300, 200))
      expect(inside).toEqual({ requests: 9, tokens: 500 })
      yield* TestClock.adjust("1 minute")
      yield* RateLimit.protect(answer(100, 50), "a").pipe(asks(300, 200))
      expect(yield* left).toEqual({ requests: 9, tokens: 850 })
    }).pipe(Effect.provide(RateLimit.layerMemory({ requests: { limit: 10 }, tokens: { limit: 1_000 } })))
  )

  it.effect("L2: those who wait go in order, each at its exact time", () =>
    Effect.gen(function* () {
      const times: Array<readonly [number, number]> = []
      const call = (id: number) =>
        RateLimit.protect(
          Effect.map(Clock.currentTimeMillis, (at) => times.push([id, at])),
          "a"
        )
      for (let id = 0; id < 5; id++) yield* begin(call(id))
      yield* TestClock.adjust("1 minute")
      expect(times).toEqual([
        [0, 0],
        [1, 0],
        [2, 500],
        [3, 1_000],
        [4, 1_500]
      ])
    }).pipe(Effect.provide(RateLimit.layerMemory({ requests: perSecond(2) })))
  )

  it.effect("L2, L7: a failure that was told costs its request, one that was never sent costs nothing", () =>
    Effect.gen(function* () {
      const failing = (error: LlmError.LlmError | Rejection.Rejection) =>
        Effect.exit(RateLimit.protect(Effect.fail(error), "a")).pipe(asks(300, 200))
      yield* failing(new LlmError.ServerError({}))
      expect(yield* left).toEqual({ requests: 9, tokens: 1_000 })
      yield* failing(new LlmError.ConnectionFailed({ sent: "no" }))
      yield* failing(new Rejection.CircuitHalfOpen({ key: "a" }))
      expect(yield* left).toEqual({ requests: 9, tokens: 1_000 })
      yield* failing(new LlmError.TimedOut({ phase: "attempt" }))
      expect(yield* left).toEqual({ requests: 8, tokens: 500 })
    }).pipe(Effect.provide(RateLimit.layerMemory({ requests: { limit: 10 }, tokens: { limit: 1_000 } })))
  )

  it.effect("L7: an estimate that was half of the real usage leaves a debt, for which the next one waits", () =>
    Effect.gen(function* () {
      yield* RateLimit.protect(answer(120, 0), "a").pipe(asks(60))
      expect(yield* left).toEqual({ tokens: -20 })
      const next = yield* begin(RateLimit.protect(Clock.currentTimeMillis, "a").pipe(asks(10)))
      yield* TestClock.adjust("10 seconds")
      expect(yield* Fiber.join(next)).toBe(300)
    }).pipe(Effect.provide(RateLimit.layerMemory({ tokens: perSecond(100) })))
  )

  it.effect("L7: a caller that is interrupted in the line takes nothing, and a refund wakes who waits", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const first = yield* begin(
        RateLimit.protect(Effect.zipRight(Deferred.await(gate), answer(0, 0)), "a").pipe(asks(100))
      )
      const second = yield* begin(RateLimit.protect(Effect.void, "a").pipe(asks(100)))
      const third = yield* begin(RateLimit.protect(Clock.currentTimeMillis, "a").pipe(asks(50)))
      yield* TestClock.adjust(100)
      yield* Fiber.interrupt(second)
      yield* settle
      expect(third.unsafePoll()).toBe(null)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(first)
      yield* settle
      expect(yield* Fiber.join(third)).toBe(100)
    }).pipe(Effect.provide(RateLimit.layerMemory({ tokens: perSecond(100) })))
  )

  it.effect("L8: what never fits is told at once, and so is a wait beyond the deadline or maxWait", () =>
    Effect.gen(function* () {
      const large = yield* Effect.flip(RateLimit.protect(Effect.void, "a").pipe(asks(101)))
      expect(large).toBeInstanceOf(LlmError.RequestTooLarge)
      expect(large.message).toBe('The request needs 101 tokens, and the limit of "a" never has more than 100')
      yield* RateLimit.protect(Effect.void, "a").pipe(asks(100))
      const late = yield* Effect.flip(RateLimit.protect(Effect.void, "a").pipe(asks(80), Deadline.within("700 millis")))
      expect(late).toMatchObject({ _tag: "RateLimitExceeded", by: "limit", retryAfter: Duration.millis(800) })
      const waits = yield* begin(RateLimit.protect(Effect.void, "a").pipe(asks(100)))
      const behind = yield* Effect.flip(RateLimit.protect(Effect.void, "a").pipe(asks(100)))
      expect(behind).toMatchObject({ retryAfter: Duration.seconds(2) })
      yield* TestClock.adjust("1 second")
      expect(Exit.isSuccess(yield* Fiber.await(waits))).toBe(true)
    }).pipe(Effect.provide(RateLimit.layerMemory({ tokens: perSecond(100), maxWait: "1500 millis" })))
  )

  it.effect("rejects at once where nobody is to wait", () =>
    Effect.gen(function* () {
      yield* RateLimit.protect(Effect.void, "a")
      expect(yield* Effect.flip(RateLimit.protect(Effect.void, "a"))).toMatchObject({
        retryAfter: Duration.seconds(60)
      })
      yield* RateLimit.protect(Effect.void, "b")
    }).pipe(Effect.provide(RateLimit.layerMemory({ requests: { limit: 1 }, whenExceeded: "reject" })))
  )

  it.effect("L3: one 429 with a hint holds back all, who come back one after another", () =>
    Effect.gen(function* () {
      const told = new LlmError.RateLimited({ retryAfter: Duration.seconds(5) })
      yield* Effect.exit(RateLimit.protect(Effect.fail(told), "a"))
      const times: Array<number> = []
      yield* Effect.forEach(Array.from({ length: 4 }), () =>
        begin(
          RateLimit.protect(
            Effect.map(Clock.currentTimeMillis, (at) => times.push(at)),
            "a"
          )
        )
      )
      yield* TestClock.adjust("1 minute")
      expect(times).toEqual([5_100, 5_200, 5_300, 5_400])
    }).pipe(Effect.provide(RateLimit.layerMemory({ requests: perSecond(10) })))
  )

  it.effect("L3: a hint of seconds is not the end of a limit of a day", () =>
    Effect.gen(function* () {
      const told = new LlmError.RateLimited({ retryAfter: Duration.seconds(5) })
      yield* Effect.exit(RateLimit.protect(Effect.fail(told), "a"))
      const times: Array<number> = []
      const call = RateLimit.protect(
        Effect.map(Clock.currentTimeMillis, (at) => times.push(at)),
        "a"
      )
      yield* Effect.forEach(Array.from({ length: 3 }), () => begin(call))
      yield* TestClock.adjust("5 seconds")
      expect(times).toEqual([5_000, 5_000, 5_000])
      expect((yield* (yield* RateLimit.RateLimit).left("a")).requests).toBeCloseTo(496, 0)
    }).pipe(Effect.provide(RateLimit.layerMemory({ requests: { limit: 500, per: "1 day" } })))
  )

  it.effect("whoever waits is told of from the first one on, for as long as it waits in all", () =>
    Effect.gen(function* () {
      const heard = yield* ResilienceEvent.subscribe
      yield* Effect.gen(function* () {
        const call = RateLimit.protect(Effect.void, "waits/rate")
        yield* call
        yield* begin(call)
        const given = yield* begin(call)
        yield* begin(call)
        // No place for a fourth one: it has not waited.
        expect(yield* Effect.flip(call)).toMatchObject({ _tag: "RateLimitExceeded" })
        yield* TestClock.adjust("500 millis")
        yield* Fiber.interrupt(given)
        yield* TestClock.adjust("10 seconds")
      }).pipe(Effect.provide(RateLimit.layerMemory({ requests: { limit: 1, per: "1 second" }, maxQueued: 2 })))
      const about = { target: "waits/rate", gate: "rateLimit" }
      const left = (at: number, admitted: boolean) => ({ at, wait: Duration.millis(at), admitted, ...about })
      expect(Array.from(yield* Queue.takeAll(heard))).toMatchObject([
        { _tag: "CallQueued", at: 0, queued: 1, ...about },
        { _tag: "CallQueued", at: 0, queued: 2, ...about },
        { _tag: "CallQueued", at: 0, queued: 3, ...about },
        { _tag: "CallDequeued", ...left(500, false) },
        { _tag: "CallDequeued", ...left(1_000, true) },
        { _tag: "CallDequeued", ...left(2_000, true) }
      ])
      const series = Metric.unsafeSnapshot().filter(({ metricKey: { tags } }) =>
        tags.some(({ value }) => value === "waits/rate")
      )
      const of = (name: string) => series.find(({ metricKey }) => metricKey.name === name)?.metricState
      expect(of("llm_queue_length")).toMatchObject({ value: 0 })
      expect(of("llm_queue_wait_seconds")).toMatchObject({ count: 3, sum: 3.5 })
    }).pipe(Effect.provide(ResilienceEvent.layer()), Effect.scoped)
  )

  it.effect.each([
    [{ "x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "40s" }, 3],
    [
      { "Anthropic-RateLimit-Requests-Remaining": "3", "anthropic-ratelimit-requests-reset": "1970-01-01T00:00:40Z" },
      3
    ],
    [{ requests: { remaining: 3, reset: 40_000 } }, 3],
    [{ "x-ratelimit-remaining-requests": "many" }, 60]
  ] as const)("L10: what a success tells is left is known, %o", ([told, expected]) =>
    Effect.gen(function* () {
      const limit = yield* RateLimit.RateLimit
      yield* limit.observe("a", told)
      expect(yield* left).toEqual({ requests: expected })
      yield* TestClock.adjust("40 seconds")
      expect(yield* left).toEqual({ requests: expected })
    }).pipe(Effect.provide(RateLimit.layerMemory({ requests: { limit: 60 } })))
  )

  it.effect("a stream is settled by the usage it tells", () =>
    Effect.gen(function* () {
      const events = Stream.make(
        { choices: [{ index: 0, delta: { content: "hi" }, finish_reason: null }] },
        { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
        { choices: [], usage: { prompt_tokens: 70, completion_tokens: 20 } }
      )
      yield* Stream.runDrain(RateLimit.protectStream(events, "a")).pipe(asks(500, 400))
      expect(yield* left).toEqual({ tokens: 910 })
    }).pipe(Effect.provide(RateLimit.layerMemory({ tokens: { limit: 1_000 } })))
  )

  it.effect("interactive callers go before batch ones", () =>
    Effect.gen(function* () {
      const order: Array<string> = []
      const call = (kind: "interactive" | "batch") =>
        RateLimit.protect(
          Effect.sync(() => order.push(kind)),
          "a"
        ).pipe(Bulkhead.withPriority(kind))
      yield* call("batch")
      for (const kind of ["batch", "batch", "interactive"] as const) yield* begin(call(kind))
      yield* TestClock.adjust("1 minute")
      expect(order).toEqual(["batch", "batch", "interactive", "batch"])
    }).pipe(Effect.provide(RateLimit.layerMemory({ requests: perSecond(1) })))
  )

  it.effect("a store that fails lets calls through, and says so", () => {
    const down = Effect.fail(new RateLimit.RateLimitStoreError({ message: "down" }))
    const store = { reserve: () => down, settle: () => down, hold: () => down, observe: () => down, left: () => down }
    return Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      expect(yield* RateLimit.protect(answer(1, 1), "a")).toEqual(yield* answer(1, 1))
      expect(Array.from(yield* Queue.takeAll(events)).map(({ _tag }) => _tag)).toEqual(["StoreFailed", "StoreFailed"])
    }).pipe(
      Effect.scoped,
      Effect.provide(RateLimit.layer({ tokens: { limit: 1_000 } })),
      Effect.provide(Layer.succeed(RateLimit.RateLimitStore, store)),
      Effect.provide(ResilienceEvent.layer())
    )
  })

  it.effect("limits of other numbers, and budgets, are kept apart in one store under one name", () =>
    Effect.gen(function* () {
      const make = (requests: number) => RateLimit.make({ requests: { limit: requests }, whenExceeded: "reject" })
      const first = yield* make(3)
      const budget = yield* SpendLimit.make({ limit: 2, prices: { input: 1, output: 1 } })
      yield* first.protect(Effect.void, "a")
      expect(yield* (yield* make(3)).left("a")).toEqual({ requests: 2 })
      expect(yield* (yield* make(5)).left("a")).toEqual({ requests: 5 })
      expect(yield* budget.left("a")).toEqual(2)
      expect(yield* first.left("a")).toEqual({ requests: 2 })
    }).pipe(Effect.provide(RateLimit.layerStoreMemory()))
  )

  it("estimates tokens by a rule", () => {
    expect(RateLimit.estimateTokens("")).toBe(0)
    expect(RateLimit.estimateTokens("Why is the sky blue?")).toBe(5)
    expect(RateLimit.estimateTokens("空は青い")).toBe(4)
    expect(RateLimit.estimateTokens("😀")).toBe(1)
  })

  it.each([
    [{}, "RateLimit has no limit"],
    [{ requests: { limit: 0 } }, "requests.limit is 0, and has to be a number of at least 1"],
    [{ requests: { limit: 1, per: 0 } }, "requests.per is 0, and has to be more than zero"],
    [{ request: { limit: 1 } }, 'RateLimit has no option "request"']
  ])("%o make no sense", (options, message) => {
    expect(() =>
      Effect.runSync(Effect.provide(RateLimit.make(options as never), RateLimit.layerStoreMemory()))
    ).toThrow(message)
  })
})
