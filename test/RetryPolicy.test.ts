import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Cause, ConfigProvider, Data, Duration, Effect, Exit, Fiber, Random, Ref, Schedule, TestClock } from "effect"
import { Deadline, LlmError, Rejection, RetryPolicy } from "effect-resilience"
import { TestFailure, timesOf } from "./retrying.js"

const limited = (seconds?: number) =>
  new LlmError.RateLimited(seconds === undefined ? {} : { retryAfter: Duration.seconds(seconds) })
const ill = new LlmError.ServerError({})
const exact = RetryPolicy.make({ maxAttempts: 10, jitter: "none" })
const many = <A>(value: A) => Array.from({ length: 100 }, () => value)

const waits = (policy: Schedule.Schedule<unknown, unknown>, failures: number | ReadonlyArray<unknown> = 20) =>
  RetryPolicy.delays(policy, failures).pipe(Effect.map((all) => all.map(Duration.toMillis)))

const operators = [
  [
    "Effect.retry",
    (policy: RetryPolicy.RetryPolicy) =>
      <A, E>(call: Effect.Effect<A, E>) =>
        Effect.retry(call, policy)
  ],
  [
    "RetryPolicy.retry",
    (policy: RetryPolicy.RetryPolicy) =>
      <A, E>(call: Effect.Effect<A, E>) =>
        RetryPolicy.retry(call, policy)
  ]
] as const

