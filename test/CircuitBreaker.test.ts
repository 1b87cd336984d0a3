import { describe, expect, it } from "@effect/vitest"
import {
  Array as Arr,
  Cause,
  Chunk,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  Random,
  Schedule,
  Schema,
  Stream,
  TestClock
} from "effect"
import { CircuitBreaker, Deadline, LlmError, Rejection } from "effect-resilience"
import { Abandonment } from "../src/internal/breaker/abandoned.js"

type Breaker = CircuitBreaker.CircuitBreaker

const fails = Effect.fail(new LlmError.ServerError({ status: 500 }))

const withBreaker = <A, E, R>(
  options: CircuitBreaker.Options | ((key: string) => CircuitBreaker.Options),
  use: (breaker: Breaker) => Effect.Effect<A, E, R>
) =>
  Effect.flatMap(CircuitBreaker.CircuitBreaker, use).pipe(
    Effect.provide(CircuitBreaker.layerMemory(options)),
    Effect.withRandom(Random.make("a seed"))
  )

const stateOf = (breaker: Breaker, key = "a") => Effect.map(breaker.state(key), (state) => state._tag)

/** Fails often enough, at once, for the circuit to open. */
const trip = (breaker: Breaker, times: number, error: LlmError.LlmError = new LlmError.ServerError({})) =>
  Effect.fail(error).pipe(breaker.execute({ key: "a" }), Effect.exit, Effect.repeatN(times - 1))

/** Runs an effect in a fiber of its own, up to where it waits. */
const begin = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.tap(Effect.fork(effect), () => Effect.yieldNow({ priority: 1 }))

const abandonedAfter = (breaker: Breaker, millis: number) =>
  Effect.gen(function* () {
    const given = { abandoned: false }
    const fiber = yield* begin(
      Effect.never.pipe(breaker.execute({ key: "a" }), Effect.provideService(Abandonment, given))
    )
    yield* TestClock.adjust(millis)
    given.abandoned = true
    return yield* Fiber.interrupt(fiber)
  })

