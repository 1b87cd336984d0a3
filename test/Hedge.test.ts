import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, FiberRef, type Layer, Ref, TestClock } from "effect"
import {
  Deadline,
  Fallback,
  Hedge,
  LlmError,
  type Rejection,
  Resilience,
  ResilienceEvent,
  RetryBudget
} from "effect-resilience"
import { allOf, failureOf, target, toEnd } from "./targets.js"

const overloaded = new LlmError.Overloaded({ target: "b", status: 529 })
const down = new LlmError.ServerError({ target: "a", status: 500 })
const invalid = new LlmError.InvalidRequest({ target: "a", status: 400 })
const busy = new LlmError.RateLimited({ target: "a", status: 429 })

/** An answer after so many milliseconds, and when it was asked for, answered and cut off. */
const slow = (name: string, millis: number, answer: Effect.Effect<string, LlmError.LlmError> = Effect.succeed(name)) =>
  Effect.gen(function* () {
    const cut = yield* Ref.make<ReadonlyArray<number>>([])
    const clock = yield* Effect.clock
    const made = yield* target(
      name,
      Effect.onInterrupt(Effect.zipRight(Effect.sleep(millis), answer), () =>
        Ref.update(cut, (times) => [...times, clock.unsafeCurrentTimeMillis()])
      )
    )
    return { ...made, cut: Ref.get(cut) }
  })

const fresh = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.provide(self, Hedge.layer({ budget: false }))

