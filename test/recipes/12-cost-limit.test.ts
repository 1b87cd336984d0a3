import { expect, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { RateLimit, Resilience } from "effect-resilience"
import * as Assertions from "effect-resilience/testing/Assertions"

it.effect("of ten calls of 30 cents that come at once, a budget of a dollar lets three in", () =>
  Effect.gen(function* () {
    const ask = Effect.succeed({ usage: { inputTokens: 20_000, outputTokens: 10_000 } }).pipe(
      Effect.delay("1 second"),
      Resilience.protect("openai/gpt-5"),
      RateLimit.withEstimate({ inputTokens: 20_000, outputTokens: 10_000 }),
      Effect.either
    )
    const ended = yield* Assertions.runToEnd(Effect.replicateEffect(ask, 10, { concurrency: "unbounded" }))
    const answers = yield* ended.exit
    expect(answers.filter(Either.isRight).length).toBe(3)
    yield* Assertions.within(ended, "1 second")
  }).pipe(Effect.provide(Resilience.layer({ spendLimit: { limit: 1, prices: { input: 5, output: 20 } } })))
)
