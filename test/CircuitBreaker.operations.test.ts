import { describe, expect, it } from "@effect/vitest"
import {
  Array as Arr,
  Cause,
  Chunk,
  Config,
  ConfigError,
  ConfigProvider,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Queue,
  Schedule,
  Schema,
  Scope,
  Stream,
  TestClock
} from "effect"
import { CircuitBreaker, LlmError, ResilienceEvent } from "effect-resilience"

const fails = Effect.fail(new LlmError.ServerError({ status: 500 }))
const once = { tripPolicy: CircuitBreaker.consecutive(1), openDuration: "10 seconds" } as const

const withBreaker = <A, E, R>(
  options: CircuitBreaker.Options | ((key: string) => CircuitBreaker.Options),
  use: (breaker: CircuitBreaker.CircuitBreaker) => Effect.Effect<A, E, R>
) => Effect.flatMap(CircuitBreaker.CircuitBreaker, use).pipe(Effect.provide(CircuitBreaker.layerMemory(options)))

const begin = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.tap(Effect.fork(effect), () => Effect.yieldNow({ priority: 1 }))

/** As `begin`, for streams: lets the subscription come about. */
const listen = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.tap(Effect.fork(effect), () => Effect.repeatN(Effect.yieldNow({ priority: 1 }), 20))

const trip = (breaker: CircuitBreaker.CircuitBreaker, key = "a") => fails.pipe(breaker.execute({ key }), Effect.exit)

const stateOf = (breaker: CircuitBreaker.CircuitBreaker, key = "a") =>
  Effect.map(breaker.state(key), (state) => state._tag)

describe("streams", () => {
  it.effect("a failure counts wherever it comes, an end and a consumer that leaves are successes", () =>
    withBreaker({ tripPolicy: CircuitBreaker.rate({ size: 10, minimumCalls: 10 }) }, (breaker) =>
      Effect.gen(function* () {
        const through = breaker.executeStream({ key: "a" })
        const numbers = Stream.range(1, 5)
        const late = Stream.concat(numbers, Stream.fail(new LlmError.ServerError({})))
        const check = (calls: number, failures: number) =>
          Effect.map(breaker.state("a"), (state) => expect(state).toMatchObject({ calls, failures }))

        yield* Stream.runDrain(through(numbers))
        yield* check(1, 0)
        yield* Effect.exit(Stream.runDrain(through(late)))
        yield* check(2, 1)
        yield* Stream.runDrain(Stream.take(through(late), 2))
        yield* check(3, 1)
        yield* Effect.exit(Stream.runForEach(through(numbers), () => Effect.fail("the consumer's own")))
        yield* check(4, 1)
        yield* Effect.exit(Stream.runDrain(Stream.mapEffect(through(numbers), () => Effect.die("its bug"))))
        yield* check(5, 1)
        const reading = yield* begin(Stream.runDrain(through(Stream.concat(numbers, Stream.never))))
        yield* Fiber.interrupt(reading)
        yield* check(5, 1)
        const errors = yield* Effect.flip(Stream.runDrain(through(late)))
        expect(errors._tag).toBe("ServerError")
      })
    )
  )

  it.effect("S9: the permit is held until the stream's own resources are closed, and is given back once", () =>
    withBreaker({ ...once, halfOpen: { successes: 3 } }, (breaker) =>
      Effect.gen(function* () {
        const seen: Array<string> = []
        const look = (when: string) =>
          Effect.map(breaker.state("a"), (state) =>
            seen.push(`${when}: ${state._tag === "HalfOpen" ? state.probing : state._tag}`)
          )
        const stream = Stream.acquireRelease(Effect.void, () => Effect.orDie(look("closing"))).pipe(
          Stream.flatMap(() => Stream.range(1, 5)),
          breaker.executeStream({ key: "a" })
        )
        yield* trip(breaker)
        expect((yield* Effect.flip(Stream.runDrain(stream)))._tag).toBe("CircuitOpen")
        yield* TestClock.adjust("10 seconds")
        yield* Stream.runForEach(Stream.take(stream, 2), () => look("reading"))
        yield* look("after")
        yield* Stream.runDrain(stream)
        yield* look("after")
        expect(seen).toEqual([
          "reading: true",
          "reading: true",
          "closing: true",
          "after: false",
          "closing: true",
          "after: false"
        ])
      })
    )
  )

  it.effect("a stream is a call each time it is run, and elements keep their chunks", () =>
    withBreaker({ tripPolicy: CircuitBreaker.rate() }, (breaker) =>
      Effect.gen(function* () {
        const chunks = yield* Stream.fromChunks(Chunk.make(1, 2, 3), Chunk.make(4)).pipe(
          breaker.executeStream({ key: "a" }),
          Stream.chunks,
          Stream.map(Chunk.size),
          Stream.runCollect
        )
        expect(Chunk.toReadonlyArray(chunks)).toEqual([3, 1])
        expect(yield* breaker.state("a")).toMatchObject({ calls: 1 })
      })
    )
  )
})

