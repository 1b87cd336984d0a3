import { randomUUID } from "node:crypto"
import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import {
  Cause,
  Config,
  ConfigError,
  ConfigProvider,
  Duration,
  Effect,
  Exit,
  Fiber,
  FiberRef,
  Layer,
  Logger,
  Metric,
  Option,
  Ref,
  RuntimeFlags,
  RuntimeFlagsPatch,
  Schedule,
  TestClock
} from "effect"
import {
  CircuitBreaker,
  Deadline,
  LlmCall,
  LlmError,
  type Rejection,
  Resilience,
  ResilienceEvent,
  RetryPolicy,
  Telemetry
} from "effect-resilience"

const target = "acme/large"

/** A target that plays its answers one by one, the last one again and again, and notes when it was asked. */
const scripted = <A, E>(...answers: ReadonlyArray<Effect.Effect<A, E>>) =>
  Effect.gen(function* () {
    const asked = yield* Ref.make<ReadonlyArray<number>>([])
    const call = Effect.flatMap(Effect.clock, (clock) =>
      Effect.flatMap(
        Ref.modify(asked, (times) => [times.length, [...times, clock.unsafeCurrentTimeMillis()]]),
        (index) => answers[Math.min(index, answers.length - 1)]!
      )
    )
    return { call, asked: Ref.get(asked) }
  })

const limited = (seconds: number) =>
  Effect.fail(new LlmError.RateLimited({ target, retryAfter: Duration.seconds(seconds) }))
const down = Effect.fail(new LlmError.ServerError({ target, status: 500 }))
const invalid = Effect.fail(new LlmError.InvalidRequest({ target, status: 400 }))
const unlimited = { attemptTimeout: false, deadline: false } as const
const retry = { jitter: "none", initialDelay: "1 second" } as const

/** Runs an effect to its end in virtual time, however long it takes. */
const toEnd = <A, E, R>(self: Effect.Effect<A, E, R>, time: Duration.DurationInput = "10 minutes") =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Effect.exit(self))
    yield* TestClock.adjust(time)
    return yield* Fiber.join(fiber)
  })

