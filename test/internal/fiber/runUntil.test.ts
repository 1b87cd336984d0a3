import { describe, expect, it } from "@effect/vitest"
import {
  Context,
  Effect,
  Exit,
  Fiber,
  FiberRef,
  HashMap,
  RuntimeFlags,
  RuntimeFlagsPatch,
  Supervisor,
  TestClock
} from "effect"
import { currentFiber } from "../../../src/internal/fiber/currentFiber.js"
import { runUntil, runUntilSignal } from "../../../src/internal/fiber/runUntil.js"
import type { Signal } from "../../../src/internal/time/signal.js"

const never: Signal = () => () => {}

const undisturbed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  runUntilSignal(self, never, () => Effect.dieMessage("left"))

/** A signal that counts who listens to it. */
const counted = () => {
  const listeners = new Set<() => void>()
  const signal: Signal = (listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  return { signal, listening: () => listeners.size, fire: () => [...listeners].reverse().map((fire) => fire()) }
}

describe("leaveOn", () => {
  it("work that does not wait ends within the step of its caller", () => {
    const { listening, signal } = counted()
    const work = runUntilSignal(Effect.sync(listening), signal, () => Effect.dieMessage("left"))
    // Its time counts from before it begins.
    expect(Effect.runSync(work)).toBe(1)
    expect(listening()).toBe(0)
  })

  it.effect("what is signalled while the work runs its first step counts when it waits", () =>
    Effect.gen(function* () {
      const { fire, signal } = counted()
      const ended = runUntilSignal(Effect.sync(fire), signal, () => Effect.succeed("left"))
      expect(yield* ended).toEqual([undefined])
      const waits = Effect.zipRight(Effect.sync(fire), Effect.never)
      expect(yield* runUntilSignal(waits, signal, () => Effect.succeed("left"))).toBe("left")
    })
  )

  it.effect("of two that leave at one signal, the inner one is told first", () =>
    Effect.gen(function* () {
      const { fire, signal } = counted()
      const told: Array<string> = []
      const watched =
        (name: string): Signal =>
        (listener) =>
          signal(() => {
            told.push(name)
            listener()
          })
      const inner = runUntilSignal(Effect.never, watched("inner"), () => Effect.void)
      const fiber = yield* Effect.fork(runUntilSignal(inner, watched("outer"), () => Effect.void))
      yield* TestClock.adjust(0)
      fire()
      yield* Fiber.join(fiber)
      expect(told).toEqual(["inner", "outer"])
    })
  )

  it.effect("nobody listens any more once the work has ended, has been left or was interrupted", () =>
    Effect.gen(function* () {
      const { fire, listening, signal } = counted()
      const start = <A>(work: Effect.Effect<A>) =>
        Effect.tap(Effect.fork(Effect.exit(runUntilSignal(work, signal, () => Effect.succeed("left")))), () =>
          TestClock.adjust(0)
        )
      const ended = yield* start(Effect.delay(Effect.succeed("ended"), "1 second"))
      expect(listening()).toBe(1)
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(ended)).toEqual(Exit.succeed("ended"))
      expect(listening()).toBe(0)
      const left = yield* start(Effect.never)
      fire()
      expect(yield* Fiber.join(left)).toEqual(Exit.succeed("left"))
      expect(listening()).toBe(0)
      yield* Fiber.interrupt(yield* start(Effect.never))
      expect(listening()).toBe(0)
    })
  )

  it.effect("work within work within work, five thousand times, does not run out of stack", () =>
    Effect.gen(function* () {
      const nested = (depth: number): Effect.Effect<number> =>
        depth === 0 ? Effect.succeed(7) : undisturbed(Effect.suspend(() => nested(depth - 1)))
      expect(yield* nested(5_000)).toBe(7)
    })
  )

  it.effect("what the work sets in its fiber is set for its caller, whether it waits or not", () =>
    Effect.gen(function* () {
      const ref = FiberRef.unsafeMake("before")
      yield* undisturbed(FiberRef.set(ref, "after"))
      expect(yield* FiberRef.get(ref)).toBe("after")
      yield* undisturbed(Effect.zipRight(Effect.yieldNow(), FiberRef.set(ref, "later")))
      expect(yield* FiberRef.get(ref)).toBe("later")
    })
  )

  it.effect("the runtime flags that the work sets are set for its caller", () =>
    Effect.gen(function* () {
      const flags = Effect.map(Effect.getRuntimeFlags, RuntimeFlags.cooperativeYielding)
      const patch = RuntimeFlagsPatch.disable(RuntimeFlags.CooperativeYielding)
      expect(yield* flags).toBe(true)
      yield* undisturbed(Effect.patchRuntimeFlags(patch))
      expect(yield* flags).toBe(false)
    })
  )

  it.effect("the work can be in a place of its own, which its caller never gets into", () =>
    Effect.gen(function* () {
      class Number extends Context.Reference<Number>()("test/Number", { defaultValue: () => 0 }) {}
      const ref = FiberRef.unsafeMake(0)
      const annotations = Effect.map(FiberRef.get(FiberRef.currentLogAnnotations), Object.fromEntries)
      const here = Effect.all([FiberRef.get(ref), Number, annotations])
      const inside = <A, E>(self: Effect.Effect<A, E>) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.withFiberRuntime<A, E>((fiber) => {
            const { annotations, context } = currentFiber(fiber)
            const place = {
              context: Context.add(context, Number, 7),
              annotations: HashMap.set(annotations, "inner", true)
            }
            return runUntil({ fiber, restore }, self, never, () => Effect.dieMessage("left"), place)
          })
        )
      yield* Effect.gen(function* () {
        expect(yield* inside(here)).toEqual([0, 7, { outer: true, inner: true }])
        expect(yield* here).toEqual([0, 0, { outer: true }])
        yield* inside(FiberRef.set(ref, 1))
        expect(yield* here).toEqual([1, 0, { outer: true }])
        yield* Effect.exit(inside(Effect.zipRight(FiberRef.set(ref, 2), Effect.fail("no"))))
        expect(yield* here).toEqual([2, 0, { outer: true }])
      }).pipe(Effect.annotateLogs("outer", true))
    })
  )

  it.effect(
    "an interruption reaches what its uninterruptible caller has restored in it, and waits for it to stop",
    () =>
      Effect.gen(function* () {
        for (const pending of [false, true]) {
          let stopped = 0
          const work = Effect.onInterrupt(Effect.never, () =>
            Effect.delay(
              Effect.sync(() => stopped++),
              "1 second"
            )
          )
          const before = pending ? Effect.sleep("1 second") : Effect.void
          const caller = Effect.uninterruptibleMask((restore) => Effect.zipRight(before, undisturbed(restore(work))))
          const fiber = yield* Effect.fork(caller)
          yield* TestClock.adjust("500 millis")
          const interrupted = yield* Effect.fork(Fiber.interrupt(fiber))
          yield* TestClock.adjust("1 second")
          yield* TestClock.adjust("1 second")
          expect(stopped).toBe(1)
          expect(Exit.isInterrupted(yield* Fiber.join(interrupted))).toBe(true)
        }
      })
  )

  it.effect("an interruption changes nothing where its caller has restored nothing", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const work = Effect.delay(Effect.succeed("whole"), "1 second")
      const told = Effect.tap(undisturbed(work), (value) => Effect.sync(() => seen.push(value)))
      const fiber = yield* Effect.fork(Effect.uninterruptible(told))
      yield* TestClock.adjust("500 millis")
      const interrupted = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(interrupted)
      expect(seen).toEqual(["whole"])
    })
  )

  it.effect("annotations of the logs that the work sets for a scope of its caller's are set for its caller", () =>
    Effect.gen(function* () {
      const annotations = Effect.map(FiberRef.get(FiberRef.currentLogAnnotations), Object.fromEntries)
      const set = (value: string) => Effect.annotateLogsScoped({ request: value })
      const placed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.withFiberRuntime<A, E, R>((fiber) => {
            const { annotations, context } = currentFiber(fiber)
            const place = { context, annotations: HashMap.set(annotations, "inner", true) }
            return runUntil({ fiber, restore }, self, never, () => Effect.dieMessage("left"), place)
          })
        )
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* undisturbed(set("1"))
          expect(yield* annotations).toEqual({ outer: true, request: "1" })
          yield* placed(set("2"))
          expect(yield* annotations).toEqual({ outer: true, request: "2" })
          yield* placed(Effect.zipRight(Effect.yieldNow(), set("3")))
          expect(yield* annotations).toEqual({ outer: true, request: "3" })
        })
      ).pipe(Effect.annotateLogs("outer", true))
    })
  )

  it.effect("a supervisor of its caller's sees the work begin and end", () =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor.track
      const during = yield* Effect.supervised(
        undisturbed(Effect.zipRight(Effect.yieldNow(), supervisor.value)),
        supervisor
      )
      expect(during.length).toBe(1)
      expect((yield* supervisor.value).length).toBe(0)
    })
  )
})