describe("Hedge.across", () => {
  it.effect("starts the next target when the first is late, and takes the first answer", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 5_000)
      const b = yield* slow("b", 500)
      const { exit, took } = yield* toEnd(Hedge.across([a, b], { after: "1 second" }))
      expect(exit).toEqual(Exit.succeed("b"))
      expect(took).toBe(1_500)
      expect([yield* a.asked, yield* b.asked, yield* a.cut, yield* b.cut]).toEqual([[0], [1_000], [1_500], []])
    }).pipe(fresh)
  )

  it.effect("sends nothing more where the first answers in time", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 999)
      const b = yield* slow("b", 500)
      const { exit } = yield* toEnd(Hedge.across([a, b], { after: "1 second" }))
      expect(exit).toEqual(Exit.succeed("a"))
      expect(yield* b.asked).toEqual([])
    }).pipe(fresh)
  )

  it.effect("F6: a hedge that fails at 1.1 s leaves the first attempt to answer at 3 s", () =>
    Effect.gen(function* () {
      for (const failure of [overloaded, invalid, new LlmError.AuthenticationFailed({ target: "b" })]) {
        const a = yield* slow("a", 3_000)
        const b = yield* slow("b", 100, Effect.fail(failure))
        const { exit, took } = yield* toEnd(Hedge.across([a, b], { after: "1 second" }))
        expect(exit).toEqual(Exit.succeed("a"))
        expect(took).toBe(3_000)
      }
    }).pipe(fresh)
  )

  it.effect("F7: a loser that takes 5 s to clean up does not keep the answer, and is aborted at once", () =>
    Effect.gen(function* () {
      const aborted = yield* Deferred.make<number>()
      const clock = yield* Effect.clock
      const cleaned = yield* Ref.make(0)
      const a = yield* target(
        "a",
        Effect.onInterrupt(Effect.never, () =>
          Effect.sync(() => clock.unsafeCurrentTimeMillis()).pipe(
            Effect.flatMap((now) => Deferred.succeed(aborted, now)),
            Effect.zipRight(Effect.sleep("5 seconds")),
            Effect.zipRight(Ref.set(cleaned, 1))
          )
        )
      )
      const b = yield* slow("b", 500)
      const { exit, took } = yield* toEnd(Hedge.across([a, b], { after: "500 millis" }))
      expect(exit).toEqual(Exit.succeed("b"))
      expect(took).toBe(1_000)
      expect(yield* Deferred.await(aborted)).toBe(1_000)
      expect(yield* Ref.get(cleaned)).toBe(1)
    }).pipe(fresh)
  )

  it.effect("F4: a failure that another target may help with starts the next one at once", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 100, Effect.fail(down))
      const b = yield* slow("b", 5_000)
      const c = yield* slow("c", 100)
      const { exit, took } = yield* toEnd(Hedge.across([a, b, c], { after: "1 second" }))
      expect([exit, took]).toEqual([Exit.succeed("c"), 1_200])
      expect([yield* b.asked, yield* c.asked]).toEqual([[100], [1_100]])
    }).pipe(fresh)
  )

  it.effect("a failure of the first target that no other can help with ends the call at once", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 1_200, Effect.fail(invalid))
      const b = yield* slow("b", 5_000)
      const { exit, took } = yield* toEnd(Hedge.across([a, b], { after: "1 second" }))
      expect([failureOf(exit), took]).toEqual([invalid, 1_200])
      expect(yield* b.cut).toEqual([1_200])
      const asked = yield* toEnd(Hedge.across([a, b], { after: "1 second", fallbackOn: ["InvalidRequest"] }))
      expect([asked.exit, asked.took]).toEqual([Exit.succeed("b"), 6_000])
    }).pipe(fresh)
  )

  it.effect("F1: where all fail, every failure is told, in the order in which they came", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 1_500, Effect.fail(down))
      const b = yield* slow("b", 100, Effect.fail(overloaded))
      const { exit } = yield* toEnd(Hedge.across([a, b], { after: "1 second" }))
      expect(allOf(exit)).toEqual([overloaded, down])
      const alone = yield* toEnd(Hedge.across([b], { after: "1 second" }))
      expect(failureOf(alone.exit)).toBe(overloaded)
    }).pipe(fresh)
  )

  it.effect("F2: only a target with a larger window is asked about a prompt that was too long", () =>
    Effect.gen(function* () {
      const tooLong = new LlmError.ContextLengthExceeded({ target: "a", requested: 200_000 })
      const a = yield* slow("a", 10, Effect.fail(tooLong))
      const b = { ...(yield* slow("b", 10)), contextWindow: 128_000 }
      const c = { ...(yield* slow("c", 10)), contextWindow: 400_000 }
      expect((yield* toEnd(Hedge.across([a, b, c], { after: "1 second" }))).exit).toEqual(Exit.succeed("c"))
      expect(yield* b.asked).toEqual([])
      expect(allOf((yield* toEnd(Hedge.across([a, b], { after: "1 second" }))).exit)).toMatchObject([
        tooLong,
        { _tag: "ContextLengthExceeded", target: "b" }
      ])
    }).pipe(fresh)
  )

  it.effect("F9: an empty budget leaves the first attempt to answer, and still falls back on a failure", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.make({ share: 0, minimumPerSecond: 0 })
      const a = yield* slow("a", 3_000)
      const b = yield* slow("b", 100)
      const late = yield* toEnd(Hedge.across([a, b], { after: "1 second", budget }))
      expect([late.exit, late.took]).toEqual([Exit.succeed("a"), 3_000])
      expect(yield* b.asked).toEqual([])
      const failing = yield* slow("c", 3_000, Effect.fail(down))
      const failed = yield* toEnd(Hedge.across([failing, b], { after: "1 second", budget }))
      expect([failed.exit, failed.took]).toEqual([Exit.succeed("b"), 3_100])
    }).pipe(fresh)
  )

  it.effect("the budget bounds what a slow target makes hedging add", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.make({ share: 0.1, minimumPerSecond: 0 })
      const a = yield* slow("a", 3_000)
      const b = yield* slow("b", 5_000)
      for (let i = 0; i < 100; i++) yield* toEnd(Hedge.across([a, b], { after: "1 second", budget }))
      expect((yield* b.asked).length).toBe(10)
    }).pipe(fresh)
  )

  it.effect("starts no more beside the first than `hedges`, and those a delay apart", () =>
    Effect.gen(function* () {
      const all = yield* Effect.forEach(["a", "b", "c", "d"], (name) => slow(name, 10_000))
      const [a, b, c, d] = all as [(typeof all)[0], (typeof all)[0], (typeof all)[0], (typeof all)[0]]
      const { exit, took } = yield* toEnd(Hedge.across([a, b, c, d], { after: "1 second", hedges: 2 }))
      expect([exit, took]).toEqual([Exit.succeed("a"), 10_000])
      expect(yield* Effect.forEach(all, ({ asked }) => asked)).toEqual([[0], [1_000], [2_000], []])
    }).pipe(fresh)
  )

  it.effect("passes over a target that is not ready, and asks it only when a failure leaves nobody else", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 5_000, Effect.fail(down))
      const b = { ...(yield* slow("b", 100)), ready: Effect.succeed(false) }
      const c = yield* slow("c", 10_000, Effect.fail(overloaded))
      const { exit, took } = yield* toEnd(Hedge.across([a, b, c], { after: "1 second" }))
      expect([yield* c.asked, yield* b.asked]).toEqual([[1_000], [5_000]])
      expect([exit, took]).toEqual([Exit.succeed("b"), 5_100])
    }).pipe(fresh)
  )

  it.effect("a target that gets ready while the call waits is asked then", () =>
    Effect.gen(function* () {
      const clock = yield* Effect.clock
      const a = yield* slow("a", 60_000)
      const ready = Effect.sync(() => clock.unsafeCurrentTimeMillis() >= 4_500)
      const b = { ...(yield* slow("b", 100)), ready }
      const { took } = yield* toEnd(Hedge.across([a, b], { after: "1 second" }))
      expect([yield* b.asked, took]).toEqual([[5_000], 5_100])
    }).pipe(fresh)
  )

  it.effect("T5: an interrupted caller stops every attempt, waits for them, and starts none", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 60_000)
      const b = yield* slow("b", 60_000)
      const c = yield* slow("c", 60_000)
      const fiber = yield* Effect.fork(Hedge.across([a, b, c], { after: "1 second" }))
      yield* TestClock.adjust("1500 millis")
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      expect([yield* a.cut, yield* b.cut]).toEqual([[1_500], [1_500]])
      yield* TestClock.adjust("1 hour")
      expect(yield* c.asked).toEqual([])
    }).pipe(fresh)
  )

  it.effect("a deadline around it ends every attempt, and keeps the last failure", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 1_000, Effect.fail(down))
      const b = yield* slow("b", 60_000)
      const { exit, took } = yield* toEnd(
        Hedge.across([a, b], { after: "3 seconds" }).pipe(Deadline.within("5 seconds"))
      )
      expect(took).toBe(5_000)
      expect(failureOf(exit)).toMatchObject({ _tag: "DeadlineExceeded", lastError: down })
      expect(yield* b.cut).toEqual([5_000])
    }).pipe(fresh)
  )

  it.effect("a defect ends the call as it is, and stops the others", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 60_000)
      const b = yield* target("b", Effect.die("bug"))
      const { exit } = yield* toEnd(Hedge.across([a, b], { after: "1 second" }))
      expect(exit).toEqual(Exit.die("bug"))
      expect(yield* a.cut).toEqual([1_000])
    }).pipe(fresh)
  )

  it.effect("what the winner sets in its fiber is set for the caller, what a loser sets is not", () =>
    Effect.gen(function* () {
      const ref = yield* FiberRef.make("nobody")
      const a = Effect.zipRight(FiberRef.set(ref, "a"), Effect.never)
      const b = Effect.zipRight(FiberRef.set(ref, "b"), Effect.succeed("b"))
      const fiber = yield* Effect.fork(Effect.zipRight(Hedge.across([a, b], { after: "1 second" }), FiberRef.get(ref)))
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(fiber)).toBe("b")
    }).pipe(Effect.scoped, fresh)
  )

  it.effect("runs each attempt with the services of the caller, and asks for those of all", () =>
    Effect.gen(function* () {
      class Key extends Context.Tag("Key")<Key, string>() {}
      class Other extends Context.Tag("Other")<Other, number>() {}
      const hedged = Hedge.across([Effect.zipRight(Effect.sleep("1 minute"), Key), Other], { after: "1 second" })
      expectTypeOf(hedged).toEqualTypeOf<Effect.Effect<string | number, Rejection.AllTargetsFailed, Key | Other>>()
      const { exit } = yield* toEnd(hedged.pipe(Effect.provideService(Key, "k"), Effect.provideService(Other, 7)))
      expect(exit).toEqual(Exit.succeed(7))
    }).pipe(fresh)
  )

  it("refuses options and targets that make no sense by name", () => {
    const a = { name: "a", run: Effect.succeed(1) }
    expect(() => Hedge.across([a], { after: -1 })).toThrow(/after is -1/)
    expect(() => Hedge.across([a], { after: Hedge.quantile(1.5) })).toThrow(/after.q is 1.5/)
    expect(() => Hedge.across([a], { after: Hedge.quantile(0.9, { minimumSamples: 0 }) })).toThrow(/minimumSamples/)
    expect(() => Hedge.across([a], { after: 1, hedges: 0 })).toThrow(/hedges is 0/)
    expect(() => Hedge.across([a], { after: 1, hedge: 2 } as never)).toThrow(/no option "hedge"/)
    expect(() => Hedge.across([a, a], { after: 1 })).toThrow(/"a"/)
  })
})

