import { expect, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Option } from "effect"
import { withService } from "../../../src/internal/fiber/inContext.js"

class Place extends Context.Tag("Place")<Place, string>() {}

const here = Effect.map(Effect.serviceOption(Place), Option.getOrUndefined)

const inside = <A, E, R>(self: Effect.Effect<A, E, R>) => withService(self, Place, "inside")

it.effect("the context is the inner one within, and the outer one behind it, however it ends", () =>
  Effect.gen(function* () {
    expect(yield* inside(here)).toBe("inside")
    expect(yield* here).toBeUndefined()
    expect(yield* Effect.exit(inside(Effect.fail("no")))).toEqual(Exit.fail("no"))
    expect(yield* here).toBeUndefined()
    expect(Exit.isFailure(yield* Effect.exit(inside(Effect.die("broken"))))).toBe(true)
    expect(yield* here).toBeUndefined()
    expect(yield* inside(withService(here, Place, "deeper"))).toBe("deeper")
  })
)

it.effect("an interruption reaches what is within, and what cleans up behind it is in its own context", () =>
  Effect.gen(function* () {
    const seen: Array<unknown> = []
    const note = Effect.map(here, (place) => void seen.push(place))
    const fiber = yield* Effect.fork(Effect.onExit(inside(Effect.onInterrupt(Effect.never, () => note)), () => note))
    yield* Effect.yieldNow()
    expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
    expect(seen).toEqual(["inside", undefined])
  })
)

it.effect("what could not be interrupted outside cannot be within", () =>
  Effect.gen(function* () {
    let done = false
    const work = Effect.zipRight(
      Effect.yieldNow(),
      Effect.sync(() => {
        done = true
      })
    )
    const fiber = yield* Effect.fork(Effect.uninterruptible(inside(work)))
    yield* Effect.yieldNow()
    yield* Fiber.interrupt(fiber)
    expect(done).toBe(true)
  })
)