describe("opening", () => {
  it.effect.each([
    CircuitBreaker.rate({ threshold: 0.5, size: 100, minimumCalls: 20 }),
    CircuitBreaker.rateOver({ threshold: 0.5, window: "30 seconds", minimumCalls: 20 })
  ])("B15: ten failures and then successes open nothing, the next failure does (%#)", (tripPolicy) =>
    withBreaker({ tripPolicy }, (breaker) =>
      Effect.gen(function* () {
        yield* trip(breaker, 10)
        yield* Effect.void.pipe(breaker.execute({ key: "a" }), Effect.repeatN(9))
        expect(yield* stateOf(breaker)).toBe("Closed")
        yield* Effect.void.pipe(breaker.execute({ key: "a" }))
        expect(yield* stateOf(breaker)).toBe("Closed")
        yield* trip(breaker, 1)
        expect(yield* stateOf(breaker)).toBe("Open")
      })
    )
  )

  it.effect("B1: five failures that land together with a sixth make one transition", () =>
    withBreaker({}, (breaker) =>
      Effect.gen(function* () {
        const seen = yield* begin(Stream.runCollect(Stream.interruptAfter(breaker.transitions, "1 second")))
        const land = yield* Deferred.make<void>()
        const call = Deferred.await(land).pipe(Effect.andThen(fails), breaker.execute({ key: "a" }))
        const calls = yield* Effect.forEach(Arr.range(1, 6), () => begin(call))
        yield* Deferred.succeed(land, undefined)
        yield* Effect.forEach(calls, Fiber.await)
        yield* TestClock.adjust("1 second")
        expect(Chunk.toReadonlyArray(yield* Fiber.join(seen))).toEqual([
          {
            key: "a",
            from: "Closed",
            to: "Open",
            retryAfter: Duration.seconds(60),
            consecutiveOpenings: 1,
            reason: "failures",
            counts: { calls: 5, failures: 5, slow: 0, abandoned: 0 }
          }
        ])
      })
    )
  )

  it.effect("the default is five failures in a row, a success between starts anew", () =>
    withBreaker({}, (breaker) =>
      Effect.gen(function* () {
        yield* trip(breaker, 4)
        yield* Effect.void.pipe(breaker.execute({ key: "a" }))
        yield* trip(breaker, 4)
        expect(yield* stateOf(breaker)).toBe("Closed")
        yield* trip(breaker, 1)
        expect(yield* stateOf(breaker)).toBe("Open")
      })
    )
  )

  it.effect("a rate looks at the last calls only, and not before there were enough", () =>
    withBreaker({ tripPolicy: CircuitBreaker.rate({ threshold: 0.5, size: 10, minimumCalls: 4 }) }, (breaker) =>
      Effect.gen(function* () {
        const succeed = (times: number) => Effect.void.pipe(breaker.execute({ key: "a" }), Effect.repeatN(times - 1))
        yield* trip(breaker, 3)
        expect(yield* breaker.state("a")).toEqual({ _tag: "Closed", key: "a", calls: 3, failures: 3 })
        yield* breaker.reset("a")
        yield* succeed(30)
        yield* trip(breaker, 4)
        expect(yield* breaker.state("a")).toEqual({ _tag: "Closed", key: "a", calls: 10, failures: 4 })
        yield* succeed(10)
        expect(yield* breaker.state("a")).toEqual({ _tag: "Closed", key: "a", calls: 10, failures: 0 })
        yield* trip(breaker, 5)
        expect(yield* stateOf(breaker)).toBe("Open")
      })
    )
  )

  it.effect("a rate over time forgets what is older than its window", () =>
    withBreaker({ tripPolicy: CircuitBreaker.rateOver({ window: "30 seconds", minimumCalls: 4 }) }, (breaker) =>
      Effect.gen(function* () {
        yield* trip(breaker, 3)
        yield* TestClock.adjust("29999 millis")
        expect(yield* breaker.state("a")).toMatchObject({ calls: 3, failures: 3 })
        yield* TestClock.adjust("1 millis")
        expect(yield* breaker.state("a")).toMatchObject({ calls: 0, failures: 0 })
        yield* trip(breaker, 3)
        expect(yield* stateOf(breaker)).toBe("Closed")
        yield* TestClock.adjust("27 seconds")
        yield* trip(breaker, 1)
        expect(yield* stateOf(breaker)).toBe("Open")
      })
    )
  )

  it.effect("B7: slow calls open it even when they succeed", () =>
    withBreaker(
      { tripPolicy: CircuitBreaker.rate({ minimumCalls: 4, slowCall: { threshold: "10 seconds", rate: 0.5 } }) },
      (breaker) =>
        Effect.gen(function* () {
          const takes = (duration: Duration.DurationInput) =>
            Effect.gen(function* () {
              const call = yield* begin(Effect.sleep(duration).pipe(breaker.execute({ key: "a" })))
              yield* TestClock.adjust(duration)
              yield* Fiber.join(call)
            })
          yield* takes("9999 millis")
          yield* takes("1 second")
          yield* takes("10 seconds")
          expect(yield* stateOf(breaker)).toBe("Closed")
          yield* takes("10 seconds")
          expect(yield* stateOf(breaker)).toBe("Open")
        })
    )
  )

  it.effect("B16: slow probes do not close a circuit that opened for slow calls, and its open time grows", () =>
    withBreaker(
      {
        tripPolicy: CircuitBreaker.rate({ size: 10, minimumCalls: 2, slowCall: { threshold: "1 second", rate: 0.5 } }),
        openDuration: Schedule.exponential("10 seconds"),
        halfOpen: { successes: 1 }
      },
      (breaker) =>
        Effect.gen(function* () {
          const call = (time: Duration.DurationInput) =>
            Effect.gen(function* () {
              const fiber = yield* begin(Effect.sleep(time).pipe(breaker.execute({ key: "a" })))
              yield* TestClock.adjust(time)
              yield* Fiber.join(fiber)
            })
          yield* call("2 seconds")
          yield* call("2 seconds")
          expect(yield* stateOf(breaker)).toBe("Open")
          yield* TestClock.adjust("10 seconds")
          yield* call("2 seconds")
          expect(yield* stateOf(breaker)).toBe("Open")
          yield* TestClock.adjust("19999 millis")
          expect(Exit.isFailure(yield* Effect.exit(Effect.void.pipe(breaker.execute({ key: "a" }))))).toBe(true)
          yield* TestClock.adjust(1)
          yield* call("999 millis")
          expect(yield* stateOf(breaker)).toBe("Closed")
        })
    )
  )

  it.effect("B7: calls that are already too slow count before they end", () =>
    withBreaker(
      { tripPolicy: CircuitBreaker.rateOver({ minimumCalls: 4, slowCall: { threshold: "10 seconds", rate: 1 } }) },
      (breaker) =>
        Effect.gen(function* () {
          const hung = yield* Effect.forEach(Arr.range(1, 4), () =>
            begin(Effect.never.pipe(breaker.execute({ key: "a" })))
          )
          yield* TestClock.adjust("10 seconds")
          yield* Effect.void.pipe(breaker.execute({ key: "a" }))
          yield* TestClock.adjust("60 seconds")
          const rejected = yield* Effect.flip(Effect.void.pipe(breaker.execute({ key: "a" })))
          expect(rejected).toMatchObject({ _tag: "CircuitOpen", retryAfter: Duration.seconds(60) })
          yield* Effect.forEach(hung, Fiber.interrupt)
          expect(yield* stateOf(breaker)).toBe("Open")
        })
    )
  )

  it.effect("a stream is slow until its first element, however long it then lasts", () =>
    withBreaker(
      { tripPolicy: CircuitBreaker.rate({ minimumCalls: 1, slowCall: { threshold: "10 seconds", rate: 1 } }) },
      (breaker) =>
        Effect.gen(function* () {
          const stream = (first: Duration.DurationInput) =>
            Stream.fromEffect(Effect.sleep(first)).pipe(
              Stream.concat(Stream.fromEffect(Effect.sleep("10 minutes"))),
              breaker.executeStream({ key: "a" }),
              Stream.runDrain
            )
          const prompt = yield* begin(stream("9 seconds"))
          yield* TestClock.adjust("5 minutes")
          expect(yield* Effect.exit(Effect.void.pipe(breaker.execute({ key: "a" })))).toEqual(Exit.void)
          yield* TestClock.adjust("6 minutes")
          yield* Fiber.join(prompt)
          expect(yield* breaker.state("a")).toMatchObject({ _tag: "Closed", calls: 2 })
          yield* breaker.reset("a")
          const late = yield* begin(stream("10 seconds"))
          yield* TestClock.adjust("11 minutes")
          yield* Fiber.join(late)
          expect(yield* stateOf(breaker)).toBe("Open")
        })
    )
  )

  it.effect("B11: a target that a hedge always abandons opens, a call nobody wants any more does not count", () =>
    withBreaker({}, (breaker) =>
      Effect.gen(function* () {
        for (let i = 0; i < 20; i++) {
          yield* Fiber.interrupt(yield* begin(Effect.never.pipe(breaker.execute({ key: "a" }))))
        }
        for (let i = 0; i < 4; i++) yield* abandonedAfter(breaker, 100)
        yield* Effect.void.pipe(breaker.execute({ key: "a" }))
        for (let i = 0; i < 4; i++) yield* abandonedAfter(breaker, 100)
        expect(yield* stateOf(breaker)).toBe("Closed")
        yield* abandonedAfter(breaker, 100)
        expect(yield* stateOf(breaker)).toBe("Open")
      })
    )
  )

  it.effect(
    "B11: a race of one's own says that it has given up on a call, and so a target that is always too slow opens",
    () =>
      withBreaker({ tripPolicy: CircuitBreaker.consecutive(2) }, (breaker) =>
        Effect.gen(function* () {
          const ask = (abandons: boolean) =>
            Effect.gen(function* () {
              const { abandon, call } = yield* CircuitBreaker.abandonable(
                Effect.never.pipe(breaker.execute({ key: "a" }))
              )
              const running = yield* begin(call)
              if (abandons) yield* abandon
              yield* Fiber.interrupt(running)
            })
          for (let i = 0; i < 5; i++) yield* ask(false)
          expect(yield* stateOf(breaker)).toBe("Closed")
          yield* ask(true)
          expect(yield* stateOf(breaker)).toBe("Closed")
          yield* ask(true)
          expect(yield* breaker.state("a")).toMatchObject({ _tag: "Open", reason: "abandoned" })
        })
      )
  )

  it.effect("B11: the same for rates, within their window", () =>
    withBreaker(
      (key) => ({
        tripPolicy:
          key === "a"
            ? CircuitBreaker.rateOver({ window: "10 seconds", minimumCalls: 3 })
            : CircuitBreaker.rate({ minimumCalls: 3 })
      }),
      (breaker) =>
        Effect.gen(function* () {
          for (let i = 0; i < 10; i++) yield* abandonedAfter(breaker, 5_000)
          expect(yield* stateOf(breaker)).toBe("Closed")
          for (let i = 0; i < 3; i++) yield* abandonedAfter(breaker, 3_000)
          expect(yield* stateOf(breaker)).toBe("Open")
        })
    )
  )

  it.effect("B11: calls that all run into their deadline count, unless that was shorter than a second", () =>
    withBreaker({}, (breaker) =>
      Effect.gen(function* () {
        const within = (budget: Duration.DurationInput) =>
          Effect.gen(function* () {
            const call = yield* begin(Effect.never.pipe(breaker.execute({ key: "a" }), Deadline.within(budget)))
            yield* TestClock.adjust(budget)
            expect(yield* Effect.flip(Fiber.join(call))).toBeInstanceOf(Rejection.DeadlineExceeded)
            yield* Effect.yieldNow({ priority: 1 })
          }).pipe(Effect.repeatN(4))
        yield* within("1 millis")
        expect(yield* stateOf(breaker)).toBe("Closed")
        yield* within("5 seconds")
        expect(yield* stateOf(breaker)).toBe("Open")
      })
    )
  )
})

