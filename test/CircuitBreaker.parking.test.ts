import { describe, expect, it } from "@effect/vitest"
import { Array as Arr, DateTime, Duration, Effect, Fiber, Random, TestClock } from "effect"
import { CircuitBreaker, Deadline, LlmError, Rejection } from "effect-resilience"

const withBreaker = <A, E, R>(
  options: CircuitBreaker.Options,
  use: (breaker: CircuitBreaker.CircuitBreaker) => Effect.Effect<A, E, R>
) =>
  Effect.flatMap(CircuitBreaker.CircuitBreaker, use).pipe(
    Effect.provide(CircuitBreaker.layerMemory(options)),
    Effect.withRandom(Random.make("a seed"))
  )

const begin = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.tap(Effect.fork(effect), () => Effect.yieldNow({ priority: 1 }))

const tell = (breaker: CircuitBreaker.CircuitBreaker, error: LlmError.LlmError) =>
  Effect.fail(error).pipe(breaker.execute({ key: "a" }), Effect.exit)

const limited = (seconds: number) => new LlmError.RateLimited({ retryAfter: Duration.seconds(seconds) })

const now = TestClock.currentTimeMillis

describe("parking", () => {
  it.effect("L3: one 429 makes all fibers wait, and they resume spread out", () =>
    withBreaker({ parking: { stagger: "2 seconds" } }, (breaker) =>
      Effect.gen(function* () {
        yield* tell(breaker, limited(15))
        const calls = yield* Effect.forEach(Arr.range(1, 200), () => begin(now.pipe(breaker.execute({ key: "a" }))))
        const other = yield* now.pipe(breaker.execute({ key: "b" }))
        expect(other).toBe(0)
        yield* TestClock.adjust("20 seconds")
        const times = yield* Effect.forEach(calls, Fiber.join)
        expect(Math.min(...times)).toBeGreaterThanOrEqual(15_000)
        expect(Math.max(...times)).toBeLessThan(17_000)
        expect(new Set(times).size).toBeGreaterThan(150)
        for (const quarter of [0, 1, 2, 3]) {
          const from = 15_000 + quarter * 500
          expect(times.filter((time) => time >= from && time < from + 500).length).toBeGreaterThan(30)
        }
        expect(yield* breaker.state("a")).toMatchObject({ _tag: "Closed", failures: 0 })
      })
    )
  )

  it.effect("L3: a caller that comes when the time is over does not wait, whoever else does", () =>
    withBreaker({}, (breaker) =>
      Effect.gen(function* () {
        yield* tell(breaker, limited(3))
        yield* TestClock.adjust("3 seconds")
        expect(yield* now.pipe(breaker.execute({ key: "a" }))).toBe(3_000)
      })
    )
  )

  it.effect("L3: those who wait wait on if the target asks again, and never less than it asked for", () =>
    withBreaker({ parking: { stagger: "1 second" } }, (breaker) =>
      Effect.gen(function* () {
        const slow = yield* begin(
          Effect.sleep("2 seconds").pipe(Effect.andThen(limited(10)), breaker.execute({ key: "a" }), Effect.exit)
        )
        yield* tell(breaker, limited(5))
        const call = yield* begin(now.pipe(breaker.execute({ key: "a" })))
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.join(slow)
        yield* TestClock.adjust("30 seconds")
        const at = yield* Fiber.join(call)
        expect(at).toBeGreaterThanOrEqual(12_000)
        expect(at).toBeLessThan(13_000)
      })
    )
  )

  it.effect("a quota is waited for until it resets; without a date or a hint nobody waits", () =>
    withBreaker({ parking: { whenParked: "reject" } }, (breaker) =>
      Effect.gen(function* () {
        yield* tell(breaker, new LlmError.QuotaExhausted({}))
        yield* tell(breaker, new LlmError.RateLimited({}))
        yield* Effect.void.pipe(breaker.execute({ key: "a" }))
        yield* tell(breaker, new LlmError.QuotaExhausted({ resetsAt: DateTime.unsafeMake(90_000) }))
        yield* TestClock.adjust("30 seconds")
        const rejected = yield* Effect.flip(Effect.void.pipe(breaker.execute({ key: "a" })))
        expect(rejected).toBeInstanceOf(Rejection.RateLimitExceeded)
        expect(rejected).toMatchObject({ key: "a", retryAfter: Duration.seconds(60) })
        expect(LlmError.traits(rejected).fallback).toBe(true)
        yield* TestClock.adjust("60 seconds")
        yield* Effect.void.pipe(breaker.execute({ key: "a" }))
      })
    )
  )

  it.effect("a call rejects at once if it may not wait, if the wait is too long or outlasts its deadline", () =>
    withBreaker({ parking: { maxWait: "20 seconds", stagger: "10 seconds" } }, (breaker) =>
      Effect.gen(function* () {
        const call = now.pipe(breaker.execute({ key: "a" }))
        yield* tell(breaker, limited(21))
        expect(yield* Effect.flip(call)).toMatchObject({ _tag: "RateLimitExceeded", retryAfter: Duration.seconds(21) })
        yield* TestClock.adjust("1 second")
        const rejected = yield* Effect.flip(now.pipe(breaker.execute({ key: "a", whenParked: "reject" })))
        expect(rejected).toMatchObject({ _tag: "RateLimitExceeded", retryAfter: Duration.seconds(20) })
        expect(yield* Effect.flip(Deadline.within(call, "20 seconds"))).toMatchObject({ _tag: "RateLimitExceeded" })
        const inTime = yield* Effect.forEach(Arr.range(1, 50), () => begin(Deadline.within(call, "21 seconds")))
        yield* TestClock.adjust("40 seconds")
        const times = yield* Effect.forEach(inTime, Fiber.join)
        expect(Math.min(...times)).toBeGreaterThanOrEqual(21_000)
        expect(Math.max(...times)).toBeLessThan(22_000)
      })
    )
  )

  it.effect("a call that waits can be interrupted, and holds no permit meanwhile", () =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: "5 seconds" }, (breaker) =>
      Effect.gen(function* () {
        yield* tell(breaker, limited(10))
        const late = yield* begin(Effect.never.pipe(breaker.execute({ key: "a" })))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(late)
        expect(yield* now).toBe(1_000)
        yield* TestClock.adjust("9 seconds")
        yield* tell(breaker, new LlmError.ServerError({}))
        yield* TestClock.adjust("5 seconds")
        yield* tell(breaker, limited(10))
        const waiting = yield* begin(Effect.never.pipe(breaker.execute({ key: "a" })))
        expect(yield* breaker.state("a")).toMatchObject({ _tag: "HalfOpen", probing: false })
        yield* Fiber.interrupt(waiting)
      })
    )
  )

  it.effect("a reader of one's own can park a target", () =>
    withBreaker({ parking: { whenParked: "reject" } }, (breaker) =>
      Effect.gen(function* () {
        const answer = yield* Effect.succeed("come back later").pipe(
          breaker.execute({ key: "a", classify: () => CircuitBreaker.parked("30 seconds") })
        )
        expect(answer).toBe("come back later")
        expect(yield* Effect.flip(Effect.void.pipe(breaker.execute({ key: "a" })))).toMatchObject({
          _tag: "RateLimitExceeded",
          retryAfter: Duration.seconds(30)
        })
      })
    )
  )
})
