import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Stream, TestClock } from "effect"
import { AdaptiveLimit, LlmError } from "effect-resilience"

const settle = Effect.yieldNow({ priority: 1 }).pipe(Effect.repeatN(5))
const limit = Effect.flatMap(AdaptiveLimit.AdaptiveLimit, (limit) =>
  Effect.map(limit.state("a"), (state) => state.limit)
)

/** So many of these at once. */
const together = <A, E, R>(effect: Effect.Effect<A, E, R>, times: number) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(
      Effect.replicateEffect(Effect.exit(AdaptiveLimit.protect(effect, "a")), times, { concurrency: "unbounded" })
    )
    yield* settle
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

describe("AdaptiveLimit", () => {
  it.effect.each(["aimd", "gradient"] as const)(
    "L4: a 429 after 5 ms is a drop and not a fast sample, an interrupted call is nothing (%s)",
    (algorithm) =>
      Effect.gen(function* () {
        yield* together(Effect.delay(Effect.fail(new LlmError.RateLimited({})), 5), 10)
        expect(yield* limit).toBe(9)
        const fiber = yield* Effect.fork(AdaptiveLimit.protect(Effect.never, "a"))
        yield* settle
        yield* Fiber.interrupt(fiber)
        expect(yield* limit).toBe(9)
        yield* together(Effect.fail(new LlmError.InvalidRequest({})), 9)
        expect(yield* limit).toBe(9)
      }).pipe(Effect.provide(AdaptiveLimit.layer({ maxWait: Duration.infinity, algorithm, initial: 10 })))
  )

  it.effect("L4: it falls to its floor when everything times out", () =>
    Effect.gen(function* () {
      const late = Effect.delay(Effect.fail(new LlmError.TimedOut({ phase: "attempt" })), "1 second")
      for (let round = 0; round < 40; round++) yield* together(late, 3)
      expect(yield* limit).toBe(2)
    }).pipe(Effect.provide(AdaptiveLimit.layer({ maxWait: Duration.infinity, initial: 10, min: 2 })))
  )

  it.effect("L4: it grows only while at least half of it is in use", () =>
    Effect.gen(function* () {
      yield* together(Effect.sleep(10), 4)
      expect(yield* limit).toBe(10)
      yield* together(Effect.sleep(10), 10)
      expect(yield* limit).toBeGreaterThan(10)
    }).pipe(Effect.provide(AdaptiveLimit.layer({ maxWait: Duration.infinity, initial: 10 })))
  )

  it.effect("a rising limit lets those in who wait", () =>
    Effect.gen(function* () {
      let running = 0
      let most = 0
      const call = Effect.acquireUseRelease(
        Effect.sync(() => {
          most = Math.max(most, ++running)
        }),
        () => Effect.sleep("1 second"),
        () => Effect.sync(() => running--)
      )
      yield* together(call, 100)
      expect(most).toBeGreaterThan(16)
    }).pipe(Effect.provide(AdaptiveLimit.layer({ maxWait: Duration.infinity, initial: 2, max: 40 })))
  )

  it.effect("a gradient measures streams to their first element, and whole answers by their tokens", () =>
    Effect.gen(function* () {
      const answer = (millis: number, outputTokens: number) =>
        Effect.delay(Effect.succeed({ usage: { output_tokens: outputTokens } }), millis)
      yield* Effect.forEach(Array.from({ length: 5 }), () => together(answer(1_000, 10), 20))
      const before = yield* limit
      // Ten times as long an answer at the same speed changes nothing; the same answer at a tenth of the speed does.
      yield* together(answer(10_000, 100), 20)
      expect(yield* limit).toBeGreaterThan(before)
      const faster = yield* limit
      yield* Effect.forEach(Array.from({ length: 3 }), () => together(answer(40_000, 10), 20))
      expect(yield* limit).toBeLessThan(faster)
      const slow = Stream.fromEffect(Effect.sleep("1 minute"))
      const stream = AdaptiveLimit.protectStream(Stream.concat(Stream.make(1), slow), "a")
      const fiber = yield* Effect.fork(Stream.runDrain(stream))
      yield* TestClock.adjust("2 minutes")
      yield* Fiber.join(fiber)
    }).pipe(
      Effect.provide(AdaptiveLimit.layer({ maxWait: Duration.infinity, algorithm: "gradient", initial: 20, max: 40 }))
    )
  )

  it.each([
    [{ backoff: 1 }, "backoff is 1, and has to be a number between 0 and 1"],
    [{ min: 5, max: 4 }, "max is 4, and has to be at least as much as min, which is 5"],
    [{ algorithm: "vegas" }, 'algorithm is "vegas", and has to be aimd or gradient']
  ])("%o make no sense", (options, message) => {
    expect(() => Effect.runSync(AdaptiveLimit.make(options as never))).toThrow(message)
  })
})
