/** Failed values that throw at some kinds of look, through every bracket. */

import { describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, FastCheck as fc, Stream } from "effect"
import { CircuitBreaker, LlmError, Rejection, Resilience, RetryBudget, RetryPolicy } from "effect-resilience"

const no = (): never => {
  throw new Error("hostile")
}

const bases: ReadonlyArray<() => object> = [
  () => ({}),
  () => () => "a function",
  () => new Error("plain", { cause: new Error("inner") }),
  () => new LlmError.ServerError({ status: 500 }),
  () => new LlmError.RateLimited({ retryAfter: Duration.seconds(1) }),
  () => new LlmError.TimedOut({ phase: "attempt" }),
  () => new Rejection.RateLimitExceeded({ key: "a", retryAfter: Duration.seconds(1) }),
  () => Object.assign(new Error("status"), { status: 503, headers: { "retry-after": "1" } })
]

const traps = ["get", "has", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf", "isExtensible"] as const

/** A value of which some kinds of looks throw. */
const hostile = fc.record({
  base: fc.constantFrom(...bases),
  kinds: fc.subarray([...traps], { minLength: 1 })
})

const made = ({ base, kinds }: { readonly base: () => object; readonly kinds: ReadonlyArray<string> }): object =>
  new Proxy(base(), Object.fromEntries(kinds.map((kind) => [kind, no])))

const lies: ReadonlyArray<unknown> = [
  { _tag: Symbol("tag") },
  { _tag: "__proto__" },
  { _tag: "x".repeat(1_000_000) },
  { _tag: "RateLimited", retryAfter: { [Symbol.toPrimitive]: no } },
  { [Symbol.toStringTag]: no, [Symbol.toPrimitive]: no, toString: no, toJSON: no },
  { [Symbol.iterator]: no },
  Object.create(null),
  Symbol("failed"),
  Number.NaN,
  10n,
  null,
  undefined
]

const failing = (value: unknown) => Effect.suspend(() => Exit.fail(value))

type Way = (self: Effect.Effect<never, unknown>) => Effect.Effect<unknown, unknown>

const never = { jitter: "none", maxAttempts: 1 } as const

const protectedBy =
  (options: Resilience.Options): Way =>
  (self) =>
    Resilience.protect(self, "t").pipe(Effect.provide(Resilience.layer({ retry: never, ...options })))

const streamedBy =
  (options: Resilience.Options): Way =>
  (self) =>
    Stream.runDrain(Resilience.protectStream(Stream.fromEffect(self), "t")).pipe(
      Effect.provide(Resilience.layer({ retry: never, ...options }))
    )

const calls = { circuitBreaker: { counts: "calls" } } as const
const observed = { observeOnly: true, retry: { maxAttempts: 3, jitter: "none" }, retryBudget: {} } as const

const ways: Readonly<Record<string, Way>> = {
  protect: protectedBy({ retryBudget: {} }),
  "protect, calls counted": protectedBy(calls),
  "protect, observed": protectedBy(observed),
  protectStream: streamedBy({ retryBudget: {} }),
  "protectStream, calls counted": streamedBy(calls),
  "protectStream, observed": streamedBy(observed),
  execute: (self) =>
    Effect.flatMap(CircuitBreaker.CircuitBreaker, (breaker) => self.pipe(breaker.execute({ key: "t" }))).pipe(
      Effect.provide(CircuitBreaker.layerMemory())
    ),
  "execute, with a reader": (self) =>
    Effect.flatMap(CircuitBreaker.CircuitBreaker, (breaker) =>
      breaker.execute(self, { key: "t", classify: () => CircuitBreaker.failure() })
    ).pipe(Effect.provide(CircuitBreaker.layerMemory())),
  executeStream: (self) =>
    Effect.flatMap(CircuitBreaker.CircuitBreaker, (breaker) =>
      Stream.runDrain(Stream.fromEffect(self).pipe(breaker.executeStream({ key: "t" })))
    ).pipe(Effect.provide(CircuitBreaker.layerMemory())),
  "RetryBudget.retry": (self) =>
    RetryBudget.retry(self, RetryPolicy.make(never), "t").pipe(Effect.provide(RetryBudget.layer()))
}

describe.each(Object.entries(ways))("a hostile failure through %s stays the failure that it is", (_, way) => {
  const check = async (value: unknown) => {
    const exit = await Effect.runPromiseExit(way(failing(value)))
    const failures = Exit.isFailure(exit) ? Array.from(Cause.failures(exit.cause)) : []
    if (failures.length !== 1 || !Object.is(failures[0], value)) {
      throw new Error(
        Exit.isFailure(exit) ? Cause.pretty(Cause.die(Cause.squash(Cause.stripFailures(exit.cause)))) : "success"
      )
    }
  }

  it("whatever look throws", () =>
    fc.assert(
      fc.asyncProperty(hostile, (recipe) => check(made(recipe))),
      { numRuns: 60 }
    ))

  it("whatever it lies about", async () => {
    for (const value of lies) await check(value)
  })
})
