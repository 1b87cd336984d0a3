import { inspect } from "node:util"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Schema, TestClock } from "effect"
import { CircuitBreaker, LlmError, Rejection } from "effect-resilience"

const all: ReadonlyArray<readonly [Rejection.Rejection, message: string, json: Readonly<Record<string, unknown>>]> = [
  [
    new Rejection.CircuitOpen({ key: "a", retryAfter: Duration.seconds(30) }),
    'The circuit of "a" is open; the next probe is let through in 30s',
    { key: "a", retryAfter: 30_000 }
  ],
  [
    new Rejection.CircuitOpen({ key: "a", retryAfter: Duration.infinity }),
    'The circuit of "a" is held open by hand; nothing is let through until it is released',
    { key: "a", retryAfter: "Infinity" }
  ],
  [
    new Rejection.CircuitHalfOpen({ key: "a" }),
    'The circuit of "a" is half-open and its probes are under way; try again once they have ended',
    { key: "a" }
  ],
  [
    new Rejection.BulkheadFull({ key: "a", running: 4, queued: 8 }),
    '"a" has 4 calls running and 8 waiting, which is as many as it may',
    { key: "a", running: 4, queued: 8 }
  ],
  [
    new Rejection.RateLimitExceeded({ key: "a", retryAfter: Duration.millis(1_500) }),
    'The rate limit of "a" is used up for 1s 500ms',
    { key: "a", retryAfter: 1_500, by: "limit" }
  ],
  [
    new Rejection.RateLimitExceeded({ key: "a", retryAfter: Duration.seconds(12), by: "target" }),
    '"a" asked to be left alone for another 12s',
    { key: "a", retryAfter: 12_000, by: "target" }
  ],
  [
    new Rejection.DeadlineExceeded({ budget: Duration.minutes(2) }),
    "The call had no answer within its deadline of 2m",
    { budget: 120_000 }
  ],
  [
    new Rejection.BufferExceeded({ key: "a", elements: 10, characters: 100 }),
    'The answer of "a" is longer than the buffer of 10 elements and 100 characters; make the buffer larger, or deliver it as it comes',
    { key: "a", elements: 10, characters: 100 }
  ],
  [
    new Rejection.CredentialsExhausted({ key: "acme", keys: 2, retryAfter: Duration.minutes(10) }),
    'All 2 keys of "acme" were refused; the next is tried again in 10m',
    { key: "acme", keys: 2, retryAfter: 600_000 }
  ],
  [
    new Rejection.AllTargetsFailed({ errors: [new LlmError.ServerError({}), new Error("own"), "text"] }),
    "None of 3 targets answered: ServerError, Error, Error",
    { errors: ["ServerError", "Error", "Error"], targets: [] }
  ],
  [
    new Rejection.AllTargetsFailed({
      errors: [new LlmError.RateLimited({ retryAfter: Duration.seconds(20) }), new LlmError.ContextLengthExceeded({})],
      targets: [
        { target: "acme/large", tag: "RateLimited", asked: true },
        { target: "acme/small", tag: "ContextLengthExceeded", asked: false },
        { target: "other/large", asked: false }
      ]
    }),
    "None of 3 targets answered: acme/large (RateLimited), acme/small (skipped, ContextLengthExceeded), other/large (not asked); one may answer again in 20s",
    {
      errors: ["RateLimited", "ContextLengthExceeded"],
      targets: [
        { target: "acme/large", tag: "RateLimited", asked: true },
        { target: "acme/small", tag: "ContextLengthExceeded", asked: false },
        { target: "other/large", asked: false }
      ],
      retryAfter: 20_000
    }
  ]
]

const classes = {
  CircuitOpen: Rejection.CircuitOpen,
  CircuitHalfOpen: Rejection.CircuitHalfOpen,
  BulkheadFull: Rejection.BulkheadFull,
  RateLimitExceeded: Rejection.RateLimitExceeded,
  DeadlineExceeded: Rejection.DeadlineExceeded,
  BufferExceeded: Rejection.BufferExceeded,
  CredentialsExhausted: Rejection.CredentialsExhausted,
  AllTargetsFailed: Rejection.AllTargetsFailed
}

const decode = (tag: Rejection.Rejection["_tag"], json: unknown): Rejection.Rejection =>
  Schema.decodeUnknownSync(classes[tag] as Schema.Schema<Rejection.Rejection, unknown>)(json)

