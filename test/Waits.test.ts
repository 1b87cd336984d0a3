import { describe, expect, it } from "@effect/vitest"
import {
  Array as Arr,
  Chunk,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Queue,
  Schedule,
  type Scope,
  Stream,
  TestClock
} from "effect"
import {
  CircuitBreaker,
  Deadline,
  Fallback,
  Hedge,
  LlmError,
  Rejection,
  Resilience,
  ResilienceEvent,
  RetryPolicy,
  Telemetry
} from "effect-resilience"
import { failureOf, protect, target, toEnd } from "./targets.js"

const overloaded = (seconds: number) =>
  new LlmError.Overloaded({ target: "a", status: 529, retryAfter: Duration.seconds(seconds) })
const limited = (seconds: number) => new LlmError.RateLimited({ target: "a", retryAfter: Duration.seconds(seconds) })
const down = new LlmError.ServerError({ target: "a", status: 500 })
const conflict = new LlmError.Conflict({ target: "a", status: 409, retryAfter: Duration.seconds(20) })

type Asked = Effect.Effect.Success<ReturnType<typeof target<string, unknown>>>
type Walk = (
  targets: ReadonlyArray<Asked>,
  options?: Fallback.StreamOptions
) => Effect.Effect<unknown, unknown, Resilience.Resilience>

const protectStream = ({ name, run }: Asked) => Resilience.protectStream(Stream.fromEffect(run), name, {})

/** A walk over protected targets, in both its forms. */
const walks: Readonly<Record<"effects" | "streams", Walk>> = {
  effects: (targets, options) =>
    Fallback.firstOf(
      Arr.map(targets, (one) => ({ ...one, run: Resilience.protect(one.run, one.name) })) as [Asked, ...Array<Asked>],
      options
    ),
  streams: (targets, options) =>
    Effect.map(
      Stream.runCollect(
        Fallback.firstStreamOf(
          Arr.map(targets, (one) => ({ name: one.name, run: protectStream(one) })) as never,
          options
        )
      ),
      Chunk.unsafeHead
    ) as never
}

const many = <A, E, R>(times: number, call: Effect.Effect<A, E, R>) =>
  Effect.all(
    Arr.makeBy(times, () => Effect.exit(call)),
    { concurrency: "unbounded" }
  )

const tell = (error: LlmError.LlmError) => Effect.exit(Resilience.protect(Effect.fail(error), "a"))

/** Why retries were withheld, of all calls while `self` runs. */
const withheldIn = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const events = yield* ResilienceEvent.subscribe
    yield* self
    return Chunk.toReadonlyArray(yield* Queue.takeAll(events)).flatMap((event) =>
      event._tag === "RetryWithheld" ? [event.reason] : []
    )
  }).pipe(Effect.scoped)

const policies = (options: Resilience.Options) =>
  Layer.provideMerge(Resilience.layer({ retry: { jitter: "none" }, ...options }), ResilienceEvent.layer())