describe("Hedge.quantile", () => {
  const answer = Effect.suspend(() => Effect.zipRight(Effect.sleep("1 second"), Effect.succeed("quick")))

  const learn = (n: number, run: Effect.Effect<unknown, unknown> = answer) =>
    Effect.gen(function* () {
      const b = yield* slow("b", 1)
      for (let i = 0; i < n; i++) {
        yield* toEnd(Hedge.across([{ name: "a", run }, b], { after: Hedge.quantile(0.95, { minimumSamples: 10 }) }))
      }
      return b
    })

  const lateAt = Effect.gen(function* () {
    const b = yield* slow("b", 1)
    const a = { name: "a", run: Effect.zipRight(Effect.sleep("10 minutes"), Effect.succeed("late")) }
    yield* toEnd(Hedge.across([a, b], { after: Hedge.quantile(0.95, { minimumSamples: 10 }) }))
    const clock = yield* Effect.clock
    // `toEnd` takes 20 minutes of the clock.
    return (yield* b.asked).map((at) => at - (clock.unsafeCurrentTimeMillis() - 1_200_000))
  })

  it.effect("F8: no hedge before there are enough answers, and none at 0 ms", () =>
    Effect.gen(function* () {
      expect(yield* lateAt).toEqual([])
      yield* learn(8)
      expect(yield* lateAt).toEqual([])
    }).pipe(fresh)
  )

  it.effect("F8: the delay is the quantile of the target's own answers", () =>
    Effect.gen(function* () {
      yield* learn(10)
      const [at] = yield* lateAt
      expect(at).toBeGreaterThan(975)
      expect(at).toBeLessThan(1_025)
    }).pipe(fresh)
  )

  it.effect("F8: calls that fail in 5 ms do not move it", () =>
    Effect.gen(function* () {
      yield* learn(10)
      yield* learn(10, Effect.zipRight(Effect.sleep("5 millis"), Effect.fail(invalid)))
      const [at] = yield* lateAt
      expect(at).toBeGreaterThan(975)
    }).pipe(fresh)
  )

  it.effect("F8: a first attempt that is always cut off at its quantile does not become quicker by it", () =>
    Effect.gen(function* () {
      yield* learn(10)
      const before = yield* lateAt
      for (let i = 0; i < 10; i++) yield* lateAt
      const after = yield* lateAt
      expect(after[0]).toBeGreaterThanOrEqual(before[0]!)
    }).pipe(fresh)
  )

  it.effect("`initial` says from when an answer is late while too little is known", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 10_000)
      const b = yield* slow("b", 1)
      yield* toEnd(Hedge.across([a, b], { after: Hedge.quantile(0.95, { initial: "2 seconds" }) }))
      expect(yield* b.asked).toEqual([2_000])
    }).pipe(fresh)
  )
})

