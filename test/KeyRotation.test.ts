import { describe, expect, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Exit, Redacted, TestClock } from "effect"
import { Fallback, KeyRotation, LlmError, Rejection, Resilience } from "effect-resilience"
import { failureOf } from "./targets.js"

const refused = new LlmError.AuthenticationFailed({ status: 401, target: "acme" })
const limited = new LlmError.RateLimited({ status: 429, retryAfter: Duration.seconds(30) })
const down = new LlmError.ServerError({ status: 500 })

/** A provider that answers each key as it is told to, and notes which were used. */
const provider = (answers: Record<string, LlmError.LlmError | undefined>) => {
  const used: Array<string> = []
  const call = (key: Redacted.Redacted) =>
    Effect.suspend((): Effect.Effect<string, LlmError.LlmError> => {
      const name = Redacted.value(key)
      used.push(name)
      const failure = answers[name]
      return failure === undefined ? Effect.succeed(name) : Effect.fail(failure)
    })
  return { answers, used, call }
}

const rotation = (...names: readonly [string, ...ReadonlyArray<string>]) =>
  KeyRotation.make({
    name: "acme",
    keys: names.map((name) => Redacted.make(name)) as unknown as readonly [Redacted.Redacted]
  })

describe("KeyRotation", () => {
  it.effect("keys are used in turn", () =>
    Effect.gen(function* () {
      const { use } = yield* rotation("a", "b", "c")
      const { call } = provider({})
      expect(yield* Effect.all([use(call), use(call), use(call), use(call)])).toEqual(["a", "b", "c", "a"])
    })
  )

  it.effect("a refused key is set aside, the next is asked at once, and it is tried again when its time is up", () =>
    Effect.gen(function* () {
      const { use } = yield* rotation("a", "b")
      const acme = provider({ a: refused })
      expect([yield* use(acme.call), yield* use(acme.call), yield* use(acme.call)]).toEqual(["b", "b", "b"])
      expect(acme.used).toEqual(["a", "b", "b", "b"])
      acme.answers.a = undefined
      yield* TestClock.adjust("10 minutes")
      expect([yield* use(acme.call), yield* use(acme.call)].sort()).toEqual(["a", "b"])
    })
  )

  it.effect("where every key was refused the error says so, and no key is asked until its time is up", () =>
    Effect.gen(function* () {
      const { use } = yield* rotation("a", "b")
      const acme = provider({ a: refused, b: refused })
      const failure = failureOf(yield* Effect.exit(use(acme.call)))
      expect(failure).toEqual(
        new Rejection.CredentialsExhausted({ key: "acme", keys: 2, retryAfter: Duration.minutes(10) })
      )
      yield* TestClock.adjust("4 minutes")
      const again = failureOf(yield* Effect.exit(use(acme.call)))
      expect(again).toMatchObject({ _tag: "CredentialsExhausted", retryAfter: Duration.minutes(6) })
      expect(acme.used).toEqual(["a", "b"])
      expect(JSON.stringify(failure)).not.toMatch(/"a"|"b"/)
    })
  )

  it.effect("a key that is told to wait rests for as long as it was told", () =>
    Effect.gen(function* () {
      const { use } = yield* rotation("a", "b")
      const acme = provider({ a: limited, b: refused })
      // One of the two only rests, so they are not all dead.
      expect(failureOf(yield* Effect.exit(use(acme.call)))).toMatchObject({
        _tag: "RateLimitExceeded",
        by: "target",
        retryAfter: Duration.seconds(30)
      })
      acme.answers.a = undefined
      yield* TestClock.adjust("29 seconds")
      expect(Exit.isFailure(yield* Effect.exit(use(acme.call)))).toBe(true)
      yield* TestClock.adjust("1 second")
      expect(yield* use(acme.call)).toBe("a")
    })
  )

  it.effect("where all rest, the failure is what the last was told", () =>
    Effect.gen(function* () {
      const { use } = yield* rotation("a", "b")
      expect(failureOf(yield* Effect.exit(use(provider({ a: limited, b: limited }).call)))).toBe(limited)
    })
  )

  it.effect("a used-up quota rests until the time that the provider names", () =>
    Effect.gen(function* () {
      const { use } = yield* rotation("a", "b")
      const resetsAt = DateTime.unsafeMake(3_600_000)
      const acme = provider({ a: new LlmError.QuotaExhausted({ resetsAt }) })
      expect(yield* use(acme.call)).toBe("b")
      acme.answers.a = undefined
      acme.answers.b = refused
      yield* TestClock.adjust("59 minutes")
      expect(Exit.isFailure(yield* Effect.exit(use(acme.call)))).toBe(true)
      yield* TestClock.adjust("1 minute")
      expect(yield* use(acme.call)).toBe("a")
    })
  )

  it.effect("any other failure is the call's own, and no reason to ask with another key", () =>
    Effect.gen(function* () {
      const { use } = yield* rotation("a", "b")
      const acme = provider({ a: down })
      expect(failureOf(yield* Effect.exit(use(acme.call)))).toBe(down)
      expect(acme.used).toEqual(["a"])
    })
  )

  it.effect("inside the policies all keys are one attempt, and another target may help when all are dead", () =>
    Effect.gen(function* () {
      const { use } = yield* rotation("a", "b")
      const acme = provider({ a: refused, b: refused })
      const answer = Fallback.firstOf([
        { name: "acme", run: use(acme.call).pipe(Resilience.protect("acme")) },
        { name: "other", run: Effect.succeed("other") }
      ])
      expect(yield* answer).toBe("other")
      expect(acme.used).toEqual(["a", "b"])
      const { circuitBreaker } = yield* Resilience.Resilience
      expect(yield* circuitBreaker.state("acme")).toMatchObject({ _tag: "Closed", failures: 0 })
    }).pipe(Effect.provide(Resilience.layer()))
  )

  it.effect("options that make no sense are refused by name", () =>
    Effect.gen(function* () {
      const made = (options: object) => Effect.exit(KeyRotation.make({ name: "a", keys: [], ...options } as never))
      expect(String(failureOf(yield* made({})))).toMatch(/keys has to be a list/)
      expect(String(failureOf(yield* made({ keys: [Redacted.make("a")], restFor: -1 })))).toMatch(/restFor is -1/)
      expect(String(failureOf(yield* made({ pause: 1 })))).toMatch(/no option "pause"/)
    })
  )
})