for (const [form, walk] of Object.entries(walks)) {
  describe(`waits of ${form}`, () => {
    it.effect("R15: failures that open their own circuit end the calls, or lead on, at that instant", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.delay(Effect.fail(overloaded(30)), "10 millis"))
        const alone = yield* toEnd(many(8, walk([a])))
        expect(alone.took).toBe(10)
        expect(alone.exit).toEqual(Exit.succeed(Arr.makeBy(8, () => Exit.fail(overloaded(30)))))

        yield* Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) => circuitBreaker.reset("a"))
        const b = yield* target("b", Effect.succeed("b"))
        const both = yield* toEnd(many(8, walk([a, b], { patience: "1 minute" })))
        expect(both).toEqual({ exit: Exit.succeed(Arr.makeBy(8, () => Exit.succeed("b"))), took: 10 })
        expect([(yield* a.asked).length, (yield* b.asked).length]).toEqual([16, 8])
      }).pipe(Effect.provide(policies({})))
    )

    it.effect("R15: a wait that ends as the circuit opens its door is begun", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.fail(overloaded(60)))
        const { took } = yield* toEnd(many(5, walk([a])))
        expect(took).toBe(60_000)
        expect((yield* a.asked).filter((at) => at >= 60_000)).toHaveLength(1)
      }).pipe(Effect.provide(policies({ retry: { jitter: "none", maxAttempts: 2 } })))
    )

    it.effect("R15: a wait ends when the circuit is held open by hand, or parked for longer than anybody waits", () =>
      Effect.gen(function* () {
        const { circuitBreaker } = yield* Resilience.Resilience
        const ways: ReadonlyArray<Effect.Effect<unknown, unknown, Resilience.Resilience | Scope.Scope>> = [
          circuitBreaker.isolate("a"),
          tell(limited(300)),
          circuitBreaker.open("a", "1 minute")
        ]
        for (const hold of ways) {
          const a = yield* target("a", Effect.fail(overloaded(30)))
          const call = yield* Effect.fork(Effect.exit(walk([a])))
          yield* TestClock.adjust("7 seconds")
          const before = yield* TestClock.currentTimeMillis
          const exit = yield* Effect.scoped(Effect.zipRight(hold, Fiber.join(call)))
          expect(failureOf(exit)).toEqual(overloaded(30))
          expect([yield* TestClock.currentTimeMillis, (yield* a.asked).length]).toEqual([before, 1])
          yield* circuitBreaker.reset("a")
        }
      }).pipe(Effect.provide(policies({})))
    )

    it.effect("R15: where the circuit counts whole calls it is not asked, so their waits go on", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.fail(overloaded(30)))
        const call = yield* Effect.fork(Effect.exit(walk([a])))
        yield* TestClock.adjust("1 second")
        yield* Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) => circuitBreaker.open("a", "2 minutes"))
        yield* TestClock.adjust("10 minutes")
        yield* Fiber.join(call)
        expect(yield* a.asked).toEqual([0, 30_000, 60_000])
      }).pipe(Effect.provide(policies({ circuitBreaker: { counts: "calls" } })))
    )

    it.effect("R15: it says why, and a retry that is not sent goes back to the budget", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.fail(overloaded(30)))
        expect(yield* withheldIn(toEnd(many(5, walk([a]))))).toEqual(["circuit"])
        yield* Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) => circuitBreaker.reset("a"))
        // The four that had a retry each have given it back: there are four again.
        expect(yield* withheldIn(toEnd(many(5, walk([a]))))).toEqual(["circuit"])
      }).pipe(Effect.provide(policies({ retryBudget: { share: 0, minimumPerSecond: 4, burst: 4 } })))
    )

    it.effect("R18: a long hint is not waited for where somebody else can be asked", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.fail(limited(45)))
        const b = yield* target("b", Effect.succeed("b"))
        const reasons = yield* withheldIn(
          Effect.map(Effect.timed(walk([a, b])), (ended) => expect(ended).toEqual([Duration.zero, "b"]))
        )
        expect(reasons).toEqual(["otherTarget"])
        // The next call: parked already, for less than the patience in the end.
        yield* TestClock.adjust("42 seconds")
        expect(yield* Effect.timed(walk([a, b]))).toEqual([Duration.zero, "b"])
        expect([(yield* a.asked).length, (yield* b.asked).length]).toEqual([1, 2])
      }).pipe(Effect.provide(policies({})))
    )

    it.effect(
      "R18: waits for one target are worth five seconds in all, and one of them is not begun that is longer",
      () =>
        Effect.gen(function* () {
          const a = yield* target("a", Effect.fail(overloaded(2)))
          const b = yield* target("b", Effect.succeed("b"))
          expect(yield* toEnd(walk([a, b]))).toEqual({ exit: Exit.succeed("b"), took: 4_000 })
          expect(yield* a.asked).toEqual([0, 2_000, 4_000])
          yield* Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) => circuitBreaker.reset("a"))
          const patient = yield* toEnd(walk([a, b], { patience: "7 seconds" }))
          expect(patient.took).toBe(6_000)
        }).pipe(
          Effect.provide(policies({ retry: { jitter: "none", maxAttempts: 10, factor: 1 }, circuitBreaker: false }))
        )
    )

    it.effect("R18: no patience asks the next target after any failure", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.fail(down))
        const b = yield* target("b", Effect.succeed("b"))
        expect(yield* toEnd(walk([a, b], { patience: 0 }))).toEqual({ exit: Exit.succeed("b"), took: 0 })
      }).pipe(Effect.provide(policies({})))
    )

    it.effect("R18: the last target is waited for, and so is the only one", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.fail(limited(45)))
        const b = yield* target("b", Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.seconds(45) })))
        expect((yield* toEnd(walk([a, b]))).took).toBe(45_000)
        expect([yield* a.asked, yield* b.asked]).toEqual([[0], [0, 45_000]])
        yield* TestClock.adjust("10 minutes")
        const c = yield* target("c", Effect.fail(limited(45)))
        expect((yield* toEnd(walk([c]))).took).toBe(45_000)
      }).pipe(Effect.provide(policies({ retry: { jitter: "none", maxAttempts: 2 } })))
    )

    it.effect("R18: after a failure that no other target helps with, there is nothing to hurry for", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.fail(conflict))
        const b = yield* target("b", Effect.succeed("b"))
        const { exit, took } = yield* toEnd(walk([a, b]))
        expect([failureOf(exit), took]).toEqual([conflict, 40_000])
        expect(yield* b.asked).toEqual([])
      }).pipe(Effect.provide(policies({})))
    )

    it.effect("R18: the patience for several walks, one within the other, is the shortest of them", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.fail(overloaded(3)))
        const b = yield* target("b", Effect.fail(overloaded(3)))
        const c = yield* target("c", Effect.succeed("c"))
        const inner = walk([a, b], { patience: "10 seconds" }) as Effect.Effect<string, unknown, Resilience.Resilience>
        const both = Fallback.firstOf([
          { name: "inner", run: inner },
          { name: "c", run: c.run }
        ])
        const { exit, took } = yield* toEnd(both)
        // Both targets failed, which the walk around them takes for an answer.
        expect([failureOf(exit), took]).toMatchObject([{ _tag: "AllTargetsFailed" }, 3_000])
        expect([yield* a.asked, yield* b.asked]).toEqual([[0, 3_000], [3_000]])
      }).pipe(Effect.provide(policies({})))
    )

    it.effect("the deadline is shared: with two targets a silent one has half of it", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.never)
        const b = yield* target("b", Effect.succeed("b"))
        const { exit, trail } = yield* Telemetry.withTrail(toEnd(walk([a, b]))).pipe(
          Effect.map(({ exit: ended, trail }) => ({ exit: ended, trail }))
        )
        expect(exit).toMatchObject(Exit.succeed({ exit: Exit.succeed("b"), took: 15_000 }))
        expect(trail.map(({ outcome, target }) => [target, outcome])).toEqual([
          ["a", "TimedOut"],
          ["b", "Success"]
        ])
        expect([yield* a.asked, yield* b.asked]).toEqual([[0], [15_000]])
        // Given up on, which is not the target's own limit.
        const { circuitBreaker } = yield* Resilience.Resilience
        expect(yield* circuitBreaker.state("a")).toMatchObject({ _tag: "Closed", failures: 0 })
      }).pipe(Effect.provide(policies({ deadline: "30 seconds" })))
    )

    it.effect("the deadline is shared: all targets left have the same, and the last one all that is left", () =>
      Effect.gen(function* () {
        const [a, b, c] = yield* Effect.all([
          target("a", Effect.never),
          target("b", Effect.delay(Effect.fail(down), "2 seconds")),
          target("c", Effect.never)
        ])
        const { exit, took } = yield* toEnd(walk([a, b, c]).pipe(Deadline.within("30 seconds")))
        expect(took).toBe(30_000)
        expect(failureOf(exit)).toBeDefined()
        expect([yield* a.asked, yield* b.asked, yield* c.asked]).toEqual([[0], [10_000, 13_000, 17_000], [19_000]])
      }).pipe(Effect.provide(policies({})))
    )

    it.effect("the deadline is shared: retries and hints are clipped to the share", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.fail(overloaded(4)))
        const b = yield* target("b", Effect.succeed("b"))
        const { took } = yield* toEnd(walk([a, b], { patience: "1 minute" }))
        expect([took, yield* a.asked]).toEqual([4_000, [0, 4_000]])
      }).pipe(Effect.provide(policies({ deadline: "12 seconds", retry: { jitter: "none", maxAttempts: 9 } })))
    )

    it.effect("the deadline is shared: a share of one's own, or none", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.never)
        const b = yield* target("b", Effect.succeed("b"))
        expect((yield* toEnd(walk([a, b], { shareOfDeadline: 0.8 }))).took).toBe(24_000)
        const alone = yield* toEnd(walk([a, b], { shareOfDeadline: false }))
        expect([failureOf(alone.exit), alone.took]).toEqual([expect.any(Rejection.DeadlineExceeded), 30_000])
      }).pipe(Effect.provide(policies({ deadline: "30 seconds" })))
    )

    it.effect("the deadline is shared: an attempt's own limit holds if it is shorter", () =>
      Effect.gen(function* () {
        const a = yield* target("a", Effect.never)
        const b = yield* target("b", Effect.succeed("b"))
        expect((yield* toEnd(walk([a, b]))).took).toBe(8_000)
        const { circuitBreaker } = yield* Resilience.Resilience
        expect(yield* circuitBreaker.state("a")).toMatchObject({ _tag: "Closed", failures: 1 })
      }).pipe(Effect.provide(policies({ deadline: "30 seconds", attemptTimeout: "8 seconds" })))
    )
  })
}

