/** Whom a hedged call asks: what a target can do, who answered last, and who would take a call now. */
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Exit, Fiber, Stream, TestClock } from "effect"
import {
  CircuitBreaker,
  Fallback,
  Hedge,
  LlmError,
  type Rejection,
  Resilience,
  ResilienceEvent
} from "effect-resilience"
import { allOf, failureOf, protect, target, toEnd } from "./targets.js"

const down = new LlmError.ServerError({ target: "a", status: 500 })

const slow = (name: string, millis: number, ...capabilities: ReadonlyArray<string>) =>
  Effect.map(target(name, Effect.as(Effect.sleep(millis), name)), (made) => ({
    ...made,
    ...(capabilities.length > 0 && { capabilities })
  }))

const fresh = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.provide(self, Hedge.layer({ budget: false }))

const after = "1 second"

describe("needs", () => {
  it.effect("targets that cannot do what the call needs are neither first nor a hedge", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const a = yield* slow("a", 10, "tools")
      const b = yield* slow("b", 5_000, "tools", "images")
      const c = yield* slow("c", 10, "tools")
      const d = yield* slow("d", 10)
      const { exit, took } = yield* toEnd(Hedge.across([a, b, c, d], { after, needs: ["images"] }))
      expect([exit, took]).toEqual([Exit.succeed("d"), 1_010])
      expect([yield* a.asked, yield* b.asked, yield* c.asked]).toEqual([[], [0], []])
      const skipped = [...(yield* events.takeAll)].filter(({ _tag }) => _tag === "FallbackSkipped")
      expect(skipped).toMatchObject([{ target: "a" }, { target: "c" }])
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()), fresh)
  )

  it.effect("those that were passed over are told of with the failures, and where nobody is able nobody is asked", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 10, "tools")
      const b = { ...(yield* target("b", Effect.fail(down))), capabilities: ["images"] }
      const failed = yield* toEnd(Hedge.across([a, b], { after, needs: ["images"] }))
      expect(allOf(failed.exit)).toMatchObject([down, { message: "a was skipped: it has no images" }])
      const { exit } = yield* toEnd(Hedge.across([a], { after, needs: ["images"] }))
      expect((failureOf(exit) as Rejection.AllTargetsFailed).targets).toEqual([
        { target: "a", tag: "InvalidRequest", asked: false }
      ])
      const stream = { ...a, run: Stream.make("a") }
      const none = yield* toEnd(Stream.runDrain(Hedge.acrossStreams([stream], { after, needs: ["images"] })))
      expect(allOf(none.exit)).toHaveLength(1)
    }).pipe(fresh)
  )
})

describe("sticky", () => {
  it.effect("the target that answered last, be it as a hedge, is asked first", () =>
    Effect.gen(function* () {
      const memory = yield* Fallback.makeSticky({ keepFor: "2 hours" })
      const a = yield* slow("a", 5_000)
      const b = yield* slow("b", 100)
      const ask = (key: string) => toEnd(Hedge.across([a, b], { after, sticky: { memory, key } }))
      expect((yield* ask("x")).took).toBe(1_100)
      expect((yield* ask("x")).took).toBe(100)
      expect((yield* a.asked).length).toBe(1)
      const streams = [
        { ...a, run: Stream.fromEffect(a.run) },
        { ...b, run: Stream.fromEffect(b.run) }
      ] as const
      const chunks = Stream.runCollect(Hedge.acrossStreams(streams, { after, sticky: { memory, key: "x" } }))
      expect((yield* toEnd(chunks)).exit).toEqual(Exit.succeed(Chunk.of("b")))
      expect((yield* a.asked).length).toBe(1)
    }).pipe(fresh)
  )
})