describe("operations", () => {
  it.effect("isolation holds a circuit open until the last scope that asked for it closes", () =>
    withBreaker(once, (breaker) =>
      Effect.gen(function* () {
        const [first, second] = [yield* Scope.make(), yield* Scope.make()]
        yield* Scope.extend(breaker.isolate("a"), first)
        yield* Scope.extend(breaker.isolate("a"), second)
        const rejected = yield* Effect.flip(Effect.void.pipe(breaker.execute({ key: "a" })))
        expect(rejected).toMatchObject({ _tag: "CircuitOpen", retryAfter: Duration.infinity })
        expect(yield* breaker.state("a")).toEqual({ _tag: "Isolated", key: "a" })
        yield* Scope.close(first, Exit.void)
        expect(yield* stateOf(breaker)).toBe("Isolated")
        yield* Scope.close(second, Exit.void)
        yield* Effect.void.pipe(breaker.execute({ key: "a" }))
        expect(yield* stateOf(breaker)).toBe("Closed")
      })
    )
  )

  it.effect("an isolation leaves the circuit under it as it is", () =>
    withBreaker(once, (breaker) =>
      Effect.gen(function* () {
        yield* trip(breaker)
        yield* Effect.scoped(Effect.andThen(breaker.isolate("a"), TestClock.adjust("4 seconds")))
        expect(yield* breaker.state("a")).toMatchObject({ _tag: "Open", retryAfter: Duration.seconds(6) })
      })
    )
  )

  it.effect("reset closes, forgets and ends a parking", () =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(2), parking: { whenParked: "reject" } }, (breaker) =>
      Effect.gen(function* () {
        yield* trip(breaker)
        yield* trip(breaker)
        yield* breaker.reset("a")
        yield* trip(breaker)
        yield* Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.hours(1) })).pipe(
          breaker.execute({ key: "a" }),
          Effect.exit
        )
        yield* breaker.reset("a")
        yield* Effect.void.pipe(breaker.execute({ key: "a" }))
        yield* trip(breaker)
        expect(yield* stateOf(breaker)).toBe("Closed")
      })
    )
  )

  it.effect("every change is a transition, in order, and an event", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.CircuitBreaker
      const events = yield* listen(Stream.runCollect(Stream.interruptAfter(ResilienceEvent.stream, "1 minute")))
      const seen = yield* listen(Stream.runCollect(Stream.interruptAfter(breaker.transitions, "1 minute")))
      yield* trip(breaker)
      yield* TestClock.adjust("10 seconds")
      yield* trip(breaker)
      yield* TestClock.adjust("10 seconds")
      yield* Effect.repeatN(Effect.void.pipe(breaker.execute({ key: "a" })), 1)
      yield* Effect.scoped(breaker.isolate("a"))
      yield* Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.seconds(5) })).pipe(
        breaker.execute({ key: "a" }),
        Effect.exit
      )
      yield* TestClock.adjust("1 minute")
      const changes = Arr.fromIterable(yield* Fiber.join(seen))
      expect(changes.map(({ from, reason, to }) => `${from} ${to} ${reason ?? ""}`)).toEqual([
        "Closed Open failures",
        "Open HalfOpen ",
        "HalfOpen Open probe",
        "Open HalfOpen ",
        "HalfOpen Closed ",
        "Closed Isolated ",
        "Isolated Closed "
      ])
      expect(changes.map((change) => change.consecutiveOpenings)).toEqual([1, 1, 2, 2, 0, 0, 0])
      const published = Arr.fromIterable(yield* Fiber.join(events))
      expect(
        published.map((event) => (event._tag === "CircuitChanged" ? [event.at, event.from, event.to] : event._tag))
      ).toEqual([
        [0, "closed", "open"],
        [10_000, "open", "halfOpen"],
        [10_000, "halfOpen", "open"],
        [20_000, "open", "halfOpen"],
        [20_000, "halfOpen", "closed"],
        [20_000, "closed", "isolated"],
        [20_000, "isolated", "closed"],
        "TargetParked"
      ])
      expect(published.at(-1)).toMatchObject({ at: 20_000, target: "a", wait: Duration.seconds(5) })
    }).pipe(Effect.provide(CircuitBreaker.layerMemory(once).pipe(Layer.provideMerge(ResilienceEvent.layer()))))
  )

  it.effect("B12: a listener that calls back into the breaker or throws loses no transition and stops nobody", () =>
    withBreaker({ ...once, halfOpen: { successes: 1 } }, (breaker) =>
      Effect.gen(function* () {
        const seen: Array<string> = []
        const through = breaker.execute({ key: "a" })
        yield* listen(
          Stream.runForEach(breaker.transitions, ({ from, to }) =>
            Effect.andThen(
              Effect.sync(() => seen.push(from, to)),
              Effect.exit(through(fails))
            )
          )
        )
        yield* listen(Stream.runForEach(breaker.transitions, () => Effect.die("a listener with a bug")))
        yield* listen(Stream.runForEach(breaker.transitions, () => Effect.never))
        for (let i = 0; i < 100; i++) {
          yield* trip(breaker)
          yield* TestClock.adjust("10 seconds")
          yield* through(Effect.void)
          yield* breaker.reset("a")
        }
        yield* Effect.repeatN(Effect.yieldNow({ priority: 1 }), 20)
        expect(seen.length).toBeGreaterThanOrEqual(2 * 3 * 100)
        for (let i = 2; i < seen.length; i += 2) expect(seen[i]).toBe(seen[i - 1])
      })
    )
  )

  it.effect("transitions end with the breaker", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const breaker = yield* Scope.extend(CircuitBreaker.make(once), scope)
      const seen = yield* listen(Stream.runCollect(breaker.transitions))
      yield* trip(breaker)
      yield* Effect.yieldNow({ priority: 1 })
      yield* Scope.close(scope, Exit.void)
      expect(Chunk.size(yield* Fiber.join(seen))).toBe(1)
    }).pipe(Effect.provide(CircuitBreaker.layerStoreMemory()))
  )

  it.effect("B14: a snapshot restores with the open time that is left", () =>
    Effect.gen(function* () {
      const options = { ...once, openDuration: Schedule.fromDelays("10 seconds", "60 seconds") }
      const saved = yield* withBreaker(options, (breaker) =>
        Effect.gen(function* () {
          yield* trip(breaker)
          yield* TestClock.adjust("10 seconds")
          yield* trip(breaker)
          yield* trip(breaker, "b")
          yield* Effect.void.pipe(breaker.execute({ key: "well" }))
          yield* Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.minutes(5) })).pipe(
            breaker.execute({ key: "parked" }),
            Effect.exit
          )
          yield* TestClock.adjust("10 seconds")
          yield* begin(Effect.never.pipe(breaker.execute({ key: "b" })))
          return yield* breaker.snapshot
        })
      )
      const file = JSON.stringify(Schema.encodeSync(CircuitBreaker.Snapshot)(saved))
      expect(JSON.parse(file)).toEqual({
        takenAt: 20_000,
        circuits: [
          {
            key: "a",
            openFor: 50_000,
            consecutiveOpenings: 2,
            reason: "probe",
            lastFailure: { tag: "ServerError", at: 10_000 },
            parkedFor: 0
          },
          {
            key: "b",
            openFor: 0,
            consecutiveOpenings: 1,
            reason: "failures",
            lastFailure: { tag: "ServerError", at: 10_000 },
            parkedFor: 0
          },
          { key: "parked", openFor: 0, consecutiveOpenings: 0, parkedFor: 290_000 }
        ]
      })
      yield* TestClock.adjust("20 seconds")
      yield* withBreaker({ ...options, parking: { whenParked: "reject" } }, (breaker) =>
        Effect.gen(function* () {
          yield* breaker.restore(Schema.decodeUnknownSync(CircuitBreaker.Snapshot)(JSON.parse(file)))
          const call = (key: string) => Effect.flip(Effect.void.pipe(breaker.execute({ key })))
          expect(yield* call("a")).toMatchObject({ _tag: "CircuitOpen", retryAfter: Duration.seconds(30) })
          expect(yield* call("parked")).toMatchObject({ retryAfter: Duration.seconds(270) })
          yield* Effect.void.pipe(breaker.execute({ key: "b" }))
          expect(yield* stateOf(breaker, "b")).toBe("HalfOpen")
          yield* Effect.void.pipe(breaker.execute({ key: "well" }))
          yield* TestClock.adjust("30 seconds")
          yield* trip(breaker)
          expect(yield* breaker.state("a")).toMatchObject({ retryAfter: Duration.seconds(60), consecutiveOpenings: 3 })
        })
      )
    })
  )

  it.effect("B14: after a clock that went back the whole rest of the open time holds", () =>
    withBreaker(once, (breaker) =>
      Effect.gen(function* () {
        const circuits = [{ key: "a", openFor: 7_000, consecutiveOpenings: 1, parkedFor: 0 }]
        yield* breaker.restore({ takenAt: 1e12, circuits })
        expect(yield* breaker.state("a")).toMatchObject({ _tag: "Open", retryAfter: Duration.seconds(7) })
      })
    )
  )
})

