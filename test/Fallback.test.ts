import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Cause, Context, Duration, Effect, Exit, Fiber, Stream, TestClock } from "effect"
import { Deadline, Fallback, LlmError, Rejection, Resilience, Telemetry } from "effect-resilience"
import { allOf, failureOf, protect, target, toEnd } from "./targets.js"

type Errors = LlmError.LlmError | Rejection.Rejection

const overloaded = new LlmError.Overloaded({ target: "a", status: 529 })
const down = new LlmError.ServerError({ target: "b", status: 500 })
const invalid = new LlmError.InvalidRequest({ target: "b", status: 400 })
const filtered = new LlmError.ContentFiltered({ target: "a", by: "prompt" })

describe("Fallback.firstOf", () => {
  it.effect("T4: a silent primary has one timed-out attempt, and then the fallback answers", () =>
    Effect.gen(function* () {
      const a = yield* target("a", Effect.never)
      const b = yield* target("b", Effect.succeed("b"))
      const { exit, took } = yield* toEnd(Telemetry.withTrail(Fallback.firstOf([protect(a), protect(b)])))
      const ended = yield* exit
      expect(ended.exit).toEqual(Exit.succeed("b"))
      expect(ended.trail.map((entry) => [entry.target, entry.outcome, Duration.toMillis(entry.duration)])).toEqual([
        ["a", "TimedOut", 30_000],
        ["b", "Success", 0]
      ])
      expect([yield* a.asked, yield* b.asked, took]).toEqual([[0], [30_000], 30_000])
    }).pipe(Effect.provide(Resilience.layer({ attemptTimeout: "30 seconds", retry: { maxAttempts: 3 } })))
  )

  it.effect("T4: the last target that is left repeats a timed-out attempt, since there is no other", () =>
    Effect.gen(function* () {
      const tooLong = new LlmError.ContextLengthExceeded({ target: "a", requested: 300_000 })
      const a = yield* target("a", Effect.fail(tooLong))
      const b = yield* target("b", Effect.never, 400_000)
      const c = yield* target("c", Effect.succeed("c"), 8_000)
      const { exit } = yield* toEnd(Fallback.firstOf([protect(a), protect(b), protect(c)]))
      expect(allOf(exit)).toMatchObject([tooLong, { _tag: "TimedOut" }, { _tag: "ContextLengthExceeded", target: "c" }])
      expect(yield* b.asked).toEqual([0, 31_000])
    }).pipe(
      Effect.provide(
        Resilience.layer({
          attemptTimeout: "30 seconds",
          retry: { maxAttempts: 2, initialDelay: "1 second", jitter: "none" }
        })
      )
    )
  )

  it.effect("F1: what all targets failed with names each of them, how it was read, and when one may answer again", () =>
    Effect.gen(function* () {
      const text = "sk-live-1 is over its limit"
      const foreign = { status: 429, headers: { "retry-after": "20" }, error: { message: text } }
      const tooLong = new LlmError.ContextLengthExceeded({ target: "b", requested: 300_000 })
      const { exit } = yield* toEnd(
        Fallback.firstOf([
          { name: "a", run: Effect.fail(foreign) },
          { name: "b", run: Effect.fail(tooLong) },
          { name: "c", run: Effect.succeed("c"), contextWindow: 8_000 },
          { name: "d", run: Effect.fail(invalid), contextWindow: 400_000 },
          { name: "e", run: Effect.succeed("e") }
        ])
      )
      const failure = failureOf(exit) as Rejection.AllTargetsFailed
      expect(failure.errors[0]).toBe(foreign)
      expect(failure.message).toBe(
        "None of 5 targets answered: a (RateLimited), b (ContextLengthExceeded), c (skipped, ContextLengthExceeded), " +
          "d (InvalidRequest), e (not asked); one may answer again in 20s"
      )
      expect(failure.retryAfter).toEqual(Duration.seconds(20))
      expect(JSON.stringify(failure)).not.toContain(text)
    })
  )

  it.effect("F1: where all targets fail, the error has every target's own, in order, and shows a user none", () =>
    Effect.gen(function* () {
      const { exit } = yield* toEnd(
        Fallback.firstOf([
          { name: "a", run: Effect.fail(overloaded) },
          { name: "b", run: Effect.fail(down) }
        ])
      )
      expect(allOf(exit)).toEqual([overloaded, down])
      expect(LlmError.userMessage(failureOf(exit) as Errors)).not.toMatch(/529|500|overloaded/i)
    })
  )

  it.effect("S11: a later target's 400 does not hide the first cause", () =>
    Effect.gen(function* () {
      const c = yield* target("c", Effect.succeed("c"))
      const { exit } = yield* toEnd(
        Fallback.firstOf([{ name: "a", run: Effect.fail(overloaded) }, { name: "b", run: Effect.fail(invalid) }, c])
      )
      expect(allOf(exit)).toEqual([overloaded, invalid])
      expect(yield* c.asked).toEqual([])
    })
  )

  it.effect("a defect and an interruption end the walk as they are, also behind a failure", () =>
    Effect.gen(function* () {
      for (const [ends, expected] of [
        [Effect.die("bug"), Exit.die("bug")],
        [Effect.interrupt, undefined]
      ] as const) {
        const c = yield* target("c", Effect.succeed("c"))
        const exit = yield* Effect.exit(
          Fallback.firstOf([{ name: "a", run: Effect.fail(overloaded) }, { name: "b", run: ends }, c])
        )
        if (expected === undefined) expect(Exit.isInterrupted(exit)).toBe(true)
        else expect(exit).toEqual(expected)
        expect(yield* c.asked).toEqual([])
      }
    })
  )

  it.effect("T6: an interrupted caller gets no fallback", () =>
    Effect.gen(function* () {
      const b = yield* target("b", Effect.succeed("b"))
      const fiber = yield* Effect.fork(Fallback.firstOf([{ name: "a", run: Effect.never }, b]))
      yield* TestClock.adjust("1 second")
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      yield* TestClock.adjust("1 minute")
      expect(yield* b.asked).toEqual([])
    })
  )

  describe("F3", () => {
    const refusals: ReadonlyArray<LlmError.LlmError> = [
      filtered,
      invalid,
      new LlmError.AuthenticationFailed({ target: "a" }),
      new LlmError.PermissionDenied({ target: "a" })
    ]
    for (const refusal of refusals) {
      it.effect(`${refusal._tag} leads to another target only where it was asked for`, () =>
        Effect.gen(function* () {
          const b = yield* target("b", Effect.succeed("b"))
          const targets = [{ name: "a", run: Effect.fail(refusal) }, b] as const
          expect(Cause.originalError(yield* Effect.flip(Fallback.firstOf(targets)))).toBe(refusal)
          const others = refusals.map(({ _tag }) => _tag).filter((tag) => tag !== refusal._tag)
          const error = yield* Effect.flip(Fallback.firstOf(targets, { fallbackOn: others }))
          expect(Cause.originalError(error)).toBe(refusal)
          expect(yield* b.asked).toEqual([])
          expect(yield* Fallback.firstOf(targets, { fallbackOn: [refusal._tag] })).toBe("b")
        })
      )
    }
  })

  it.effect("F4: the next target's first attempt starts at once, whatever the failed one's retries were waiting", () =>
    Effect.gen(function* () {
      const a = yield* target("a", Effect.fail(overloaded))
      const b = yield* target("b", Effect.succeed("b"))
      const { exit } = yield* toEnd(Fallback.firstOf([protect(a), protect(b)]))
      expect(exit).toEqual(Exit.succeed("b"))
      expect([yield* a.asked, yield* b.asked]).toEqual([[0, 1_000, 3_000], [3_000]])
    }).pipe(Effect.provide(Resilience.layer({ retry: { maxAttempts: 3, initialDelay: "1 second", jitter: "none" } })))
  )

  it.effect("F5: a call that fails over leaves a concurrent one where it is", () =>
    Effect.gen(function* () {
      let asked = 0
      const a = Effect.suspend(() => (asked++ === 0 ? Effect.fail(overloaded) : Effect.delay(Effect.succeed("a"), 100)))
      const both = Fallback.firstOf([
        { name: "a", run: Resilience.protect(a, "a") },
        { name: "b", run: Resilience.protect(Effect.delay(Effect.succeed("b"), 50), "b") }
      ])
      const { exit, took } = yield* toEnd(Effect.all([both, both], { concurrency: 2 }))
      expect(exit).toEqual(Exit.succeed(["b", "a"]))
      expect([asked, took]).toEqual([2, 100])
    }).pipe(Effect.provide(Resilience.layer({ retry: false })))
  )

  describe("under one deadline", () => {
    it.effect("R10: the errors so far outlive a deadline that passes while a later target is asked", () =>
      Effect.gen(function* () {
        const failing = { name: "a", run: Effect.delay(Effect.fail(overloaded), "4 seconds") }
        const c = yield* target("c", Effect.succeed("c"))
        const silent = { name: "b", run: Effect.never }
        for (const targets of [
          [failing, silent, c],
          [protect(failing), protect(silent), protect(c)]
        ] as const) {
          const { exit, took } = yield* toEnd(
            Deadline.within(Fallback.firstOf(targets, { shareOfDeadline: false }), "10 seconds")
          )
          expect(took).toBe(10_000)
          const [first, second, ...rest] = allOf(exit)
          expect(first).toBe(overloaded)
          expect(second).toMatchObject({ _tag: "DeadlineExceeded", budget: Duration.seconds(10) })
          expect(rest).toEqual([])
        }
        expect(yield* c.asked).toEqual([])
      }).pipe(Effect.provide(Resilience.layer({ retry: false })))
    )

    it.effect("R10: a deadline that has the last word knows the last failure of a target's own", () =>
      Effect.gen(function* () {
        const rejected = new Rejection.CircuitOpen({ key: "b", retryAfter: Duration.seconds(1) })
        const slowToStop = Effect.uninterruptible(Effect.sleep("1 minute"))
        const { exit, took } = yield* toEnd(
          Fallback.firstOf([
            { name: "a", run: Effect.fail(overloaded) },
            { name: "b", run: Effect.fail(rejected) },
            { name: "c", run: slowToStop }
          ]).pipe(Effect.uninterruptible, Deadline.within("10 seconds"))
        )
        expect(took).toBe(10_000)
        const [, , last] = allOf(exit)
        expect(last).toMatchObject({ _tag: "DeadlineExceeded", lastError: overloaded })
      })
    )

    it.effect("one target tried is no list: its own deadline is the error", () =>
      Effect.gen(function* () {
        const b = yield* target("b", Effect.succeed("b"))
        const targets = [protect({ name: "a", run: Effect.never }), protect(b)] as const
        const { exit } = yield* toEnd(
          Deadline.within(Fallback.firstOf(targets, { shareOfDeadline: false }), "10 seconds")
        )
        expect(failureOf(exit)).toBeInstanceOf(Rejection.DeadlineExceeded)
        expect(yield* b.asked).toEqual([])
      }).pipe(Effect.provide(Resilience.layer()))
    )
  })

  it("types: answers, failures and needs of different targets add up", () => {
    class Need extends Context.Tag("Need")<Need, string>() {}
    const a: Effect.Effect<string, LlmError.Overloaded, Need> = Effect.fail(overloaded)
    const b: Effect.Effect<number, "own", never> = Effect.succeed(1)
    const both = Fallback.firstOf([
      { name: "a", run: a },
      { name: "b", run: b, contextWindow: 1 }
    ])
    expectTypeOf(both).toEqualTypeOf<
      Effect.Effect<string | number, LlmError.Overloaded | "own" | Rejection.AllTargetsFailed, Need>
    >()
    const streams = Fallback.firstStreamOf([
      { name: "a", run: Stream.fromEffect(a) },
      { name: "b", run: Stream.fromEffect(b) }
    ])
    expectTypeOf(streams).toEqualTypeOf<
      Stream.Stream<string | number, LlmError.Overloaded | "own" | Rejection.AllTargetsFailed, Need>
    >()
    // @ts-expect-error a stream that has begun cannot be followed by another
    Fallback.firstStreamOf([{ name: "a", run: Stream.empty }], { fallbackOn: ["StreamInterrupted"] })
    // @ts-expect-error one target at least
    expect(() => Fallback.firstOf([])).toThrow(
      "Fallback: targets is empty, and has to be a list of at least one target"
    )
  })
})
