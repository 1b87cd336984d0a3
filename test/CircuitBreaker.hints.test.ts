import { describe, expect, it } from "@effect/vitest"
import { Array as Arr, DateTime, Deferred, Duration, Effect, Exit, Fiber, TestClock } from "effect"
import { CircuitBreaker, LlmError, Resilience } from "effect-resilience"

const hour = 3_600_000
const day = 24 * hour

/** What one answer says in milliseconds by mistake: 16.7 hours, and 400 days. */
const mistakes = [60_000, 34_560_000]

const limited = (seconds: number) => Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.seconds(seconds) }))
const overloaded = (seconds: number) => Effect.fail(new LlmError.Overloaded({ retryAfter: Duration.seconds(seconds) }))

const withBreaker = <A, E, R>(
  options: CircuitBreaker.Options,
  use: (breaker: CircuitBreaker.CircuitBreaker) => Effect.Effect<A, E, R>
) =>
  Effect.flatMap(CircuitBreaker.CircuitBreaker, use).pipe(
    Effect.provide(CircuitBreaker.layerMemory({ parking: { whenParked: "reject" }, ...options }))
  )

const waits = { _tag: "RateLimitExceeded", by: "target" }

const begin = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.tap(Effect.fork(effect), () => Effect.yieldNow({ priority: 1 }))

