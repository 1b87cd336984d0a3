import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Bulkhead, Resilience } from "effect-resilience"
import * as Assertions from "effect-resilience/testing/Assertions"

it.effect("a tenant with twenty calls does not keep another one from its only one", () =>
  Effect.gen(function* () {
    const answers: Array<string> = []
    const ask = (tenant: string) =>
      Effect.sync(() => answers.push(tenant)).pipe(
        Effect.delay("1 second"),
        Resilience.protect("openai/gpt-5"),
        Bulkhead.withTenant(tenant)
      )
    const all = [...Array.from({ length: 20 }, () => ask("greedy")), ask("modest")]
    yield* Assertions.runToEnd(Effect.all(all, { concurrency: "unbounded" }))
    expect(answers.indexOf("modest")).toBeLessThan(10)
  }).pipe(Effect.provide(Resilience.layer({ bulkhead: { maxConcurrent: 4, maxWait: "1 minute" } })))
)
