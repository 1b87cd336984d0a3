/** What layers that were closed leave behind in Effect's registry of metrics, which forgets nothing. */
import { expect, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { LlmError, Resilience, Telemetry } from "effect-resilience"

const down = Effect.fail(new LlmError.ServerError({}))

it.effect(
  "B18: 30 000 names through 30 layers that close leave no more series than the bound",
  () =>
    Effect.gen(function* () {
      const capacity = 50
      const policies = (layer: number) =>
        Layer.provide(
          Resilience.layer({ retry: false, retryBudget: {}, capacity: 100, idleTimeToLive: `${layer + 1} hours` }),
          Layer.succeed(Telemetry.LabelCapacity, capacity)
        )
      const before = (yield* Metric.snapshot).length
      for (let layer = 0; layer < 30; layer++) {
        const all = Effect.forEach(
          Array.from({ length: 1_000 }, (_, i) => `closed/${layer}/${i}`),
          (name, i) => Effect.exit(Resilience.protect(i % 2 === 0 ? down : Effect.void, name)),
          { discard: true }
        )
        yield* Effect.provide(all, policies(layer))
      }
      // A name has an attempt and a call of each outcome, a histogram, and its circuit's gauge and counter.
      expect((yield* Metric.snapshot).length - before).toBeLessThanOrEqual(7 * (capacity + 1))
    }),
  60_000
)