describe.each(operators)("RetryPolicy with %s", (_, retry) => {
  it.effect("R1: the current failure's hint counts, not the first one's", () =>
    Effect.gen(function* () {
      const result = yield* timesOf([limited(3), limited(6), limited(9)], retry(exact))
      expect(result).toEqual({ exit: Exit.succeed("answer"), at: 18_000, attempts: [0, 3_000, 9_000, 18_000] })
    })
  )

  it.effect("R2: with jitter a hint is never undercut, and only added to", () =>
    Effect.gen(function* () {
      for (const jitter of ["full", "equal", "decorrelated", "proportional"] as const) {
        const { attempts } = yield* timesOf([limited(10)], retry(RetryPolicy.make({ jitter })))
        expect(attempts[1]).toBeGreaterThanOrEqual(10_000)
        expect(attempts[1]).toBeLessThanOrEqual(11_000)
      }
    })
  )

  it.effect(
    "R3: a hint that outlasts the limit or the deadline ends the retrying at once, with the hint in the error",
    () =>
      Effect.gen(function* () {
        const day = limited(86_400)
        const result = yield* timesOf([day], (call) => call.pipe(retry(exact), Deadline.within("60 seconds")))
        expect(result).toEqual({ exit: Exit.fail(day), at: 0, attempts: [0] })
        const late = limited(20)
        const clipped = yield* timesOf([late], (call) => call.pipe(retry(exact), Deadline.within("20 seconds")))
        expect(clipped).toEqual({ exit: Exit.fail(late), at: 0, attempts: [0] })
        const patient = RetryPolicy.make({ jitter: "none", maxRetryAfter: "2 days" })
        expect((yield* timesOf([day], retry(patient))).attempts).toEqual([0, 86_400_000])
      })
  )

  it.effect("R4: without a usable hint the backoff is computed, and is never 0 ms", () =>
    Effect.gen(function* () {
      const { attempts } = yield* timesOf([limited(), limited(0), limited(-1)], retry(exact))
      expect(attempts).toEqual([0, 1_000, 3_000, 7_000])
    })
  )

  it.effect("R6: each failure is read afresh: a 429 and then a 400 stops with the 400", () =>
    Effect.gen(function* () {
      const wrong = new LlmError.InvalidRequest({ status: 400 })
      const result = yield* timesOf([limited(), wrong, limited()], retry(exact))
      expect(result).toEqual({ exit: Exit.fail(wrong), at: 1_000, attempts: [0, 1_000] })
    })
  )

  it.effect("R8: factor 3 from 100 ms waits 100, 300 and 900 ms", () =>
    Effect.gen(function* () {
      const policy = RetryPolicy.make({ maxAttempts: 4, initialDelay: "100 millis", factor: 3, jitter: "none" })
      const { attempts, exit } = yield* timesOf(many(ill), retry(policy))
      expect(attempts).toEqual([0, 100, 400, 1_300])
      expect(exit).toEqual(Exit.fail(ill))
    })
  )

  it.effect("R9: an interruption during backoff ends at once, with no further attempt", () =>
    Effect.gen(function* () {
      const made = yield* Ref.make(0)
      const fiber = yield* Effect.fork(
        Ref.update(made, (n) => n + 1).pipe(Effect.andThen(Effect.fail(ill)), retry(exact))
      )
      yield* TestClock.adjust("500 millis")
      const exit = yield* Fiber.interrupt(fiber)
      expect(Exit.isInterrupted(exit)).toBe(true)
      yield* TestClock.adjust("1 day")
      expect(yield* Ref.get(made)).toBe(1)
    })
  )

  it.effect("R10: under a deadline of 10 s, attempts of 1 s start only where they can end in time", () =>
    Effect.gen(function* () {
      const policy = RetryPolicy.make({ maxAttempts: 100, initialDelay: "400 millis", factor: 1, jitter: "none" })
      const result = yield* timesOf(many(ill), (call) =>
        call.pipe(Effect.delay("1 second"), retry(policy), Deadline.within("10 seconds"))
      )
      expect(result).toEqual({
        exit: Exit.fail(ill),
        at: 9_400,
        attempts: [1_000, 2_400, 3_800, 5_200, 6_600, 8_000, 9_400]
      })
    })
  )

  it.effect("R10: an attempt that was cut off does not say how long the next one needs", () =>
    Effect.gen(function* () {
      const slow = new LlmError.TimedOut({ phase: "attempt" })
      const result = yield* timesOf([slow, slow], (call) =>
        call.pipe(Effect.delay("4 seconds"), retry(exact), Deadline.within("13 seconds"))
      )
      // The third attempt starts at 4 + 1 + 4 + 2 s, though the second took 4 s and only 2 s are left.
      expect(result.at).toBe(13_000)
      expect(Exit.isFailure(result.exit)).toBe(true)
    })
  )

  it.effect("R10: a schedule of one's own begins no wait that would outlast the deadline", () =>
    Effect.gen(function* () {
      const result = yield* timesOf(many(ill), (call) =>
        call.pipe(RetryPolicy.retry(Schedule.spaced("4 seconds")), Deadline.within("10 seconds"))
      )
      expect(result).toEqual({ exit: Exit.fail(ill), at: 8_000, attempts: [0, 4_000, 8_000] })
    })
  )

  it.effect("R11: one policy value shared by 100 fibers counts for each call", () =>
    Effect.gen(function* () {
      const all = yield* Effect.all(
        Array.from({ length: 100 }, (_, n) =>
          timesOf(many(n % 2 === 0 ? ill : limited()), retry(RetryPolicy.make({ jitter: "none" })))
        ),
        { concurrency: "unbounded" }
      ).pipe(Effect.fork, Effect.tap(TestClock.adjust("1 hour")), Effect.flatMap(Fiber.join))
      for (const { attempts } of all) expect(attempts).toHaveLength(3)
    })
  )

  it.effect("no wait follows the last attempt", () =>
    Effect.gen(function* () {
      const { at, attempts } = yield* timesOf(many(ill), retry(RetryPolicy.make({ jitter: "none" })))
      expect(attempts).toEqual([0, 1_000, 3_000])
      expect(at).toBe(3_000)
    })
  )

  it.effect("T6: interruption is not a failure, and a defect is not retried", () =>
    Effect.gen(function* () {
      const made = yield* Ref.make(0)
      const count = Ref.update(made, (n) => n + 1)
      expect(Exit.isInterrupted(yield* Effect.exit(count.pipe(Effect.andThen(Effect.interrupt), retry(exact))))).toBe(
        true
      )
      expect(yield* Effect.exit(count.pipe(Effect.andThen(Effect.die("bug")), retry(exact)))).toEqual(Exit.die("bug"))
      expect(yield* Ref.get(made)).toBe(2)
    })
  )
})

