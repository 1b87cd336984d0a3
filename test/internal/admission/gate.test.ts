import { describe, expect, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Stream, TestClock } from "effect"
import { LlmCall } from "effect-resilience"
import * as Gate from "../../../src/internal/admission/gate.js"

/** A gate that notes what happens to its permits. With `waits` it answers with effects, as a store far away would. */
const noting = (waits: boolean) => {
  const log: Array<string> = []
  const describe = (exit: Exit.Exit<unknown, unknown>): string =>
    Exit.isSuccess(exit) ? "success" : Cause.isInterruptedOnly(exit.cause) ? "interrupted" : "failure"
  const gate: Gate.Gate<number, unknown, unknown, "rejected"> = {
    acquire: (restore) => {
      log.push("acquire")
      return waits ? Effect.as(restore(Effect.sleep(10)), 7) : 7
    },
    release: (permit, exit) => {
      const note = (): void => {
        log.push(`release ${permit} ${describe(exit)}`)
      }
      return waits ? Effect.delay(Effect.sync(note), 10) : (note() as undefined)
    }
  }
  return { gate, log }
}

const begin = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.tap(Effect.fork(effect), () => Effect.repeatN(Effect.yieldNow({ priority: 1 }), 10))

for (const waits of [false, true]) {
  describe(`a gate that answers ${waits ? "after a while" : "at once"}`, () => {
    const ends = [
      ["success", Effect.succeed(1)],
      ["failure", Effect.fail("boom")],
      ["failure", Effect.die("boom")]
    ] as const

    it.effect("releases what it gave out once, with how the call ended, and changes nothing of it", () =>
      Effect.forEach(ends, ([how, call]) =>
        Effect.gen(function* () {
          const { gate, log } = noting(waits)
          const fiber = yield* begin(Gate.effect(call, gate))
          yield* TestClock.adjust(20)
          expect(yield* Fiber.await(fiber)).toEqual(yield* Effect.exit(call))
          expect(log).toEqual(["acquire", `release 7 ${how}`])
        })
      )
    )

    it.effect("releases once when the call is interrupted, and before the interruption is over", () =>
      Effect.gen(function* () {
        const { gate, log } = noting(waits)
        for (const call of [Gate.effect(Effect.never, gate), Stream.runDrain(Gate.stream(Stream.never, gate))]) {
          const fiber = yield* begin(call)
          yield* TestClock.adjust(10)
          const end = yield* begin(Fiber.interrupt(fiber))
          yield* TestClock.adjust(10)
          expect(Exit.isInterrupted(yield* Fiber.join(end))).toBe(true)
          expect(log.splice(0)).toEqual(["acquire", "release 7 interrupted"])
        }
      })
    )

    it.effect("a call that is rejected neither runs nor releases", () =>
      Effect.gen(function* () {
        const { gate, log } = noting(waits)
        const shut = { ...gate, acquire: () => Effect.fail("rejected" as const) }
        const runs = Effect.sync(() => log.push("ran"))
        expect(yield* Effect.flip(Gate.effect(runs, shut))).toBe("rejected")
        expect(yield* Effect.flip(Stream.runDrain(Gate.stream(Stream.fromEffect(runs), shut)))).toBe("rejected")
        expect(log).toEqual([])
      })
    )

    it.effect("a call inside an uninterruptible region stays uninterruptible", () =>
      Effect.gen(function* () {
        const { gate, log } = noting(waits)
        const open = yield* Deferred.make<void>()
        const fiber = yield* begin(Effect.uninterruptible(Gate.effect(Deferred.await(open), gate)))
        yield* TestClock.adjust(10)
        yield* Fiber.interruptFork(fiber)
        yield* Effect.repeatN(Effect.yieldNow({ priority: 1 }), 10)
        expect(log).toEqual(["acquire"])
        yield* Deferred.succeed(open, undefined)
        yield* TestClock.adjust(10)
        yield* Fiber.await(fiber)
        expect(log).toEqual(["acquire", "release 7 success"])
      })
    )
  })
}

describe("a promise behind a gate", () => {
  const asked = (answer: (signal: AbortSignal) => Promise<unknown>) => {
    const signals: Array<AbortSignal> = []
    const call = LlmCall.tryPromise({
      try: (signal) => {
        signals.push(signal)
        return answer(signal)
      }
    })
    return { call, aborted: () => signals.map(({ aborted }) => aborted) }
  }

  it.effect("is aborted when its caller is interrupted, before the permit is given back", () =>
    Effect.gen(function* () {
      const { gate, log } = noting(false)
      const { aborted, call } = asked((signal) => {
        signal.addEventListener("abort", () => log.push("aborted"))
        return new Promise(() => {})
      })
      const fiber = yield* begin(Gate.effect(call, gate))
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      expect(aborted()).toEqual([true])
      expect(log).toEqual(["acquire", "aborted", "release 7 interrupted"])
    })
  )

  it.effect("is not aborted once it has ended", () =>
    Effect.gen(function* () {
      const { gate } = noting(false)
      const ends = [asked(async () => 1), asked(() => Promise.reject(new Error("no")))]
      for (const { call } of ends) yield* Effect.exit(Gate.effect(call, gate))
      // Interrupted after the promise has settled, while the permit is on its way back.
      const late = asked(async () => 1)
      const slow = noting(true)
      const fiber = yield* begin(Gate.effect(late.call, slow.gate))
      yield* TestClock.adjust(15)
      expect(slow.log).toEqual(["acquire"])
      const end = yield* begin(Fiber.interrupt(fiber))
      yield* TestClock.adjust(10)
      yield* Fiber.join(end)
      expect(slow.log).toEqual(["acquire", "release 7 success"])
      expect([...ends, late].flatMap(({ aborted }) => aborted())).toEqual([false, false, false])
    })
  )
})

describe("waiting for a permit", () => {
  it.effect("can be interrupted, and then there is nothing to release", () =>
    Effect.gen(function* () {
      const { gate, log } = noting(true)
      for (const call of [Gate.effect(Effect.void, gate), Stream.runDrain(Gate.stream(Stream.make(1), gate))]) {
        const fiber = yield* begin(call)
        yield* TestClock.adjust(9)
        expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
        expect(log.splice(0)).toEqual(["acquire"])
      }
    })
  )
})
