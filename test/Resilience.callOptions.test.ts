import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Option, Stream } from "effect"
import { LlmError, Resilience, RetryPolicy } from "effect-resilience"
import { expectTypeOf } from "vitest"
import { failureOf, target, toEnd } from "./targets.js"

const down = target("down", Effect.fail(new LlmError.ServerError({})))
const plain = { retry: { initialDelay: "1 second", jitter: "none", maxAttempts: 3 } } as const

describe("R17: options of one call", () => {
  it.effect("hold for it alone, merged with those of its target", () =>
    Effect.gen(function* () {
      const { asked, run } = yield* down
      yield* toEnd(Resilience.protect(run, "a", { retry: { maxAttempts: 2 } }))
      expect(yield* asked).toEqual([0, 1_000])
      const other = yield* down
      yield* toEnd(Resilience.protect(other.run, "a"))
      expect((yield* other.asked).length).toBe(3)
    }).pipe(Effect.provide(Resilience.layer(plain)))
  )

  it.effect("one object of options is good for calls to several targets", () =>
    Effect.gen(function* () {
      const own = { deadline: "1500 millis" } as const
      for (const [name, count] of [
        ["once", 1],
        ["thrice", 2],
        ["once", 1]
      ] as const) {
        const { asked, run } = yield* down
        yield* toEnd(Resilience.protect(run, name, own))
        expect((yield* asked).length).toBe(count)
      }
    }).pipe(Effect.provide(Resilience.layer({ ...plain, targets: { once: { retry: { maxAttempts: 1 } } } })))
  )

  it.effect("a deadline and a limit of an attempt of its own, for calls and streams", () =>
    Effect.gen(function* () {
      const late = yield* toEnd(Resilience.protect(Effect.never, "a", { deadline: "3 seconds", attemptTimeout: false }))
      expect(failureOf(late.exit)).toMatchObject({ _tag: "DeadlineExceeded" })
      expect(late.took).toBe(3_000)
      const own = { attemptTimeout: "2 seconds", retry: false } as const
      const limited = yield* toEnd(Resilience.protect(Effect.never, "b", own))
      expect(failureOf(limited.exit)).toMatchObject({ _tag: "TimedOut", phase: "attempt" })
      expect(limited.took).toBe(2_000)
      const stream = yield* toEnd(Stream.runDrain(Resilience.protectStream(Stream.never, "c", own)))
      expect(failureOf(stream.exit)).toMatchObject({ _tag: "TimedOut", phase: "firstToken" })
      expect(stream.took).toBe(2_000)
    }).pipe(Effect.provide(Resilience.layer(plain)))
  )

  it.effect("a call inside it, to another target, has its own options and what is left of the time", () =>
    Effect.gen(function* () {
      const { asked, run } = yield* down
      const inner = Resilience.protect(run, "inner")
      yield* toEnd(Resilience.protect(inner, "outer", { retry: false, deadline: "1500 millis" }))
      // Three attempts would be at 0, 1 and 3 seconds.
      expect(yield* asked).toEqual([0, 1_000])
    }).pipe(Effect.provide(Resilience.layer(plain)))
  )

  it.effect("a reader of its own decides what a failure is, for calls and streams", () =>
    Effect.gen(function* () {
      const { asked, run } = yield* target("busy", Effect.fail("come back later"))
      const classify = (thrown: unknown): Option.Option<LlmError.LlmError> =>
        thrown === "come back later" ? Option.some(new LlmError.Overloaded({})) : Option.none()
      const call = yield* toEnd(Resilience.protect(run, "a", { classify }))
      expect(failureOf(call.exit)).toMatchObject({ _tag: "Overloaded" })
      expect(yield* asked).toEqual([0, 1_000, 3_000])
      const stream = yield* toEnd(Stream.runDrain(Resilience.protectStream(Stream.fromEffect(run), "b", { classify })))
      expect(failureOf(stream.exit)).toMatchObject({ _tag: "Overloaded" })
      expect((yield* asked).length).toBe(6)
      const unread = yield* toEnd(
        Resilience.protect(Effect.fail("something else"), "c", {
          classify: () => {
            throw new Error("a reader that fails")
          }
        })
      )
      expect(failureOf(unread.exit)).toBe("something else")
    }).pipe(Effect.provide(Resilience.layer(plain)))
  )

  it.effect(
    "a policy that waits for an open circuit does so for a single call, unless the circuit's options forbid it",
    () =>
      Effect.gen(function* () {
        const { circuitBreaker } = yield* Resilience.Resilience
        const own = { retry: RetryPolicy.make({ whenOpen: "wait", maxRetryAfter: "20 seconds" }) }
        const asks = (name: string, own?: Resilience.CallOptions) => [
          Resilience.protect(Effect.succeed("answer"), name, own),
          Stream.runDrain(Resilience.protectStream(Stream.make("answer"), name, own ?? {}))
        ]
        for (const name of ["attempts", "calls"]) {
          for (const ask of asks(name, own)) {
            yield* circuitBreaker.open(name, "10 seconds")
            const { exit, took } = yield* toEnd(ask)
            expect([Exit.isSuccess(exit), took >= 10_000 && took <= 11_000]).toEqual([true, true])
            yield* circuitBreaker.open(name, "21 seconds")
            expect(failureOf((yield* toEnd(ask)).exit)).toMatchObject({ _tag: "CircuitOpen" })
            yield* circuitBreaker.reset(name)
          }
        }
        for (const ask of [
          ...asks("attempts"),
          ...asks("never", own),
          ...asks("attempts", { retry: { maxAttempts: 2 } })
        ]) {
          yield* Effect.forEach(["attempts", "never"], (name) => circuitBreaker.open(name, "10 seconds"))
          const { exit, took } = yield* toEnd(ask)
          expect([failureOf(exit), took]).toMatchObject([{ _tag: "CircuitOpen" }, 0])
        }
      }).pipe(
        Effect.provide(
          Resilience.layer({
            targets: {
              calls: { circuitBreaker: { counts: "calls" } },
              never: { circuitBreaker: { whenOpen: "reject" } }
            }
          })
        )
      )
  )

  it.effect("a wrong one is told by its name and value", () =>
    Effect.gen(function* () {
      const dies = (own: object) =>
        Effect.map(Effect.exit(Resilience.protect(Effect.void, "a", own as Resilience.CallOptions)), (exit) =>
          Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "fine"
        )
      expect(yield* dies({ maxAttempt: 3 })).toContain('no option "maxAttempt"')
      expect(yield* dies({ deadline: Number.NaN })).toMatch(/deadline.*NaN/)
      expect(yield* dies({ retry: { maxAttempts: 0 } })).toMatch(/maxAttempts.*0/)
      expect(yield* dies({ stream: {} })).toContain('no option "stream"')
    }).pipe(Effect.provide(Resilience.layer(plain)))
  )

  it("the types: only a reader adds to the failures", () => {
    type FailureOf<A> = A extends Effect.Effect<unknown, infer E, unknown> ? E : never
    const without = Resilience.protect(Effect.fail("no" as const), "a", { retry: false })
    expectTypeOf<FailureOf<typeof without>>().toEqualTypeOf<"no" | Resilience.Failures>()
    const withReader = Effect.fail("no" as const).pipe(Resilience.protect("a", { classify: () => Option.none() }))
    expectTypeOf<FailureOf<typeof withReader>>().toEqualTypeOf<"no" | LlmError.LlmError | Resilience.Failures>()
  })
})
