import { readFile } from "node:fs/promises"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Clock, Duration, Effect, Exit, Fiber, Queue, Runtime, TestClock } from "effect"
import { LlmError, Resilience } from "effect-resilience"
import * as Assertions from "effect-resilience/testing/Assertions"

/** What an assertion says against it. */
const refusal = <A, R>(self: Effect.Effect<A, unknown, R>) =>
  Effect.map(Effect.exit(self), (exit) =>
    Exit.isFailure(exit) ? String((Cause.squash(exit.cause) as Error).message) : "nothing"
  )

const busy = new LlmError.RateLimited({ retryAfter: Duration.seconds(20) })
const policies = Resilience.layer({ retry: { jitter: "none" }, bulkhead: { maxConcurrent: 3 } })

/** Busy once, and then slow. */
const oneBusy = () => {
  let asked = 0
  return Effect.suspend(() => (asked++ === 0 ? Effect.fail(busy) : Effect.delay(Effect.succeed("answer"), "2 seconds")))
}

describe("Assertions.runToEnd", () => {
  it.effect("tells what was attempted, when, and how long the call waited", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 second")
      const ended = yield* Assertions.runToEnd(Resilience.protect(oneBusy(), "acme/large"))
      expect(ended.exit).toEqual(Exit.succeed("answer"))
      expect(Duration.toMillis(ended.took)).toBe(22_000)
      yield* Assertions.attempts(ended, [
        { target: "acme/large", outcome: "RateLimited", at: "1 second", wait: "20 seconds" },
        { target: "acme/large", outcome: "Success", at: "21 seconds" }
      ])
      yield* Assertions.within(ended, "22 seconds")
      expect(Assertions.timeline(ended)).toBe(
        [
          "  1s   acme/large  attempt 1  RateLimited after 0  waits 20s",
          "  21s  acme/large  attempt 2  Success after 2s"
        ].join("\n")
      )
      expect(yield* refusal(Assertions.within(ended, "21 seconds"))).toBe(
        `The program took 22s, and had 21s:\n\n${Assertions.timeline(ended)}\n`
      )
      const about = (expected: ReadonlyArray<Assertions.ExpectedAttempt>) =>
        Effect.map(refusal(Assertions.attempts(ended, expected)), (message) => message.split(":\n")[0])
      expect(yield* about([{}])).toBe("There were 2 attempts, and not 1")
      expect(yield* about([{ target: "b" }, {}])).toBe("Attempt 1: the target is acme/large, and not b")
      expect(yield* about([{}, { outcome: "TimedOut" }])).toBe("Attempt 2: the outcome is Success, and not TimedOut")
      expect(yield* about([{}, { at: 0 }])).toBe("Attempt 2: the time is 21s, and not 0")
      expect(yield* about([{ wait: "1 second" }, {}])).toBe("Attempt 1: the wait is 20s, and not 1s")
    }).pipe(Effect.provide(policies))
  )

  it.effect("says so where there is no end", () =>
    Effect.gen(function* () {
      expect(yield* refusal(Assertions.runToEnd(Effect.never))).toBe(
        "The program waits for something that no clock brings."
      )
      expect(yield* refusal(Assertions.runToEnd(Effect.sleep("2 days")))).toBe("The program has not ended within 1d.")
      expect(yield* refusal(Assertions.runToEnd(Effect.sleep("2 minutes"), { within: "1 minute" }))).toContain("1m")
    })
  )
})