describe("options", () => {
  it.effect("each key can have options of its own", () =>
    withBreaker(
      (key) => ({ tripPolicy: CircuitBreaker.consecutive(key === "a" ? 1 : 3) }),
      (breaker) =>
        Effect.gen(function* () {
          yield* trip(breaker, "a")
          yield* Effect.repeatN(trip(breaker, "b"), 1)
          expect([yield* stateOf(breaker, "a"), yield* stateOf(breaker, "b")]).toEqual(["Open", "Closed"])
          yield* Effect.exit(
            Stream.runDrain(Stream.fail(new LlmError.ServerError({})).pipe(breaker.executeStream({ key: "b" })))
          )
          expect(yield* stateOf(breaker, "b")).toBe("Open")
        })
    )
  )

  it("what no circuit can have is refused, by name", () => {
    const bad: ReadonlyArray<readonly [() => unknown, string]> = [
      [() => CircuitBreaker.consecutive(0), "consecutive.failures is 0, and has to be a whole number of at least 1"],
      [
        () => CircuitBreaker.rate({ threshold: 0 }),
        "rate.threshold is 0, and has to be a number above 0 and at most 1"
      ],
      [
        () => CircuitBreaker.rate({ size: 2.5 }),
        "rate.minimumCalls is 2.5, and has to be a whole number of at least 1"
      ],
      [
        () => CircuitBreaker.rate({ size: 5, minimumCalls: 6 }),
        "rate.minimumCalls is 6, and has to be at most its size of 5"
      ],
      [() => CircuitBreaker.rateOver({ window: 0 }), "rateOver.window is 0, and has to be a finite time above 0"],
      [
        () => CircuitBreaker.rateOver({ minimumCalls: -1 }),
        "rateOver.minimumCalls is -1, and has to be a whole number of at least 1"
      ],
      [
        () => CircuitBreaker.rate({ slowCall: { threshold: 0, rate: 1 } }),
        "rate.slowCall.threshold is 0, and has to be a finite time above 0"
      ],
      [
        () => CircuitBreaker.rateOver({ slowCall: { threshold: 1, rate: 2 } }),
        "rateOver.slowCall.rate is 2, and has to be a number above 0 and at most 1"
      ]
    ]
    for (const [make, words] of bad) expect(make).toThrow(words)
  })

  it.effect("what no breaker can have is a defect that names it", () =>
    Effect.forEach(
      [
        [{ halfOpen: { probes: 0 } }, "halfOpen.probes is 0, and has to be a whole number of at least 1"],
        [{ halfOpen: { successes: 1.5 } }, "halfOpen.successes is 1.5, and has to be a whole number of at least 1"],
        [{ halfOpen: { probeTimeout: 0 } }, "halfOpen.probeTimeout is 0, and has to be a finite time above 0"],
        [{ openDuration: Duration.infinity }, "openDuration is Duration(Infinity), and has to be a finite duration"],
        [{ openDuration: Schedule.stop }, "a schedule with at least one delay"],
        [
          { parking: { stagger: Duration.infinity } },
          "parking.stagger is Duration(Infinity), and has to be a finite duration"
        ]
      ] as ReadonlyArray<readonly [CircuitBreaker.Options, string]>,
      ([options, words]) =>
        Effect.map(Effect.exit(withBreaker(options, Effect.succeed)), (exit) => {
          expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain(words)
        })
    )
  )

  it.effect("options come from the configuration, and a bad one is a ConfigError", () => {
    const layer = CircuitBreaker.layerConfig({
      tripPolicy: Config.map(Config.integer("FAILURES"), (failures) => ({ _tag: "Consecutive" as const, failures })),
      openDuration: Config.duration("OPEN")
    }).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))
    const run = (entries: ReadonlyArray<readonly [string, string]>) =>
      Effect.gen(function* () {
        const breaker = yield* CircuitBreaker.CircuitBreaker
        yield* trip(breaker)
        yield* trip(breaker)
        return yield* breaker.state("a")
      }).pipe(Effect.provide(layer), Effect.withConfigProvider(ConfigProvider.fromMap(new Map(entries))))
    return Effect.gen(function* () {
      const state = yield* run([
        ["FAILURES", "2"],
        ["OPEN", "5 seconds"]
      ])
      expect(state).toMatchObject({ _tag: "Open", retryAfter: Duration.seconds(5) })
      const none = yield* Effect.flip(run([["OPEN", "5 seconds"]]))
      expect(String(none)).toContain("FAILURES")
      const bad = yield* Effect.flip(
        run([
          ["FAILURES", "0"],
          ["OPEN", "5 seconds"]
        ])
      )
      expect(ConfigError.isConfigError(bad)).toBe(true)
      expect(String(bad)).toContain("consecutive.failures is 0, and has to be a whole number of at least 1")
    })
  })
})

