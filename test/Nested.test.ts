/** A call to a target from within that target's own attempt: its policies are entered, not stacked. */

import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Stream, TestClock } from "effect"
import { CircuitBreaker, LlmError, Resilience } from "effect-resilience"
import { target, toEnd } from "./targets.js"

const down = Effect.fail(new LlmError.ServerError({}))
const retry = { jitter: "none", maxAttempts: 3 } as const

const policies = (counts: "attempts" | "calls", failures: number, options?: Resilience.Options) =>
  Resilience.layer({
    retry: false,
    circuitBreaker: { counts, tripPolicy: CircuitBreaker.consecutive(failures), halfOpen: { successes: 1 } },
    ...options
  })

const state = Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) => circuitBreaker.state("t"))

type Nested = (self: Effect.Effect<string, LlmError.LlmError>) => Effect.Effect<unknown, unknown, Resilience.Resilience>

/** Ways to go through the policies of one target twice. */
const twice: Readonly<Record<string, Nested>> = {
  "protect within protect": (self) => self.pipe(Resilience.protect("t"), Resilience.protect("t")),
  "a call on the way of a call": (self) =>
    Effect.zipRight(Effect.yieldNow(), Resilience.protect(self, "t")).pipe(
      Effect.withSpan("turn"),
      Resilience.protect("t")
    ),
  "by way of another target": (self) =>
    self.pipe(Resilience.protect("t"), Resilience.protect("other"), Resilience.protect("t")),
  "execute within protect": (self) =>
    Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) =>
      self.pipe(circuitBreaker.execute({ key: "t" }), Resilience.protect("t"))
    ),
  "protect within execute": (self) =>
    Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) =>
      self.pipe(Resilience.protect("t"), circuitBreaker.execute({ key: "t" }))
    ),
  "execute within execute": (self) =>
    Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) =>
      self.pipe(circuitBreaker.execute({ key: "t" }), circuitBreaker.execute({ key: "t" }))
    ),
  "a stream within protect": (self) =>
    Stream.fromEffect(self).pipe(Resilience.protectStream("t"), Stream.runCollect, Resilience.protect("t")),
  "a stream within execute": (self) =>
    Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) =>
      Stream.fromEffect(self).pipe(
        Resilience.protectStream("t"),
        Stream.runCollect,
        circuitBreaker.execute({ key: "t" })
      )
    ),
  "executeStream within protect": (self) =>
    Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) =>
      Stream.fromEffect(self).pipe(
        circuitBreaker.executeStream({ key: "t" }),
        Stream.runCollect,
        Resilience.protect("t")
      )
    ),
  "protect within executeStream": (self) =>
    Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) =>
      Stream.fromEffect(self.pipe(Resilience.protect("t"))).pipe(
        circuitBreaker.executeStream({ key: "t" }),
        Stream.runCollect
      )
    ),
  "execute within executeStream": (self) =>
    Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) =>
      Stream.make(1, 2).pipe(
        Stream.mapEffect(() => self.pipe(circuitBreaker.execute({ key: "t" }))),
        circuitBreaker.executeStream({ key: "t" }),
        Stream.runCollect
      )
    ),
  "executeStream within executeStream": (self) =>
    Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) =>
      Stream.fromEffect(self).pipe(
        circuitBreaker.executeStream({ key: "t" }),
        circuitBreaker.executeStream({ key: "t" }),
        Stream.runCollect
      )
    ),
  "a stream within executeStream": (self) =>
    Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) =>
      Stream.fromEffect(self).pipe(
        Resilience.protectStream("t"),
        circuitBreaker.executeStream({ key: "t" }),
        Stream.runCollect
      )
    )
}

describe("nested protection of one target", () => {
  for (const [name, nested] of Object.entries(twice)) {
    for (const counts of ["attempts", "calls"] as const) {
      it.effect(`B15: ${name} recovers after an opening, with a circuit that counts ${counts}`, () =>
        Effect.gen(function* () {
          yield* toEnd(nested(down))
          expect((yield* state)._tag).toBe("Open")
          yield* TestClock.adjust("1 minute")
          const { exit } = yield* toEnd(nested(Effect.succeed("well")))
          expect(Exit.isSuccess(exit)).toBe(true)
          expect((yield* state)._tag).toBe("Closed")
        }).pipe(Effect.provide(policies(counts, 1)))
      )

      it.effect(`${name} counts one failure once, with a circuit that counts ${counts}`, () =>
        Effect.gen(function* () {
          yield* toEnd(nested(down))
          expect((yield* state)._tag).toBe("Closed")
          yield* toEnd(nested(down))
          expect((yield* state)._tag).toBe("Open")
        }).pipe(Effect.provide(policies(counts, 2)))
      )
    }

    it.effect(`${name} does not multiply retries`, () =>
      Effect.gen(function* () {
        const t = yield* target("t", down)
        yield* toEnd(nested(t.run))
        expect((yield* t.asked).length).toBeLessThanOrEqual(name === "by way of another target" ? 9 : 3)
      }).pipe(
        Effect.provide(Resilience.layer({ retry, circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(99) } }))
      )
    )
  }

  it.effect("what outlives the attempt it was started in is a call of its own", () =>
    Effect.gen(function* () {
      const late = Resilience.protect(down, "t").pipe(Effect.delay("1 second"), Effect.exit)
      const fiber = yield* Resilience.protect(Effect.forkDaemon(late), "t")
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      expect(yield* state).toMatchObject({ _tag: "Open", retryAfter: Duration.minutes(1) })
    }).pipe(Effect.provide(policies("attempts", 1)))
  )

  it.effect("the consumer of a stream behind a circuit is outside of it, and so is what outlives the stream", () =>
    Effect.gen(function* () {
      const { circuitBreaker } = yield* Resilience.Resilience
      const call = down.pipe(circuitBreaker.execute({ key: "t" }), Effect.exit)
      const count = Effect.map(circuitBreaker.state("t"), (state) => (state._tag === "Closed" ? state.failures : -1))
      const through = circuitBreaker.executeStream({ key: "t" })
      yield* Stream.runForEach(through(Stream.make(1)), () => call)
      // The stream's own end is a success.
      expect(yield* count).toBe(0)
      const late = yield* Stream.runCollect(
        through(Stream.fromEffect(Effect.forkDaemon(Effect.delay(call, "1 second"))))
      )
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(late, Fiber.join)
      expect(yield* count).toBe(1)
    }).pipe(Effect.provide(policies("attempts", 9)))
  )

  it.effect("other policies of the same name are not entered", () =>
    Effect.gen(function* () {
      const inner = Resilience.protect(down, "t").pipe(Effect.provide(policies("attempts", 1, { retry })))
      const t = yield* target("t", inner)
      yield* toEnd(Resilience.protect(t.run, "t"))
      expect((yield* t.asked).length).toBe(1)
    }).pipe(Effect.provide(policies("attempts", 9)))
  )
})