describe("what is retried", () => {
  const attemptsFor = (policy: RetryPolicy.RetryPolicy, ...failures: ReadonlyArray<unknown>) =>
    Effect.map(timesOf(failures, Effect.retry(policy)), ({ attempts }) => attempts.length)

  it.effect("every failure as the table says", () =>
    Effect.gen(function* () {
      const twice = [
        "RateLimited",
        "Overloaded",
        "ServerError",
        "ConnectionFailed",
        "TimedOut",
        "MalformedResponse",
        "Conflict"
      ]
      for (const member of LlmError.LlmError.members) {
        const failure = new TestFailure(member)
        expect([failure.tag, yield* attemptsFor(exact, failure.error)]).toEqual([
          failure.tag,
          twice.includes(failure.tag) ? 2 : 1
        ])
      }
    })
  )

  it.effect("an unreadable answer once, whatever fails in between", () =>
    Effect.gen(function* () {
      const unreadable = new LlmError.MalformedResponse({})
      expect(yield* attemptsFor(exact, unreadable, unreadable)).toBe(2)
      expect(yield* attemptsFor(exact, unreadable, ill, unreadable, ill)).toBe(3)
    })
  )

  it.effect("a timed-out call only where there is nobody else to ask", () =>
    Effect.gen(function* () {
      const slow = new LlmError.TimedOut({ phase: "connect" })
      expect(yield* attemptsFor(exact, slow)).toBe(2)
      expect(yield* attemptsFor(RetryPolicy.make({ lastTarget: false }), slow)).toBe(1)
    })
  )

  it.effect("C12: a failure's own word before the table", () =>
    Effect.gen(function* () {
      expect(yield* attemptsFor(exact, new LlmError.ServerError({ retryable: false }))).toBe(1)
      expect(yield* attemptsFor(exact, new LlmError.InvalidRequest({ retryable: true }))).toBe(2)
    })
  )

  it.effect("never a rejection of the toolkit", () =>
    Effect.gen(function* () {
      const open = new Rejection.CircuitOpen({ key: "a", retryAfter: Duration.millis(1) })
      expect(yield* attemptsFor(exact, open)).toBe(1)
    })
  )

  it.effect("an error of another kind as the classifier reads it, and it passes through unchanged", () =>
    Effect.gen(function* () {
      const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })
      expect(yield* attemptsFor(exact, refused)).toBe(2)
      const { exit } = yield* timesOf(many(refused), Effect.retry(RetryPolicy.standard))
      expect(Exit.mapError(exit, Cause.originalError)).toEqual(Exit.fail(refused))
      expect(yield* attemptsFor(exact, "who knows")).toBe(1)
    })
  )

  it.effect("as `perError` says: its own delays, attempts, and whether at all", () =>
    Effect.gen(function* () {
      const policy = RetryPolicy.make({
        maxAttempts: 3,
        jitter: "none",
        perError: {
          RateLimited: { initialDelay: "10 seconds", maxDelay: "30 seconds", maxAttempts: 6 },
          ServerError: { retry: false },
          InvalidRequest: { retry: true }
        }
      })
      expect(yield* waits(policy, many(limited()))).toEqual([10_000, 20_000, 30_000, 30_000, 30_000])
      expect(yield* waits(policy, [new LlmError.Overloaded({}), limited(), new LlmError.Overloaded({})])).toEqual([
        1_000, 10_000
      ])
      expect(yield* waits(policy, [ill])).toEqual([])
      expect(yield* waits(policy, many(new LlmError.InvalidRequest({})))).toEqual([1_000, 2_000])
      expect(yield* waits(policy, [new LlmError.InvalidRequest({ retryable: false })])).toEqual([])
    })
  )
})

describe("what a policy says at each failure", () => {
  it.effect("the attempt that follows, the wait, and in the end why there is none", () =>
    Effect.gen(function* () {
      const said: Array<readonly [number, number, number, number, RetryPolicy.EndedBy | undefined]> = []
      const note = (policy: RetryPolicy.RetryPolicy) =>
        Schedule.tapOutput(policy, ({ attempt, delay, elapsed, ended, waited }) =>
          Effect.sync(() => {
            const [d, e, w] = [Duration.toMillis(delay), Duration.toMillis(elapsed), Duration.toMillis(waited)]
            said.push([attempt, d, e, w, ended])
          })
        )
      yield* timesOf(many(ill), Effect.retry(note(RetryPolicy.make({ jitter: "none" }))))
      expect(said).toEqual([
        [2, 1_000, 0, 1_000, undefined],
        [3, 2_000, 1_000, 3_000, undefined],
        [4, 0, 3_000, 3_000, "attempts"]
      ])
    })
  )

  it.effect("by its own name for every end", () =>
    Effect.gen(function* () {
      const endOf = (options: RetryPolicy.Options, failure: unknown) =>
        Effect.gen(function* () {
          const driver = yield* Schedule.driver(RetryPolicy.make({ jitter: "none", ...options }))
          yield* Effect.exit(driver.next(failure))
          const { ended, error } = yield* driver.last
          expect(error).toBe(failure)
          return ended
        })
      expect(yield* endOf({}, new LlmError.InvalidRequest({}))).toBe("notRetryable")
      expect(yield* endOf({ maxAttempts: 1 }, ill)).toBe("attempts")
      expect(yield* endOf({}, limited(61))).toBe("hint")
      expect(yield* endOf({ maxElapsed: "999 millis" }, ill)).toBe("elapsed")
      const deadline = { at: 1_000, budget: Duration.seconds(1) }
      expect(yield* endOf({}, ill).pipe(Effect.provideService(Deadline.CurrentDeadline, deadline))).toBe("deadline")
    })
  )
})

