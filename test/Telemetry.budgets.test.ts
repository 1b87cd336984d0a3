import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Layer, Metric, Queue, TestClock } from "effect"
import { LlmError, RateLimit, Resilience, ResilienceEvent, SharedState, SpendLimit, Telemetry } from "effect-resilience"
import { named } from "../src/internal/telemetry/labels.js"

/** The gauges of this name and target, by the rest of their labels. */
const gauges = (name: string, target: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Metric.unsafeSnapshot()
      .filter(({ metricKey }) => metricKey.name === name)
      .filter(({ metricKey }) => metricKey.tags.some(({ key, value }) => key === "target" && value === target))
      .map(({ metricKey, metricState }) => [
        Array.from(metricKey.tags)
          .filter(({ key }) => key !== "target")
          .map(({ value }) => value)
          .join(" "),
        (metricState as unknown as { readonly value: number }).value
      ])
  )

const left = (target: string) => gauges("llm_limit_left", target)

const answer = (input: number, output: number) =>
  Effect.succeed({ usage: { prompt_tokens: input, completion_tokens: output } })

describe("what is left of a budget, in the metrics", () => {
  it.effect("requests and tokens of a rate limit, as each call leaves them", () =>
    Effect.gen(function* () {
      const call = answer(100, 50).pipe(
        RateLimit.protect("left/rate"),
        RateLimit.withEstimate({ inputTokens: 300, outputTokens: 200 })
      )
      yield* call
      expect(left("left/rate")).toEqual({
        "rateLimit requests": 9,
        "rateLimit tokens": 850,
        "rateLimit input_tokens": 900,
        "rateLimit output_tokens": 950
      })
      yield* call
      // A minute fills it; what another call has left is told, and not what has come since.
      yield* TestClock.adjust("1 minute")
      expect(left("left/rate")).toMatchObject({ "rateLimit requests": 8, "rateLimit tokens": 700 })
      yield* call
      expect(left("left/rate")).toMatchObject({ "rateLimit requests": 9, "rateLimit tokens": 850 })
      // More was used than there was.
      yield* answer(2_000, 0).pipe(RateLimit.protect("left/rate"), RateLimit.withEstimate({ inputTokens: 1 }))
      expect(left("left/rate")).toMatchObject({ "rateLimit tokens": -1_150, "rateLimit input_tokens": -1_100 })
    }).pipe(
      Effect.provide(
        RateLimit.layerMemory({
          requests: { limit: 10 },
          tokens: { limit: 1_000 },
          inputTokens: { limit: 1_000 },
          outputTokens: { limit: 1_000 }
        })
      )
    )
  )

  it.effect("the money of a spend limit, also where a call is turned away before any has ended", () =>
    Effect.gen(function* () {
      const call = (cost: number) =>
        Effect.exit(SpendLimit.protect(Effect.never, "left/spend").pipe(RateLimit.withEstimate({ cost })))
      yield* Effect.fork(call(0.75))
      yield* Effect.yieldNow()
      expect(left("left/spend")).toEqual({})
      expect(Exit.isFailure(yield* call(0.5))).toBe(true)
      expect(left("left/spend")).toEqual({ "spendLimit money": 0.25 })
    }).pipe(Effect.provide(SpendLimit.layerMemory({ limit: 1, per: Duration.infinity })))
  )

  it.effect(
    "of a target's own limits: requests are none while the target wants to be left alone, and money stays",
    () =>
      Effect.gen(function* () {
        const limited = new LlmError.RateLimited({ message: "Slower", status: 429, retryAfter: Duration.seconds(30) })
        yield* Effect.exit(Effect.fail(limited).pipe(Resilience.protect("left/target")))
        expect(left("left/target")).toEqual({ "rateLimit requests": 0, "spendLimit money": 5 })
      }).pipe(
        Effect.provide(
          Resilience.layer({
            retry: false,
            targets: { "left/target": { rateLimit: { requests: { limit: 60 } }, spendLimit: { limit: 5 } } }
          })
        )
      )
  )

  it.effect("a limit without an end has no gauge, and neither has what shares a label", () => {
    // Labels are the process's, in which other tests run.
    const capacity = named("limits").size + 2
    return Effect.gen(function* () {
      for (const key of ["left/first", "left/second", "left/third"]) yield* RateLimit.protect(Effect.void, key)
      expect(left("left/first")).toEqual({ "rateLimit requests": 4 })
      expect(left("left/third")).toEqual({})
      expect(left("other")).toEqual({})
    }).pipe(
      Effect.provide(
        RateLimit.layerMemory({ requests: { limit: 5 }, tokens: { limit: 1, burst: Number.POSITIVE_INFINITY } }).pipe(
          Layer.provide(Layer.succeed(Telemetry.LabelCapacity, capacity))
        )
      )
    )
  })

  it.effect("of a limit that processes share: what this one was told last, and nothing that it had to ask for", () =>
    Effect.gen(function* () {
      const backend = yield* SharedState.makeMemoryBackend
      let reads = 0
      const counted: SharedState.Backend = {
        ...backend,
        read: (key) =>
          Effect.suspend(() => {
            reads++
            return backend.read(key)
          })
      }
      yield* Effect.gen(function* () {
        yield* RateLimit.protect(Effect.void, "left/shared")
        const before = reads
        for (let i = 0; i < 3; i++) yield* RateLimit.protect(Effect.void, "left/shared")
        const limit = yield* RateLimit.RateLimit
        expect(left("left/shared")).toEqual({ "rateLimit requests": 96 })
        expect(reads - before).toBeLessThanOrEqual(1)
        expect(yield* limit.left("left/shared")).toEqual({ requests: 96 })
      }).pipe(
        Effect.provide(
          RateLimit.layer({ requests: { limit: 100 } }).pipe(
            Layer.provide(SharedState.layer(Effect.succeed(counted), { name: "left" }))
          )
        )
      )
    })
  )

  const asked = (left: (before: Effect.Effect<object>) => Effect.Effect<object, unknown>) =>
    Effect.map(RateLimit.RateLimitStore, ({ immediate: _, ...store }): RateLimit.Store => {
      const before = (key: string, limits: Parameters<RateLimit.Store["left"]>[1]) => store.left(key, limits)
      return { ...store, left: (key, limits) => left(Effect.orDie(before(key, limits))) as never }
    }).pipe(Effect.provide(RateLimit.layerStoreMemory()), Layer.effect(RateLimit.RateLimitStore))

  it.effect(
    "of a limit in a store that has to be asked: the last call is told of, and it is asked once a second",
    () => {
      let reads = 0
      return Effect.gen(function* () {
        const call = RateLimit.protect(Effect.void, "left/asked")
        for (let i = 0; i < 50; i++) yield* call
        yield* TestClock.adjust("1 second")
        // What has come back in the second is there too.
        expect(left("left/asked")["rateLimit requests"]).toBeCloseTo(50 + 100 / 60)
        expect(reads).toBe(2)
        yield* TestClock.adjust("1 minute")
        yield* call
        yield* TestClock.adjust("0 seconds")
        expect(left("left/asked")).toEqual({ "rateLimit requests": 99 })
        expect(reads).toBe(3)
      }).pipe(
        Effect.provide(RateLimit.layer({ requests: { limit: 100 } })),
        Effect.provide(
          asked((before) =>
            Effect.zipRight(
              Effect.sync(() => reads++),
              before
            )
          )
        )
      )
    }
  )

  it.effect(
    "a store that is asked and hangs, fails or throws changes no call, and says so again once it answers",
    () => {
      let givenUp = 0
      const answers: ReadonlyArray<Effect.Effect<object, unknown> | undefined> = [
        Effect.uninterruptible(Effect.never),
        Effect.onInterrupt(Effect.never, () => Effect.sync(() => givenUp++)),
        Effect.fail("down"),
        Effect.die("broken"),
        undefined
      ]
      let asks = 0
      return Effect.gen(function* () {
        const events = yield* ResilienceEvent.subscribe
        yield* Effect.gen(function* () {
          for (const seen of [{}, {}, {}, {}, { "rateLimit requests": 59 }]) {
            expect(yield* RateLimit.protect(Effect.succeed(1), "left/broken")).toBe(1)
            yield* TestClock.adjust("1 minute")
            expect(left("left/broken")).toEqual(seen)
          }
          expect([asks, givenUp]).toEqual([5, 1])
        }).pipe(
          Effect.provide(RateLimit.layer({ requests: { limit: 60 } })),
          Effect.provide(asked((before) => answers[asks++] ?? before))
        )
        expect(Array.from(yield* Queue.takeAll(events))).toEqual([])
      }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))
    }
  )

  it.effect("retries of a retry budget, from the first one on", () =>
    Effect.gen(function* () {
      const failing = Effect.fail(new LlmError.ServerError({ message: "no", status: 500 }))
      const call = (self: Effect.Effect<void, LlmError.LlmError>) =>
        Effect.fork(Effect.exit(Resilience.protect(self, "left/retries")))
      const retries = () => gauges("llm_retry_budget_left", "left/retries")[""]
      yield* call(Effect.void)
      yield* TestClock.adjust("1 second")
      expect(retries()).toBe(undefined)
      for (let i = 0; i < 3; i++) yield* call(failing)
      yield* TestClock.adjust("0 seconds")
      expect(retries()).toBe(2)
      // Once it is full again, the next call says so.
      yield* TestClock.adjust("1 minute")
      yield* call(Effect.void)
      yield* TestClock.adjust("0 seconds")
      expect(retries()).toBe(5)
    }).pipe(
      Effect.provide(
        Resilience.layer({
          retry: { initialDelay: "1 second", jitter: "none", maxAttempts: 3 },
          circuitBreaker: false,
          retryBudget: { share: 0, minimumPerSecond: 5, burst: 5 }
        })
      )
    )
  )
})
