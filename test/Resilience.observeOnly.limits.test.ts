/** Observe-only, for the policies that keep load within limits. */

import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { type LlmError, RateLimit, Resilience } from "effect-resilience"
import { observing, ways } from "./observing.js"

const settle = Effect.yieldNow({ priority: 1 }).pipe(Effect.repeatN(10))
const answer: Effect.Effect<string, LlmError.LlmError> = Effect.succeed("fine")
const slow = Effect.delay(answer, "1 minute")

describe.each(ways)("B17: an observed %s", (_, make) => {
  const begin = (self: Effect.Effect<string, LlmError.LlmError>) => Effect.tap(Effect.fork(make(self)), () => settle)

  it.effect(
    "runs beside a full bulkhead, which says who would have waited, and whom the queue would not have held",
    () =>
      observing({ retry: false, bulkhead: { maxConcurrent: 1, maxQueued: 1 } }, (decisions) =>
        Effect.gen(function* () {
          const { bulkhead, observeOnly } = yield* Resilience.Resilience
          const all = [yield* begin(slow), yield* begin(slow), yield* begin(slow)]
          expect(yield* decisions).toEqual([
            [0, "bulkhead", "wait"],
            [0, "bulkhead", "reject", "BulkheadFull"]
          ])
          // Whoever would not have been sent takes no place.
          expect(yield* bulkhead.state("a")).toEqual({ running: 2, queued: 0, limit: 1 })
          // A call that acts waits behind all of them.
          yield* observeOnly(false)
          const acts = yield* begin(answer)
          expect(yield* bulkhead.state("a")).toEqual({ running: 2, queued: 1, limit: 1 })
          yield* Fiber.interrupt(acts)
          yield* TestClock.adjust("1 minute")
          for (const fiber of all) expect(yield* Fiber.join(fiber)).toBe("fine")
          expect(yield* bulkhead.state("a")).toEqual({ running: 0, queued: 0, limit: 1 })
        })
      )
  )

  it.effect(
    "is sent at once where it would have waited for the rate limit, and leaves the debt that it would have",
    () =>
      observing({ retry: false, rateLimit: { requests: { limit: 2 }, maxWait: "50 seconds" } }, (decisions) =>
        Effect.gen(function* () {
          const { observeOnly, rateLimit } = yield* Resilience.Resilience
          for (let i = 0; i < 4; i++) expect(yield* make(answer)).toBe("fine")
          expect(yield* decisions).toEqual([
            [0, "rateLimit", "wait", 30_000],
            // The one after it would have waited for a minute, which is too long: it is not sent, and takes nothing.
            [0, "rateLimit", "reject", "RateLimitExceeded"]
          ])
          expect(yield* rateLimit.left("a")).toEqual({ requests: -1 })
          yield* observeOnly(false)
          yield* TestClock.adjust("20 seconds")
          const acts = yield* begin(answer)
          yield* TestClock.adjust("39 seconds")
          expect(acts.unsafePoll()).toBe(null)
          yield* TestClock.adjust("1 second")
          expect(yield* Fiber.join(acts)).toBe("fine")
        })
      )
  )

  it.effect("what never fits, and what there is no money for, is told and sent", () =>
    observing(
      { retry: false, rateLimit: { tokens: { limit: 1_000 } }, spendLimit: { limit: 1 }, circuitBreaker: false },
      (decisions) =>
        Effect.gen(function* () {
          const { rateLimit, spendLimit } = yield* Resilience.Resilience
          const dear = RateLimit.withEstimate({ inputTokens: 1, outputTokens: 1, cost: 0.9 })
          expect(yield* dear(make(answer))).toBe("fine")
          expect(yield* decisions).toEqual([])
          expect(yield* dear(make(answer))).toBe("fine")
          expect(yield* decisions).toEqual([[0, "spendLimit", "reject", "RateLimitExceeded"]])
          // The tokens that were reserved before the budget said no have come back.
          expect(yield* rateLimit.left("a")).toEqual({ tokens: 998 })
          expect(yield* spendLimit.left("a")).toBeCloseTo(0.1)
          expect(yield* RateLimit.withEstimate(make(answer), { inputTokens: 2_000 })).toBe("fine")
          expect(yield* decisions).toEqual([[0, "rateLimit", "reject", "RequestTooLarge"]])
        })
    )
  )
})
