import { describe, expect, it, vi } from "@effect/vitest"
import { Chunk, Duration, Effect, Exit, Fiber, Option, Ref, Stream, TestClock } from "effect"
import { Deadline, Rejection } from "effect-resilience"

/** The virtual time at which a call ended, and how. */
const timed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const start = yield* TestClock.currentTimeMillis
    const exit = yield* Effect.exit(self)
    return { exit, at: (yield* TestClock.currentTimeMillis) - start }
  })

/** Runs `self` while virtual time goes on by `duration`. */
const over = <A, E, R>(self: Effect.Effect<A, E, R>, duration: Duration.DurationInput) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(self)
    yield* TestClock.adjust(duration)
    return yield* Fiber.join(fiber)
  })

const exceeded = (budget: Duration.DurationInput) =>
  Exit.fail(new Rejection.DeadlineExceeded({ budget: Duration.decode(budget) }))

describe("Deadline", () => {
  it.effect("lets a call that ends in time through, whatever its end", () =>
    Effect.gen(function* () {
      const ok = yield* over(
        timed(Effect.as(Effect.sleep("9 seconds"), 1).pipe(Deadline.within("10 seconds"))),
        "9 seconds"
      )
      expect(ok).toEqual({ exit: Exit.succeed(1), at: 9_000 })
      const failed = yield* Effect.exit(Effect.fail("no").pipe(Deadline.within("10 seconds")))
      expect(failed).toEqual(Exit.fail("no"))
      const defect = yield* Effect.exit(Effect.die("bug").pipe(Deadline.within("10 seconds")))
      expect(defect).toEqual(Exit.die("bug"))
    })
  )

  it.effect("ends a call at its deadline, to the millisecond", () =>
    Effect.gen(function* () {
      const result = yield* over(timed(Effect.never.pipe(Deadline.within("10 seconds"))), "10 seconds")
      expect(result).toEqual({ exit: exceeded("10 seconds"), at: 10_000 })
    })
  )

  it.effect("T2: an upstream that ignores cancellation for 5 s does not keep the caller", () =>
    Effect.gen(function* () {
      const stopped = yield* Ref.make(-1)
      const stubborn = Effect.never.pipe(
        Effect.onInterrupt(() =>
          Effect.sleep("5 seconds").pipe(
            Effect.andThen(TestClock.currentTimeMillis),
            Effect.flatMap((now) => Ref.set(stopped, now))
          )
        )
      )
      const result = yield* over(timed(stubborn.pipe(Deadline.within("10 seconds"))), "10 seconds")
      expect(result).toEqual({ exit: exceeded("10 seconds"), at: 10_000 })
      expect(yield* Ref.get(stopped)).toBe(-1)
      yield* TestClock.adjust("5 seconds")
      expect(yield* Ref.get(stopped)).toBe(15_000)

      const deaf = yield* over(
        timed(Effect.uninterruptible(Effect.sleep("1 hour")).pipe(Deadline.within("1 second"))),
        "1 second"
      )
      expect(deaf).toEqual({ exit: exceeded("1 second"), at: 1_000 })
    })
  )

  it.effect("T3: leaves no timer and no fiber behind", () =>
    Effect.gen(function* () {
      const before = Array.from(Fiber.unsafeRoots()).length
      const fiber = yield* Effect.fork(Effect.never.pipe(Deadline.within("10 seconds")))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.await(fiber)
      yield* Effect.succeed(1).pipe(Deadline.within("10 seconds"))
      yield* Effect.exit(Effect.fail(1).pipe(Deadline.within("10 seconds")))
      const interrupted = yield* Effect.fork(Effect.never.pipe(Deadline.within("10 seconds")))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(interrupted)
      yield* Stream.runDrain(Stream.make(1, 2).pipe(Deadline.withinStream("10 seconds")))
      yield* Stream.runDrain(Stream.never.pipe(Deadline.withinStream("0 seconds"))).pipe(Effect.exit)
      yield* Effect.yieldNow()
      expect(Array.from(Fiber.unsafeRoots())).toHaveLength(before)
    })
  )

  it.live("T3: the process has no timer left once a call has ended", () =>
    Effect.gen(function* () {
      const set = vi.spyOn(globalThis, "setTimeout")
      const clear = vi.spyOn(globalThis, "clearTimeout")
      yield* Effect.sleep("1 millis").pipe(Deadline.within("1 hour"))
      yield* Stream.runDrain(Stream.make(1, 2).pipe(Deadline.withinStream("1 hour")))
      const running = yield* Effect.fork(Effect.never.pipe(Deadline.within("1 hour")))
      yield* Effect.sleep("1 millis")
      yield* Fiber.interrupt(running)
      const started = set.mock.results.filter((_, i) => set.mock.calls[i]?.[1] === 3_600_000).map(({ value }) => value)
      const cleared = clear.mock.calls.map(([handle]) => handle)
      vi.restoreAllMocks()
      expect(started).toHaveLength(3)
      expect(cleared).toEqual(expect.arrayContaining(started))
    })
  )

  it.effect("T5: interrupting the caller interrupts the call, and waits for it to stop", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const note = (what: string) =>
        Effect.flatMap(TestClock.currentTimeMillis, (now) => Effect.sync(() => log.push(`${now} ${what}`)))
      const call = Effect.never.pipe(
        Effect.onInterrupt(() => Effect.sleep("1 second").pipe(Effect.andThen(note("closed"))))
      )
      const fiber = yield* Effect.fork(call.pipe(Deadline.within("10 seconds")))
      yield* TestClock.adjust("3 seconds")
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber).pipe(Effect.zipLeft(note("caller done"))))
      yield* TestClock.adjust("1 second")
      const exit = yield* Fiber.join(interrupting)
      expect(Exit.isInterrupted(exit)).toBe(true)
      expect(log).toEqual(["4000 closed", "4000 caller done"])
    })
  )

  it.effect("a deadline inside another one only shortens it", () =>
    Effect.gen(function* () {
      const longer = yield* over(
        timed(Effect.never.pipe(Deadline.within("1 hour"), Deadline.within("10 seconds"))),
        "10 seconds"
      )
      expect(longer).toEqual({ exit: exceeded("10 seconds"), at: 10_000 })
      const shorter = yield* over(
        timed(Effect.never.pipe(Deadline.within("2 seconds"), Deadline.within("10 seconds"))),
        "2 seconds"
      )
      expect(shorter).toEqual({ exit: exceeded("2 seconds"), at: 2_000 })
      const left = yield* Deadline.remaining.pipe(Deadline.within("1 hour"), Deadline.within("10 seconds"))
      expect(left).toEqual(Option.some(Duration.seconds(10)))
    })
  )

  it.effect("tells the time left, also to forked fibers, and nothing where there is no deadline", () =>
    Effect.gen(function* () {
      expect(yield* Deadline.remaining).toEqual(Option.none())
      expect(yield* Deadline.remaining.pipe(Deadline.within(Duration.infinity))).toEqual(Option.none())
      const forked = Effect.sleep("4 seconds").pipe(
        Effect.andThen(Effect.fork(Deadline.remaining)),
        Effect.flatMap(Fiber.join),
        Deadline.within("10 seconds")
      )
      expect(yield* over(forked, "4 seconds")).toEqual(Option.some(Duration.seconds(6)))
    })
  )

  it.effect("a call whose time is up already is not begun", () =>
    Effect.gen(function* () {
      const ran = yield* Ref.make(false)
      const call = Ref.set(ran, true)
      expect(yield* Effect.exit(call.pipe(Deadline.within(0)))).toEqual(exceeded(0))
      const late = call.pipe(
        Deadline.within("1 hour"),
        Effect.provideService(Deadline.CurrentDeadline, { at: -1, budget: Duration.millis(5) })
      )
      expect(yield* Effect.exit(late)).toEqual(exceeded(5))
      expect(yield* Ref.get(ran)).toBe(false)
    })
  )

  it.effect("a deadline somebody else has set holds as well", () =>
    Effect.gen(function* () {
      const call = Effect.never.pipe(
        Deadline.within("1 hour"),
        Effect.provideService(Deadline.CurrentDeadline, { at: 3_000, budget: Duration.seconds(3) })
      )
      expect(yield* over(timed(call), "3 seconds")).toEqual({ exit: exceeded("3 seconds"), at: 3_000 })
    })
  )

  describe("of a stream", () => {
    const ticks = Stream.repeatEffect(Effect.as(Effect.sleep("1 second"), 1))

    it.effect("ends it at its deadline, after what came before", () =>
      Effect.gen(function* () {
        const seen = yield* Ref.make(0)
        const result = yield* over(
          timed(
            ticks.pipe(
              Deadline.withinStream("3500 millis"),
              Stream.runForEach(() => Ref.update(seen, (n) => n + 1))
            )
          ),
          "3500 millis"
        )
        expect(result).toEqual({ exit: exceeded("3500 millis"), at: 3_500 })
        expect(yield* Ref.get(seen)).toBe(3)
      })
    )

    it.effect("is not in the way of one that ends in time", () =>
      Effect.gen(function* () {
        const all = yield* over(
          ticks.pipe(Stream.take(3), Deadline.withinStream("1 minute"), Stream.runCollect),
          "3 seconds"
        )
        expect(Chunk.toReadonlyArray(all)).toEqual([1, 1, 1])
        const failed = yield* Effect.exit(Stream.runDrain(Stream.fail("no").pipe(Deadline.withinStream("1 minute"))))
        expect(failed).toEqual(Exit.fail("no"))
      })
    )

    it.effect("counts the consumer's own time", () =>
      Effect.gen(function* () {
        const result = yield* over(
          timed(
            Stream.make(1, 2).pipe(
              Stream.rechunk(1),
              Deadline.withinStream("3 seconds"),
              Stream.runForEach(() => Effect.sleep("2 seconds"))
            )
          ),
          "4 seconds"
        )
        expect(result).toEqual({ exit: exceeded("3 seconds"), at: 4_000 })
      })
    )

    it.effect("T2: one that is slow to close does not keep the consumer", () =>
      Effect.gen(function* () {
        const closed = yield* Ref.make(-1)
        const close = Effect.sleep("5 seconds").pipe(
          Effect.andThen(TestClock.currentTimeMillis),
          Effect.flatMap((now) => Ref.set(closed, now))
        )
        const slow = Stream.acquireRelease(Effect.void, () => close).pipe(Stream.concat(Stream.never))
        const result = yield* over(
          timed(Stream.runDrain(Stream.flatMap(slow, () => Stream.never).pipe(Deadline.withinStream("1 second")))),
          "1 second"
        )
        expect(result).toEqual({ exit: exceeded("1 second"), at: 1_000 })
        yield* TestClock.adjust("5 seconds")
        expect(yield* Ref.get(closed)).toBe(6_000)
      })
    )

    it.effect("a consumer that leaves early closes the upstream before it goes on", () =>
      Effect.gen(function* () {
        const closed = yield* Ref.make(false)
        const source = Stream.acquireRelease(Effect.void, () => Ref.set(closed, true)).pipe(
          Stream.flatMap(() => Stream.range(1, 1_000))
        )
        yield* source.pipe(Stream.rechunk(1), Deadline.withinStream("1 minute"), Stream.take(3), Stream.runDrain)
        expect(yield* Ref.get(closed)).toBe(true)
      })
    )
  })
})
