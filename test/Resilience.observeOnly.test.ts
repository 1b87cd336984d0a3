/** Observe-only: every decision is told, none is carried out. */

import { randomUUID } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import {
  Array as Arr,
  Cause,
  Duration,
  Effect,
  Exit,
  Fiber,
  Metric,
  Queue,
  Ref,
  Schedule,
  Stream,
  TestClock
} from "effect"
import { CircuitBreaker, Deadline, LlmError, Resilience, ResilienceEvent, Telemetry } from "effect-resilience"
import { observing, options, ways } from "./observing.js"

const down = new LlmError.ServerError({ status: 500 })
const limited = (seconds: number) => new LlmError.RateLimited({ retryAfter: Duration.seconds(seconds) })

const fails = Effect.fail<LlmError.LlmError>(down)
const fine = Effect.succeed("fine")

describe.each(ways)("B17: an observed %s", (_, make) => {
  it.effect("a failure is not repeated, and what would have repeated it is told", () =>
    observing({}, (decisions) =>
      Effect.gen(function* () {
        const made = yield* Ref.make(0)
        const exit = yield* Effect.exit(
          make(
            Effect.zipRight(
              Ref.update(made, (n) => n + 1),
              fails
            )
          )
        )
        expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toBe(down)
        expect(yield* Ref.get(made)).toBe(1)
        expect(yield* TestClock.currentTimeMillis).toBe(0)
        expect(yield* decisions).toEqual([[0, "retry", "retry", 1_000, "ServerError"]])
      })
    )
  )

  it.effect("an open circuit lets calls through and says that it would not; its probes are counted as they come", () =>
    observing({ retry: false }, (decisions) =>
      Effect.gen(function* () {
        const { circuitBreaker } = yield* Resilience.Resilience
        const state = Effect.map(circuitBreaker.state("a"), ({ _tag }) => _tag)
        yield* Effect.exit(make(fails))
        yield* Effect.exit(make(fails))
        expect(yield* state).toBe("Open")
        expect(yield* decisions).toEqual([])
        for (let i = 0; i < 3; i++) expect(yield* make(fine)).toBe("fine")
        expect(yield* decisions).toEqual(Arr.replicate([0, "circuitBreaker", "reject", "CircuitOpen"], 3))
        yield* TestClock.adjust("60 seconds")
        const probe = yield* Effect.fork(make(Effect.delay(fine, "1 second")))
        yield* Effect.yieldNow({ priority: 1 })
        yield* TestClock.adjust("500 millis")
        expect(yield* make(fine)).toBe("fine")
        yield* TestClock.adjust("500 millis")
        yield* Fiber.join(probe)
        expect(yield* decisions).toEqual([[60_500, "circuitBreaker", "reject", "CircuitHalfOpen"]])
        expect(yield* state).toBe("Closed")
      })
    )
  )

  it.effect("a parked target is called all the same", () =>
    observing({ retry: false }, (decisions) =>
      Effect.gen(function* () {
        yield* Effect.exit(make(Effect.fail(limited(20))))
        yield* TestClock.adjust("5 seconds")
        expect(yield* make(fine)).toBe("fine")
        yield* Effect.exit(make(Effect.fail(limited(90))))
        yield* make(fine)
        expect(yield* TestClock.currentTimeMillis).toBe(5_000)
        expect(yield* decisions).toEqual([
          [5_000, "parking", "wait", 15_000],
          [5_000, "parking", "wait", 15_000],
          [5_000, "parking", "wait", 15_000]
        ])
      })
    )
  )

  it.effect("a call that takes longer than it may goes on, and its circuit hears that it would not have", () =>
    observing(
      {
        retry: false,
        attemptTimeout: "2 seconds",
        deadline: "10 seconds",
        targets: { b: { deadline: "1 second" } }
      },
      (decisions) =>
        Effect.gen(function* () {
          const { circuitBreaker } = yield* Resilience.Resilience
          for (let i = 0; i < 2; i++) {
            const call = yield* Effect.fork(make(Effect.delay(fine, "1 hour")))
            yield* TestClock.adjust("1 hour")
            expect(yield* Fiber.join(call)).toBe("fine")
          }
          expect((yield* decisions).map(([at, , action, error]) => [at, action, error])).toEqual([
            [2_000, "end", "TimedOut"],
            [3_602_000, "end", "TimedOut"]
          ])
          expect((yield* circuitBreaker.state("a"))._tag).toBe("Open")
        })
    )
  )

  it.effect("a deadline is told, and not kept or handed on", () =>
    observing({ deadline: "3 seconds" }, (decisions) =>
      Effect.gen(function* () {
        const seen = yield* Ref.make<unknown>("none")
        const call = Effect.zipRight(
          Effect.flatMap(Deadline.CurrentDeadline, (deadline) => Ref.set(seen, deadline)),
          Effect.delay(fine, "1 minute")
        )
        const running = yield* Effect.fork(make(call))
        yield* TestClock.adjust("1 minute")
        expect(yield* Fiber.join(running)).toBe("fine")
        expect(yield* Ref.get(seen)).toBeUndefined()
        expect(yield* decisions).toEqual([[3_000, "deadline", "end", "DeadlineExceeded"]])
      })
    )
  )

  it.effect("a budget is spent as it would have been", () =>
    observing({ retryBudget: { share: 0, minimumPerSecond: 1, burst: 1 }, circuitBreaker: false }, (decisions) =>
      Effect.gen(function* () {
        yield* Effect.exit(make(fails))
        yield* Effect.exit(make(fails))
        yield* Effect.exit(make(Effect.fail(limited(120))))
        expect(yield* decisions).toEqual([
          [0, "retry", "retry", 1_000, "ServerError"],
          [0, "retry", "withhold", "budget", "ServerError"],
          [0, "retry", "withhold", "hint", "RateLimited"]
        ])
      })
    )
  )

  it.effect("an interruption ends the call and counts nothing", () =>
    observing({}, (decisions) =>
      Effect.gen(function* () {
        const call = yield* Effect.fork(make(Effect.never))
        yield* TestClock.adjust("1 second")
        expect(Exit.isInterrupted(yield* Fiber.interrupt(call))).toBe(true)
        yield* TestClock.adjust("1 hour")
        expect(yield* decisions).toEqual([])
      })
    )
  )

  it.effect("attempts, calls, trail and labels are those of any call", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const { trail } = yield* Telemetry.withTrail(make(fails)).pipe(Effect.provide(Resilience.layer(options)))
      expect(trail.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([[1, "ServerError"]])
      const seen = Arr.fromIterable(yield* Queue.takeAll(events))
      expect(seen.map(({ _tag }) => _tag)).toEqual([
        "AttemptStarted",
        "AttemptFailed",
        "CallFailed",
        "DecisionObserved"
      ])
      expect(new Set(seen.map((event) => "call" in event && event.call)).size).toBe(1)
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))
  )

  it.effect("is switched while the program runs, from the next call on, for one target or for all", () =>
    observing({ observeOnly: false, retry: false, targets: { b: { observeOnly: true } } }, (decisions) =>
      Effect.gen(function* () {
        const { circuitBreaker, observeOnly } = yield* Resilience.Resilience
        const ends = Effect.map(Effect.exit(make(fine)), Exit.isSuccess)
        const running = yield* Effect.fork(Effect.exit(make(Effect.delay(fails, "1 minute"))))
        yield* Effect.yieldNow({ priority: 1 })
        yield* observeOnly(true)
        const observed = yield* Effect.fork(Effect.exit(make(Effect.delay(fails, "1 minute"))))
        yield* Effect.yieldNow({ priority: 1 })
        yield* observeOnly(false, "a")
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(running)
        yield* Fiber.join(observed)
        expect(yield* decisions).toEqual([])
        // Both have counted.
        expect((yield* circuitBreaker.state("a"))._tag).toBe("Open")
        expect(yield* ends).toBe(false)
        yield* observeOnly(true, "a")
        expect(yield* ends).toBe(true)
        yield* observeOnly(false)
        expect(yield* ends).toBe(false)
        expect(yield* decisions).toEqual([[60_000, "circuitBreaker", "reject", "CircuitOpen"]])
      })
    )
  )
})