it.effect("a call that succeeds makes nothing of its policy", () =>
  Effect.gen(function* () {
    const untouchable = new Proxy(RetryPolicy.standard, {
      get: (_, property) => {
        throw new Error(`${String(property)} was read`)
      }
    })
    expect(yield* RetryPolicy.retry(Effect.succeed(1), untouchable)).toBe(1)
  })
)

describe("the last real error and the deadline", () => {
  const slowRetry = Effect.gen(function* () {
    const made = yield* Ref.make(0)
    return Effect.flatMap(
      Ref.updateAndGet(made, (n) => n + 1),
      (attempt) => (attempt === 1 ? Effect.fail(ill) : Effect.never)
    )
  })
  const within = <A, E>(call: Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(Effect.exit(call.pipe(Deadline.within("10 seconds"))))
      yield* TestClock.adjust("10 seconds")
      return yield* Fiber.join(fiber)
    })

  it.effect("R10: a retry that is cut off ends with the error of the attempt before", () =>
    Effect.gen(function* () {
      expect(yield* within(RetryPolicy.retry(yield* slowRetry, exact))).toEqual(Exit.fail(ill))
    })
  )

  it.effect("R10: a handler between the retry and the deadline still handles it", () =>
    Effect.gen(function* () {
      const handled = RetryPolicy.retry(yield* slowRetry, exact).pipe(
        Effect.catchTag("ServerError", () => Effect.succeed("spare"))
      )
      expect(yield* within(handled)).toEqual(Exit.succeed("spare"))
      const hanging = RetryPolicy.retry(yield* slowRetry, exact).pipe(
        Effect.catchTag("ServerError", () => Effect.never)
      )
      expect(yield* within(hanging)).toEqual(
        Exit.fail(new Rejection.DeadlineExceeded({ budget: Duration.seconds(10), lastError: ill }))
      )
    })
  )

  it.effect("R10: Effect.retry cannot end the attempt itself; the deadline's own error holds the last real one", () =>
    Effect.gen(function* () {
      expect(yield* within(Effect.retry(yield* slowRetry, exact))).toEqual(
        Exit.fail(new Rejection.DeadlineExceeded({ budget: Duration.seconds(10), lastError: ill }))
      )
    })
  )

  it.effect("T5: interrupting the caller stops the retry that is under way, and starts none", () =>
    Effect.gen(function* () {
      const closed = yield* Ref.make(0)
      const call = (yield* slowRetry).pipe(Effect.onInterrupt(() => Ref.update(closed, (n) => n + 1)))
      const fiber = yield* Effect.fork(call.pipe(RetryPolicy.retry(exact), Deadline.within("10 seconds")))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      expect(yield* Ref.get(closed)).toBe(1)
    })
  )
})