describe("Hedge.again", () => {
  it.effect("asks the same target once more when it is late", () =>
    Effect.gen(function* () {
      const asked = yield* Ref.make(0)
      const once = Effect.flatMap(
        Ref.updateAndGet(asked, (n) => n + 1),
        (n) => Effect.as(Effect.sleep(n === 1 ? "1 minute" : "1 second"), n)
      )
      const { exit, took } = yield* toEnd(once.pipe(Hedge.again("a", { after: "3 seconds" })))
      expect([exit, took, yield* Ref.get(asked)]).toEqual([Exit.succeed(2), 4_000, 2])
    }).pipe(fresh)
  )

  it.effect("repeats at once what may pass, ends with what will not, and leaves alone what asks for it", () =>
    Effect.gen(function* () {
      const passing = yield* slow("a", 10, Effect.fail(down))
      const one = yield* toEnd(passing.run.pipe(Hedge.again("a", { after: "1 second" })))
      expect([failureOf(one.exit), one.took]).toEqual([down, 20])
      expect(yield* passing.asked).toEqual([0, 10])

      const wrong = yield* slow("a", 10, Effect.fail(invalid))
      expect((yield* toEnd(wrong.run.pipe(Hedge.again("a", { after: "1 second" })))).took).toBe(10)
      expect((yield* wrong.asked).length).toBe(1)

      const parked = yield* slow("a", 10, Effect.fail(busy))
      expect(failureOf((yield* toEnd(parked.run.pipe(Hedge.again("a", { after: "1 second" })))).exit)).toBe(busy)
      expect((yield* parked.asked).length).toBe(1)
    }).pipe(fresh)
  )
})