describe("an observed stream", () => {
  const read = <A>(stream: Stream.Stream<A, LlmError.LlmError>, own?: Resilience.StreamOptions<A>) =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const exit = yield* Effect.exit(
        Stream.runForEach(stream.pipe(Resilience.protectStream("a", own)), (element) =>
          Effect.sync(() => seen.push(element))
        )
      )
      return { seen, exit }
    })
  const text = (content: string, finish: string | null = null) => ({
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta: { content }, finish_reason: finish }]
  })
  const cases: ReadonlyArray<readonly [string, ReadonlyArray<object>, ReadonlyArray<ReadonlyArray<unknown>>]> = [
    ["complete", [text("a"), text("b", "stop")], []],
    ["cut", [text("a")], [[0, "stream", "end", "StreamInterrupted"]]],
    [
      "empty",
      [],
      [
        [0, "stream", "end", "MalformedResponse"],
        [0, "retry", "retry", 1_000, "MalformedResponse"]
      ]
    ],
    [
      "failed within",
      [{ error: { message: "overloaded", type: "overloaded_error", code: 529 } }, text("more")],
      [
        [0, "stream", "end", "Overloaded"],
        [0, "retry", "retry", 1_000, "Overloaded"]
      ]
    ]
  ]
  it.effect.each(cases)("that is %s comes as it is", ([, elements, wanted]) =>
    observing({}, (decisions) =>
      Effect.gen(function* () {
        for (const delivery of ["incremental", "restartable", "buffered"] as const) {
          const { exit, seen } = yield* read(Stream.fromIterable(elements), { delivery })
          expect(exit).toEqual(Exit.void)
          expect(seen).toEqual(elements)
          const told = yield* decisions
          if (delivery === "incremental") expect(told).toEqual(wanted)
          expect(told.length > 0).toBe(wanted.length > 0)
          yield* Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) => circuitBreaker.reset("a"))
        }
      })
    )
  )

  it.effect("that fails in the middle fails with its own failure", () =>
    observing({}, (decisions) =>
      Effect.gen(function* () {
        const { exit, seen } = yield* read(Stream.concat(Stream.make(text("a")), Stream.fail(down)))
        expect(seen).toHaveLength(1)
        expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toBe(down)
        expect(yield* decisions).toEqual([[0, "stream", "end", "StreamInterrupted"]])
      })
    )
  )

  it.effect("that is silent for too long goes on, and that is told when it happens", () =>
    observing({ stream: { firstToken: "5 seconds", idle: "2 seconds" }, retry: false }, (decisions) =>
      Effect.gen(function* () {
        const late = (millis: number, element: object) =>
          Stream.fromEffect(Effect.delay(Effect.succeed(element), millis))
        const slowStart = yield* Effect.fork(read(late(60_000, text("a", "stop"))))
        yield* TestClock.adjust("5 seconds")
        expect(yield* decisions).toEqual([[5_000, "stream", "end", "TimedOut"]])
        yield* TestClock.adjust("1 minute")
        expect((yield* Fiber.join(slowStart)).seen).toHaveLength(1)
        const silent = yield* Effect.fork(read(Stream.concat(Stream.make(text("a")), late(60_000, text("b", "stop")))))
        yield* TestClock.adjust("2 seconds")
        expect(yield* decisions).toEqual([[67_000, "stream", "end", "StreamInterrupted"]])
        yield* TestClock.adjust("1 minute")
        expect((yield* Fiber.join(silent)).seen).toHaveLength(2)
      })
    )
  )

  it.effect("whose consumer leaves early is a success", () =>
    observing({}, (decisions) =>
      Effect.gen(function* () {
        const stream = Stream.range(1, 100).pipe(Resilience.protectStream("a"))
        yield* Stream.runDrain(Stream.take(stream, 2))
        yield* Effect.exit(Stream.runForEach(stream, () => Effect.fail("the consumer's own")))
        expect(yield* decisions).toEqual([])
        const { circuitBreaker } = yield* Resilience.Resilience
        expect(yield* circuitBreaker.state("a")).toMatchObject({ _tag: "Closed", failures: 0 })
      })
    )
  )
})

