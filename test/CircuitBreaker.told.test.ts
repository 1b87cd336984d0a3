import { describe, expect, it } from "@effect/vitest"
import {
  Array as Arr,
  Cause,
  Duration,
  Effect,
  Exit,
  Fiber,
  FastCheck as fc,
  Queue,
  Schedule,
  Schema,
  TestClock
} from "effect"
import { CircuitBreaker, LlmError, Rejection, ResilienceEvent } from "effect-resilience"

const growing = Schedule.fromDelays("1 second", "2 seconds", "4 seconds")

const fails = Effect.fail(new LlmError.ServerError({ status: 500 }))

const withBreaker = <A, E, R>(
  options: CircuitBreaker.Options,
  use: (
    breaker: CircuitBreaker.CircuitBreaker,
    changes: Effect.Effect<ReadonlyArray<ResilienceEvent.ResilienceEvent>>
  ) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const events = yield* ResilienceEvent.subscribe
    const breaker = yield* CircuitBreaker.CircuitBreaker
    return yield* use(breaker, Effect.map(Queue.takeAll(events), Arr.fromIterable))
  }).pipe(Effect.scoped, Effect.provide(CircuitBreaker.layerMemory(options)), Effect.provide(ResilienceEvent.layer()))

describe("B19: why a circuit is open", () => {
  it.effect("the rejection tells the last failure's tag and time, the change tells the counts", () =>
    withBreaker({ tripPolicy: CircuitBreaker.rate({ size: 10, minimumCalls: 4 }) }, (breaker, changes) =>
      Effect.gen(function* () {
        const through = breaker.execute({ key: "a" })
        for (const call of [fails, Effect.void, Effect.void]) yield* Effect.exit(through(call))
        yield* TestClock.adjust("7 seconds")
        yield* Effect.exit(through(Effect.fail(new LlmError.TimedOut({ phase: "attempt" }))))
        const why = { reason: "failures", lastFailure: { tag: "TimedOut", at: 7_000 } }
        expect(yield* changes).toEqual([
          {
            _tag: "CircuitChanged",
            at: 7_000,
            target: "a",
            from: "closed",
            to: "open",
            retryAfter: Duration.seconds(60),
            reason: "failures",
            counts: { calls: 4, failures: 2, slow: 0, abandoned: 0 }
          }
        ])
        yield* TestClock.adjust("1 second")
        const rejection = (yield* Effect.flip(through(Effect.void))) as Rejection.CircuitOpen
        expect(rejection).toMatchObject({ _tag: "CircuitOpen", ...why })
        const json = Schema.encodeSync(Rejection.CircuitOpen)(rejection)
        expect(json).toEqual({ _tag: "CircuitOpen", key: "a", retryAfter: 59_000, ...why })
        expect(Schema.decodeUnknownSync(Rejection.CircuitOpen)(JSON.parse(JSON.stringify(json)))).toMatchObject(why)
        expect(yield* breaker.state("a")).toMatchObject(why)
        yield* TestClock.adjust("59 seconds")
        yield* Effect.fork(through(Effect.never))
        yield* Effect.yieldNow({ priority: 1 })
        expect(yield* Effect.flip(through(Effect.void))).toMatchObject({ _tag: "CircuitHalfOpen", ...why })
        yield* breaker.reset("a")
        yield* breaker.open("a", "1 minute")
        const byHand = yield* Effect.flip(through(Effect.void))
        expect(byHand).toMatchObject({ reason: "manual" })
        expect(byHand).not.toHaveProperty("lastFailure")
      })
    )
  )

  it.effect("slow calls, calls under way among them, and abandoned ones are counted as what they are", () =>
    withBreaker(
      {
        tripPolicy: CircuitBreaker.rate({ size: 10, minimumCalls: 3, slowCall: { threshold: "1 second", rate: 1 } }),
        halfOpen: { successes: 1 }
      },
      (breaker, changes) =>
        Effect.gen(function* () {
          const through = breaker.execute({ key: "a" })
          const opened = Effect.map(changes, (events) =>
            events.flatMap((event) => (event._tag === "CircuitChanged" && event.to === "open" ? [event] : []))
          )
          for (let i = 0; i < 2; i++) yield* Effect.fork(through(Effect.never))
          const ends = yield* Effect.fork(through(Effect.sleep("1100 millis")))
          yield* TestClock.adjust("1100 millis")
          yield* Fiber.join(ends)
          expect(yield* opened).toMatchObject([
            { reason: "slowCalls", counts: { calls: 3, failures: 0, slow: 3, abandoned: 0 } }
          ])
          expect(yield* Effect.flip(through(Effect.void))).toMatchObject({ reason: "slowCalls" })
          yield* TestClock.adjust("60 seconds")
          const probe = yield* Effect.fork(through(Effect.sleep("1 second")))
          yield* TestClock.adjust("1 second")
          yield* Fiber.join(probe)
          expect(yield* opened).toMatchObject([{ counts: { calls: 1, failures: 0, slow: 1, abandoned: 0 } }])
        })
    )
  )

  it.effect("what a reader of one's own calls it, or the failure's own tag", () =>
    Effect.forEach(
      [
        [CircuitBreaker.failure({ tag: "EmptyAnswer" }), Effect.void, "EmptyAnswer"],
        [CircuitBreaker.failure(), Effect.void, "Failure"],
        [CircuitBreaker.failure(), fails, "ServerError"],
        [CircuitBreaker.failure(), Effect.fail({ _tag: "sk-secret" }), "Unclassified"],
        [
          CircuitBreaker.failure(),
          Effect.fail(
            Object.create({
              get _tag() {
                throw new Error("hostile")
              }
            })
          ),
          "Unclassified"
        ]
      ] as ReadonlyArray<readonly [CircuitBreaker.Outcome, Effect.Effect<void, unknown>, string]>,
      ([outcome, call, tag]) =>
        withBreaker({ tripPolicy: CircuitBreaker.consecutive(1) }, (breaker) =>
          Effect.gen(function* () {
            yield* Effect.exit(breaker.execute(call, { key: "a", classify: () => outcome }))
            const rejection = yield* Effect.flip(Effect.void.pipe(breaker.execute({ key: "a" })))
            expect(rejection).toMatchObject({ lastFailure: { tag, at: 0 } })
            expect(String(rejection)).toContain(`(last failure: ${tag})`)
          })
        )
    )
  )

  it("a rejection with or without a reason survives JSON", () => {
    const why = fc.record(
      {
        reason: fc.constantFrom("failures", "slowCalls", "abandoned", "probe", "manual"),
        lastFailure: fc.record({ tag: fc.string(), at: fc.nat() })
      },
      { requiredKeys: [] }
    )
    const open = Schema.parseJson(Rejection.CircuitOpen)
    const halfOpen = Schema.parseJson(Rejection.CircuitHalfOpen)
    fc.assert(
      fc.property(why, (why) => {
        for (const [schema, fields] of [
          [open, { _tag: "CircuitOpen", key: "a", retryAfter: 1_000, ...why }],
          [halfOpen, { _tag: "CircuitHalfOpen", key: "a", ...why }]
        ] as const) {
          const rejection = Schema.decodeSync(schema as typeof open)(JSON.stringify(fields))
          expect(JSON.parse(Schema.encodeSync(schema as typeof open)(rejection))).toEqual(fields)
          expect(rejection.message).not.toContain("undefined")
        }
      })
    )
  })
})