describe("a target whose policies would not let a call in is no hedge", () => {
  /** Two calls after what has happened before: to `b`, which is not ready, and to `c`, which is. */
  const hedged = Effect.gen(function* () {
    const [a, b, c] = [yield* slow("a", 5_000), yield* slow("b", 100), yield* slow("c", 100)]
    const call = () => toEnd(Hedge.across([protect(a), protect(b), protect(c)], { after }))
    return { call, asked: Effect.all([a.asked, b.asked, c.asked]) }
  })

  it.effect("one that is open", () =>
    Effect.gen(function* () {
      const { circuitBreaker, isReady } = yield* Resilience.Resilience
      const { asked, call } = yield* hedged
      yield* circuitBreaker.open("b", "1 hour")
      expect([yield* isReady("a"), yield* isReady("b")]).toEqual([true, false])
      expect((yield* call()).took).toBe(1_100)
      expect(yield* asked).toEqual([[0], [], [1_000]])
    }).pipe(Effect.provide(Resilience.layer()), fresh)
  )

  it.effect("one that is parked, until its time is over", () =>
    Effect.gen(function* () {
      const { isReady } = yield* Resilience.Resilience
      const { asked, call } = yield* hedged
      const parks = new LlmError.RateLimited({ target: "b", retryAfter: Duration.minutes(30) })
      yield* Effect.exit(Effect.fail(parks).pipe(Resilience.protect("b")))
      expect(yield* isReady("b")).toBe(false)
      expect((yield* call()).took).toBe(1_100)
      expect((yield* asked)[1]).toEqual([])
      yield* TestClock.adjust("11 minutes")
      expect(yield* isReady("b")).toBe(true)
      expect((yield* call()).took).toBe(1_100)
      expect((yield* asked)[1]).toHaveLength(1)
    }).pipe(Effect.provide(Resilience.layer({ retry: false })), fresh)
  )

  it.effect("one whose only probe is under way", () =>
    Effect.gen(function* () {
      const { isReady } = yield* Resilience.Resilience
      const fails = Effect.fail(down).pipe(Resilience.protect("b"))
      yield* Effect.exit(fails)
      yield* TestClock.adjust("1 minute")
      const probe = yield* Effect.fork(Effect.never.pipe(Resilience.protect("b")))
      yield* Effect.yieldNow()
      expect(yield* isReady("b")).toBe(false)
      yield* Fiber.interrupt(probe)
    }).pipe(
      Effect.provide(Resilience.layer({ retry: false, circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(1) } }))
    )
  )

  it.effect("a target that is only observed is ready whatever its circuit would say", () =>
    Effect.gen(function* () {
      const { circuitBreaker, isReady, observeOnly } = yield* Resilience.Resilience
      yield* circuitBreaker.open("b", "1 hour")
      yield* observeOnly(true, "b")
      expect(yield* isReady("b")).toBe(true)
    }).pipe(Effect.provide(Resilience.layer()))
  )

  it.effect("the same target is not asked again while it is parked, and no token is spent on it", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const a = yield* slow("a", 5_000)
      const call = Hedge.again(Resilience.protect(a.run, "a"), "a", { after })
      const fiber = yield* Effect.fork(call)
      yield* TestClock.adjust("500 millis")
      const parks = new LlmError.RateLimited({ target: "a", retryAfter: Duration.minutes(30) })
      yield* Effect.exit(Effect.fail(parks).pipe(Resilience.protect("a")))
      yield* TestClock.adjust("1 minute")
      expect(yield* Fiber.join(fiber)).toBe("a")
      expect(yield* a.asked).toEqual([0])
      expect([...(yield* events.takeAll)]).toMatchObject(
        expect.arrayContaining([expect.objectContaining({ _tag: "HedgeWithheld", reason: "notReady" })])
      )
    }).pipe(
      Effect.scoped,
      Effect.provide(Resilience.layer({ retry: false })),
      Effect.provide(ResilienceEvent.layer()),
      fresh
    )
  )
})

describe("patience", () => {
  it.effect("says what waits for a target are worth while another may be asked", () =>
    Effect.gen(function* () {
      const failing = (name: string) =>
        target(name, Effect.fail(new LlmError.RateLimited({ target: name, retryAfter: Duration.seconds(3) })))
      const asked = (patience: Duration.DurationInput) =>
        Effect.gen(function* () {
          const [a, b] = [yield* failing("a"), yield* slow("b", 100)]
          const { took } = yield* toEnd(
            Hedge.across([protect(a), protect(b)], { after: "1 hour", patience }).pipe(
              Effect.provide(Resilience.layer({ retry: { jitter: "none" } }))
            )
          )
          return [(yield* a.asked).length, took]
        })
      expect(yield* asked(0)).toEqual([1, 100])
      expect(yield* asked("4 seconds")).toEqual([2, 3_100])
    }).pipe(fresh)
  )
})
