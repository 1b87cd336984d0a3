import { describe, expect, it } from "@effect/vitest"
import { type Clock, Duration, Effect, Exit, Fiber, TestClock } from "effect"
import { CircuitBreaker, LlmError, SharedState } from "effect-resilience"
import { instance, key, wayTo } from "./ways.js"

// What `test/redis` shows with real processes, one thing at a time and in virtual time.

const fails = Effect.fail(new LlmError.ServerError({}))

const options: CircuitBreaker.Options = {
  tripPolicy: CircuitBreaker.consecutive(3),
  openDuration: "1 minute",
  halfOpen: { probes: 1, successes: 1, probeTimeout: "30 seconds" }
}

type Instance = Effect.Effect.Success<ReturnType<typeof instance>>

/** Two of them that know the circuit. */
const pairOf = (given: CircuitBreaker.Options) =>
  Effect.gen(function* () {
    const place = yield* SharedState.makeMemoryBackend
    const one = yield* instance(wayTo(place), given)
    const other = yield* instance(wayTo(place), given)
    for (const each of [one, other]) yield* each.call(Effect.void)
    return [one, other] as const
  })

const pair = pairOf(options)

const phases = (all: ReadonlyArray<Instance>) => Effect.forEach(all, ({ phase }) => phase)

const failing = (one: Instance, times = 3) => Effect.replicateEffect(one.call(fails), times)

const seconds = (count: number) => TestClock.adjust(Duration.seconds(count))

/** What can happen without time passing has happened. */
const still = TestClock.adjust(0)

const isHalfOpen = (exit: Exit.Exit<unknown, unknown>): boolean => String(exit).includes("CircuitHalfOpen")

/** A call waits for the target to want to be asked. */
const isLeftAlone = ({ call }: Pick<Instance, "call">) =>
  Effect.gen(function* () {
    const waiting = yield* Effect.fork(call(Effect.void))
    yield* still
    const waits = waiting.unsafePoll() === null
    yield* Fiber.interrupt(waiting)
    return waits
  })

describe("what several count at the same time", () => {
  it.scoped("K1: counts, whoever comes second", () =>
    Effect.gen(function* () {
      const all = yield* pair
      for (const { way } of all) way.millis = 20
      yield* Effect.all([failing(all[0], 1), failing(all[1], 2)], { concurrency: "unbounded" })
      expect(yield* phases(all)).toEqual(["Closed", "Closed"])
      yield* seconds(1)
      expect(yield* phases(all)).toEqual(["Open", "Open"])
    })
  )

  it.scoped("K2: takes a place once", () =>
    Effect.gen(function* () {
      const all = yield* pair
      yield* failing(all[0])
      yield* seconds(60)
      for (const { way } of all) way.millis = 20
      const calls = yield* Effect.forEach(all, (each) => Effect.fork(each.call(Effect.sleep("10 seconds"))))
      yield* seconds(20)
      const ends = yield* Effect.forEach(calls, Fiber.join)
      expect(ends.filter(isHalfOpen).length).toBe(1)
      expect(ends.filter(Exit.isSuccess).length).toBe(1)
    })
  )
})

