/**
 * An outage of the primary, in virtual time, through a gateway whose policies are those that it has by itself. The sockets
 * are real.
 */
import { expect, it } from "@effect/vitest"
import { Effect, Fiber, Option, TestClock } from "effect"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { messages, post, start } from "./asking.js"

/** Time passes, a little at a time, until it is done. */
const passing = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(self)
    for (;;) {
      const exit = yield* Fiber.poll(fiber)
      if (Option.isSome(exit)) return yield* exit.value
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 2)))
      yield* TestClock.adjust("100 millis")
    }
  })

it.scoped("B9: a primary that is down for a minute is hardly asked meanwhile, and used again when it is back", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start({}, () => ({ policy: {} }))
    const askOnce = passing(
      Effect.flatMap(post(`${gateway.url}/v1/chat/completions`, { model: "main", messages }), (response) =>
        Effect.promise(async () => {
          expect(response.status).toBe(200)
          return ((await response.json()) as { readonly model: string }).model
        })
      )
    )
    yield* provider.script(Script.always(Step.overloaded()), { model: "main" })
    const every4Seconds = (times: number) =>
      Effect.replicateEffect(Effect.tap(askOnce, TestClock.adjust("4 seconds")), times)
    expect(new Set(yield* every4Seconds(15))).toEqual(new Set(["spare"]))
    const during = (yield* provider.attempts).filter(({ model }) => model === "main").length
    expect(during).toBeLessThanOrEqual(8)
    yield* provider.script(Script.always(Step.answer()), { model: "main" })
    const after = yield* every4Seconds(7)
    expect(after.at(-1)).toBe("main")
    expect(after.indexOf("main")).toBeLessThan(6)
  })
)
