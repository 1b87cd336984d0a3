import { Config, ConfigProvider, Context, Duration, Effect, Layer, Redacted } from "effect"
import { CircuitBreaker, LlmError, RateLimit, SharedState } from "effect-resilience"
import * as RedisSharedState from "effect-resilience/redis/RedisSharedState"
import { Redis } from "ioredis"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { isInstalled, redisServer } from "./server.js"

const fails = Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.seconds(60) }))

const layers = (shared: ReturnType<typeof RedisSharedState.layer>) =>
  Layer.merge(CircuitBreaker.layer(), RateLimit.layer({ requests: { limit: 60 } })).pipe(
    Layer.provideMerge(shared),
    Layer.fresh
  )

const use = Effect.gen(function* () {
  const breaker = yield* CircuitBreaker.CircuitBreaker
  const limit = yield* RateLimit.RateLimit
  const key = "openai/gpt-5 {eu}"
  yield* Effect.ignore(fails.pipe(breaker.execute({ key }), limit.protect(key)))
  const shared = yield* SharedState.SharedState
  yield* shared.flush
  return yield* shared.status
})

describe.skipIf(!isInstalled)("what is kept in Redis", () => {
  let server: Awaited<ReturnType<typeof redisServer>>
  const password = "s3cret-of-redis"
  beforeAll(async () => {
    server = await redisServer(["--requirepass", password])
  })
  afterAll(() => server?.kill())

  it("each command is about one key, whose tag is what it is about, so that a cluster can spread them", async () => {
    const client = new Redis(server.url, { password })
    const monitor = await client.monitor()
    const commands: Array<ReadonlyArray<string>> = []
    monitor.on("monitor", (_time: string, args: ReadonlyArray<string>) => commands.push(args))
    const url = Redacted.make(server.url)
    const shared = RedisSharedState.layer({ url, password: Redacted.make(password) })
    await Effect.runPromise(Effect.scoped(Effect.provide(use, layers(shared))))
    const scripts = commands.filter(([name]) => /^eval(sha)?$/i.test(name ?? ""))
    expect(scripts.length).toBeGreaterThan(2)
    for (const [, , keys, key] of scripts) {
      expect(keys).toBe("1")
      expect(key).toMatch(/^resilience:\{(circuit|limit|joined)\/.+\}$/)
    }
    const kept = await client.keys("*")
    expect(kept).toContain("resilience:{circuit/openai/gpt-5 {eu}}")
    // Each has an end, and none of them a secret in it.
    for (const key of kept) {
      expect(await client.pttl(key)).toBeGreaterThan(0)
      expect(JSON.stringify(await client.hgetall(key))).not.toContain(password)
    }
    monitor.disconnect()
    client.disconnect()
  })

  it("the address and the password come from the configuration, as secrets", async () => {
    const shared = RedisSharedState.layerConfig({
      url: Config.redacted("REDIS_URL"),
      password: Config.redacted("REDIS_PASSWORD"),
      // A machine that is busy with other tests takes longer to answer.
      patience: Config.succeed("5 seconds" as const)
    })
    const joined = (given: string) =>
      Effect.runPromise(
        Layer.build(Layer.fresh(shared)).pipe(
          Effect.flatMap((context) => Context.get(context, SharedState.SharedState).status),
          Effect.scoped,
          Effect.withConfigProvider(
            ConfigProvider.fromMap(
              new Map([
                ["REDIS_URL", server.url],
                ["REDIS_PASSWORD", given]
              ])
            )
          )
        )
      )
    expect((await joined(password)).joined).toBe(true)
    expect((await joined("another")).joined).toBe(false)
  })
})