describe("Resilience.protect", () => {
  it.effect("R1: each failure's own hint decides: attempts at exactly 0, 3, 9 and 18 s", () =>
    Effect.gen(function* () {
      const { asked, call } = yield* scripted<string, LlmError.LlmError>(
        limited(3),
        limited(6),
        limited(9),
        Effect.succeed("at last")
      )
      const exit = yield* toEnd(Resilience.protect(call, target))
      expect(exit).toEqual(Exit.succeed("at last"))
      expect(yield* asked).toEqual([0, 3_000, 9_000, 18_000])
    }).pipe(Effect.provide(Resilience.layer({ retry: { ...retry, maxAttempts: 4 } })))
  )

  it.effect("R6: a 400 after a 429 ends the retrying with the 400, and the trail has both", () =>
    Effect.gen(function* () {
      const { call } = yield* scripted<never, LlmError.LlmError>(limited(1), invalid)
      const ended = yield* toEnd(Telemetry.withTrail(Resilience.protect(call, target)))
      const { exit, trail } = yield* ended
      expect(exit).toEqual(yield* Effect.exit(invalid))
      expect(trail.map((entry) => [entry.attempt, entry.outcome, entry.wait && Duration.toMillis(entry.wait)])).toEqual(
        [
          [1, "RateLimited", 1_000],
          [2, "InvalidRequest", undefined]
        ]
      )
    }).pipe(Effect.provide(Resilience.layer({ retry })))
  )

  it.effect("R9: interruption during a wait ends the call at once, without another attempt", () =>
    Effect.gen(function* () {
      const { asked, call } = yield* scripted(down)
      const fiber = yield* Effect.fork(Resilience.protect(call, target))
      yield* TestClock.adjust("500 millis")
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      yield* TestClock.adjust("1 minute")
      expect(yield* asked).toEqual([0])
    }).pipe(Effect.provide(Resilience.layer({ retry })))
  )

  it.effect("R10: nothing starts that cannot end by the deadline, and the error is the last real one", () =>
    Effect.gen(function* () {
      const { asked, call } = yield* scripted(Effect.delay(down, "1 second"))
      const before = yield* Effect.clock
      const exit = yield* toEnd(
        Effect.ensuring(
          Resilience.protect(call, target),
          Effect.sync(() => expect(before.unsafeCurrentTimeMillis()).toBeLessThanOrEqual(10_000))
        )
      )
      expect(exit).toEqual(yield* Effect.exit(down))
      expect((yield* asked).every((at) => at <= 9_000)).toBe(true)
    }).pipe(
      Effect.provide(
        Resilience.layer({ deadline: "10 seconds", circuitBreaker: false, retry: { ...retry, maxAttempts: 20 } })
      )
    )
  )

  it.effect("R10: a later attempt that the deadline cuts off does not hide the real error", () =>
    Effect.gen(function* () {
      const { call } = yield* scripted<never, LlmError.LlmError>(down, Effect.never)
      expect(yield* toEnd(Resilience.protect(call, target))).toEqual(yield* Effect.exit(down))
      const other = yield* scripted<never, LlmError.LlmError>(down, Effect.never)
      const within = Resilience.protect(other.call, target).pipe(Deadline.within("5 seconds"))
      expect(yield* toEnd(within)).toEqual(yield* Effect.exit(down))
    }).pipe(Effect.provide(Resilience.layer({ deadline: "10 seconds", retry })))
  )

  it.effect("R10: no attempt is sent where there is no time left at all", () =>
    Effect.gen(function* () {
      const { asked, call } = yield* scripted(down)
      const error = yield* Effect.flip(
        Resilience.protect(call, target).pipe(
          Effect.provideService(Deadline.CurrentDeadline, { at: 0, budget: Duration.zero })
        )
      )
      expect(error._tag).toBe("DeadlineExceeded")
      expect(yield* asked).toEqual([])
    }).pipe(Effect.provide(Resilience.layer({ retry })))
  )

  it.effect("B11: a target that always hangs to the call's deadline opens its circuit", () =>
    Effect.gen(function* () {
      const hangs = Resilience.protect(LlmCall.tryPromise({ try: () => new Promise(() => {}) }), target)
      for (let index = 0; index < 5; index++) yield* toEnd(hangs, "30 seconds")
      expect(yield* Effect.flip(hangs)).toMatchObject({ _tag: "CircuitOpen" })
    }).pipe(Effect.provide(Resilience.layer({ deadline: "30 seconds" })))
  )

  it.effect("a retry without a wait takes no time, and can be interrupted", () =>
    Effect.gen(function* () {
      const { asked, call } = yield* scripted<string, LlmError.LlmError>(down, down, Effect.succeed("42"))
      const sleepless = Object.assign(Object.create(yield* Effect.clock), { sleep: () => Effect.dieMessage("slept") })
      expect(yield* Effect.withClock(Resilience.protect(call, target), sleepless)).toBe("42")
      expect(yield* asked).toEqual([0, 0, 0])
      const fiber = yield* Effect.fork(Resilience.protect(down, target))
      yield* Effect.yieldNow()
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
    }).pipe(Effect.provide(Resilience.layer({ ...unlimited, retry: Schedule.forever, circuitBreaker: false })))
  )

  it("a call that does not wait needs no turn of the scheduler", () => {
    const answer = Resilience.protect(Effect.succeed("42"), target)
    expect(Effect.runSync(Effect.provide(answer, Resilience.layer()))).toBe("42")
  })

  it.effect("R11: one set of policies shared by 100 fibers counts the attempts of each call by itself", () =>
    Effect.gen(function* () {
      const calls = yield* Effect.forEach(Array.from({ length: 100 }), () => scripted(down))
      yield* toEnd(
        Effect.forEach(calls, ({ call }) => Effect.exit(Resilience.protect(call, target)), { concurrency: "unbounded" })
      )
      for (const { asked } of calls) expect(yield* asked).toEqual([0, 1_000, 3_000])
    }).pipe(Effect.provide(Resilience.layer({ retry, circuitBreaker: false })))
  )

  it.effect("T1: an attempt timeout of 30 s with 10 s left ends the attempt at 10 s", () =>
    Effect.gen(function* () {
      const { call } = yield* scripted(Effect.never)
      const fiber = yield* Effect.fork(Effect.flip(Resilience.protect(call, target)))
      yield* TestClock.adjust("9999 millis")
      expect(fiber.unsafePoll()).toBeNull()
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "DeadlineExceeded", budget: Duration.seconds(10) })
    }).pipe(Effect.provide(Resilience.layer({ deadline: "10 seconds", attemptTimeout: "30 seconds" })))
  )

  it.effect("T2: a caller has its answer at the attempt's end, though the upstream ignores cancellation for 5 s", () =>
    Effect.gen(function* () {
      const { call } = yield* scripted(Effect.uninterruptible(Effect.sleep("35 seconds")))
      const fiber = yield* Effect.fork(Effect.flip(Resilience.protect(call, target)))
      yield* TestClock.adjust("30 seconds")
      expect(fiber.unsafePoll()).toMatchObject({ value: { _tag: "TimedOut", phase: "attempt", target } })
      yield* TestClock.adjust("5 seconds")
    }).pipe(Effect.provide(Resilience.layer({ attemptTimeout: "30 seconds", retry: false })))
  )

  it.effect("T5: no attempt starts after the caller was interrupted, and the signal is aborted", () =>
    Effect.gen(function* () {
      const signals: Array<AbortSignal> = []
      const call = LlmCall.tryPromise({
        target,
        try: (signal) => {
          signals.push(signal)
          return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
        }
      })
      const fiber = yield* Effect.fork(Resilience.protect(call, target))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 minute")
      expect(signals.map((signal) => signal.aborted)).toEqual([true])
    }).pipe(Effect.provide(Resilience.layer({ retry })))
  )

  it.effect("T5: an attempt that was given up on and ends late does not keep the next one from being aborted", () =>
    Effect.gen(function* () {
      const signals: Array<AbortSignal> = []
      const ends: Array<() => void> = []
      const call = LlmCall.tryPromise({
        target,
        try: (signal) => {
          signals.push(signal)
          return new Promise((_, reject) => ends.push(() => reject(new Error("late"))))
        }
      })
      const fiber = yield* Effect.fork(Resilience.protect(call, target))
      yield* TestClock.adjust("12 seconds")
      ends[0]?.()
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* Fiber.interrupt(fiber)
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    }).pipe(Effect.provide(Resilience.layer({ attemptTimeout: "10 seconds", retry })))
  )

  it.effect("T6: what the user cancels is no failure of the target", () =>
    Effect.gen(function* () {
      const resilience = yield* Resilience.Resilience
      for (let index = 0; index < 10; index++) {
        const fiber = yield* Effect.fork(Resilience.protect(Effect.never, target))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(fiber)
      }
      expect(yield* resilience.circuitBreaker.state(target)).toMatchObject({ _tag: "Closed", failures: 0 })
    }).pipe(Effect.provide(Resilience.layer({ circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(2) } })))
  )

  it.scoped("T6: what the user cancels is told as an interruption, not as a failure", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const fiber = yield* Effect.fork(Effect.provide(Resilience.protect(Effect.never, target), Resilience.layer()))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      expect([...(yield* events.takeAll)].map((event) => event._tag)).toEqual([
        "AttemptStarted",
        "AttemptInterrupted",
        "CallInterrupted"
      ])
    }).pipe(Effect.provide(ResilienceEvent.layer()))
  )

  it.effect("B1: every attempt passes the breaker, and a call whose retries trip it gets its own last error", () =>
    Effect.gen(function* () {
      const { asked, call } = yield* scripted(down)
      expect(yield* toEnd(Resilience.protect(call, target))).toEqual(yield* Effect.exit(down))
      expect((yield* asked).length).toBe(2)
      const next = yield* Effect.flip(Resilience.protect(call, target))
      expect(next._tag).toBe("CircuitOpen")
      expect((yield* asked).length).toBe(2)
    }).pipe(
      Effect.provide(
        Resilience.layer({
          retry: { ...retry, maxAttempts: 5 },
          circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(2), openDuration: "1 hour" }
        })
      )
    )
  )

  it.effect("B2: once the open time has passed the next caller probes, and others fail fast with the time left", () =>
    Effect.gen(function* () {
      const { call } = yield* scripted(down, down, Effect.delay(Effect.succeed("back"), "1 second"))
      const protectedCall = Resilience.protect(call, target)
      yield* Effect.exit(protectedCall)
      yield* Effect.exit(protectedCall)
      yield* TestClock.adjust("20 seconds")
      expect(yield* Effect.flip(protectedCall)).toMatchObject({ _tag: "CircuitOpen", retryAfter: Duration.seconds(40) })
      yield* TestClock.adjust("40 seconds")
      const probe = yield* Effect.fork(protectedCall)
      yield* Effect.yieldNow()
      expect(yield* Effect.flip(protectedCall)).toMatchObject({ _tag: "CircuitHalfOpen" })
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(probe)).toBe("back")
    }).pipe(
      Effect.provide(Resilience.layer({ retry: false, circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(2) } }))
    )
  )

  it.effect("a breaker that counts calls sees one failure where all retries have failed", () =>
    Effect.gen(function* () {
      const resilience = yield* Resilience.Resilience
      const { asked, call } = yield* scripted(down)
      yield* toEnd(Resilience.protect(call, target))
      expect((yield* asked).length).toBe(3)
      expect(yield* resilience.circuitBreaker.state(target)).toMatchObject({ _tag: "Closed", failures: 1 })
    }).pipe(
      Effect.provide(
        Resilience.layer({ retry, circuitBreaker: { counts: "calls", tripPolicy: CircuitBreaker.consecutive(2) } })
      )
    )
  )

  it.effect("R12: under an outage the retries stay within their budget, and callers get the upstream's error", () =>
    Effect.gen(function* () {
      const { asked, call } = yield* scripted(down)
      const exits = yield* toEnd(
        Effect.forEach(Array.from({ length: 200 }), () => Effect.exit(Resilience.protect(call, target)))
      )
      expect(yield* exits).toEqual(
        Array.from({ length: 200 }, () => Exit.fail(new LlmError.ServerError({ target, status: 500 })))
      )
      expect((yield* asked).length).toBeGreaterThan(210)
      expect((yield* asked).length).toBeLessThanOrEqual(220)
    }).pipe(
      Effect.provide(
        Resilience.layer({
          retry: { jitter: "none", initialDelay: 1, maxDelay: 1 },
          retryBudget: { share: 0.1, minimumPerSecond: 0 },
          circuitBreaker: false
        })
      )
    )
  )

  it.effect("R12: a retry whose wait is interrupted gives its token back", () =>
    Effect.gen(function* () {
      const { asked, call } = yield* scripted(down)
      const one = Resilience.protect(call, target)
      for (let index = 0; index < 5; index++) {
        const fiber = yield* Effect.fork(one)
        yield* TestClock.adjust("500 millis")
        yield* Fiber.interrupt(fiber)
      }
      yield* toEnd(one)
      expect((yield* asked).length).toBe(5 + 2)
    }).pipe(
      Effect.provide(
        Resilience.layer({ retry, retryBudget: { share: 0.2, minimumPerSecond: 0 }, circuitBreaker: false })
      )
    )
  )

  it.effect("a schedule that dies neither keeps the permit nor leaves the fiber in the call's context", () =>
    Effect.gen(function* () {
      const resilience = yield* Resilience.Resilience
      const { call } = yield* scripted(down)
      const exit = yield* Effect.exit(Resilience.protect(call, target))
      expect(exit).toEqual(Exit.die("boom"))
      expect(yield* LlmCall.currentAttempt).toEqual(Option.none())
      expect(yield* Deadline.remaining).toEqual(Option.none())
      expect(yield* resilience.circuitBreaker.state(target)).toMatchObject({ _tag: "Closed", failures: 1 })
    }).pipe(
      Effect.provide(Resilience.layer({ retry: Schedule.tapOutput(Schedule.recurs(3), () => Effect.die("boom")) }))
    )
  )

  it.effect("what cannot even begin is a defect, and gives its probe's place back", () =>
    Effect.gen(function* () {
      yield* Effect.exit(Resilience.protect(down, target))
      yield* TestClock.adjust("10 seconds")
      const nothing = undefined as unknown as Effect.Effect<string>
      const exit = yield* Effect.exit(Resilience.protect(nothing, target))
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
      expect(yield* Resilience.protect(Effect.succeed("42"), target)).toBe("42")
    }).pipe(
      Effect.provide(
        Resilience.layer({
          retry: false,
          circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(1), openDuration: "10 seconds" }
        })
      )
    )
  )

  it.effect("what an attempt sets in its fiber the next one finds, and the caller too", () =>
    Effect.gen(function* () {
      const yielding = Effect.map(Effect.getRuntimeFlags, RuntimeFlags.cooperativeYielding)
      const off = Effect.patchRuntimeFlags(RuntimeFlagsPatch.disable(RuntimeFlags.CooperativeYielding))
      const found: Array<boolean> = []
      const attempt = Effect.andThen(yielding, (on) => {
        found.push(on)
        return on ? Effect.andThen(off, down) : Effect.succeed("42")
      })
      yield* Resilience.protect(attempt, target)
      expect([...found, yield* yielding]).toEqual([true, false, false])
    }).pipe(Effect.provide(Resilience.layer({ retry: Schedule.recurs(1) })))
  )

  for (const attemptTimeout of ["30 seconds", false] as const) {
    it.effect(`an interruption reaches a restored call, with the limit ${attemptTimeout}`, () =>
      Effect.gen(function* () {
        const call = Effect.uninterruptibleMask((restore) => restore(Effect.never).pipe(Resilience.protect(target)))
        const fiber = yield* Effect.fork(call)
        yield* TestClock.adjust("1 second")
        const interrupted = yield* Effect.fork(Fiber.interrupt(fiber))
        yield* TestClock.adjust("1 millis")
        expect(Exit.isInterrupted(Option.getOrThrow(yield* Fiber.poll(fiber)))).toBe(true)
        yield* Fiber.join(interrupted)
      }).pipe(Effect.provide(Resilience.layer({ attemptTimeout })))
    )

    it.effect(`annotations for a scope around the call outlive it, with the limit ${attemptTimeout}`, () =>
      Effect.gen(function* () {
        yield* Resilience.protect(Effect.annotateLogsScoped("request", "r1"), target)
        const annotations = yield* FiberRef.get(FiberRef.currentLogAnnotations)
        expect(Object.fromEntries(annotations)).toEqual({ request: "r1" })
      }).pipe(Effect.scoped, Effect.provide(Resilience.layer({ attemptTimeout, deadline: false })))
    )
  }

  it.effect("an error whose tag cannot even be read is a failure like any other", () =>
    Effect.gen(function* () {
      const hostile = {
        get _tag(): string {
          throw new Error("hostile")
        }
      }
      const exit = yield* Effect.exit(Resilience.protect(Effect.fail(hostile), target))
      const failure = Exit.isFailure(exit) ? Option.getOrThrow(Cause.failureOption(exit.cause)) : undefined
      expect(Cause.originalError(failure)).toBe(hostile)
    }).pipe(Effect.provide(Resilience.layer({ retry: false, circuitBreaker: false })))
  )

  it.effect("what code keeps of its attempt stays true of that attempt, and holds nothing else", () =>
    Effect.gen(function* () {
      const kept: Array<LlmCall.Attempt | undefined> = []
      const call = Effect.flatMap(LlmCall.CurrentAttempt, (attempt) => {
        kept.push(attempt)
        return down
      })
      yield* toEnd(Resilience.protect(call, target))
      expect(kept.map((attempt) => Object.keys(attempt ?? {}))).toEqual(kept.map(() => ["call", "target", "attempt"]))
      expect(kept.map((attempt) => attempt?.attempt)).toEqual([1, 2, 3])
    }).pipe(Effect.provide(Resilience.layer({ retry })))
  )

  it.effect("a failure comes through with its whole cause where nothing was retried", () =>
    Effect.gen(function* () {
      const call = Effect.ensuring(Effect.fail("own"), Effect.die("finalizer"))
      expect(yield* Effect.exit(Resilience.protect(call, target))).toEqual(yield* Effect.exit(call))
    }).pipe(Effect.provide(Resilience.layer({ retry: false })))
  )

  it.effect("a call that its circuit turns away is in the trail, whatever the circuit counts", () =>
    Effect.gen(function* () {
      const resilience = yield* Resilience.Resilience
      yield* resilience.circuitBreaker.isolate(target)
      const { trail } = yield* Telemetry.withTrail(Resilience.protect(Effect.void, target))
      expect(trail.map((entry) => entry.outcome)).toEqual(["CircuitOpen"])
    }).pipe(Effect.scoped, Effect.provide(Resilience.layer({ circuitBreaker: { counts: "calls" } })))
  )

  it.effect("an option that is only there as undefined hides nothing", () =>
    Effect.gen(function* () {
      const { asked, call } = yield* scripted(down)
      yield* toEnd(Resilience.protect(call, target))
      expect((yield* asked).length).toBe(4)
    }).pipe(
      Effect.provide(
        Resilience.layer({ retry: { ...retry, maxAttempts: 4 }, targets: { [target]: { retry: undefined } } })
      )
    )
  )

  it.effect("a target's own options take the place of the general ones", () =>
    Effect.gen(function* () {
      const general = yield* scripted(down)
      const own = yield* scripted(down)
      yield* toEnd(Resilience.protect(general.call, target))
      yield* toEnd(Resilience.protect(own.call, "acme/small"))
      expect((yield* general.asked).length).toBe(3)
      expect((yield* own.asked).length).toBe(1)
    }).pipe(Effect.provide(Resilience.layer({ retry, targets: { "acme/small": { retry: false } } })))
  )

  it.effect("an error of any type is classified for the decision and comes through unchanged", () =>
    Effect.gen(function* () {
      const foreign = { name: "APIError", status: 503, message: "overloaded" }
      const { asked, call } = yield* scripted(Effect.fail(foreign))
      expect(yield* toEnd(Resilience.protect(call, target))).toEqual(Exit.fail(foreign))
      expect((yield* asked).length).toBe(3)
    }).pipe(Effect.provide(Resilience.layer({ retry })))
  )

  it.effect("a defect is neither retried nor hidden", () =>
    Effect.gen(function* () {
      const { asked, call } = yield* scripted(Effect.die("bug"))
      expect(yield* toEnd(Resilience.protect(call, target))).toEqual(Exit.die("bug"))
      expect((yield* asked).length).toBe(1)
    }).pipe(Effect.provide(Resilience.layer({ retry })))
  )

  it.effect("the code inside knows its attempt, its target and its deadline, and the code after it does not", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const call = Effect.gen(function* () {
        const attempt = Option.getOrThrow(yield* LlmCall.currentAttempt)
        seen.push([attempt.target, attempt.attempt, yield* Deadline.remaining])
        if (attempt.attempt === 1) return yield* down
      })
      yield* toEnd(Resilience.protect(call, target))
      expect(seen).toEqual([
        [target, 1, Option.some(Duration.minutes(1))],
        [target, 2, Option.some(Duration.seconds(59))]
      ])
      yield* Effect.exit(Resilience.protect(Effect.void, target))
      expect(yield* LlmCall.currentAttempt).toEqual(Option.none())
      expect(yield* Deadline.remaining).toEqual(Option.none())
    }).pipe(Effect.provide(Resilience.layer({ retry, deadline: "1 minute" })))
  )

  it.effect("log lines and spans inside say which attempt they belong to", () =>
    Effect.gen(function* () {
      const lines: Array<unknown> = []
      const logger = Logger.make(({ annotations }) => {
        lines.push(Object.fromEntries(annotations))
      })
      const spans: Array<unknown> = []
      const call = Effect.gen(function* () {
        yield* Effect.log("inside")
        const span = yield* Effect.currentSpan
        spans.push([span.name, Object.fromEntries(span.attributes)])
      })
      yield* Resilience.protect(call, target).pipe(
        Effect.zipRight(Effect.log("outside")),
        Effect.withSpan("request"),
        Effect.provide(Logger.replace(Logger.defaultLogger, logger))
      )
      expect(lines).toEqual([{ "llm.target": target, "llm.attempt": 1 }, {}])
      expect(spans).toMatchObject([["llm.attempt", { "llm.target": target, "llm.attempt": 1 }]])
    }).pipe(Effect.provide(Resilience.layer()))
  )

  it.scoped("O1: events tell every attempt, every wait and the end, in order", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const { call } = yield* scripted<string, LlmError.LlmError>(down, Effect.succeed("fine"))
      yield* toEnd(Resilience.protect(call, target).pipe(Effect.provide(Resilience.layer({ retry }))))
      const seen = [...(yield* events.takeAll)].map((event) => [
        event._tag,
        event.at,
        "attempt" in event && event.attempt
      ])
      expect(seen).toEqual([
        ["AttemptStarted", 0, 1],
        ["AttemptFailed", 0, 1],
        ["RetryScheduled", 0, 2],
        ["AttemptStarted", 1_000, 2],
        ["AttemptSucceeded", 1_000, 2],
        ["CallSucceeded", 1_000, false]
      ])
    }).pipe(Effect.provide(ResilienceEvent.layer()))
  )

  it.effect("metrics count attempts and calls by target and outcome", () =>
    Effect.gen(function* () {
      // The registry of metrics is one for the process, and this runs twice in it.
      const name = `metrics/${randomUUID()}`
      const { call } = yield* scripted<string, LlmError.LlmError>(down, Effect.succeed("fine"))
      yield* toEnd(Resilience.protect(call, name))
      const counts = (yield* Metric.snapshot)
        .filter(
          ({ metricKey }) => [...metricKey.tags].some((tag) => tag.value === name) && metricKey.name.endsWith("_total")
        )
        .map(({ metricKey, metricState }) => [
          metricKey.name,
          [...metricKey.tags].find((tag) => tag.key === "outcome")?.value,
          (metricState as { count?: number }).count
        ])
      expect(counts).toEqual(
        expect.arrayContaining([
          ["llm_attempts_total", "ServerError", 1],
          ["llm_attempts_total", "success", 1],
          ["llm_calls_total", "success", 1]
        ])
      )
    }).pipe(Effect.provide(Resilience.layer({ retry })))
  )

  it.effect("a mistake in the options is told when the policies are made, with its name and value", () =>
    Effect.gen(function* () {
      for (const options of [
        { attemptTimeout: Number.NaN },
        { deadline: -1 },
        { retry: { maxAttempts: 0 } },
        { targets: { "acme/small": { attemptTimeout: -5 } } },
        { circuitBreaker: { counts: "call" as "calls" } }
      ]) {
        const exit = yield* Effect.exit(Effect.scoped(Layer.build(Resilience.layer(options))))
        expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toMatch(
          /(attemptTimeout|deadline|maxAttempts|counts) is (NaN|-1|0|-5|"call")/
        )
      }
    })
  )

  it.effect("R14: options come from the environment, and a bad value is a ConfigError that names it", () =>
    Effect.gen(function* () {
      const from = (environment: Record<string, string>) =>
        Resilience.layerConfig(
          Config.all({ retry: RetryPolicy.config, attemptTimeout: Config.number("LLM_ATTEMPT_MILLIS") })
        ).pipe(Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment))))))
      const { asked, call } = yield* scripted(down)
      const good = from({ LLM_MAX_RETRIES: "2", LLM_ATTEMPT_MILLIS: "1000" })
      yield* toEnd(Effect.provide(Resilience.protect(call, target), good))
      expect((yield* asked).length).toBe(2)
      for (const [environment, word] of [
        [{ LLM_MAX_RETRIES: "none", LLM_ATTEMPT_MILLIS: "1000" }, "LLM_MAX_RETRIES"],
        [{ LLM_ATTEMPT_MILLIS: "-1" }, "attemptTimeout is -1"]
      ] as const) {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(from(environment))))
        expect(ConfigError.isConfigError(error) && String(error)).toContain(word)
      }
    })
  )

  it("types: what a policy adds is exact, and what is handled leaves", () => {
    const call = Effect.succeed("answer") as Effect.Effect<string, LlmError.RateLimited | "own", never>
    const safe = call.pipe(Resilience.protect(target))
    expectTypeOf(safe).toEqualTypeOf<
      Effect.Effect<
        string,
        | LlmError.RateLimited
        | "own"
        | LlmError.TimedOut
        | LlmError.RequestTooLarge
        | Rejection.CircuitOpen
        | Rejection.CircuitHalfOpen
        | Rejection.BulkheadFull
        | Rejection.RateLimitExceeded
        | Rejection.DeadlineExceeded,
        Resilience.Resilience
      >
    >()
    expectTypeOf(safe.pipe(Effect.provide(Resilience.layer()))).toMatchTypeOf<Effect.Effect<string, unknown, never>>()
    const handled = Resilience.protect(Effect.fail(new LlmError.Overloaded({})), target).pipe(
      Effect.catchTags({ Overloaded: () => Effect.void, CircuitOpen: () => Effect.void })
    )
    expectTypeOf<Effect.Effect.Error<typeof handled>>().toEqualTypeOf<
      | LlmError.TimedOut
      | LlmError.RequestTooLarge
      | Rejection.CircuitHalfOpen
      | Rejection.BulkheadFull
      | Rejection.RateLimitExceeded
      | Rejection.DeadlineExceeded
    >()
  })
})