describe("R7: 1 000 callers that fail at the same instant", () => {
  for (const jitter of ["full", "equal", "decorrelated", "proportional"] as const) {
    it.effect(`come back spread, also at the cap: ${jitter}`, () =>
      Effect.gen(function* () {
        const policy = RetryPolicy.make({ maxAttempts: 10, jitter })
        const all = yield* Effect.replicateEffect(waits(policy, 9), 1_000)
        const fullest = (n: number, slot: number) => {
          const slots = new Map<number, number>()
          for (const delays of all) {
            const at = Math.floor((delays[n] ?? 0) / slot)
            slots.set(at, (slots.get(at) ?? 0) + 1)
          }
          return Math.max(...slots.values())
        }
        // The narrowest of them, 400 ms for the first retry, leaves 25 callers to each 10 ms on average.
        expect(fullest(0, 10)).toBeLessThan(60)
        // At the cap of 10 s the narrowest is 4 s, which is 25 callers to each 100 ms.
        expect(fullest(8, 100)).toBeLessThan(60)
      }).pipe(Effect.withRandom(Random.make("callers")))
    )
  }

  it.effect("come back spread when all of them were given the same hint", () =>
    Effect.gen(function* () {
      const all = yield* Effect.replicateEffect(waits(RetryPolicy.standard, [limited(10)]), 1_000)
      expect(new Set(all.flat()).size).toBeGreaterThan(500)
    }).pipe(Effect.withRandom(Random.make("callers")))
  )
})

describe("the pieces", () => {
  it.effect("grow as they say", () =>
    Effect.gen(function* () {
      expect(yield* waits(RetryPolicy.exponential("1 second"), 5)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000])
      expect(yield* waits(RetryPolicy.exponential("1 second", 1.5), 4)).toEqual([1_000, 1_500, 2_250, 3_375])
      expect(yield* waits(RetryPolicy.linear("1 second"), 4)).toEqual([1_000, 2_000, 3_000, 4_000])
      expect(yield* waits(RetryPolicy.linear("1 second", "500 millis"), 3)).toEqual([1_000, 1_500, 2_000])
      expect(yield* waits(RetryPolicy.fixed("3 seconds"), 3)).toEqual([3_000, 3_000, 3_000])
      expect(yield* waits(RetryPolicy.fibonacci("1 second"), 6)).toEqual([1_000, 1_000, 2_000, 3_000, 5_000, 8_000])
    })
  )

  it.effect("end where they say", () =>
    Effect.gen(function* () {
      const base = RetryPolicy.exponential("1 second")
      expect(yield* waits(base.pipe(RetryPolicy.cappedAt("3 seconds")), 4)).toEqual([1_000, 2_000, 3_000, 3_000])
      expect(yield* waits(base.pipe(RetryPolicy.maxAttempts(3)))).toEqual([1_000, 2_000])
      // 1 + 2 + 4 s is over at 7 s; the next wait would end at 15 s.
      expect(yield* waits(base.pipe(RetryPolicy.maxElapsed("14999 millis")))).toEqual([1_000, 2_000, 4_000])
      expect(yield* waits(base.pipe(RetryPolicy.maxElapsed("15 seconds")))).toEqual([1_000, 2_000, 4_000, 8_000])
      const honoring = base.pipe(RetryPolicy.honorRetryAfter({ maxRetryAfter: "20 seconds" }))
      expect(yield* waits(honoring, [limited(5), limited(1), limited(21), ill])).toEqual([5_000, 2_000])
      expect(yield* waits(base.pipe(RetryPolicy.whileRetryable()), [ill, new LlmError.ModelNotFound({})])).toEqual([
        1_000
      ])
      const special = base.pipe(RetryPolicy.perError({ RateLimited: RetryPolicy.fixed("7 seconds") }))
      expect(yield* waits(special, [ill, limited(), ill, limited()])).toEqual([1_000, 7_000, 2_000, 7_000])
    })
  )

  it.effect("fit schedules of other origin, and keep what those say", () =>
    Effect.gen(function* () {
      const recurs = Schedule.recurs(2).pipe(
        Schedule.addDelay(() => "5 seconds"),
        RetryPolicy.cappedAt("2 seconds")
      )
      expectTypeOf(recurs).toEqualTypeOf<Schedule.Schedule<number>>()
      expect(yield* waits(recurs)).toEqual([2_000, 2_000])
    })
  )

  it.effect("an uncapped exponential never reaches Infinity", () =>
    Effect.gen(function* () {
      for (const endless of [
        RetryPolicy.exponential("1 second", 10),
        RetryPolicy.fibonacci("1 day"),
        RetryPolicy.linear("1 day")
      ]) {
        const all = yield* waits(endless, 2_000)
        expect(all).toHaveLength(2_000)
        expect(all.at(-1)).toBe(2 ** 31 - 1)
      }
      expect(yield* waits(RetryPolicy.exponential(0), 2_000)).toEqual(Array.from({ length: 2_000 }, () => 0))
    })
  )
})

