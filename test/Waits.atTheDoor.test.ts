import { describe, expect, it } from "@effect/vitest"
import {
  Array as Arr,
  Duration,
  Effect,
  Exit,
  Fiber,
  FastCheck as fc,
  Logger,
  Random,
  Schedule,
  TestClock
} from "effect"
import { CircuitBreaker, Deadline, LlmError, Rejection, Resilience, RetryPolicy } from "effect-resilience"
import { type Ahead, mayEnter, spreadOf, type Waiting } from "../src/internal/breaker/waiting.js"
import { equalShare, shareOfDeadline } from "../src/internal/fallback/shareOfDeadline.js"
import { failureOf, toEnd } from "./targets.js"

const down = new LlmError.ServerError({ target: "a", status: 500 })
const limited = (wait: Duration.DurationInput) => new LlmError.RateLimited({ retryAfter: Duration.decode(wait) })

const withBreaker = <A, E, R>(
  options: CircuitBreaker.Options,
  use: (breaker: CircuitBreaker.CircuitBreaker) => Effect.Effect<A, E, R>
) =>
  Effect.flatMap(CircuitBreaker.CircuitBreaker, use).pipe(
    Effect.provide(CircuitBreaker.layerMemory(options)),
    Effect.withRandom(Random.make("a seed"))
  )

const now = TestClock.currentTimeMillis
const key = "a"

describe("calls that come back from parking", () => {
  it.effect("L3: are spread in proportion to the hint: after 100 ms nobody waits a second", () =>
    withBreaker({}, (breaker) =>
      Effect.gen(function* () {
        yield* Effect.exit(breaker.execute(Effect.fail(limited("100 millis")), { key }))
        const calls = yield* Effect.fork(
          Effect.all(
            Arr.makeBy(500, () => breaker.execute(now, { key })),
            { concurrency: "unbounded" }
          )
        )
        yield* TestClock.adjust("1 minute")
        const times = yield* Fiber.join(calls)
        expect(Math.min(...times)).toBe(100)
        expect(Math.max(...times)).toBe(109)
        expect(new Set(times).size).toBe(10)
      })
    )
  )

  it("L3: the spread is a tenth of the wait or what was asked for, and never more than the wait or the time left", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (wait, stagger, more, chance) => {
          const spread = spreadOf(wait, { stagger }, wait + more, chance)
          expect(spread).toBeGreaterThanOrEqual(0)
          expect(spread).toBeLessThanOrEqual(Math.min(stagger ?? wait / 10, wait, more))
          expect(Number.isInteger(spread)).toBe(true)
        }
      )
    ))
})

describe("whether a wait is worth it", () => {
  const millis = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.constant(Number.POSITIVE_INFINITY))
  const way = fc.constantFrom("wait" as const, "reject" as const)

  it("R15: it is, exactly where a call that walks through the time to come is let in", () =>
    fc.assert(
      fc.property(
        fc.record({ open: millis, parked: millis }),
        fc.integer({ min: 0, max: 200 }),
        fc.record({ whenOpen: way, whenParked: way, maxWait: millis, stagger: fc.constant(undefined) }),
        fc.record({ left: millis, patience: millis }),
        (ahead, after, waiting, bounds) => {
          expect(mayEnter(ahead, after, waiting, bounds)).toBe(walkedThrough(ahead, after, waiting, bounds))
        }
      )
    ))

  /** Millisecond by millisecond. */
  const walkedThrough = (
    { open, parked }: Ahead,
    after: number,
    waiting: Waiting,
    { left, patience }: { readonly left: number; readonly patience: number }
  ): boolean => {
    for (let at = after; at <= 500; at++) {
      const isOpen = at < open
      const isParked = at < parked
      if (!isOpen && !isParked) return true
      if (isOpen && waiting.whenOpen === "reject") return false
      if (isParked && waiting.whenParked === "reject") return false
      if (at + 1 >= left || at + 1 > patience || at + 1 - after > waiting.maxWait) return false
    }
    return false
  }

  it("shares of the deadline: of n targets each has at least an nth, and all of them no more than there is", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }),
        (total, used) => {
          let left = total
          used.forEach((part, index) => {
            const others = used.length - index - 1
            const share = shareOfDeadline(left, equalShare(others))
            expect(share).toBeGreaterThanOrEqual(Math.floor(total / used.length))
            expect(share).toBeLessThanOrEqual(left)
            if (others === 0) expect(share).toBe(left)
            left -= Math.floor(share * part)
          })
          expect(left).toBeGreaterThanOrEqual(0)
        }
      )
    ))
})