describe("what counts", () => {
  const outcomes = (calls: ReadonlyArray<Effect.Effect<unknown, unknown>>) =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(1) }, (breaker) =>
      Effect.forEach(calls, (call, index) =>
        Effect.andThen(Effect.exit(call.pipe(breaker.execute({ key: String(index) }))), stateOf(breaker, String(index)))
      )
    )

  it.effect("B6 B13: local rejections and failures that say nothing about health leave it closed", () =>
    Effect.gen(function* () {
      const states = yield* outcomes([
        Effect.fail(new Rejection.BulkheadFull({ key: "x", running: 1, queued: 1 })),
        Effect.fail(new Rejection.RateLimitExceeded({ key: "x", retryAfter: Duration.seconds(1) })),
        Effect.fail(new Rejection.DeadlineExceeded({ budget: Duration.seconds(1) })),
        Effect.fail(new Rejection.CircuitOpen({ key: "x", retryAfter: Duration.seconds(1) })),
        Effect.fail(new Rejection.CircuitHalfOpen({ key: "x" })),
        Effect.fail(new Rejection.AllTargetsFailed({ errors: [] })),
        Effect.fail(new LlmError.InvalidRequest({})),
        Effect.fail(new LlmError.ContentFiltered({ by: "prompt" })),
        Effect.fail(new LlmError.RateLimited({})),
        Effect.fail({ _tag: "SomethingOfTheApplications" }),
        Effect.die(new TypeError("a bug")),
        Effect.interrupt,
        Effect.void
      ])
      expect(states).toEqual(states.map(() => "Closed"))
    })
  )

  it.effect("B13: a refused connection counts, however it is raised; a caller's own 1 ms timeout does not", () =>
    Effect.gen(function* () {
      const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" })
      const states = yield* outcomes([
        Effect.fail(new LlmError.ConnectionFailed({ sent: "no" })),
        Effect.fail(refused),
        Effect.die(refused),
        Effect.fail(new LlmError.TimedOut({ phase: "attempt" }))
      ])
      expect(states).toEqual(states.map(() => "Open"))
      yield* withBreaker({ tripPolicy: CircuitBreaker.consecutive(1) }, (breaker) =>
        Effect.gen(function* () {
          const call = yield* begin(Effect.never.pipe(breaker.execute({ key: "a" }), Effect.timeout("1 millis")))
          yield* TestClock.adjust("1 millis")
          yield* Fiber.await(call)
          expect(yield* stateOf(breaker)).toBe("Closed")
        })
      )
    })
  )

  it.effect("B13: each target has a circuit of its own, as a fallback too", () =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(2) }, (breaker) =>
      Effect.gen(function* () {
        const call = Effect.void.pipe(
          breaker.execute({ key: "a" }),
          Effect.andThen(fails.pipe(breaker.execute({ key: "b" }))),
          Effect.exit
        )
        yield* Effect.repeatN(call, 2)
        expect([yield* stateOf(breaker, "a"), yield* stateOf(breaker, "b")]).toEqual(["Closed", "Open"])
      })
    )
  )

  it.effect("a reader of one's own decides instead, and one that throws leaves the circuit as it is", () =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(1) }, (breaker) =>
      Effect.gen(function* () {
        const empty = Effect.succeed("").pipe(
          breaker.execute({
            key: "a",
            classify: (exit) =>
              Exit.isSuccess(exit) && exit.value === "" ? CircuitBreaker.failure() : CircuitBreaker.success
          })
        )
        expect(yield* empty).toBe("")
        expect(yield* stateOf(breaker, "a")).toBe("Open")

        const broken = fails.pipe(
          breaker.execute({
            key: "b",
            classify: () => {
              throw new Error("a reader with a bug")
            }
          })
        )
        const exit = yield* Effect.exit(broken)
        expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain("a reader with a bug")
        expect(yield* stateOf(breaker, "b")).toBe("Closed")
        yield* fails.pipe(breaker.execute({ key: "b" }), Effect.exit)
        yield* TestClock.adjust("1 minute")
        yield* Effect.exit(broken)
        expect(yield* breaker.state("b")).toMatchObject({ _tag: "HalfOpen", probing: false })
      })
    )
  )
})

