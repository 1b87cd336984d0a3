import { describe, expect, it } from "@effect/vitest"
import { type Clock, Deferred, type Duration, Effect, Exit, Fiber, FiberRef, Ref, TestClock } from "effect"
import { afterMillis } from "../../../src/internal/call/attemptTimeout.js"
import { promiseCall } from "../../../src/internal/call/promiseCall.js"
import {
  CallbackTypeId,
  type Holder,
  isCallbackEffect,
  stopIfInterrupted
} from "../../../src/internal/fiber/callback.js"
import { runUntilSignal } from "../../../src/internal/fiber/runUntil.js"

/** Work under a limit, as the policies run it: a promise in their own bracket, anything else in a fiber. */
const limited = <A, E, R>(work: Effect.Effect<A, E, R>, millis = 1_000): Effect.Effect<A, E | "too late", R> =>
  Effect.clockWith((clock) => {
    const limit = afterMillis(clock, millis, () => "too late" as const)
    if (!isCallbackEffect(work)) return runUntilSignal(work, limit.signal, () => Effect.failSync(limit.onTimeout))
    const holder: Holder = { running: undefined }
    return Effect.onExit(work[CallbackTypeId](holder, limit), (exit) =>
      Effect.sync(() => {
        if (Exit.isFailure(exit)) stopIfInterrupted(holder, exit.cause)
      })
    )
  })

/** The clock of the test, which knows besides how many sleep on it. `TestClock.sleeps` keeps those that gave up. */
const countingClock = Effect.map(Effect.clock, (clock) => {
  let sleeping = 0
  const counting: Clock.Clock = Object.assign(Object.create(clock), {
    sleep: (duration: Duration.Duration) =>
      Effect.acquireUseRelease(
        Effect.sync(() => sleeping++),
        () => clock.sleep(duration),
        () => Effect.sync(() => sleeping--)
      )
  })
  return { clock: counting, sleeping: () => sleeping }
})

describe("limited", () => {
  it.effect("T2: the caller has its answer at the limit, though the work ignores the interruption for 5 s", () =>
    Effect.gen(function* () {
      const stubborn = Effect.uninterruptible(Effect.sleep("5 seconds"))
      const fiber = yield* Effect.fork(limited(stubborn))
      yield* TestClock.adjust("999 millis")
      expect(fiber.unsafePoll()).toBeNull()
      yield* TestClock.adjust("1 millis")
      expect(fiber.unsafePoll()).toEqual(Exit.fail("too late"))
      yield* TestClock.adjust("5 seconds")
    })
  )

  it.effect("T3: no timer is left after a call that ended before its limit", () =>
    Effect.gen(function* () {
      const { clock, sleeping } = yield* countingClock
      const ended = [
        limited(Effect.delay(Effect.succeed(1), 1)),
        limited(Effect.fail("own")),
        limited(promiseCall(async () => 2, String)),
        limited(promiseCall(() => Promise.reject(3), String)),
        limited(
          promiseCall(() => {
            throw new Error("at once")
          }, String)
        )
      ]
      const fiber = yield* Effect.fork(Effect.withClock(Effect.forEach(ended, Effect.exit), clock))
      yield* TestClock.adjust("1 millis")
      const exits = yield* Fiber.join(fiber)
      expect(exits).toEqual([
        Exit.succeed(1),
        Exit.fail("own"),
        Exit.succeed(2),
        Exit.fail("3"),
        Exit.fail("Error: at once")
      ])
      yield* TestClock.adjust(0)
      expect(sleeping()).toBe(0)
    })
  )

  it.effect(
    "work that ends at the very instant of its limit has ended in time, whether it waits at once or later",
    () =>
      Effect.gen(function* () {
        const wait = Effect.as(Effect.sleep("1 seconds"), "ended")
        const half = Effect.as(Effect.sleep("500 millis"), "ended")
        for (const work of [wait, Effect.zipRight(Effect.yieldNow(), wait), Effect.zipRight(half, half)]) {
          const fiber = yield* Effect.fork(limited(work))
          yield* TestClock.adjust("1 seconds")
          expect(yield* Effect.exit(Fiber.join(fiber))).toEqual(Exit.succeed("ended"))
        }
      })
  )

  it.effect("a caller that is interrupted waits until the work has been released", () =>
    Effect.gen(function* () {
      const released = yield* Ref.make(false)
      const work = Effect.onInterrupt(Effect.never, () =>
        Effect.zipRight(Effect.sleep("1 seconds"), Ref.set(released, true))
      )
      const fiber = yield* Effect.fork(limited(work, 60_000))
      yield* TestClock.adjust("10 millis")
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust("500 millis")
      expect(interrupting.unsafePoll()).toBeNull()
      yield* TestClock.adjust("500 millis")
      expect(yield* Ref.get(released)).toBe(true)
      yield* Fiber.join(interrupting)
    })
  )

  it.scoped("what the work sets in its fiber is set for the caller, as without the limit", () =>
    Effect.gen(function* () {
      const ref = yield* FiberRef.make(0)
      yield* limited(FiberRef.set(ref, 7))
      expect(yield* FiberRef.get(ref)).toBe(7)
    })
  )
})

describe("promiseCall", () => {
  it.effect("T5: interruption aborts the signal and does not wait for the promise", () =>
    Effect.gen(function* () {
      const started = yield* Deferred.make<AbortSignal>()
      const call = promiseCall((signal) => {
        Effect.runSync(Deferred.succeed(started, signal))
        return new Promise(() => {})
      }, String)
      const fiber = yield* Effect.fork(call)
      const signal = yield* Deferred.await(started)
      expect(signal.aborted).toBe(false)
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      expect(signal.aborted).toBe(true)
    })
  )

  it.effect("the limit aborts the signal too", () =>
    Effect.gen(function* () {
      let seen: AbortSignal | undefined
      const call = promiseCall((signal) => {
        seen = signal
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))))
      }, String)
      const fiber = yield* Effect.fork(Effect.exit(limited(call)))
      yield* TestClock.adjust("1 seconds")
      expect(yield* Fiber.join(fiber)).toEqual(Exit.fail("too late"))
      expect(seen?.aborted).toBe(true)
    })
  )
})
