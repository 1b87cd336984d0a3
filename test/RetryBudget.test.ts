import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Config, ConfigProvider, Duration, Effect, Exit, Fiber, Layer, Queue, Ref, TestClock } from "effect"
import { Deadline, LlmError, ResilienceEvent, RetryBudget, RetryPolicy } from "effect-resilience"

const ill = new LlmError.ServerError({ status: 503 })
const policy = RetryPolicy.make({ maxAttempts: 3, jitter: "none" })
const tenth = { share: 0.1, minimumPerSecond: 0 }
const take = Effect.flatMap(RetryBudget.RetryBudget, (budget) => budget.take("a"))
const available = Effect.flatMap(RetryBudget.RetryBudget, (budget) => budget.available("a"))
const deposit = Effect.flatMap(RetryBudget.RetryBudget, (budget) => budget.deposit("a"))

describe("RetryBudget", () => {
  it.effect(
    "R12: in an outage under load, calls sent stay within 1.1x of calls made, with the upstream's own error",
    () =>
      Effect.gen(function* () {
        const sent = yield* Ref.make(0)
        const call = Ref.update(sent, (n) => n + 1).pipe(
          Effect.andThen(Effect.fail(ill)),
          RetryBudget.retry(policy, "a")
        )
        const load = Effect.forEach(
          Array.from({ length: 500 }, (_, n) => n),
          (n) => Effect.exit(Effect.delay(call, n * 10)),
          { concurrency: "unbounded" }
        )
        const fiber = yield* Effect.fork(load)
        yield* TestClock.adjust("1 hour")
        const exits = yield* Fiber.join(fiber)
        expect(
          new Set(exits.map((exit) => Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error))
        ).toEqual(new Set([ill]))
        expect(yield* Ref.get(sent)).toBe(550)
      }).pipe(Effect.provide(RetryBudget.layer(tenth)))
  )

  it.effect("R12: it refills with the calls that succeed, up to its burst", () =>
    Effect.gen(function* () {
      expect(yield* take).toBe(false)
      yield* Effect.replicateEffect(RetryBudget.retry(Effect.succeed(1), policy, "a"), 10)
      expect(yield* take).toBe(true)
      expect(yield* take).toBe(false)
      yield* Effect.replicateEffect(deposit, 10_000)
      expect(yield* available).toBe(100)
    }).pipe(Effect.provide(RetryBudget.layer(tenth)))
  )

  it.effect("R12: a few per second are always allowed, saved up to the burst", () =>
    Effect.gen(function* () {
      expect(yield* available).toBe(2)
      yield* TestClock.adjust("1500 millis")
      expect(yield* available).toBe(5)
      yield* TestClock.adjust("1 hour")
      expect(yield* available).toBe(8)
    }).pipe(Effect.provide(RetryBudget.layer({ minimumPerSecond: 2, burst: 8 })))
  )

  it.effect("R12: 100 concurrent askers cannot overdraw it", () =>
    Effect.gen(function* () {
      const asked = yield* Effect.replicateEffect(Effect.zipRight(Effect.yieldNow(), take), 100).pipe(
        Effect.zip(
          Effect.all(
            Array.from({ length: 100 }, () => Effect.zipRight(Effect.yieldNow(), take)),
            { concurrency: "unbounded" }
          ),
          {
            concurrent: true
          }
        )
      )
      expect(asked.flat().filter((allowed) => allowed)).toHaveLength(7)
    }).pipe(Effect.provide(RetryBudget.layer({ minimumPerSecond: 7 })))
  )

  it.effect("R12: a retry that is interrupted before it is sent gives its token back, and only then", () =>
    Effect.gen(function* () {
      const made = yield* Ref.make(0)
      const call = Ref.updateAndGet(made, (n) => n + 1).pipe(
        Effect.flatMap((attempt) => (attempt === 1 ? Effect.fail(ill) : Effect.never)),
        RetryBudget.retry(policy, "a")
      )
      yield* Effect.replicateEffect(deposit, 10)
      const waiting = yield* Effect.fork(call)
      yield* TestClock.adjust("500 millis")
      expect(yield* available).toBe(0)
      yield* Fiber.interrupt(waiting)
      expect(yield* available).toBe(1)

      yield* Ref.set(made, 0)
      const sent = yield* Effect.fork(call)
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(sent)
      expect(yield* Ref.get(made)).toBe(2)
      expect(yield* available).toBe(0)
    }).pipe(Effect.provide(RetryBudget.layer(tenth)))
  )

  it.effect("R12: a wait that the deadline cuts off gives its token back too", () =>
    Effect.gen(function* () {
      yield* Effect.replicateEffect(deposit, 10)
      const stubborn = RetryPolicy.fixed("1 minute")
      const call = Effect.fail(ill).pipe(RetryBudget.retry(stubborn, "a"), Deadline.within("10 seconds"))
      const fiber = yield* Effect.fork(Effect.exit(call))
      yield* TestClock.adjust("10 seconds")
      expect(yield* Fiber.join(fiber)).toEqual(Exit.fail(ill))
      expect(yield* available).toBe(1)
    }).pipe(Effect.provide(RetryBudget.layer(tenth)))
  )

  it.effect("a dry budget ends the call at once, and says so to those who listen", () =>
    Effect.gen(function* () {
      const hub = yield* ResilienceEvent.ResilienceEvents
      const events = yield* hub.subscribe
      yield* deposit.pipe(Effect.replicateEffect(9))
      const exit = yield* Effect.exit(RetryBudget.retry(Effect.fail(ill), policy, "a")).pipe(
        Effect.fork,
        Effect.flatMap((fiber) => Effect.zipRight(TestClock.adjust("1 second"), Fiber.join(fiber)))
      )
      expect(exit).toEqual(Exit.fail(ill))
      const [scheduled, withheld] = Array.from(yield* Queue.takeAll(events))
      expect(scheduled).toMatchObject({ _tag: "RetryScheduled", target: "a", attempt: 2, at: 0 })
      expect(withheld).toMatchObject({
        _tag: "RetryWithheld",
        reason: "budget",
        target: "a",
        attempt: 2,
        at: 1_000,
        error: ill
      })
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(RetryBudget.layer(tenth), ResilienceEvent.layer())))
  )

  it.effect("a hint and a deadline that end the retrying are told as well", () =>
    Effect.gen(function* () {
      const hub = yield* ResilienceEvent.ResilienceEvents
      const events = yield* hub.subscribe
      const told = new LlmError.RateLimited({ target: "b", retryAfter: Duration.days(1) })
      yield* Effect.exit(RetryPolicy.retry(Effect.fail(told), policy))
      yield* Effect.exit(RetryPolicy.retry(Effect.fail(ill), policy).pipe(Deadline.within("1 second")))
      const all = Array.from(yield* Queue.takeAll(events))
      expect(all).toMatchObject([
        { _tag: "RetryWithheld", reason: "hint", target: "b", attempt: 1 },
        { _tag: "RetryWithheld", reason: "deadline", target: "unknown", attempt: 1 }
      ])
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))
  )

  it.effect("each target has a bucket of its own", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.RetryBudget
      expect(yield* budget.take("a")).toBe(true)
      expect(yield* budget.take("a")).toBe(false)
      expect(yield* budget.take("b")).toBe(true)
    }).pipe(Effect.provide(RetryBudget.layer()))
  )

  describe("options", () => {
    it.each([
      [{ share: -0.1 }, "share is -0.1, and has to be a number from 0 to 1"],
      [{ share: 2 }, "share is 2"],
      [{ share: Number.NaN }, "share is NaN"],
      [{ minimumPerSecond: -1 }, "minimumPerSecond is -1, and has to be a number of at least 0"],
      [{ burst: 0 }, "burst is 0"]
    ])("%o make no sense", (options, message) => {
      expect(() => RetryBudget.make(options)).toThrow(message)
    })

    it.effect("come from a Config, and bad ones are a ConfigError", () =>
      Effect.gen(function* () {
        const layer = RetryBudget.layerConfig({ share: Config.number("SHARE"), minimumPerSecond: Config.succeed(4) })
        const read = (share: string) =>
          available.pipe(
            Effect.provide(layer),
            Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["SHARE", share]])))
          )
        expect(yield* read("0.5")).toBe(4)
        expect(String(yield* Effect.flip(read("5")))).toContain("share is 5, and has to be a number from 0 to 1")
      })
    )
  })

  it("adds a requirement and no error", () => {
    const call = Effect.fail(ill) as Effect.Effect<number, LlmError.LlmError, "service">
    expectTypeOf(call.pipe(RetryBudget.retry(policy, "a"))).toEqualTypeOf<
      Effect.Effect<number, LlmError.LlmError, "service" | RetryBudget.RetryBudget>
    >()
  })
})