describe("stores", () => {
  const broken = (error: Effect.Effect<never, CircuitBreaker.CircuitBreakerStoreError>): CircuitBreaker.Store => ({
    admit: () => error,
    record: () => error,
    amend: () => error,
    state: () => error,
    all: error
  })
  const down = Effect.fail(new CircuitBreaker.CircuitBreakerStoreError({ message: "the store is down" }))

  for (const [how, error] of [
    ["fails", down],
    ["dies", Effect.die("the store is down")]
  ] as const) {
    it.effect(`a store that ${how} lets calls through, and says so`, () =>
      Effect.gen(function* () {
        const breaker = yield* CircuitBreaker.CircuitBreaker
        const hub = yield* ResilienceEvent.ResilienceEvents
        const events = yield* hub.subscribe
        expect(yield* Effect.succeed(1).pipe(breaker.execute({ key: "a" }))).toBe(1)
        expect((yield* Effect.flip(fails.pipe(breaker.execute({ key: "a" }))))._tag).toBe("ServerError")
        yield* Stream.runDrain(Stream.range(1, 3).pipe(breaker.executeStream({ key: "a" })))
        const seen = Arr.fromIterable(yield* Queue.takeAll(events))
        expect(seen.map((event) => event._tag)).toEqual(["StoreFailed", "StoreFailed", "StoreFailed"])
        expect(seen[0]).toMatchObject({ target: "a", policy: "circuitBreaker" })
      }).pipe(
        Effect.scoped,
        Effect.provide(
          CircuitBreaker.layer().pipe(
            Layer.provide(Layer.succeed(CircuitBreaker.CircuitBreakerStore, broken(error))),
            Layer.provideMerge(ResilienceEvent.layer())
          )
        )
      )
    )
  }

  it.effect("a store that fails only when it records does not fail the call", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make(once).pipe(
        Effect.provideServiceEffect(
          CircuitBreaker.CircuitBreakerStore,
          Effect.map(CircuitBreaker.CircuitBreakerStore, ({ admit }) => ({ ...broken(down), admit }))
        )
      )
      expect(yield* Effect.succeed(1).pipe(breaker.execute({ key: "a" }))).toBe(1)
    }).pipe(Effect.scoped, Effect.provide(CircuitBreaker.layerStoreMemory()))
  )
})