describe("the place of a probe", () => {
  const halfOpen = Effect.gen(function* () {
    const all = yield* pair
    yield* failing(all[0])
    yield* seconds(60)
    return all
  })

  it.scoped("K2: is free again some time after its holder has died", () =>
    Effect.gen(function* () {
      const [one, other] = yield* halfOpen
      const probing = yield* Effect.fork(one.call(Effect.never))
      yield* still
      one.way.answers = false
      yield* Fiber.interrupt(probing)
      yield* seconds(29)
      expect(isHalfOpen(yield* other.call(Effect.void))).toBe(true)
      yield* seconds(1)
      expect(yield* other.call(Effect.void)).toEqual(Exit.void)
    })
  )

  it.scoped("K2: is free again at once when its holder is interrupted", () =>
    Effect.gen(function* () {
      const [one, other] = yield* halfOpen
      const probing = yield* Effect.fork(one.call(Effect.never))
      yield* still
      expect(isHalfOpen(yield* other.call(Effect.void))).toBe(true)
      yield* Fiber.interrupt(probing)
      yield* still
      expect(yield* other.call(Effect.void)).toEqual(Exit.void)
    })
  )

  it.scoped("K2: is free again when whoever asked for it has gone before the answer", () =>
    Effect.gen(function* () {
      const [one, other] = yield* halfOpen
      one.way.millis = 40
      const asking = yield* Effect.fork(one.call(Effect.never))
      yield* TestClock.adjust("20 millis")
      yield* Fiber.interrupt(asking)
      expect(isHalfOpen(yield* other.call(Effect.void))).toBe(true)
      yield* seconds(1)
      expect(yield* other.call(Effect.void)).toEqual(Exit.void)
    })
  )

  it.scoped("K2: is free again when it is given later than calls wait", () =>
    Effect.gen(function* () {
      const [one, other] = yield* halfOpen
      one.way.millis = 120
      const alone = yield* Effect.fork(one.call(Effect.never))
      yield* TestClock.adjust("100 millis")
      expect(isHalfOpen(yield* other.call(Effect.void))).toBe(true)
      yield* seconds(1)
      expect(yield* other.call(Effect.void)).toEqual(Exit.void)
      // Its last words wait for no time to pass.
      one.way.millis = 0
      yield* Fiber.interrupt(alone)
    })
  )
})

describe("a circuit that is held open by hand", () => {
  it.scoped("K1: is for all, for as long as its holder lives", () =>
    Effect.gen(function* () {
      const all = yield* pair
      const held = yield* Effect.fork(Effect.scoped(Effect.zipRight(all[0].breaker.isolate(key), Effect.never)))
      yield* seconds(60)
      expect(yield* phases(all)).toEqual(["Isolated", "Isolated"])
      // It dies, and cannot let go.
      all[0].way.answers = false
      yield* seconds(9)
      expect(yield* all[1].phase).toBe("Isolated")
      yield* seconds(7)
      expect(yield* all[1].phase).toBe("Closed")
      expect(yield* all[1].call(Effect.void)).toEqual(Exit.void)
      yield* Fiber.interrupt(held)
    })
  )

  it.scoped("K1: is let go with the layer of its holder", () =>
    Effect.gen(function* () {
      const all = yield* pair
      const held = yield* Effect.fork(Effect.scoped(Effect.zipRight(all[0].breaker.isolate(key), Effect.never)))
      yield* still
      expect(yield* all[1].phase).toBe("Isolated")
      yield* all[0].stop
      expect(yield* all[1].phase).toBe("Closed")
      yield* Fiber.interrupt(held)
    })
  )

  it.scoped("K1: leaves nothing behind in a process that ends while another one holds it", () =>
    Effect.gen(function* () {
      const all = yield* pair
      yield* failing(all[1], 1)
      const held = yield* Effect.fork(Effect.scoped(Effect.zipRight(all[0].breaker.isolate(key), Effect.never)))
      yield* still
      expect(yield* all[1].phase).toBe("Isolated")
      // It has something to tell, and hears of the isolation again in the answer.
      yield* all[1].stop
      // What it knew stays as it was: no timer of its own looks at it any more.
      yield* seconds(60)
      expect(yield* all[1].phase).toBe("Isolated")
      yield* Fiber.interrupt(held)
    })
  )
})

