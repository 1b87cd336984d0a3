import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, FastCheck as fc, TestClock } from "effect"
import { CircuitBreaker, LlmError, RetryBudget } from "effect-resilience"
import * as Circuit from "../src/internal/breaker/circuit.js"
import { Memory } from "../src/internal/breaker/memory.js"
import { stateOf } from "../src/internal/breaker/views.js"
import * as budget from "../src/internal/retry/budget.js"
import { policies } from "./internal/breaker/commands.js"

const day = 24 * 3_600_000

const withBreaker = <A, E, R>(
  options: CircuitBreaker.Options,
  use: (breaker: CircuitBreaker.CircuitBreaker) => Effect.Effect<A, E, R>
) =>
  Effect.flatMap(CircuitBreaker.CircuitBreaker, use).pipe(
    Effect.provide(
      CircuitBreaker.layerMemory({
        tripPolicy: CircuitBreaker.consecutive(1),
        parking: { whenParked: "reject" },
        ...options
      })
    )
  )

const fails = Effect.fail(new LlmError.ServerError({}))

describe("a clock that goes back three days", () => {
  it.effect("an open circuit is open for what it was opened for", () =>
    withBreaker({ openDuration: "1 second" }, (breaker) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(4 * day)
        const call = Effect.void.pipe(breaker.execute({ key: "a" }))
        yield* Effect.exit(fails.pipe(breaker.execute({ key: "a" })))
        yield* TestClock.setTime(day)
        expect(yield* breaker.state("a")).toMatchObject({ _tag: "Open", retryAfter: Duration.seconds(1) })
        expect((yield* breaker.snapshot).circuits).toMatchObject([{ openFor: 1_000 }])
        expect(yield* Effect.flip(call)).toMatchObject({ _tag: "CircuitOpen", retryAfter: Duration.seconds(1) })
        yield* TestClock.adjust(999)
        expect(yield* Effect.flip(call)).toMatchObject({ retryAfter: Duration.millis(1) })
        yield* TestClock.adjust(1)
        yield* call
      })
    )
  )

  it.effect("a parked target is left alone for what it has asked for", () =>
    withBreaker({ maxRetryAfter: "10 seconds" }, (breaker) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(4 * day)
        const through = breaker.execute({ key: "a" })
        yield* Effect.exit(through(Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.seconds(15) }))))
        yield* TestClock.setTime(day)
        expect((yield* breaker.snapshot).circuits).toMatchObject([{ parkedFor: 10_000, askedFor: 15_000 }])
        expect(yield* Effect.flip(through(Effect.void))).toMatchObject({ retryAfter: Duration.seconds(10) })
        yield* TestClock.adjust("10 seconds")
        yield* Effect.fork(through(Effect.never))
        yield* Effect.yieldNow({ priority: 1 })
        yield* TestClock.setTime(0)
        expect(yield* Effect.flip(through(Effect.void))).toMatchObject({ retryAfter: Duration.seconds(10) })
        yield* TestClock.adjust("10 seconds")
        // The place of who finds out is held for as long as it was to be, and no longer.
        expect(yield* Effect.flip(through(Effect.void))).toMatchObject({ retryAfter: Duration.seconds(20) })
        yield* TestClock.adjust("5 seconds")
        yield* through(Effect.void)
      })
    )
  )

  it.effect("a hung probe gives up its place in its time", () =>
    withBreaker({ openDuration: "1 second" }, (breaker) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(4 * day)
        const through = breaker.execute({ key: "a" })
        yield* Effect.exit(through(fails))
        yield* TestClock.adjust("1 second")
        yield* Effect.fork(through(Effect.never))
        yield* Effect.yieldNow({ priority: 1 })
        yield* TestClock.setTime(day)
        expect(yield* Effect.flip(through(Effect.void))).toMatchObject({ _tag: "CircuitHalfOpen" })
        yield* TestClock.adjust("30 seconds")
        yield* through(Effect.void)
      })
    )
  )

  it.effect("a row of openings outlives its close for as long as before", () =>
    withBreaker({ openDuration: "1 second", halfOpen: { successes: 1 } }, (breaker) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(4 * day)
        const through = breaker.execute({ key: "a" })
        const trip = Effect.exit(through(fails))
        const openings = Effect.map(breaker.state("a"), (state) =>
          state._tag === "Open" ? state.consecutiveOpenings : state._tag
        )
        yield* trip
        yield* TestClock.adjust("1 second")
        yield* through(Effect.void)
        yield* TestClock.setTime(day)
        yield* through(Effect.void)
        yield* TestClock.adjust("999 millis")
        yield* trip
        expect(yield* openings).toBe(2)
        yield* TestClock.adjust("1 second")
        yield* through(Effect.void)
        yield* TestClock.setTime(0)
        yield* through(Effect.void)
        yield* TestClock.adjust("1 second")
        yield* trip
        expect(yield* openings).toBe(1)
      })
    )
  )

  it.effect("a window over time forgets what is older than it", () =>
    withBreaker(
      { tripPolicy: CircuitBreaker.rateOver({ window: "10 seconds", minimumCalls: 4, threshold: 1 }) },
      (breaker) =>
        Effect.gen(function* () {
          yield* TestClock.setTime(4 * day)
          const trip = Effect.exit(fails.pipe(breaker.execute({ key: "a" })))
          yield* trip
          yield* trip
          yield* TestClock.setTime(day)
          yield* trip
          expect(yield* breaker.state("a")).toMatchObject({ _tag: "Closed", calls: 3 })
          yield* TestClock.adjust("10 seconds")
          yield* trip
          expect(yield* breaker.state("a")).toMatchObject({ _tag: "Closed", calls: 1 })
        })
    )
  )

  it.effect("calls under way are slow in their time, and leave no trace when they end", () =>
    withBreaker(
      { tripPolicy: CircuitBreaker.rate({ size: 10, minimumCalls: 2, slowCall: { threshold: "1 second", rate: 1 } }) },
      (breaker) =>
        Effect.gen(function* () {
          yield* TestClock.setTime(4 * day)
          const through = breaker.execute({ key: "a" })
          const short = yield* Effect.fork(through(Effect.never))
          yield* Effect.yieldNow({ priority: 1 })
          yield* TestClock.setTime(day)
          yield* Effect.fork(through(Effect.never))
          yield* Effect.yieldNow({ priority: 1 })
          yield* short.interruptAsFork(short.id())
          yield* Effect.yieldNow({ priority: 1 })
          yield* Effect.fork(through(Effect.never))
          yield* Effect.yieldNow({ priority: 1 })
          yield* TestClock.adjust("999 millis")
          yield* through(Effect.interrupt).pipe(Effect.exit)
          yield* TestClock.adjust("101 millis")
          expect(yield* Effect.flip(through(Effect.void))).toMatchObject({ _tag: "CircuitOpen", reason: "slowCalls" })
        })
    )
  )

  it("whatever it did before, a circuit is back after the longest time it may hold anybody", () => {
    const action = fc.oneof(
      fc.constantFrom("Success" as const, "Failure" as const, "Ignored" as const, "Abandoned" as const),
      fc.integer({ min: 1, max: 60_000 })
    )
    fc.assert(
      fc.property(
        policies,
        fc.array(action, { maxLength: 20 }),
        fc.integer({ min: 0, max: 4 * day }),
        (policy, actions, back) => {
          let now = 5 * day
          let circuit = Circuit.initial(policy, 0, now)
          const play = (input: Circuit.Input): Circuit.Decision => {
            const [decision, next] = Circuit.step(policy, circuit, input, now)
            circuit = next
            return decision
          }
          for (const action of actions) {
            if (typeof action === "number") {
              now += action
              continue
            }
            const { permit } = play({ _tag: "Admit" })
            if (permit === undefined) continue
            play({ _tag: "Record", permit, outcome: action, retryAfter: 7_000, resetsIn: 0 })
          }
          now -= back
          const { permit } = play({ _tag: "Admit" })
          if (permit !== undefined) {
            play({ _tag: "Record", permit, outcome: "Ignored", retryAfter: 0, resetsIn: 0 })
          }
          const longest = Math.max(...policy.openFor, 7_000, policy.halfOpen.probeTimeout)
          const state = stateOf("a", policy, circuit, now)
          expect(state._tag === "Open" ? Duration.toMillis(state.retryAfter) : 0).toBeLessThanOrEqual(longest)
          now += longest
          expect(play({ _tag: "Admit" }).permit).toBeDefined()
        }
      ),
      { numRuns: 500 }
    )
  })

  it("what is idle is forgotten in its time", () => {
    const memory = new Memory({ idleTimeToLive: 1_000, capacity: 10_000 })
    const policy = {
      trip: { _tag: "Consecutive" as const, failures: 1 },
      openFor: [1_000],
      maxRetryAfter: 1_000,
      halfOpen: { probes: 1, successes: 1, probeTimeout: 1_000 }
    }
    const use = (key: string, now: number) => {
      const { permit } = memory.apply(key, policy, { _tag: "Admit" }, now)
      memory.apply(
        key,
        policy,
        { _tag: "Record", permit: permit!, outcome: "Failure", retryAfter: 0, resetsIn: 0 },
        now
      )
      return memory.all.map(([key]) => key)
    }
    use("a", 4 * day)
    expect(use("b", day)).toEqual(["a", "b"])
    expect(use("c", day + 1_000)).toEqual(["a", "c"])
    expect(use("d", day + 2_000)).toEqual(["a", "d"])
    expect(use("e", day + 3_000)).toEqual(["e"])
  })
})