describe("circuits and events", () => {
  const everyCall = (options: Resilience.Options): Layer.Layer<Resilience.Resilience> => Resilience.layer(options)

  it.effect("B11: a first target that is always given up for a hedge opens its circuit, the hedge's stays closed", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 60_000)
      const b = yield* slow("b", 500)
      const protect = (t: typeof a) => ({ name: t.name, run: Resilience.protect(t.run, t.name) })
      for (let i = 0; i < 5; i++) yield* toEnd(Hedge.across([protect(a), protect(b)], { after: "1 second" }))
      const { circuitBreaker } = yield* Resilience.Resilience
      expect((yield* a.asked).length).toBe(5)
      const { exit, took } = yield* toEnd(Hedge.across([protect(a), protect(b)], { after: "1 second" }))
      expect(exit).toEqual(Exit.succeed("b"))
      expect((yield* circuitBreaker.state("b"))._tag).toBe("Closed")
      // An open circuit is a failure at once, and nobody waits to be late.
      expect(took).toBe(500)
      expect((yield* a.asked).length).toBe(5)
    }).pipe(Effect.provide(everyCall({ circuitBreaker: { openDuration: "1 hour" } })), fresh)
  )

  it.effect("B11: a hedge that is always beaten by the first attempt does not open its circuit", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 2_000)
      const b = yield* slow("b", 60_000)
      const protect = (t: typeof a) => ({ name: t.name, run: Resilience.protect(t.run, t.name) })
      for (let i = 0; i < 10; i++) yield* toEnd(Hedge.across([protect(a), protect(b)], { after: "1 second" }))
      const { circuitBreaker } = yield* Resilience.Resilience
      expect((yield* circuitBreaker.state("b"))._tag).toBe("Closed")
      expect((yield* b.asked).length).toBe(10)
    }).pipe(Effect.provide(everyCall({ circuitBreaker: { openDuration: "1 hour" } })), fresh)
  )

  it.effect("tells what was started, who won, who lost and what was withheld", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const a = yield* slow("a", 5_000)
      const b = yield* slow("b", 500)
      yield* toEnd(Hedge.across([a, b], { after: "1 second" }))
      const budget = yield* RetryBudget.make({ share: 0, minimumPerSecond: 0 })
      yield* toEnd(Hedge.across([a, b], { after: "1 second", budget }))
      const told = [...(yield* events.takeAll)].map(({ _tag, ...about }) => [_tag, about])
      expect(told).toMatchObject([
        ["HedgeStarted", { at: 1_000, target: "b", hedge: 1, because: "slow" }],
        ["HedgeWon", { at: 1_500, target: "b", hedge: 1 }],
        ["HedgeLost", { at: 1_500, target: "a", hedge: 0 }],
        ["HedgeWithheld", { target: "b", reason: "budget" }]
      ])
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()), fresh)
  )

  it.effect("a fallback within a hedge, and a hedge within a fallback, are ordinary calls", () =>
    Effect.gen(function* () {
      const a = yield* slow("a", 60_000)
      const b = yield* slow("b", 100, Effect.fail(down))
      const c = yield* slow("c", 100)
      const inner = Fallback.firstOf([b, c])
      const { exit, took } = yield* toEnd(Hedge.across([a, { name: "both", run: inner }], { after: "1 second" }))
      expect([exit, took]).toEqual([Exit.succeed("c"), 1_200])
      const outer = Fallback.firstOf([{ name: "hedged", run: Hedge.across([b], { after: "1 second" }) }, c])
      expect((yield* toEnd(outer)).exit).toEqual(Exit.succeed("c"))
    }).pipe(fresh)
  )
})
