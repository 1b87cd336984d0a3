import { Context, Effect, Exit, Layer, Scope } from "effect"
import { CircuitBreaker, LlmError, SharedState } from "effect-resilience"
import * as RedisSharedState from "effect-resilience/redis/RedisSharedState"
import { Redis } from "ioredis"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { isInstalled, redisServer } from "./server.js"

/** One instance of a fleet, with a connection of its own. */
const instance = (url: string, options?: CircuitBreaker.Options) =>
  Effect.gen(function* () {
    const context = yield* Layer.build(
      CircuitBreaker.layer(options).pipe(Layer.provideMerge(RedisSharedState.layer({ url })), Layer.fresh)
    )
    return {
      breaker: Context.get(context, CircuitBreaker.CircuitBreaker),
      shared: Context.get(context, SharedState.SharedState)
    }
  })

const fails = Effect.fail(new LlmError.ServerError({}))

const within = async (millis: number, condition: () => Promise<boolean>): Promise<number> => {
  const from = performance.now()
  while (!(await condition())) {
    if (performance.now() - from > millis) throw new Error(`not within ${millis} ms`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return performance.now() - from
}

describe.skipIf(!isInstalled)("circuits shared through Redis", () => {
  let server: Awaited<ReturnType<typeof redisServer>>
  let scope: Scope.CloseableScope
  beforeAll(async () => {
    server = await redisServer()
  })
  beforeEach(async () => {
    const client = new Redis(server.url)
    await client.flushall()
    client.disconnect()
    scope = Effect.runSync(Scope.make())
    return () => Effect.runPromise(Scope.close(scope, Exit.void))
  })
  afterAll(() => server?.kill())
  const start = (options?: CircuitBreaker.Options) =>
    Effect.runPromise(Scope.extend(instance(server.url, options), scope))

  it("K1: an outage seen by one is known to all", async () => {
    const fleet = await Promise.all([1, 2, 3].map(() => start()))
    const [a, b, c] = fleet
    const call = (one: (typeof fleet)[number], what: Effect.Effect<unknown, unknown>) =>
      Effect.runPromise(Effect.exit(what.pipe(one.breaker.execute({ key: "a" }))))
    for (const one of fleet) await call(one, Effect.void)
    for (let i = 0; i < 5; i++) await call(a!, fails)
    expect((await Effect.runPromise(a!.breaker.state("a")))._tag).toBe("Open")
    for (const one of [b!, c!]) {
      await within(200, async () => (await Effect.runPromise(one.breaker.state("a")))._tag === "Open")
      const rejected = await call(one, Effect.void)
      expect(String(rejected)).toContain("CircuitOpen")
    }
    await Effect.runPromise(b!.breaker.reset("a"))
    await within(200, async () => (await Effect.runPromise(a!.breaker.state("a")))._tag === "Closed")
  })
})