describe("whenOpen: wait", () => {
  const options = { whenOpen: "wait", tripPolicy: CircuitBreaker.consecutive(1), openDuration: "10 seconds" } as const
  const open = (breaker: CircuitBreaker.CircuitBreaker) => Effect.exit(breaker.execute(Effect.fail(down), { key }))

  it.effect("calls come back spread after the open time, probe in turn, and go through once it is closed", () =>
    withBreaker(options, (breaker) =>
      Effect.gen(function* () {
        yield* open(breaker)
        let running = 0
        let most = 0
        const call = Effect.acquireUseRelease(
          Effect.sync(() => {
            most = Math.max(most, ++running)
          }),
          () => Effect.delay(now, "200 millis"),
          () => Effect.sync(() => running--)
        )
        const calls = yield* Effect.fork(
          Effect.all(
            Arr.makeBy(40, () => Effect.exit(breaker.execute(call, { key }))),
            { concurrency: "unbounded" }
          )
        )
        yield* TestClock.adjust("10 seconds")
        yield* TestClock.adjust("300 millis")
        expect(most).toBe(1)
        yield* TestClock.adjust("1 minute")
        const exits = yield* Fiber.join(calls)
        expect(exits.every(Exit.isSuccess)).toBe(true)
        expect(yield* breaker.state(key)).toMatchObject({ _tag: "Closed" })
      })
    )
  )

  it.effect("a probe that fails sends those behind it to wait again", () =>
    withBreaker({ ...options, halfOpen: { successes: 1 } }, (breaker) =>
      Effect.gen(function* () {
        yield* open(breaker)
        const first = yield* Effect.fork(
          breaker.execute(Effect.delay(Effect.fail(down), "1 second"), { key }).pipe(Effect.exit)
        )
        yield* TestClock.adjust("10 seconds")
        yield* TestClock.adjust("999 millis")
        const behind = yield* Effect.fork(breaker.execute(now, { key }))
        yield* TestClock.adjust("1 minute")
        expect(failureOf(yield* Fiber.join(first))).toEqual(down)
        const at = yield* Fiber.join(behind)
        expect(at).toBeGreaterThanOrEqual(20_000)
        expect(at).toBeLessThan(24_000)
      })
    )
  )

  it.effect("a probe that hangs gives its place to the next one in time", () =>
    withBreaker({ ...options, halfOpen: { successes: 1, probeTimeout: "30 seconds" } }, (breaker) =>
      Effect.gen(function* () {
        yield* open(breaker)
        yield* TestClock.adjust("10 seconds")
        const hangs = yield* Effect.fork(breaker.execute(Effect.never, { key }))
        yield* Effect.yieldNow()
        const next = yield* Effect.fork(breaker.execute(now, { key }))
        yield* TestClock.adjust("1 minute")
        expect(yield* Fiber.join(next)).toBe(40_000)
        yield* Fiber.interrupt(hangs)
      })
    )
  )

  it.effect("it is not waited beyond the deadline or maxWait, nor for one that is held open by hand", () =>
    withBreaker({ ...options, parking: { maxWait: "10 seconds" } }, (breaker) =>
      Effect.gen(function* () {
        yield* open(breaker)
        const call = breaker.execute(now, { key })
        const reject = yield* Effect.exit(call.pipe(Deadline.within("10 seconds")))
        expect(failureOf(reject)).toBeInstanceOf(Rejection.CircuitOpen)
        expect(failureOf(yield* Effect.exit(breaker.execute(now, { key, whenOpen: "reject" })))).toBeInstanceOf(
          Rejection.CircuitOpen
        )
        yield* breaker.open(key, "11 seconds")
        expect(failureOf(yield* Effect.exit(call))).toBeInstanceOf(Rejection.CircuitOpen)
        yield* breaker.reset(key)
        const held = yield* Effect.scoped(Effect.zipRight(breaker.isolate(key), Effect.exit(call)))
        expect(failureOf(held)).toBeInstanceOf(Rejection.CircuitOpen)
        expect(yield* now).toBe(0)
      })
    )
  )

  it.effect("a call that waits behind a probe can be interrupted, and one that runs out of time is rejected", () =>
    withBreaker(options, (breaker) =>
      Effect.gen(function* () {
        yield* open(breaker)
        yield* TestClock.adjust("10 seconds")
        const probe = yield* Effect.fork(breaker.execute(Effect.never, { key }))
        yield* Effect.yieldNow()
        const waiting = yield* Effect.fork(breaker.execute(now, { key }))
        const late = yield* Effect.fork(Effect.exit(breaker.execute(now, { key }).pipe(Deadline.within("5 seconds"))))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(waiting)
        expect(yield* now).toBe(11_000)
        yield* TestClock.adjust("10 seconds")
        expect(failureOf(yield* Fiber.join(late))).toBeDefined()
        yield* Fiber.interrupt(probe)
      })
    )
  )
})