describe("the presets", () => {
  it.effect("wait as they say", () =>
    Effect.gen(function* () {
      const without = (policy: RetryPolicy.RetryPolicy) =>
        waits(RetryPolicy.make({ ...policy.options, jitter: "none" }), 50)
      expect(yield* without(RetryPolicy.standard)).toEqual([1_000, 2_000])
      expect(yield* without(RetryPolicy.rateLimit)).toEqual([10_000, 20_000, 40_000, 80_000, 120_000])
      expect(yield* without(RetryPolicy.interactive)).toEqual([200, 400])
      expect(yield* without(RetryPolicy.batch)).toEqual([
        2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 120_000, 120_000, 120_000
      ])
      expect(yield* without(RetryPolicy.never)).toEqual([])
      expect(yield* waits(RetryPolicy.interactive, [limited(3)])).toEqual([])
      const total = (yield* waits(RetryPolicy.rateLimit, 50)).reduce((sum, wait) => sum + wait, 0)
      expect(total).toBeLessThanOrEqual(300_000)
    })
  )
})

describe("R14: the environment", () => {
  const read = (env: Record<string, string>) =>
    Effect.withConfigProvider(RetryPolicy.config, ConfigProvider.fromMap(new Map(Object.entries(env))))

  it.effect("takes effect", () =>
    Effect.gen(function* () {
      const policy = yield* read({
        LLM_MAX_RETRIES: "5",
        LLM_RETRY_INITIAL_DELAY: "0.5",
        LLM_RETRY_MAX_DELAY: "4",
        LLM_RETRY_BACKOFF_FACTOR: "3"
      })
      expect(yield* waits(RetryPolicy.make({ ...policy.options, jitter: "none" }))).toEqual([500, 1_500, 4_000, 4_000])
      expect(yield* waits(policy)).toHaveLength(4)
      expect(yield* waits(RetryPolicy.make({ ...(yield* read({})).options, jitter: "none" }))).toEqual([1_000, 2_000])
      expect(yield* waits(yield* read({ LLM_MAX_RETRIES: "1" }))).toEqual([])
      const inWords = yield* read({ LLM_RETRY_INITIAL_DELAY: "2 seconds", LLM_RETRY_MAX_DELAY: "3000 millis" })
      expect(yield* waits(RetryPolicy.make({ ...inWords.options, jitter: "none" }))).toEqual([2_000, 3_000])
    })
  )

  it.effect("a bad value is a ConfigError that names the variable, the value and what is allowed", () =>
    Effect.gen(function* () {
      const bad = [
        ["LLM_MAX_RETRIES", "0", "a whole number of attempts in all, at least 1"],
        ["LLM_MAX_RETRIES", "three", "a whole number"],
        ["LLM_MAX_RETRIES", "", "a whole number"],
        ["LLM_RETRY_INITIAL_DELAY", "-1", "a number of seconds, at least 0"],
        ["LLM_RETRY_INITIAL_DELAY", "Infinity", "a number of seconds"],
        ["LLM_RETRY_MAX_DELAY", "NaN", "a number of seconds"],
        ["LLM_RETRY_MAX_DELAY", "soon", "a duration"],
        ["LLM_RETRY_MAX_DELAY", "0.5", "at least LLM_RETRY_INITIAL_DELAY"],
        ["LLM_RETRY_BACKOFF_FACTOR", "0.5", "a number, at least 1"]
      ] as const
      for (const [name, value, allowed] of bad) {
        const error = yield* Effect.flip(read({ [name]: value }))
        expect(error).toMatchObject({ _op: "InvalidData", path: [name] })
        for (const word of [name, value, allowed]) expect(String(error)).toContain(word)
      }
    })
  )
})

