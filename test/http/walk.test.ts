import { expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, TestClock } from "effect"
import { Resilience } from "effect-resilience"
import { firstOf } from "../../src/http/internal/walk.js"

it.scoped("F4: the targets of one request have one deadline, and not each a deadline of its own", () =>
  Effect.gen(function* () {
    const policies = yield* Resilience.make({ deadline: "10 seconds", attemptTimeout: false, retry: false })
    const asked: Array<string> = []
    const silent = ({ name }: { readonly name: string }) =>
      policies.protect(
        name,
        Effect.suspend(() => {
          asked.push(name)
          return Effect.never
        })
      )
    const call = yield* Effect.fork(firstOf(policies, [{ name: "first" }, { name: "second" }], silent, {}))
    yield* TestClock.adjust("9999 millis")
    expect(asked).toEqual(["first", "second"])
    expect(yield* Fiber.poll(call)).toEqual(Option.none())
    yield* TestClock.adjust("1 millis")
    expect(Option.map(yield* Fiber.poll(call), Exit.isFailure)).toEqual(Option.some(true))
  })
)
