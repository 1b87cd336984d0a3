import { describe, expect, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, TestClock } from "effect"
import { CircuitBreaker, LlmError } from "effect-resilience"

const down = Effect.fail(new LlmError.ServerError({ status: 500 }))

const withBreaker = <A, E>(
  options: CircuitBreaker.Options,
  use: (breaker: CircuitBreaker.CircuitBreaker) => Effect.Effect<A, E>
) => CircuitBreaker.CircuitBreaker.pipe(Effect.flatMap(use), Effect.provide(CircuitBreaker.layerMemory(options)))

describe("CircuitBreaker", () => {
  it.effect("B1: five failures that land together with a sixth make one transition", () =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(5) }, (breaker) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const call = Deferred.await(gate).pipe(Effect.andThen(down), breaker.execute({ key: "a" }))
        const fibers = yield* Effect.forEach(Array.from({ length: 6 }), () => Effect.fork(call))
        yield* Effect.yieldNow()
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.forEach(fibers, Fiber.await)
        expect(yield* breaker.state("a")).toEqual({
          _tag: "Open",
          key: "a",
          retryAfter: Duration.seconds(60),
          consecutiveOpenings: 1
        })
      })
    )
  )

  it.effect("B2: after its open time the next caller probes and the others fail fast", () =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: "10 seconds" }, (breaker) =>
      Effect.gen(function* () {
        const through = breaker.execute({ key: "a" })
        yield* Effect.exit(through(down))
        yield* TestClock.adjust("4 seconds")
        const rejected = yield* Effect.flip(through(Effect.void))
        expect(rejected).toMatchObject({ _tag: "CircuitOpen", key: "a", retryAfter: Duration.seconds(6) })
        yield* TestClock.adjust("6 seconds")
        const probe = yield* Effect.fork(through(Effect.never))
        yield* Effect.yieldNow()
        expect(yield* Effect.flip(through(Effect.void))).toMatchObject({ _tag: "CircuitHalfOpen", key: "a" })
        yield* Fiber.interrupt(probe)
        yield* through(Effect.void)
        expect((yield* breaker.state("a"))._tag).toBe("HalfOpen")
        yield* through(Effect.void)
        expect((yield* breaker.state("a"))._tag).toBe("Closed")
        expect(Exit.isSuccess(yield* Effect.exit(through(Effect.void)))).toBe(true)
      })
    )
  )
})
