import { expect, it } from "@effect/vitest"
import { Effect, Exit, TestClock } from "effect"
import { CircuitBreaker, LlmError } from "effect-resilience"

const Breaker = CircuitBreaker.layerMemory({ tripPolicy: CircuitBreaker.consecutive(2) })
const call = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.flatMap(CircuitBreaker.CircuitBreaker, (breaker) => breaker.execute(self, { key: "openai/gpt-5" }))

it.effect("a process that starts anew leaves alone whom the last one had found down", () =>
  Effect.gen(function* () {
    const before = Effect.gen(function* () {
      yield* Effect.replicateEffect(Effect.exit(call(Effect.fail(new LlmError.Overloaded()))), 2)
      return yield* (yield* CircuitBreaker.CircuitBreaker).snapshot
    })
    const snapshot = yield* Effect.provide(before, Breaker)
    yield* TestClock.adjust("5 seconds")
    const after = Effect.gen(function* () {
      yield* (yield* CircuitBreaker.CircuitBreaker).restore(snapshot)
      return yield* Effect.exit(call(Effect.succeed("asked")))
    })
    expect(Exit.isFailure(yield* Effect.provide(after, Breaker))).toBe(true)
  })
)