describe("a retry budget whose clock goes back and forth", () => {
  const rates = budget.rates(0, 1, 1_000)
  const spent = (now: number) => budget.take(budget.full(rates, now), rates, now)[1]
  const at = (bucket: budget.Bucket, now: number) => budget.available(bucket, rates, now)[1]
  const tokens = (bucket: budget.Bucket, now: number) => budget.available(bucket, rates, now)[0]

  it("counts no time twice, and goes on counting meanwhile", () => {
    const back = at(spent(100_000), 50_000)
    expect(tokens(back, 50_000)).toBe(0)
    // It lives through ten seconds there, and is then set right: what has passed is ten seconds, and five more.
    const lived = at(back, 60_000)
    expect(tokens(lived, 60_000)).toBe(10)
    expect([tokens(lived, 110_000), tokens(lived, 115_000)]).toEqual([10, 15])
    expect(tokens(lived, 70_000)).toBe(20)
  })

  it("never gains more than the time that has passed, however often the clock is set", () => {
    const move = fc.record({ lives: fc.integer({ min: 0, max: 20_000 }), set: fc.integer({ min: -50_000, max: 0 }) })
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        let real = 1_000_000
        let off = 0
        let bucket = spent(real)
        for (const { lives, set } of moves) {
          real += lives
          bucket = at(bucket, real + off)
          // Set back by some time, or right again.
          off = set < -25_000 ? 0 : off + set
          bucket = at(bucket, real + off)
          expect(bucket.tokens).toBeLessThanOrEqual((real - 1_000_000) * 1_000)
        }
      })
    )
  })

  it.effect("the service gives no retry for time that has been paid for", () =>
    Effect.gen(function* () {
      const limit = yield* RetryBudget.make({ share: 0, minimumPerSecond: 1, burst: 100 })
      yield* TestClock.setTime(100_000)
      expect(yield* limit.take("a")).toBe(true)
      for (const time of [10_000, 100_000, 10_000, 100_000]) {
        yield* TestClock.setTime(time)
        expect(yield* limit.available("a")).toBe(0)
      }
      yield* TestClock.adjust("1 second")
      expect(yield* limit.available("a")).toBe(1)
    })
  )
})