describe("waits of a stack of one's own", () => {
  it.effect("R18: a retry policy by itself knows of other targets", () =>
    Effect.gen(function* () {
      const a = yield* target("a", Effect.fail(limited(45)))
      const b = yield* target("b", Effect.succeed("b"))
      const policy = RetryPolicy.make({ jitter: "none", factor: 1, initialDelay: "2 seconds", maxAttempts: 9 })
      const walk = (run: Asked["run"]) => Fallback.firstOf([{ name: "a", run: RetryPolicy.retry(run, policy) }, b])
      expect(yield* toEnd(walk(a.run))).toEqual({ exit: Exit.succeed("b"), took: 0 })
      expect(yield* toEnd(walk(Effect.fail(down)))).toEqual({ exit: Exit.succeed("b"), took: 4_000 })
    })
  )

  it.effect("R18: and a circuit by itself that its target has parked", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.CircuitBreaker
      const b = yield* target("b", Effect.succeed("b"))
      const run = Effect.fail(limited(3)).pipe(breaker.execute({ key: "a" }))
      yield* Effect.exit(run)
      expect(yield* toEnd(Fallback.firstOf([{ name: "a", run }, b]))).toEqual({ exit: Exit.succeed("b"), took: 0 })
    }).pipe(Effect.provide(CircuitBreaker.layerMemory()))
  )

  it.effect("the deadline is shared: targets without policies have their share, however slow they are to stop", () =>
    Effect.gen(function* () {
      const b = yield* target("b", Effect.succeed("b"))
      for (const run of [Effect.never, Effect.uninterruptible(Effect.sleep("1 hour"))]) {
        const walk = Fallback.firstOf([{ name: "a", run }, b]).pipe(Deadline.within("30 seconds"))
        expect(yield* toEnd(walk)).toEqual({ exit: Exit.succeed("b"), took: 15_000 })
      }
    })
  )
})

