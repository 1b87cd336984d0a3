import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, TestClock } from "effect"
import { LlmError, RateLimit, SpendLimit } from "effect-resilience"

const left = Effect.flatMap(SpendLimit.SpendLimit, (limit) => limit.left("a"))

describe("SpendLimit", () => {
  it.effect("L5: a budget of $1 lets three of ten calls of $0.30 in", () =>
    Effect.gen(function* () {
      const call = SpendLimit.protect(Effect.yieldNow(), "a").pipe(RateLimit.withEstimate({ cost: 0.3 }))
      const exits = yield* Effect.all(
        Array.from({ length: 10 }, () => Effect.exit(call)),
        { concurrency: "unbounded" }
      )
      expect(exits.filter(Exit.isSuccess).length).toBe(3)
      expect(yield* left).toBeCloseTo(0.1)
      expect(exits[9]).toMatchObject({ cause: { error: { _tag: "RateLimitExceeded", retryAfter: Duration.infinity } } })
      yield* SpendLimit.protect(Effect.void, "another").pipe(RateLimit.withEstimate({ cost: 0.3 }))
    }).pipe(Effect.provide(SpendLimit.layerMemory({ limit: 1, per: Duration.infinity })))
  )

  it.effect("the cost is what the tokens cost, as estimated and then as told", () =>
    Effect.gen(function* () {
      const answer = {
        usage: {
          prompt_tokens: 1_000_000,
          completion_tokens: 100_000,
          prompt_tokens_details: { cached_tokens: 500_000 }
        }
      }
      const inside = SpendLimit.protect(Effect.as(left, answer), "a")
      yield* RateLimit.withEstimate(inside, { inputTokens: 2_000_000, outputTokens: 0 })
      expect(yield* left).toBeCloseTo(10 - (0.5 * 1 + 0.5 * 0.1 + 0.1 * 10))
      yield* TestClock.adjust("1 day")
      expect(yield* left).toBe(10)
    }).pipe(Effect.provide(SpendLimit.layerMemory({ limit: 10, prices: { input: 1, output: 10, cachedInput: 0.1 } })))
  )

  it.effect("L3: a target that wants to be left alone takes no money away", () =>
    Effect.gen(function* () {
      const limited = new LlmError.RateLimited({ message: "Slower", retryAfter: Duration.seconds(30) })
      yield* Effect.exit(SpendLimit.protect(Effect.fail(limited), "a"))
      expect(yield* left).toBe(10)
      yield* SpendLimit.protect(Effect.void, "a").pipe(RateLimit.withEstimate({ cost: 10 }))
    }).pipe(Effect.provide(SpendLimit.layerMemory({ limit: 10, per: Duration.infinity })))
  )

  it.each([
    [{ limit: -1 }, "limit is -1"],
    [{ limit: 1, prices: { input: -1, output: 1 } }, "prices.input is -1"],
    [{ limit: 1, price: {} }, 'SpendLimit has no option "price"']
  ])("%o make no sense", (options, message) => {
    expect(() =>
      Effect.runSync(Effect.provide(SpendLimit.make(options as never), RateLimit.layerStoreMemory()))
    ).toThrow(message)
  })
})
