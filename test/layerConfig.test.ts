/** The policies that keep load within limits, with options from a `Config`. */

import { describe, expect, it } from "@effect/vitest"
import { Config, ConfigError, ConfigProvider, Effect, Fiber, Layer, TestClock } from "effect"
import { AdaptiveLimit, Bulkhead, RateLimit, SpendLimit } from "effect-resilience"

const store = RateLimit.layerStoreMemory()
const bulkhead = Bulkhead.layerConfig({ maxConcurrent: Config.integer("MOST"), maxWait: Config.duration("WAIT") })
const policies = {
  Bulkhead: bulkhead,
  AdaptiveLimit: AdaptiveLimit.layerConfig({ max: Config.integer("MOST") }),
  RateLimit: Layer.provide(
    RateLimit.layerConfig({ requests: Config.map(Config.number("MOST"), (limit) => ({ limit })) }),
    store
  ),
  SpendLimit: Layer.provide(SpendLimit.layerConfig({ limit: Config.number("MOST") }), store)
}

const under = (...entries: ReadonlyArray<readonly [string, string]>) =>
  Layer.setConfigProvider(ConfigProvider.fromMap(new Map(entries)))

describe.each(Object.entries(policies))("%s.layerConfig", (name, policy) => {
  const built = (...entries: ReadonlyArray<readonly [string, string]>) =>
    Effect.scoped(Layer.build(Layer.provide(policy as Layer.Layer<unknown, unknown>, under(...entries))))

  it.effect("names the option that makes no sense in a ConfigError, as it does what is missing", () =>
    Effect.gen(function* () {
      yield* built(["MOST", "3"], ["WAIT", "5 seconds"])
      const refused = yield* Effect.flip(built(["MOST", "-3"], ["WAIT", "5 seconds"]))
      expect(refused).toMatchObject({ _op: "InvalidData" })
      expect(String(refused)).toMatch(new RegExp(`${name}: \\S+ is -3, and has to be`))
      expect(ConfigError.isConfigError(yield* Effect.flip(built()))).toBe(true)
    })
  )
})

describe("Bulkhead.layerConfig", () => {
  it.effect("is the bulkhead that the configuration says", () =>
    Effect.gen(function* () {
      const once = Bulkhead.protect(Effect.sleep("1 minute"), "a")
      const both = yield* Effect.fork(Effect.all([once, Effect.flip(once)], { concurrency: 2 }))
      yield* TestClock.adjust("5 seconds")
      yield* TestClock.adjust("55 seconds")
      expect((yield* Fiber.join(both))[1]).toMatchObject({ _tag: "BulkheadFull" })
    }).pipe(Effect.provide(bulkhead), Effect.provide(under(["MOST", "1"], ["WAIT", "5 seconds"])))
  )
})