describe("the batch preset", () => {
  it.effect("500 prompts in an outage of three seconds are all answered", () =>
    Effect.gen(function* () {
      const call = Effect.flatMap(now, (at) => (at < 3_000 ? Effect.fail(down) : Effect.succeed("answer")))
      const { exit } = yield* toEnd(
        Effect.all(
          Arr.makeBy(500, () => Effect.exit(Resilience.protect(Effect.delay(call, "50 millis"), "a"))),
          { concurrency: 100 }
        )
      )
      const exits = (exit as Exit.Success<ReadonlyArray<Exit.Exit<string, unknown>>, never>).value
      expect(exits.filter(Exit.isSuccess)).toHaveLength(500)
    }).pipe(Effect.provide(Resilience.layer({ retry: RetryPolicy.batch })), Effect.withRandom(Random.make("a seed")))
  )

  it.effect("a policy by itself waits for the circuit that has rejected its call", () =>
    withBreaker({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: "30 seconds" }, (breaker) =>
      Effect.gen(function* () {
        yield* Effect.exit(breaker.execute(Effect.fail(down), { key }))
        const call = breaker.execute(now, { key })
        const waiting = RetryPolicy.make({ jitter: "none", whenOpen: "wait" })
        const { exit } = yield* toEnd(RetryPolicy.retry(call, waiting))
        expect(exit).toEqual(Exit.succeed(30_000))
        yield* breaker.open(key, "30 seconds")
        expect((yield* toEnd(RetryPolicy.retry(call, RetryPolicy.standard))).took).toBe(0)
        yield* breaker.reset(key)
        const held = Effect.scoped(Effect.zipRight(breaker.isolate(key), RetryPolicy.retry(call, waiting)))
        expect((yield* toEnd(held)).took).toBe(0)
      })
    )
  )
})

describe("options that cannot do what they say", () => {
  const warnings = (options: Resilience.Options) =>
    Effect.gen(function* () {
      const said: Array<string> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ logLevel, message }) => {
          if (logLevel._tag === "Warning") said.push(String(message))
        })
      )
      const call = Resilience.protect(Effect.succeed("answer"), "a")
      yield* Effect.zipRight(call, call).pipe(Effect.provide(Resilience.layer(options)), Effect.provide(logger))
      return said
    })

  it.effect("more attempts than the circuit bears are said once, by name", () =>
    Effect.gen(function* () {
      const said = yield* warnings({ retry: { maxAttempts: 10 }, targets: { a: {}, b: { retry: { maxAttempts: 7 } } } })
      expect(said).toHaveLength(2)
      expect(said[0]).toContain("Resilience: retry.maxAttempts is 10, but circuitBreaker.tripPolicy opens the circuit")
      expect(said[0]).toContain("after 5 failures")
      expect(said[1]).toContain('Resilience: target "b": retry.maxAttempts is 7')
      expect(
        yield* warnings({
          circuitBreaker: { tripPolicy: CircuitBreaker.rate({ size: 10 }) },
          retry: { maxAttempts: 11 }
        })
      ).toHaveLength(1)
      expect(yield* warnings({ retry: { perError: { ServerError: { maxAttempts: 6 } } } })).toHaveLength(1)
    })
  )

  it.effect("nothing is said of options that do", () =>
    Effect.gen(function* () {
      const fine: ReadonlyArray<Resilience.Options> = [
        {},
        { retry: { maxAttempts: 5 } },
        { retry: RetryPolicy.batch },
        { retry: RetryPolicy.rateLimit },
        { retry: { maxAttempts: 10, whenOpen: "wait" } },
        { retry: { maxAttempts: 10 }, circuitBreaker: { whenOpen: "wait" } },
        { retry: { maxAttempts: 10 }, circuitBreaker: { counts: "calls" } },
        { retry: { maxAttempts: 10 }, circuitBreaker: false },
        { retry: { maxAttempts: 10 }, circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(10) } },
        { retry: { perError: { RateLimited: { maxAttempts: 50 } } } },
        { retry: Schedule.recurs(20) },
        { retry: false }
      ]
      for (const options of fine) expect(yield* warnings(options)).toEqual([])
    })
  )
})