describe("siblings", () => {
  it.effect("shares of walks within walks count all the targets that are left", () =>
    Effect.gen(function* () {
      const [a, b, c] = yield* Effect.all([
        target("a", Effect.never),
        target("b", Effect.never),
        target("c", Effect.never)
      ])
      const inner = { name: "inner", run: Fallback.firstOf([protect(a), protect(b)]) }
      yield* toEnd(Fallback.firstOf([inner, protect(c)], { fallbackOn: [] }).pipe(Deadline.within("30 seconds")))
      expect([yield* a.asked, yield* b.asked]).toEqual([[0], [10_000]])
    }).pipe(Effect.provide(policies({})))
  )

  it.effect("a stream that has given content has all the time there is, and one that thinks has its share", () =>
    Effect.gen(function* () {
      const slowly = Stream.fromSchedule(Schedule.spaced("4 seconds")).pipe(
        Stream.take(6),
        Stream.map((index) => `${index}`)
      )
      const b = Stream.make("b")
      const walk = (delivery: "incremental" | "buffered") =>
        Fallback.firstStreamOf([
          { name: "a", run: Resilience.protectStream(slowly, "a", { delivery }) },
          { name: "b", run: b }
        ])
      const incremental = yield* toEnd(Stream.runCollect(walk("incremental")))
      expect([Exit.map(incremental.exit, Chunk.size), incremental.took]).toEqual([Exit.succeed(6), 24_000])
      const buffered = yield* toEnd(Stream.runCollect(walk("buffered")))
      expect([Exit.map(buffered.exit, Chunk.toReadonlyArray), buffered.took]).toEqual([Exit.succeed(["b"]), 15_000])
    }).pipe(Effect.provide(policies({ deadline: "30 seconds" })))
  )

  it.effect("a restarted stream is waited for, since no other target would follow it", () =>
    Effect.gen(function* () {
      const broken = Stream.concat(Stream.make("half"), Stream.fail(overloaded(10)))
      const a = Resilience.protectStream(broken, "a", { delivery: "restartable" })
      const { took } = yield* toEnd(
        Stream.runDrain(
          Fallback.firstStreamOf([
            { name: "a", run: a },
            { name: "b", run: Stream.make("b") }
          ])
        )
      )
      expect(took).toBe(20_000)
    }).pipe(Effect.provide(policies({ circuitBreaker: false })))
  )

  it.effect("the budget is asked last: no token is taken for a wait that is not begun", () =>
    Effect.gen(function* () {
      const a = yield* target("a", Effect.fail(limited(45)))
      const b = yield* target("b", Effect.fail(down))
      expect(yield* withheldIn(toEnd(walks.effects([a, b])))).toEqual(["otherTarget"])
      expect(yield* b.asked).toHaveLength(3)
    }).pipe(Effect.provide(policies({ retryBudget: { share: 0, minimumPerSecond: 2, burst: 2 } })))
  )

  it.effect("a hedge's attempt waits no longer than the patience while others can be asked", () =>
    Effect.gen(function* () {
      const a = yield* target("a", Effect.fail(limited(45)))
      const b = yield* target("b", Effect.succeed("b"))
      const hedged = Hedge.across([protect(a), protect(b)], { after: "1 minute" })
      expect(yield* toEnd(hedged)).toEqual({ exit: Exit.succeed("b"), took: 0 })
    }).pipe(Effect.provide(policies({})))
  )

  it.effect("a wrong patience or share is named", () =>
    Effect.sync(() => {
      const targets = [{ name: "a", run: Effect.void }] as const
      const refused: ReadonlyArray<readonly [object, string]> = [
        [{ patience: -1 }, "Fallback: patience is -1"],
        [
          { shareOfDeadline: 0 },
          "Fallback: shareOfDeadline is 0, and has to be a number above 0 and at most 1, or false"
        ],
        [{ shareOfDeadline: "half" }, 'Fallback: shareOfDeadline is "half"'],
        [{ patient: 1 }, 'Fallback has no option "patient"; there are fallbackOn, patience, shareOfDeadline']
      ]
      for (const [options, said] of refused) expect(() => Fallback.firstOf(targets, options)).toThrow(said)
    })
  )
})