describe("Rejection", () => {
  for (const [rejection, message, json] of all) {
    it(`${rejection._tag} says "${message}" and survives the way to JSON and back`, () => {
      expect(rejection.message).toBe(message)
      expect(JSON.parse(JSON.stringify(rejection))).toEqual({ _tag: rejection._tag, ...json })
      const back = decode(rejection._tag, JSON.parse(JSON.stringify(rejection)))
      expect(back).toBeInstanceOf(classes[rejection._tag])
      expect(back.message).toBe(message)
      expect(JSON.parse(JSON.stringify(back))).toEqual({ _tag: rejection._tag, ...json })
      expect(Rejection.isRejection(back)).toBe(true)
    })
  }

  it("a rejection that was stored before it said whose limit it is, is the application's own", () => {
    expect(decode("RateLimitExceeded", { _tag: "RateLimitExceeded", key: "a", retryAfter: 1 })).toMatchObject({
      by: "limit"
    })
  })

  it("what all targets failed with says the soonest of the times that were named, and none that never comes", () => {
    const open = (retryAfter: Duration.Duration) => new Rejection.CircuitOpen({ key: "a", retryAfter })
    const limited = new LlmError.RateLimited({ retryAfter: Duration.seconds(20) })
    const soonest = (errors: ReadonlyArray<unknown>) => new Rejection.AllTargetsFailed({ errors }).retryAfter
    expect(soonest([limited, open(Duration.seconds(5)), new LlmError.ServerError({})])).toEqual(Duration.seconds(5))
    expect(soonest([open(Duration.infinity), limited])).toEqual(Duration.seconds(20))
    expect(soonest([open(Duration.infinity), new Error("own"), { retryAfter: 3 }, null])).toBeUndefined()
    expect(soonest([new Rejection.AllTargetsFailed({ errors: [limited] })])).toEqual(Duration.seconds(20))
    expect(new Rejection.AllTargetsFailed({ errors: [limited], retryAfter: Duration.seconds(1) }).retryAfter).toEqual(
      Duration.seconds(1)
    )
  })

  it("nothing else is a rejection", () => {
    for (const other of [
      undefined,
      null,
      "CircuitOpen",
      { _tag: "CircuitOpen" },
      new Error(),
      new LlmError.TimedOut({ phase: "idle" })
    ]) {
      expect(Rejection.isRejection(other)).toBe(false)
    }
  })
})

/** Those made without a stack are the same error in every other way. */
describe("what a circuit breaker rejects with", () => {
  const rejectedBy = (breaker: CircuitBreaker.CircuitBreaker) =>
    Effect.flip(Effect.succeed("never sent").pipe(breaker.execute({ key: "a", whenParked: "reject" })))
  const policies = CircuitBreaker.layerMemory({ tripPolicy: CircuitBreaker.consecutive(1) })
  const check = (rejection: Rejection.Rejection, message: string) => {
    expect(rejection.message).toBe(message)
    expect(inspect(rejection)).toContain(message)
    const back = decode(rejection._tag, JSON.parse(JSON.stringify(rejection)))
    expect(back.message).toBe(message)
    expect(JSON.stringify(back)).toBe(JSON.stringify(rejection))
  }

  it.effect("an isolated circuit is held open, and says so", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.CircuitBreaker
      yield* breaker.isolate("a")
      check(
        yield* rejectedBy(breaker),
        'The circuit of "a" is held open by hand; nothing is let through until it is released'
      )
    }).pipe(Effect.scoped, Effect.provide(policies))
  )

  it.effect("an open circuit names the time of the next probe", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.CircuitBreaker
      yield* Effect.exit(Effect.fail(new LlmError.ServerError({})).pipe(breaker.execute({ key: "a" })))
      yield* TestClock.adjust("15 seconds")
      check(
        yield* rejectedBy(breaker),
        'The circuit of "a" is open after too many failures (last failure: ServerError); the next probe is let through in 45s'
      )
    }).pipe(Effect.provide(policies))
  )

  it.effect("a parked target has asked for it itself: no rate limit of the application's is used up", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.CircuitBreaker
      const told = Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.seconds(20) }))
      yield* Effect.exit(told.pipe(breaker.execute({ key: "a" })))
      yield* TestClock.adjust("8 seconds")
      check(yield* rejectedBy(breaker), '"a" asked to be left alone for another 12s')
    }).pipe(Effect.provide(policies))
  )
})
