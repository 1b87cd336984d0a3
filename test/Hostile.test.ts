import { inspect } from "node:util"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Redacted, Stream, TestClock } from "effect"
import { CircuitBreaker, Classifier, Fallback, LlmError, Rejection, Resilience, RetryPolicy } from "effect-resilience"
import { toEnd } from "./targets.js"

const no = (): never => {
  throw new Error("hostile")
}

/** Failed values that throw, or lie, when somebody looks at them. */
const hostile: Readonly<Record<string, () => object>> = {
  "one whose prototype cannot be read": () => new Proxy({}, { getPrototypeOf: no }),
  "an error whose prototype cannot be read": () => new Proxy(new LlmError.ServerError({}), { getPrototypeOf: no }),
  "one of which nothing can be read": () => new Proxy({}, { get: no, getPrototypeOf: no, ownKeys: no }),
  "a failure's prototype and nothing else": () => Object.create(LlmError.ServerError.prototype),
  "a rejection's prototype and nothing else": () => Object.create(Rejection.CircuitOpen.prototype),
  "a failure with a hint that is none": () =>
    Object.assign(Object.create(LlmError.RateLimited.prototype), { _tag: "RateLimited", retryAfter: "soon" }),
  "a failure of another class's tag": () =>
    Object.assign(Object.create(LlmError.ServerError.prototype), { _tag: "constructor" }),
  "a failure with a field that throws": () =>
    Object.defineProperty(
      Object.create(LlmError.ServerError.prototype, { _tag: { value: "ServerError" } }),
      "retryable",
      {
        get: no
      }
    ),
  "a proxy that has been revoked": () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  }
}

/** Not `Effect.fail`, which looks at what it is given. */
const failing = (value: object) => Effect.suspend(() => Exit.fail(value))

const isFailure = (exit: Exit.Exit<unknown, unknown>) => Exit.isFailure(exit) && Cause.isFailure(exit.cause)

describe("a hostile failure stays a failure", () => {
  for (const [name, make] of Object.entries(hostile)) {
    for (const counts of ["attempts", "calls"] as const) {
      it.effect(`${name}, of a call, with a circuit that counts ${counts}`, () =>
        Effect.gen(function* () {
          const { exit } = yield* toEnd(Resilience.protect(failing(make()), "t"))
          expect(isFailure(exit)).toBe(true)
          // It does not keep the place of a probe either.
          const down = Effect.fail(new LlmError.ServerError())
          yield* toEnd(Resilience.protect(down, "t"))
          yield* TestClock.adjust("1 minute")
          yield* toEnd(Resilience.protect(failing(make()), "t"))
          yield* TestClock.adjust("10 minutes")
          expect(yield* Resilience.protect(Effect.succeed("well"), "t")).toBe("well")
        }).pipe(
          Effect.provide(Resilience.layer({ circuitBreaker: { counts, tripPolicy: CircuitBreaker.consecutive(1) } }))
        )
      )
    }

    it.effect(`${name}, of a stream`, () =>
      Effect.gen(function* () {
        const stream = Resilience.protectStream(Stream.fromEffect(failing(make())), "t")
        const { exit } = yield* toEnd(Stream.runDrain(stream))
        expect(isFailure(exit)).toBe(true)
      }).pipe(Effect.provide(Resilience.layer()))
    )

    it.effect(`${name}, in a walk and under a retry policy`, () =>
      Effect.gen(function* () {
        const targets = [
          { name: "a", run: failing(make()) },
          { name: "b", run: failing(make()) }
        ] as const
        expect(isFailure((yield* toEnd(Fallback.firstOf(targets))).exit)).toBe(true)
        const retried = RetryPolicy.retry(failing(make()), RetryPolicy.standard)
        expect(isFailure((yield* toEnd(retried)).exit)).toBe(true)
      })
    )

    it(`${name}, is no failure of ours, and is read all the same`, () => {
      expect(LlmError.isLlmError(make())).toBe(false)
      expect(Rejection.isRejection(make())).toBe(false)
      expect(LlmError.isLlmError(Classifier.fromUnknown(make()))).toBe(true)
      expect(JSON.stringify(new Rejection.AllTargetsFailed({ errors: [make()] }))).toContain("AllTargetsFailed")
    })
  }
})

describe("what an error must not print", () => {
  it("C14: is not in it even where everything that is hidden is printed", () => {
    const secret = "the answer so far"
    const made = { partial: Redacted.make(secret) }
    const errors = [
      new LlmError.StreamInterrupted(made),
      new Rejection.DeadlineExceeded({ budget: Duration.seconds(1), lastError: { secret } }),
      new Rejection.AllTargetsFailed({ errors: [{ secret }] })
    ]
    for (const error of errors) {
      expect(inspect(error, { customInspect: false, showHidden: true, depth: 20 })).not.toContain(secret)
    }
    expect(errors[0]).toHaveProperty("partial", made.partial)
    expect(made).toEqual({ partial: Redacted.make(secret) })
  })
})