describe("what a hint may do to others", () => {
  it.effect.each(mistakes)("a 429 with Retry-After: %d parks for an hour, and then one caller finds out", (seconds) =>
    withBreaker({}, (breaker) =>
      Effect.gen(function* () {
        const through = breaker.execute({ key: "a" })
        const call = through(Effect.void)
        yield* Effect.exit(through(limited(seconds)))
        yield* TestClock.adjust(hour - 1)
        expect(yield* Effect.flip(call)).toMatchObject({ ...waits, retryAfter: Duration.millis(1) })
        yield* TestClock.adjust(1)

        const land = yield* Deferred.make<void>()
        const finder = yield* begin(through(Deferred.await(land)))
        for (const exit of yield* Effect.forEach(Arr.range(1, 100), () => Effect.exit(call))) {
          expect(Exit.isFailure(exit) && exit.cause).toMatchObject({
            error: { ...waits, retryAfter: Duration.seconds(30) }
          })
        }
        yield* Deferred.succeed(land, undefined)
        yield* Fiber.join(finder)
        yield* Effect.all(Arr.replicate(call, 100))
      })
    )
  )

  it.effect(
    "who finds out that it is to wait on parks for the newest hint, and says nothing if it is given up or refused",
    () =>
      withBreaker({}, (breaker) =>
        Effect.gen(function* () {
          const through = breaker.execute({ key: "a" })
          const call = through(Effect.void)
          yield* Effect.exit(through(limited(60_000)))
          yield* TestClock.adjust(hour)
          const finder = yield* begin(through(Effect.never))
          expect(yield* Effect.flip(call)).toMatchObject(waits)
          yield* Fiber.interrupt(finder)
          yield* Effect.exit(through(Effect.fail(new LlmError.InvalidRequest({}))))
          // One that hangs gives up its place like a probe.
          yield* begin(through(Effect.never))
          yield* TestClock.adjust(29_999)
          expect(yield* Effect.flip(call)).toMatchObject({ ...waits, retryAfter: Duration.millis(1) })
          yield* TestClock.adjust(1)
          yield* Effect.exit(through(limited(10)))
          yield* TestClock.adjust(9_999)
          expect(yield* Effect.flip(call)).toMatchObject({ ...waits, retryAfter: Duration.millis(1) })
          yield* TestClock.adjust(1)
          yield* Effect.all(Arr.replicate(call, 3), { concurrency: 3 })
        })
      )
  )

  it.effect("all go once the time is over that the target has asked for", () =>
    withBreaker({ maxRetryAfter: "10 seconds" }, (breaker) =>
      Effect.gen(function* () {
        const through = breaker.execute({ key: "a" })
        yield* Effect.exit(through(limited(20)))
        yield* TestClock.adjust("15 seconds")
        yield* begin(through(Effect.never))
        expect(yield* Effect.flip(through(Effect.void))).toMatchObject(waits)
        yield* TestClock.adjust("5 seconds")
        yield* Effect.all(Arr.replicate(through(Effect.sleep(1)), 3), { concurrency: 3 }).pipe(begin)
        yield* through(Effect.void)
      })
    )
  )

  it.effect.each(mistakes)(
    "five 503s with Retry-After: %d open the circuit for an hour, and one caller probes",
    (seconds) =>
      withBreaker({}, (breaker) =>
        Effect.gen(function* () {
          const through = breaker.execute({ key: "a" })
          for (let i = 0; i < 5; i++) yield* Effect.exit(through(overloaded(seconds)))
          expect(yield* breaker.state("a")).toMatchObject({ _tag: "Open", retryAfter: Duration.hours(1) })
          yield* TestClock.adjust(hour)
          yield* begin(through(Effect.never))
          expect(yield* Effect.flip(through(Effect.void))).toMatchObject({ _tag: "CircuitHalfOpen" })
        })
      )
  )

  it.effect("the date at which a quota resets is taken for what it says, whatever hint comes with it", () =>
    withBreaker({}, (breaker) =>
      Effect.gen(function* () {
        const resetsAt = DateTime.unsafeMake(5 * day)
        const spent = new LlmError.QuotaExhausted({ resetsAt, retryAfter: Duration.days(90) })
        yield* Effect.exit(Effect.fail(spent).pipe(breaker.execute({ key: "a" })))
        const { retryAfter } = (yield* Effect.flip(Effect.void.pipe(breaker.execute({ key: "a" })))) as {
          readonly retryAfter: Duration.Duration
        }
        expect(Duration.toMillis(retryAfter)).toBe(5 * day)
        const saved = yield* breaker.snapshot
        expect(saved.circuits).toEqual([
          { key: "a", openFor: 0, consecutiveOpenings: 0, parkedFor: 5 * day, askedFor: 90 * day, stated: true }
        ])
        yield* breaker.reset("a")
        yield* breaker.restore(saved)
        expect((yield* breaker.snapshot).circuits).toEqual(saved.circuits)
        yield* TestClock.adjust(Duration.days(5))
        yield* Effect.void.pipe(breaker.execute({ key: "a" }))
      })
    )
  )

  it.effect("a snapshot does not carry on more than that, unless somebody has decided it", () =>
    withBreaker({ openDuration: "2 hours" }, (breaker) =>
      Effect.gen(function* () {
        const kept = { consecutiveOpenings: 1, openFor: 400 * day, parkedFor: 0 }
        yield* breaker.restore({
          takenAt: 0,
          circuits: [
            { key: "open", ...kept },
            { key: "byHand", ...kept, reason: "manual" },
            { key: "parked", consecutiveOpenings: 0, openFor: 0, parkedFor: 400 * day },
            { key: "stated", consecutiveOpenings: 0, openFor: 0, parkedFor: 400 * day, stated: true }
          ]
        })
        expect((yield* breaker.snapshot).circuits).toEqual([
          { key: "open", ...kept, openFor: 2 * hour },
          { key: "byHand", ...kept, reason: "manual" },
          { key: "parked", consecutiveOpenings: 0, openFor: 0, parkedFor: hour, askedFor: 400 * day },
          { key: "stated", consecutiveOpenings: 0, openFor: 0, parkedFor: 400 * day, stated: true }
        ])
      })
    )
  )

  it.effect.each([
    ["an endless hint", Duration.infinity, "1 hour", hour],
    ["an endless hint without a limit", Duration.infinity, Duration.infinity, Number.MAX_SAFE_INTEGER],
    ["a hint of no time", Duration.zero, "1 hour", 0],
    ["no hints at all", Duration.days(1), 0, 0]
  ] as const)("%s", ([_, retryAfter, maxRetryAfter, parkedFor]) =>
    withBreaker({ maxRetryAfter }, (breaker) =>
      Effect.gen(function* () {
        yield* Effect.exit(Effect.fail(new LlmError.RateLimited({ retryAfter })).pipe(breaker.execute({ key: "a" })))
        const { circuits } = yield* breaker.snapshot
        expect(JSON.parse(JSON.stringify(circuits))).toMatchObject(circuits)
        expect(circuits[0]?.parkedFor ?? 0).toBe(parkedFor)
      })
    )
  )

  it.effect("the limit is an option of Resilience too, for each target", () =>
    Effect.gen(function* () {
      const call = (target: string) => limited(60_000).pipe(Resilience.protect(target), Effect.exit)
      yield* call("a")
      yield* call("b")
      const { circuitBreaker } = yield* Resilience.Resilience
      expect((yield* circuitBreaker.snapshot).circuits.map(({ key, parkedFor }) => [key, parkedFor])).toEqual([
        ["a", 600_000],
        ["b", 60_000]
      ])
    }).pipe(
      Effect.provide(
        Resilience.layer({
          circuitBreaker: { maxRetryAfter: "10 minutes" },
          targets: { b: { circuitBreaker: { maxRetryAfter: "1 minute" } } }
        })
      )
    )
  )
})
