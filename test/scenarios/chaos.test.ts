/**
 * Three targets, random outages, hedges, a cache and callers that leave, over an hour of virtual time: every call is
 * answered while any target is healthy, and from the cache when none is, and at the end nothing is left behind.
 */
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, FastCheck, Fiber, Layer, Random, Ref, Schema, TestClock } from "effect"
import { Hedge, LlmError, Resilience, ResponseCache } from "effect-resilience"

const names = ["a", "b", "c"] as const
const hour = 3_600_000

/** When a target is down, and in which way. */
interface Outage {
  readonly target: number
  readonly from: number
  readonly millis: number
  readonly way: "fails" | "hangs" | "busy"
}

const outage: FastCheck.Arbitrary<Outage> = FastCheck.record({
  target: FastCheck.integer({ min: 0, max: 2 }),
  from: FastCheck.integer({ min: 60_000, max: hour }),
  millis: FastCheck.integer({ min: 1_000, max: 600_000 }),
  way: FastCheck.constantFrom("fails", "hangs", "busy")
})

const simulate = (outages: ReadonlyArray<Outage>, seed: string) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const now = () => clock.unsafeCurrentTimeMillis()
    const running = yield* Ref.make(0)
    const attempts = yield* Ref.make(0)
    const badAt = (target: number, at: number) =>
      outages.find((outage) => outage.target === target && at >= outage.from && at < outage.from + outage.millis)

    const upstream = (target: number) =>
      Effect.gen(function* () {
        yield* Ref.update(attempts, (n) => n + 1)
        const bad = badAt(target, now())
        if (bad?.way === "busy")
          return yield* new LlmError.RateLimited({ status: 429, retryAfter: Duration.seconds(20) })
        if (bad?.way === "fails") return yield* new LlmError.ServerError({ status: 500 })
        yield* bad?.way === "hangs" ? Effect.never : Effect.sleep(yield* Random.nextIntBetween(200, 4_000))
        return `answer of ${names[target]}`
      }).pipe((self) =>
        Effect.acquireUseRelease(
          Ref.update(running, (n) => n + 1),
          () => self,
          () => Ref.update(running, (n) => n - 1)
        )
      )

    const target = (index: number) => {
      const name = names[index]!
      return { name, run: upstream(index).pipe(Resilience.protect(name)) }
    }
    const question = (n: number) =>
      Hedge.across([target(0), target(1), target(2)], { after: "3 seconds" }).pipe(
        ResponseCache.throughMarked({ key: `question ${n}`, schema: Schema.String, fresh: 0, staleIfError: "1 day" })
      )

    // Every question has been answered once before anything goes wrong.
    const questions = 5
    const warm = yield* Effect.fork(
      Effect.forEach(
        Array.from({ length: questions }, (_, n) => n),
        question
      )
    )
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(warm)

    const unanswered: Array<unknown> = []
    const lost: Array<number> = []
    let calls = questions
    const fibers: Array<Fiber.RuntimeFiber<unknown, unknown>> = []
    for (let at = 60_000; at < hour; at += 30_000) {
      const start = now()
      const n = yield* Random.nextIntBetween(0, questions)
      calls++
      const fiber = yield* Effect.fork(
        Effect.match(question(n), {
          onFailure: (error) => unanswered.push(error),
          onSuccess: ({ state }) => {
            // No target was bad from the beginning of the call to its end: the answer is a new one.
            const quiet = names.some(
              (_, index) =>
                !outages.some((o) => o.target === index && o.from < now() && o.from + o.millis > start - 120_000)
            )
            if (state === "stale" && quiet) lost.push(start)
          }
        })
      )
      if ((yield* Random.next) < 0.1) fibers.push(fiber)
      yield* TestClock.adjust(Duration.millis(yield* Random.nextIntBetween(100, 8_000)))
      if (fibers.length > 0) yield* Fiber.interrupt(fibers.pop()!)
      yield* TestClock.adjust(Duration.millis(Math.max(0, at + 30_000 - now())))
    }
    yield* TestClock.adjust("20 minutes")
    const { circuitBreaker } = yield* Resilience.Resilience
    const states = yield* Effect.forEach(names, (name) => circuitBreaker.state(name))
    return { unanswered, lost, calls, attempts: yield* Ref.get(attempts), running: yield* Ref.get(running), states }
  }).pipe(
    Effect.withRandom(Random.make(seed)),
    Effect.provide(
      Layer.mergeAll(
        Resilience.layer({ deadline: "1 minute", attemptTimeout: "20 seconds", retry: { maxAttempts: 2 } }),
        ResponseCache.layerMemory(),
        Hedge.layer()
      )
    )
  )

describe("chaos", () => {
  it.effect.prop(
    "F1, F9, F10, F11: an hour of outages, hedges and callers that leave loses no call and leaves nothing behind",
    { outages: FastCheck.array(outage, { maxLength: 12 }), seed: FastCheck.string({ minLength: 1, maxLength: 4 }) },
    ({ outages, seed }) =>
      Effect.gen(function* () {
        const { attempts, calls, lost, running, states, unanswered } = yield* simulate(outages, seed)
        expect(unanswered).toEqual([])
        expect(lost).toEqual([])
        expect(running).toBe(0)
        for (const state of states) if (state._tag === "HalfOpen") expect(state.probing).toBe(false)
        // Two attempts at each of three targets, and a hedge.
        expect(attempts).toBeLessThanOrEqual(7 * calls)
      }),
    { fastCheck: { numRuns: 4 }, timeout: 120_000 }
  )
})
