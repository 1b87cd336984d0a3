import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Ref, TestClock } from "effect"
import { LlmError, RetryPolicy } from "effect-resilience"

/** A call that fails with each error in turn and then succeeds; notes the virtual time of every attempt. */
const scripted = <E>(...failures: ReadonlyArray<E>) =>
  Effect.gen(function* () {
    const attempts = yield* Ref.make<ReadonlyArray<number>>([])
    const call = Effect.gen(function* () {
      const now = yield* TestClock.currentTimeMillis
      const made = yield* Ref.modify(attempts, (times) => [times.length, [...times, now]])
      const failure = failures[made]
      return failure === undefined ? "answer" : yield* Effect.fail(failure)
    })
    return { attempts: Ref.get(attempts), call }
  })

/** Lets a call run for as long as it likes, and tells how it ended and when its attempts were. */
const outcome = <A, E, E2>(
  make: Effect.Effect<{ readonly attempts: Effect.Effect<ReadonlyArray<number>>; readonly call: Effect.Effect<A, E> }>,
  protect: (call: Effect.Effect<A, E>) => Effect.Effect<A, E2>
) =>
  Effect.gen(function* () {
    const { attempts, call } = yield* make
    const fiber = yield* Effect.fork(Effect.zip(Effect.exit(protect(call)), TestClock.currentTimeMillis))
    yield* TestClock.adjust("7 days")
    const [exit, at] = yield* Fiber.join(fiber)
    return { exit, at, attempts: yield* attempts }
  })

const limited = (seconds?: number) =>
  new LlmError.RateLimited(seconds === undefined ? {} : { retryAfter: Duration.seconds(seconds) })
const plain = RetryPolicy.make({ maxAttempts: 10, jitter: "none" })

describe("RetryPolicy", () => {
  it.effect("R1: the current failure's hint counts, not the first one's", () =>
    Effect.gen(function* () {
      const result = yield* outcome(scripted(limited(3), limited(6), limited(9)), Effect.retry(plain))
      expect(result).toEqual({ exit: Exit.succeed("answer"), at: 18_000, attempts: [0, 3_000, 9_000, 18_000] })
    })
  )
})