describe("options that make no sense", () => {
  it.each([
    [{ maxAttempts: 0 }, "maxAttempts is 0"],
    [{ maxAttempts: 2.5 }, "maxAttempts is 2.5"],
    [{ maxAttempts: Number.NaN }, "maxAttempts is NaN"],
    [{ initialDelay: Number.NaN }, "initialDelay is NaN"],
    [{ initialDelay: -1 }, "initialDelay is -1"],
    [{ initialDelay: "-5 seconds" as const }, 'initialDelay is "-5 seconds"'],
    [{ initialDelay: Duration.infinity }, "initialDelay is"],
    [{ initialDelay: "soon" as never }, 'initialDelay is "soon"'],
    [{ factor: 0.5 }, "factor is 0.5"],
    [{ factor: Number.NaN }, "factor is NaN"],
    [
      { initialDelay: "2 seconds" as const, maxDelay: "1 second" as const },
      'maxDelay is "1 second", and has to be at least the initialDelay of 2s'
    ],
    [{ jitter: "some" as never }, 'jitter is "some", and has to be one of none, full'],
    [{ maxElapsed: -1 }, "is -1"],
    [{ maxRetryAfter: Number.NaN }, "maxRetryAfter is NaN"],
    [{ perError: { RateLimited: { maxAttempts: 0 } } }, "perError.RateLimited: maxAttempts is 0"]
  ])("%o", (options, message) => {
    expect(() => RetryPolicy.make(options)).toThrow(RangeError)
    expect(() => RetryPolicy.make(options)).toThrow(message)
  })

  it("of the pieces", () => {
    expect(() => RetryPolicy.exponential("1 second", 0)).toThrow("RetryPolicy.exponential: factor is 0")
    expect(() => RetryPolicy.maxAttempts(RetryPolicy.fixed(1), 0)).toThrow("count is 0")
    expect(() => RetryPolicy.proportionalJitter(RetryPolicy.fixed(1), 1.5)).toThrow(
      "ratio is 1.5, and has to be a number from 0 to 1"
    )
  })

  it("a first delay above the default cap raises the cap", () => {
    expect(Effect.runSync(waits(RetryPolicy.make({ initialDelay: "20 seconds", jitter: "none" })))).toEqual([
      20_000, 20_000
    ])
  })
})

describe("types", () => {
  class Mine extends Data.TaggedError("Mine")<{ readonly why: string }> {}

  it("a policy fits any error union, and what is handled leaves the type", () => {
    const call = Effect.fail(ill) as Effect.Effect<number, LlmError.LlmError | Mine, "service">
    expectTypeOf(Effect.retry(call, RetryPolicy.standard)).toEqualTypeOf(call)
    expectTypeOf(call.pipe(Effect.retry(RetryPolicy.make()))).toEqualTypeOf(call)
    expectTypeOf(call.pipe(RetryPolicy.retry(RetryPolicy.standard))).toEqualTypeOf(call)
    expectTypeOf(RetryPolicy.retry(call, RetryPolicy.standard)).toEqualTypeOf(call)

    const handled = call.pipe(
      RetryPolicy.retry(RetryPolicy.standard),
      Deadline.within("1 second"),
      Effect.catchTags({ DeadlineExceeded: () => Effect.succeed(0), Mine: () => Effect.succeed(1) })
    )
    expectTypeOf(handled).toEqualTypeOf<Effect.Effect<number, LlmError.LlmError, "service">>()

    const foreign = Effect.fail("text") as Effect.Effect<number, string | 7>
    expectTypeOf(Effect.retry(foreign, RetryPolicy.standard)).toEqualTypeOf(foreign)
    const safe = Effect.succeed(1)
    expectTypeOf(safe.pipe(RetryPolicy.retry(RetryPolicy.standard))).toEqualTypeOf<Effect.Effect<number>>()
  })

  it("a deadline adds its own error, and nothing else", () => {
    const call = Effect.fail(ill) as Effect.Effect<number, LlmError.LlmError, "service">
    expectTypeOf(call.pipe(Deadline.within("1 second"))).toEqualTypeOf<
      Effect.Effect<number, LlmError.LlmError | Rejection.DeadlineExceeded, "service">
    >()
  })

  it("a policy is a schedule over unknown failures, whatever it is made of", () => {
    expectTypeOf(RetryPolicy.make()).toExtend<Schedule.Schedule<RetryPolicy.Attempt, unknown>>()
    const composed = RetryPolicy.exponential("1 second").pipe(
      RetryPolicy.cappedAt("10 seconds"),
      RetryPolicy.fullJitter,
      RetryPolicy.honorRetryAfter(),
      RetryPolicy.whileRetryable(),
      RetryPolicy.maxAttempts(3)
    )
    expectTypeOf(composed).toEqualTypeOf<Schedule.Schedule<Duration.Duration, unknown>>()
  })
})
