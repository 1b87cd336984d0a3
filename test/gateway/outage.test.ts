/**
 * An outage of the primary, in virtual time, through a gateway whose policies are those that it has by itself. The sockets
 * are real.
 */
import { expect, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { messages, post, start } from "./asking.js"

const aTurn = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))

/** Time passes, a little at a time while somebody waits for an answer, so that the sockets can keep up. */
const passing = <A, E, R>(self: (waiting: { is: boolean }) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const waiting = { is: false }
    let over = false
    const fiber = yield* Effect.fork(
      Effect.ensuring(
        self(waiting),
        Effect.sync(() => {
          over = true
        })
      )
    )
    while (!over) {
      yield* aTurn
      yield* TestClock.adjust(waiting.is ? "20 millis" : "1 second")
    }
    return yield* Fiber.join(fiber)
  })

it.effect.each([60, 72])(
  "B9: a primary down for %i seconds is hardly asked meanwhile, and soon used again",
  (seconds) =>
    passing((waiting) =>
      Effect.scoped(
        Effect.gen(function* () {
          const { gateway, provider } = yield* start({}, () => ({ policy: {} }))
          const askOnce = Effect.gen(function* () {
            waiting.is = true
            const response = yield* post(`${gateway.url}/v1/chat/completions`, { model: "main", messages })
            const { model } = yield* Effect.promise(() => response.json())
            waiting.is = false
            yield* Effect.sleep("4 seconds")
            return model
          })
          yield* provider.script(Script.always(Step.overloaded()), { model: "main" })
          expect(new Set(yield* Effect.replicateEffect(askOnce, seconds / 4))).toEqual(new Set(["spare"]))
          const during = (yield* provider.attempts).filter(({ model }) => model === "main").length
          expect(during).toBeLessThanOrEqual(8)
          yield* provider.script(Script.always(Step.answer()), { model: "main" })
          const after = yield* Effect.replicateEffect(askOnce, 7)
          expect(after.indexOf("main")).toBeLessThan(6)
          expect(after.at(-1)).toBe("main")
        })
      )
    )
)