describe("open and half-open", () => {
  it.effect("B2: after its open time the next caller probes and the others fail fast", () =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: "10 seconds" }, (breaker) =>
      Effect.gen(function* () {
        const through = breaker.execute({ key: "a" })
        yield* trip(breaker, 1)
        yield* TestClock.adjust("4 seconds")
        expect(yield* Effect.flip(through(Effect.void))).toEqual(
          expect.objectContaining({ _tag: "CircuitOpen", key: "a", retryAfter: Duration.seconds(6) })
        )
        yield* TestClock.adjust("5999 millis")
        expect((yield* Effect.flip(through(Effect.void)))._tag).toBe("CircuitOpen")
        yield* TestClock.adjust("1 millis")
        const probe = yield* begin(through(Effect.never))
        expect(yield* Effect.flip(through(Effect.void))).toEqual(
          expect.objectContaining({ _tag: "CircuitHalfOpen", key: "a" })
        )
        yield* Fiber.interrupt(probe)
        yield* through(Effect.void)
        expect(yield* stateOf(breaker)).toBe("HalfOpen")
        yield* through(Effect.void)
        expect(yield* stateOf(breaker)).toBe("Closed")
      })
    )
  )

  for (const probes of [1, 3]) {
    it.effect(`B3 B8: of 1 000 callers that race in, ${probes} run at most, also while some are interrupted`, () =>
      withBreaker(
        {
          tripPolicy: CircuitBreaker.consecutive(1),
          openDuration: "10 seconds",
          halfOpen: { probes, successes: 1_000 }
        },
        (breaker) =>
          Effect.gen(function* () {
            yield* trip(breaker, 1)
            yield* TestClock.adjust("10 seconds")
            let running = 0
            let most = 0
            let started = 0
            const call = Effect.acquireUseRelease(
              Effect.sync(() => {
                started++
                most = Math.max(most, ++running)
              }),
              () => Effect.sleep("1 second"),
              () => Effect.sync(() => running--)
            ).pipe(breaker.execute({ key: "a" }))
            const first = yield* Effect.forEach(Arr.range(1, 100), () => Effect.fork(call))
            yield* Effect.yieldNow({ priority: 1 })
            expect(started).toBe(probes)
            yield* Effect.forEach(first, (fiber, index) => (index % 2 === 0 ? Fiber.interrupt(fiber) : Effect.void))
            yield* Effect.forEach(Arr.range(1, 900), (index) =>
              Effect.tap(Effect.fork(call), (fiber) => (index % 7 === 0 ? Fiber.interrupt(fiber) : Effect.void))
            )
            yield* TestClock.adjust("10 seconds")
            expect(most).toBe(probes)
            expect(running).toBe(0)
            expect(yield* breaker.state("a")).toMatchObject({ _tag: "HalfOpen", probing: false })
          })
      )
    )
  }

  it.effect(
    "B4: a probe that is interrupted, dies, hangs or says nothing about health neither sticks nor closes it",
    () =>
      withBreaker(
        {
          tripPolicy: CircuitBreaker.consecutive(1),
          openDuration: "10 seconds",
          halfOpen: { successes: 1, probeTimeout: "20 seconds" }
        },
        (breaker) =>
          Effect.gen(function* () {
            const through = breaker.execute({ key: "a" })
            const resting = Effect.map(breaker.state("a"), (state) => {
              expect(state).toMatchObject({ _tag: "HalfOpen", probing: false })
            })
            yield* trip(breaker, 1)
            yield* TestClock.adjust("10 seconds")

            yield* Fiber.interrupt(yield* begin(through(Effect.never)))
            yield* resting
            const undecided: ReadonlyArray<Effect.Effect<never, unknown>> = [
              Effect.die("a bug"),
              Effect.fail(new LlmError.InvalidRequest({})),
              Effect.fail(new LlmError.ContentFiltered({ by: "refusal" })),
              Effect.fail(new Rejection.BulkheadFull({ key: "a", running: 1, queued: 0 }))
            ]
            for (const probe of undecided) {
              yield* Effect.exit(through(probe))
              yield* resting
            }

            const hung = yield* begin(through(Effect.never))
            yield* TestClock.adjust("19999 millis")
            expect((yield* Effect.flip(through(Effect.void)))._tag).toBe("CircuitHalfOpen")
            yield* TestClock.adjust("1 millis")
            yield* resting
            const second = yield* begin(through(Effect.never))
            yield* Fiber.interrupt(hung)
            expect((yield* Effect.flip(through(Effect.void)))._tag).toBe("CircuitHalfOpen")
            yield* Fiber.interrupt(second)
            yield* through(Effect.void)
            expect(yield* stateOf(breaker)).toBe("Closed")
          })
      )
  )

  it.effect("a target slower than the probes' time can still close its circuit", () =>
    withBreaker(
      {
        tripPolicy: CircuitBreaker.consecutive(1),
        openDuration: "10 seconds",
        halfOpen: { successes: 1, probeTimeout: "5 seconds" }
      },
      (breaker) =>
        Effect.gen(function* () {
          yield* trip(breaker, 1)
          yield* TestClock.adjust("10 seconds")
          const probe = yield* begin(Effect.sleep("8 seconds").pipe(breaker.execute({ key: "a" })))
          yield* TestClock.adjust("8 seconds")
          yield* Fiber.join(probe)
          expect(yield* stateOf(breaker)).toBe("Closed")
        })
    )
  )

  for (const late of ["success", "failure"] as const) {
    it.effect(`B5: a ${late} of a call from before the opening changes nothing in half-open`, () =>
      withBreaker(
        { tripPolicy: CircuitBreaker.consecutive(2), openDuration: "10 seconds", halfOpen: { successes: 1 } },
        (breaker) =>
          Effect.gen(function* () {
            const land = yield* Deferred.make<void>()
            const early = yield* begin(
              Deferred.await(land).pipe(
                Effect.andThen(late === "success" ? Effect.void : fails),
                breaker.execute({ key: "a" }),
                Effect.exit
              )
            )
            yield* trip(breaker, 2)
            yield* TestClock.adjust("10 seconds")
            const probe = yield* begin(Effect.sleep("5 seconds").pipe(breaker.execute({ key: "a" })))
            yield* Deferred.succeed(land, undefined)
            yield* Fiber.join(early)
            expect(yield* breaker.state("a")).toMatchObject({ _tag: "HalfOpen", probing: true })
            yield* TestClock.adjust("5 seconds")
            yield* Fiber.join(probe)
            expect(yield* stateOf(breaker)).toBe("Closed")
          })
      )
    )
  }

  it.effect("a probe that fails opens it again, each time for longer, and its last interval repeats", () =>
    withBreaker(
      {
        tripPolicy: CircuitBreaker.consecutive(1),
        openDuration: Schedule.exponential("1 second").pipe(Schedule.intersect(Schedule.recurs(3))),
        halfOpen: { successes: 1 }
      },
      (breaker) =>
        Effect.gen(function* () {
          const times: Array<number> = []
          for (let i = 0; i < 5; i++) {
            yield* trip(breaker, 1)
            const state = yield* breaker.state("a")
            const left = state._tag === "Open" ? state.retryAfter : Duration.zero
            times.push(Duration.toMillis(left))
            yield* TestClock.adjust(left)
          }
          expect(times).toEqual([1_000, 2_000, 4_000, 4_000, 4_000])
          yield* Effect.void.pipe(breaker.execute({ key: "a" }))
          // The row outlives the close for as long as the circuit was last open.
          yield* TestClock.adjust(3_999)
          yield* trip(breaker, 1)
          expect(yield* breaker.state("a")).toMatchObject({ retryAfter: Duration.seconds(4), consecutiveOpenings: 6 })
          yield* TestClock.adjust("4 seconds")
          yield* Effect.void.pipe(breaker.execute({ key: "a" }))
          yield* TestClock.adjust("4 seconds")
          yield* trip(breaker, 1)
          expect(yield* breaker.state("a")).toMatchObject({ retryAfter: Duration.seconds(1), consecutiveOpenings: 1 })
        })
    )
  )

  it.effect("B11: probes that are all abandoned open it again", () =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: "10 seconds" }, (breaker) =>
      Effect.gen(function* () {
        yield* trip(breaker, 1)
        yield* TestClock.adjust("10 seconds")
        yield* abandonedAfter(breaker, 100)
        expect(yield* stateOf(breaker)).toBe("HalfOpen")
        yield* abandonedAfter(breaker, 100)
        expect(yield* breaker.state("a")).toMatchObject({ _tag: "Open", consecutiveOpenings: 2 })
      })
    )
  )

  it.effect("B9: an outage of a minute costs five calls, and the target is used again within 30 s of its return", () =>
    withBreaker({}, (breaker) =>
      Effect.gen(function* () {
        const tried: Array<number> = []
        const answered: Array<string> = []
        const primary = Effect.flatMap(TestClock.currentTimeMillis, (now) => {
          tried.push(now)
          return now < 60_000 ? fails : Effect.succeed("primary")
        })
        yield* primary.pipe(
          breaker.execute({ key: "a" }),
          Effect.catchAll(() => Effect.succeed("fallback")),
          Effect.map((answer) => answered.push(answer)),
          Effect.andThen(TestClock.adjust("3 seconds")),
          Effect.repeatN(40)
        )
        expect(answered.length).toBe(41)
        expect(tried.filter((at) => at < 60_000)).toEqual([0, 3_000, 6_000, 9_000, 12_000])
        expect(tried.find((at) => at >= 60_000)).toBe(72_000)
        expect(answered.slice(24).every((answer) => answer === "primary")).toBe(true)
      })
    )
  )

  it.effect("B10: a failure that names 15 s keeps everyone away for 15 s, whatever the open time is", () =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: "5 seconds" }, (breaker) =>
      Effect.gen(function* () {
        yield* trip(breaker, 1, new LlmError.Overloaded({ retryAfter: Duration.seconds(15) }))
        yield* TestClock.adjust("14999 millis")
        expect(yield* Effect.flip(Effect.void.pipe(breaker.execute({ key: "a" })))).toMatchObject({
          retryAfter: Duration.millis(1)
        })
        yield* TestClock.adjust("1 millis")
        yield* Effect.void.pipe(breaker.execute({ key: "a" }))
      })
    )
  )

  it.effect("a rejection is the error it says it is, and carries no stack", () =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(1) }, (breaker) =>
      Effect.gen(function* () {
        yield* trip(breaker, 1)
        const rejection = yield* Effect.flip(Effect.void.pipe(breaker.execute({ key: "a" })))
        expect(rejection).toBeInstanceOf(Rejection.CircuitOpen)
        expect(rejection).toBeInstanceOf(Error)
        expect(Rejection.isRejection(rejection)).toBe(true)
        const json = {
          _tag: "CircuitOpen",
          key: "a",
          retryAfter: 60_000,
          reason: "failures",
          lastFailure: { tag: "ServerError", at: 0 }
        }
        expect(JSON.parse(JSON.stringify(rejection))).toEqual(json)
        expect(Schema.encodeSync(Rejection.CircuitOpen)(rejection as Rejection.CircuitOpen)).toEqual(json)
        expect((rejection as Error).stack).toBe(
          'CircuitOpen: The circuit of "a" is open after too many failures (last failure: ServerError); the next probe is let through in 1m'
        )
        expect(yield* Effect.flip(rejection as Rejection.CircuitOpen)).toBe(rejection)
      })
    )
  )
})