describe("Assertions.runToEnd and the clock", () => {
  it.effect("moves on what others sleep for, and does what TestClock does", () =>
    Effect.gen(function* () {
      const outside = yield* Effect.runtime<never>()
      const wait = (millis: number) => Effect.promise(() => Runtime.runPromise(outside)(Effect.sleep(millis)))
      const log: Array<string> = []
      const tell = (what: string) => Effect.map(Clock.currentTimeMillis, (now) => void log.push(`${what} ${now}`))
      const program = Effect.all(
        [
          Effect.zipRight(Effect.timeoutOption(wait(500), "2 seconds"), tell("in time")),
          Effect.zipRight(Effect.timeoutOption(wait(5_000), "2 seconds"), tell("too late")),
          Effect.zipRight(Effect.race(Effect.sleep("3 seconds"), Effect.sleep("1 day")), tell("the first"))
        ],
        { concurrency: "unbounded" }
      )
      expect(Duration.toMillis((yield* Assertions.runToEnd(program)).took)).toBe(3_000)
      expect(log).toEqual(["in time 500", "too late 2000", "the first 3000"])
      const sleeper = yield* Effect.fork(Effect.sleep("1 second"))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(sleeper)
      expect(yield* Clock.currentTimeMillis).toBe(4_000)
    })
  )

  it.effect("takes little of the real time for many waits", () =>
    Effect.gen(function* () {
      const before = performance.now()
      const { took } = yield* Assertions.runToEnd(Effect.repeatN(Effect.sleep("1 minute"), 999))
      expect(Duration.toMinutes(took)).toBe(1_000)
      // By TestClock.adjust it takes six timers of the platform each.
      expect(performance.now() - before).toBeLessThan(3_000)
    })
  )

  it.effect("waits for what the platform does beside", () =>
    Effect.gen(function* () {
      const { exit } = yield* Assertions.runToEnd(Effect.promise(() => readFile(new URL(import.meta.url), "utf8")))
      expect(yield* exit).toContain("waits for what the platform does beside")
    })
  )

  it.live("says where there is none to move on", () =>
    Effect.map(refusal(Assertions.runToEnd(Effect.void)), (message) =>
      expect(message).toBe("There is no TestClock to move on: use it.effect.")
    )
  )
})

describe("V7: Assertions.noLeaks", () => {
  const unbounded = Effect.forkDaemon(Effect.never)
  it.effect("lets a program pass that cleans up, with its result", () =>
    Effect.gen(function* () {
      const tidy = Effect.gen(function* () {
        const late = yield* Effect.fork(Effect.sleep("1 hour"))
        const answer = yield* Effect.timeout(Effect.succeed("answer"), "1 minute")
        yield* Fiber.interrupt(late)
        return answer
      })
      expect(yield* Assertions.noLeaks(tidy)).toBe("answer")
      expect(yield* Effect.flip(Assertions.noLeaks(Effect.fail("its own")))).toBe("its own")
    })
  )

  it.effect("names a fiber, a timer, a permit, and whatever else is counted", () =>
    Effect.gen(function* () {
      const { bulkhead } = yield* Resilience.Resilience
      expect(yield* refusal(Assertions.noLeaks(unbounded))).toMatch(
        /^The program has left a fiber that is still under way/
      )
      expect(yield* refusal(Assertions.noLeaks(Effect.forkDaemon(Effect.sleep("1 minute"))))).toMatch(
        /a timer for 1m of the clock \(#\d+\)/
      )
      const refreshing = Effect.forkDaemon(Effect.withSpan(Effect.sleep("1 minute"), "refresh"))
      expect(yield* refusal(Assertions.noLeaks(Effect.zipRight(refreshing, Effect.yieldNow())))).toMatch(
        /has left a timer for 1m of the clock \(#\d+, in the span "refresh"\)\.$/
      )
      const holds = Effect.gen(function* () {
        yield* Resilience.protect(Effect.void, "acme/large")
        yield* Effect.forkDaemon(bulkhead.protect(Effect.never, "acme/large"))
        yield* Effect.yieldNow({ priority: 1 }).pipe(Effect.repeatN(10))
      })
      expect(yield* refusal(Assertions.noLeaks(holds))).toContain('1 permit of the bulkhead of "acme/large"')
      const queue = yield* Queue.unbounded<number>()
      const offers = Assertions.noLeaks(queue.offer(1), { "messages unread": queue.size })
      expect(yield* refusal(offers)).toBe("The program has left 1 of messages unread.")
    }).pipe(Effect.provide(policies))
  )
})