describe("a target that flaps", () => {
  it.effect("stays open longer each time, until it has been well for as long as it was last open", () =>
    withBreaker(
      { tripPolicy: CircuitBreaker.consecutive(1), openDuration: growing, halfOpen: { successes: 1 } },
      (breaker) =>
        Effect.gen(function* () {
          const through = breaker.execute({ key: "a" })
          const times: Array<number> = []
          const flap = (wellFor: number) =>
            Effect.gen(function* () {
              yield* Effect.exit(through(fails))
              const state = yield* breaker.state("a")
              if (state._tag !== "Open") throw new Error(state._tag)
              times.push(Duration.toMillis(state.retryAfter))
              yield* TestClock.adjust(state.retryAfter)
              yield* through(Effect.void)
              yield* TestClock.adjust(wellFor)
            })
          for (const wellFor of [999, 1_999, 3_999, 4_000, 0, 0]) yield* flap(wellFor)
          expect(times).toEqual([1_000, 2_000, 4_000, 4_000, 1_000, 2_000])
          yield* breaker.reset("a")
          yield* flap(0)
          expect(times.at(-1)).toBe(1_000)
        })
    )
  )
})

describe("opening by hand for a time", () => {
  it.effect("is told, held, probed and outlasts the process", () =>
    withBreaker({ halfOpen: { successes: 1 } }, (breaker, changes) =>
      Effect.gen(function* () {
        const through = breaker.execute({ key: "a" })
        yield* breaker.open("a", "10 minutes")
        expect(yield* changes).toEqual([
          {
            _tag: "CircuitChanged",
            at: 0,
            target: "a",
            from: "closed",
            to: "open",
            retryAfter: Duration.minutes(10),
            reason: "manual"
          }
        ])
        expect(yield* breaker.state("a")).toMatchObject({
          _tag: "Open",
          retryAfter: Duration.minutes(10),
          reason: "manual"
        })
        const saved = yield* breaker.snapshot
        yield* breaker.reset("a")
        yield* through(Effect.void)
        yield* breaker.restore(saved)
        yield* TestClock.adjust("599999 millis")
        const rejection = yield* Effect.flip(through(Effect.void))
        expect(rejection).toMatchObject({ _tag: "CircuitOpen", retryAfter: Duration.millis(1), reason: "manual" })
        expect(String(rejection)).toContain('The circuit of "a" is open, opened by hand; the next probe')
        yield* TestClock.adjust("1 millis")
        yield* through(Effect.void)
        expect(yield* breaker.state("a")).toMatchObject({ _tag: "Closed" })
      })
    )
  )

  it.effect("makes an open time longer, never shorter, and is no part of the row that failures make", () =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: growing }, (breaker, changes) =>
      Effect.gen(function* () {
        const through = breaker.execute({ key: "a" })
        const left = Effect.map(breaker.state("a"), (state) =>
          state._tag === "Open" ? [Duration.toMillis(state.retryAfter), state.consecutiveOpenings] : []
        )
        yield* Effect.exit(through(fails))
        yield* breaker.open("a", "500 millis")
        expect(yield* left).toEqual([1_000, 1])
        yield* changes
        yield* breaker.open("a", "5 seconds")
        expect(yield* changes).toMatchObject([{ from: "open", to: "open", reason: "manual" }])
        expect(yield* left).toEqual([5_000, 1])
        yield* TestClock.adjust("5 seconds")
        yield* Effect.exit(through(fails))
        expect(yield* left).toEqual([2_000, 2])
        yield* breaker.open("b", "1 second")
        yield* TestClock.adjust("1 second")
        yield* Effect.exit(fails.pipe(breaker.execute({ key: "b" })))
        expect(yield* breaker.state("b")).toMatchObject({ retryAfter: Duration.seconds(1), consecutiveOpenings: 1 })
      })
    )
  )

  it.effect.each([
    [0, "the duration of open is 0, and has to be a finite time above 0"],
    [Duration.infinity, "the duration of open is Duration(Infinity), and has to be a finite duration"],
    ["soon", 'the duration of open is "soon", and has to be a duration']
  ] as const)("for %s it is refused by name", ([duration, words]) =>
    withBreaker({}, (breaker) =>
      Effect.map(
        Effect.sandbox(Effect.flip(Effect.sandbox(breaker.open("a", duration as Duration.DurationInput)))),
        (cause) => {
          expect(Cause.pretty(cause)).toContain(words)
        }
      )
    )
  )
})