describe("the others are told", () => {
  const rate: CircuitBreaker.Options = { tripPolicy: CircuitBreaker.rateOver({ window: "30 seconds" }) }
  it.scoped("K1: at once that there is something to count, and seldom of how much", () =>
    Effect.gen(function* () {
      const place = yield* SharedState.makeMemoryBackend
      const { call, way } = yield* instance(wayTo(place), { tripPolicy: CircuitBreaker.consecutive(100) })
      yield* call(Effect.void)
      yield* seconds(1)
      way.changes.length = 0
      for (let i = 0; i < 3; i++) {
        yield* call(fails)
        yield* TestClock.adjust("50 millis")
      }
      expect(way.changes).toEqual(["all", "seldom", "seldom"])
    })
  )

  it.scoped("K1: by one for all of what is no news", () =>
    Effect.gen(function* () {
      const all = yield* pairOf(rate)
      yield* seconds(20)
      for (const { way } of all) way.changes.length = 0
      // The second one has just been told by the first.
      for (const { call } of all) {
        yield* call(Effect.void)
        yield* seconds(1)
      }
      yield* seconds(20)
      expect(all.map(({ way }) => way.changes)).toEqual([["seldom"], ["nobody"]])
    })
  )

  it.scoped("K1: at once of what a call has opened", () =>
    Effect.gen(function* () {
      const all = yield* pair
      yield* failing(all[0], 2)
      yield* seconds(1)
      yield* failing(all[1], 1)
      yield* still
      expect(yield* phases(all)).toEqual(["Open", "Open"])
    })
  )

  it.scoped("K3: at once that a target wants to be left alone", () =>
    Effect.gen(function* () {
      const all = yield* pair
      const hint = new LlmError.RateLimited({ retryAfter: Duration.seconds(20) })
      // There is something to count already.
      yield* failing(all[0], 1)
      yield* seconds(1)
      yield* all[0].call(Effect.fail(hint))
      yield* still
      expect(yield* isLeftAlone(all[1])).toBe(true)
    })
  )

  it.scoped("K1: sooner of successes once they are many", () =>
    Effect.gen(function* () {
      const all = yield* pairOf(rate)
      yield* seconds(20)
      all[0].way.changes.length = 0
      yield* Effect.replicateEffect(all[0].call(Effect.void), 199)
      yield* seconds(1)
      const before = all[0].way.changes.length
      yield* all[0].call(Effect.void)
      yield* seconds(1)
      expect([before, all[0].way.changes.length]).toEqual([0, 1])
    })
  )
})

describe("processes whose clocks do not agree", () => {
  const inTime =
    (ahead: number) =>
    <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.clockWith((clock) => {
        const now = (): number => clock.unsafeCurrentTimeMillis() + ahead
        const other: Clock.Clock = Object.assign(Object.create(clock), {
          unsafeCurrentTimeMillis: now,
          currentTimeMillis: Effect.sync(now),
          sleep: (duration: Duration.Duration) => clock.sleep(duration)
        })
        return Effect.withClock(self, other)
      })

  it.scoped("K1 K3: count together, and wait equally long", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(86_400_000)
      const place = yield* SharedState.makeMemoryBackend
      const aheads = [0, 3_600_000, -3_600_000]
      const all = yield* Effect.forEach(aheads, (ahead) =>
        Effect.map(inTime(ahead)(instance(wayTo(place, -ahead), options)), (made) => ({
          phase: made.phase,
          call: <A, E>(what: Effect.Effect<A, E>) => inTime(ahead)(made.call(what)),
          retryAfter: inTime(ahead)(
            Effect.map(made.breaker.state(key), (state) =>
              "retryAfter" in state ? Duration.toSeconds(state.retryAfter) : undefined
            )
          )
        }))
      )
      for (const { call } of all) yield* call(Effect.void)
      for (const { call } of all) {
        yield* call(fails)
        yield* seconds(1)
      }
      expect(yield* Effect.forEach(all, ({ retryAfter }) => retryAfter)).toEqual([59, 59, 59])
      yield* seconds(59)
      expect(yield* all[2]!.call(Effect.void)).toEqual(Exit.void)
      yield* still
      expect(yield* Effect.forEach(all, ({ phase }) => phase)).toEqual(["Closed", "Closed", "Closed"])
      // A hint is told as it was given.
      yield* all[2]!.call(Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.seconds(20) })))
      yield* still
      yield* seconds(19)
      for (const one of all) expect(yield* isLeftAlone(one)).toBe(true)
    })
  )
})