describe("observe-only", () => {
  it.effect("counts what it would have done", () =>
    Effect.gen(function* () {
      const name = `observed/${randomUUID()}`
      for (let i = 0; i < 3; i++) yield* Effect.exit(fails.pipe(Resilience.protect(name)))
      const counts = (yield* Metric.snapshot)
        .filter(({ metricKey }) => metricKey.name === "llm_observed_decisions_total")
        .filter(({ metricKey }) => [...metricKey.tags].some((tag) => tag.value === name))
        .map(({ metricKey, metricState }) => [
          [...metricKey.tags].find((tag) => tag.key === "outcome")?.value,
          (metricState as { count?: number }).count
        ])
      expect(Object.fromEntries(counts as unknown as ReadonlyArray<[string, number]>)).toEqual({
        "retry:retry": 1,
        "retry:withhold": 1,
        "circuitBreaker:reject": 1
      })
    }).pipe(Effect.provide(Resilience.layer(options)))
  )

  it.effect("a call within an observed call is part of it", () =>
    observing({ retry: false }, (decisions) =>
      Effect.gen(function* () {
        const { circuitBreaker } = yield* Resilience.Resilience
        yield* fails.pipe(
          Resilience.protect("a"),
          circuitBreaker.execute({ key: "a" }),
          Resilience.protect("a"),
          Effect.exit
        )
        expect((yield* circuitBreaker.state("a"))._tag).toBe("Closed")
        yield* circuitBreaker.reset("a")
        yield* fails.pipe(Resilience.protect("a"), circuitBreaker.execute({ key: "a" }), Effect.exit)
        expect((yield* circuitBreaker.state("a"))._tag).toBe("Closed")
        expect(yield* decisions).toEqual([])
      })
    )
  )

  it.effect("holds where the circuit counts calls", () =>
    observing(
      { circuitBreaker: { counts: "calls", tripPolicy: CircuitBreaker.consecutive(1) }, retry: false },
      (decisions) =>
        Effect.gen(function* () {
          yield* Effect.exit(fails.pipe(Resilience.protect("a")))
          expect(yield* fine.pipe(Resilience.protect("a"))).toBe("fine")
          expect(yield* decisions).toEqual([[0, "circuitBreaker", "reject", "CircuitOpen"]])
        })
    )
  )

  it.effect("a defect of the call's own, and of a policy's, is what it is without policies", () =>
    observing(
      {
        retry: { perError: { ServerError: { jitter: "none" } } }
      },
      () =>
        Effect.gen(function* () {
          const exit = yield* Effect.exit(Effect.die("a bug").pipe(Resilience.protect("a")))
          expect(exit).toEqual(Exit.die("a bug"))
        })
    )
  )

  it.effect.each(["attempts", "calls"] as const)("a schedule that dies is nothing to it (%s)", (counts) =>
    observing(
      {
        retry: Schedule.recurWhile(() => {
          throw new Error("a bug")
        }),
        circuitBreaker: { counts, tripPolicy: CircuitBreaker.consecutive(1), halfOpen: { successes: 1 } }
      },
      (decisions) =>
        Effect.gen(function* () {
          const { circuitBreaker } = yield* Resilience.Resilience
          const call = Effect.exit(fails.pipe(Resilience.protect("a")))
          const exit = yield* call
          expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toBe(down)
          yield* TestClock.adjust("60 seconds")
          const refused = Effect.fail<LlmError.LlmError>(new LlmError.InvalidRequest({}))
          yield* Effect.exit(refused.pipe(Resilience.protect("a")))
          // The place of the probe is free again.
          expect(yield* circuitBreaker.state("a")).toMatchObject({ _tag: "HalfOpen", probing: false })
          expect(yield* decisions).toEqual([])
        })
    )
  )

  it.effect("a value that is neither true nor false is refused by name", () =>
    Effect.map(
      Effect.exit(Effect.scoped(Resilience.make({ targets: { b: { observeOnly: "yes" as never } } }))),
      (exit) => {
        expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain(
          'target "b": Resilience: observeOnly is "yes", and has to be true or false'
        )
      }
    )
  )
})
