import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Stream, TestClock } from "effect"
import { Deadline, Fallback, LlmError, Rejection, Resilience } from "effect-resilience"
import { allOf } from "./targets.js"

const overloaded = new LlmError.Overloaded({ target: "a", status: 529 })
const down = new LlmError.ServerError({ target: "b", status: 500 })
const invalid = new LlmError.InvalidRequest({ target: "b", status: 400 })

const broken = (...elements: ReadonlyArray<string>) => Stream.concat(Stream.fromIterable(elements), Stream.fail(down))

/** Consumes a stream in virtual time: what came, how it ended, and when. */
const consumed = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const elements: Array<A> = []
    const drained = Stream.runForEach(stream, (element) => Effect.sync(() => elements.push(element)))
    const fiber = yield* Effect.fork(
      Effect.map(Effect.exit(drained), (exit) => ({ elements, exit, at: clock.unsafeCurrentTimeMillis() }))
    )
    yield* TestClock.adjust("20 minutes")
    return yield* Fiber.join(fiber)
  })

describe("Fallback.firstStreamOf", () => {
  it.effect("F1: where all targets fail before they begin, the error has every target's own, in order", () =>
    Effect.gen(function* () {
      const { elements, exit } = yield* consumed(
        Fallback.firstStreamOf([
          { name: "a", run: Stream.fail(overloaded) },
          { name: "b", run: broken() }
        ])
      )
      expect(elements).toEqual([])
      expect(allOf(exit)).toEqual([overloaded, down])
    })
  )

  it.effect("S11: a later target's 400 does not hide the first cause", () =>
    Effect.gen(function* () {
      const { exit } = yield* consumed(
        Fallback.firstStreamOf([
          { name: "a", run: Stream.fail(overloaded) },
          { name: "b", run: Stream.fail(invalid) },
          { name: "c", run: Stream.make("c") }
        ])
      )
      expect(allOf(exit)).toEqual([overloaded, invalid])
    })
  )

  it.effect("F3: a content filter leads to another target only where that was asked for", () =>
    Effect.gen(function* () {
      const filtered = new LlmError.ContentFiltered({ target: "a", by: "prompt" })
      const targets = [
        { name: "a", run: Stream.fail(filtered) },
        { name: "b", run: Stream.make("b") }
      ] as const
      expect((yield* consumed(Fallback.firstStreamOf(targets))).exit).toEqual(Exit.fail(filtered))
      const asked = Fallback.firstStreamOf(targets, { fallbackOn: ["ContentFiltered"] })
      expect(yield* consumed(asked)).toMatchObject({ elements: ["b"], exit: Exit.void })
    })
  )

  it.effect("S2: a stream that has begun is not followed by another, and fails as itself", () =>
    Effect.gen(function* () {
      const streams = [
        [broken("x", "y"), "ServerError"],
        [Resilience.protectStream(broken("x", "y"), "b"), "StreamInterrupted"]
      ] as const
      for (const [run, tag] of streams) {
        const first = { name: "a", run: Stream.fail(overloaded) }
        const [b, c] = [
          { name: "b", run },
          { name: "c", run: Stream.make("z") }
        ]
        for (const walk of [Fallback.firstStreamOf([b, c]), Fallback.firstStreamOf([first, b, c])]) {
          const { elements, exit } = yield* consumed(walk)
          expect(elements).toEqual(["x", "y"])
          expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({ _tag: tag })
        }
      }
    }).pipe(Effect.provide(Resilience.layer({ retry: false, circuitBreaker: false })))
  )

  it.effect("S2: after an announced restart, a stream that gives nothing more may be followed by another", () =>
    Effect.gen(function* () {
      let opened = 0
      const a = Stream.suspend(() => (opened++ === 0 ? broken("x") : broken()))
      const { elements, exit } = yield* consumed(
        Fallback.firstStreamOf([
          { name: "a", run: Resilience.protectStream(a, "a", { delivery: "restartable" }) },
          { name: "c", run: Stream.make("z") }
        ])
      )
      expect(elements).toEqual(["x", expect.any(Resilience.Restarted), "z"])
      expect(exit).toEqual(Exit.void)
    }).pipe(Effect.provide(Resilience.layer({ retry: { maxAttempts: 2, initialDelay: 0 } })))
  )

  it.effect("T4: a silent primary has one timed-out attempt, and then the fallback answers", () =>
    Effect.gen(function* () {
      let opened = 0
      const silent = Stream.suspend(() => {
        opened++
        return Stream.never
      })
      const b = Stream.make("b")
      const ended = yield* consumed(
        Fallback.firstStreamOf([
          { name: "a", run: Resilience.protectStream(silent, "a", { firstToken: "20 seconds" }) },
          { name: "b", run: Resilience.protectStream(b, "b") }
        ])
      )
      expect(ended).toEqual({ elements: ["b"], exit: Exit.void, at: 20_000 })
      expect(opened).toBe(1)
    }).pipe(Effect.provide(Resilience.layer({ retry: { maxAttempts: 3 } })))
  )

  it.effect("R10: a deadline around the walk knows the last failure of a target's own", () =>
    Effect.gen(function* () {
      const { at, exit } = yield* consumed(
        Fallback.firstStreamOf([
          { name: "a", run: Stream.fail(overloaded) },
          { name: "b", run: Stream.never }
        ]).pipe(Deadline.withinStream("10 seconds"))
      )
      expect(at).toBe(10_000)
      const failure = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      expect(failure).toBeInstanceOf(Rejection.DeadlineExceeded)
      expect((failure as Rejection.DeadlineExceeded).lastError).toBe(overloaded)
    })
  )
})