describe("options of the wrong kind", () => {
  const breakerOf = (options: unknown) =>
    Effect.scoped(
      Effect.provide(CircuitBreaker.make(options as CircuitBreaker.Options), CircuitBreaker.layerStoreMemory())
    )
  const made = "made by CircuitBreaker.consecutive, rate or rateOver"
  it.effect.each([
    [{ tripPolicy: 3 }, `tripPolicy is 3, and has to be ${made}`],
    [{ tripPolicy: null }, `tripPolicy is null, and has to be ${made}`],
    [{ tripPolicy: "consecutive" }, `tripPolicy is "consecutive", and has to be ${made}`],
    [{ tripPolicy: {} }, `tripPolicy is an object, and has to be ${made}`],
    [{ tripPolicy: CircuitBreaker.consecutive }, `tripPolicy is a function, and has to be ${made}`],
    [
      { tripPolicy: { _tag: "Consecutive", failures: "5" } },
      'consecutive.failures is "5", and has to be a whole number of at least 1'
    ],
    [
      { tripPolicy: { _tag: "Rate", threshold: "0.5" } },
      'rate.threshold is "0.5", and has to be a number above 0 and at most 1'
    ],
    [
      { tripPolicy: { _tag: "Rate", threshold: 1, size: 1, minimumCalls: 1, slowCall: null } },
      "rate.slowCall is null, and has to be an object with options"
    ],
    [
      { tripPolicy: { _tag: "RateOver", threshold: 1, window: 1, minimumCalls: 1, slowCall: 3 } },
      "rateOver.slowCall is 3, and has to be an object with options"
    ],
    [{ halfOpen: null }, "halfOpen is null, and has to be an object with options"],
    [{ halfOpen: { probe: 1 } }, 'halfOpen has no option "probe"; there are probes, successes, probeTimeout'],
    [{ parking: 3 }, "parking is 3, and has to be an object with options"],
    [{ parking: { whenParked: "rejects" } }, 'parking.whenParked is "rejects", and has to be "wait" or "reject"'],
    [{ maxRetryAfter: "-1 hour" }, 'maxRetryAfter is "-1 hour", and has to be a duration of zero or more'],
    [{ openFor: 3 }, 'CircuitBreaker has no option "openFor"'],
    [null, "CircuitBreaker: the argument is null, and has to be an object with options"],
    [3, "CircuitBreaker: the argument is 3, and has to be an object with options"]
  ])("%o", ([options, words]) =>
    Effect.map(Effect.exit(breakerOf(options)), (exit) => {
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain(words)
    })
  )

  it.each([
    [() => CircuitBreaker.rate(3 as never), "rate is 3, and has to be an object with options"],
    [() => CircuitBreaker.rate(null as never), "rate is null"],
    [() => CircuitBreaker.rateOver({ size: 3 } as never), 'rateOver has no option "size"'],
    [() => CircuitBreaker.rate({ slowCall: 1 } as never), "rate.slowCall is 1, and has to be an object with options"],
    [
      () => CircuitBreaker.rate({ slowCall: { threshold: 1 } } as never),
      "rate.slowCall.rate is undefined, and has to be a number above 0 and at most 1"
    ],
    [
      () => CircuitBreaker.consecutive("5" as never),
      'consecutive.failures is "5", and has to be a whole number of at least 1'
    ]
  ])("a trip policy, case %#", (make, words) => {
    expect(make).toThrow(words)
  })
})
