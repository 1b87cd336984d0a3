/**
 * What a call costs through a circuit and a limit that are shared, beside those of one process and those that ask Redis at
 * every call: `npx tsx bench/fleetCost.ts`. Process time, so that other programs count little.
 */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as PerCallLimiter from "@effect/experimental/RateLimiter"
import * as PerCallRedis from "@effect/experimental/RateLimiter/Redis"
import { Context, Effect, Layer } from "effect"
import { CircuitBreaker, RateLimit } from "effect-resilience"
import * as RedisSharedState from "effect-resilience/redis/RedisSharedState"
import { Redis } from "ioredis"
import { redisServer } from "../test/redis/server.js"

const execute = promisify(execFile)

/** Effect 4's own breaker over its own store, in a program of its own, since this one is on Effect 3. */
const effect4 = async (): Promise<{ readonly nanos: number; readonly calls: number }> => {
  const folder = fileURLToPath(new URL("effect4", import.meta.url))
  if (!existsSync(`${folder}/node_modules`)) await execute("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder })
  const { stdout } = await execute(process.execPath, ["breaker.mjs", String(server.port), "400", String(rounds)], {
    cwd: folder
  })
  return JSON.parse(stdout)
}

const server = await redisServer()
const calls = 4_000
const rounds = 9
const admin = new Redis(server.url)

/** How many commands the server has run, those within scripts left out. */
const commandsSoFar = async (): Promise<number> => {
  const stats = await admin.info("commandstats")
  return ["evalsha", "eval", "publish"]
    .map((name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0))
    .reduce((sum, one) => sum + one, 0)
}

const rate = { tripPolicy: CircuitBreaker.rate() }
const shared = (prefix: string) => RedisSharedState.layer({ url: server.url, prefix })

const program = Effect.gen(function* () {
  const breaker = (
    options: CircuitBreaker.Options,
    store: Layer.Layer<CircuitBreaker.CircuitBreakerStore> = CircuitBreaker.layerStoreMemory()
  ) =>
    Effect.map(Layer.build(Layer.fresh(CircuitBreaker.layer(options).pipe(Layer.provide(store)))), (context) =>
      Effect.void.pipe(Context.get(context, CircuitBreaker.CircuitBreaker).execute({ key: "a" }))
    )
  const limiter = (store: Layer.Layer<RateLimit.RateLimitStore>) =>
    Effect.map(
      Layer.build(Layer.fresh(RateLimit.layer({ requests: { limit: 100_000_000 } }).pipe(Layer.provide(store)))),
      (context) => Effect.void.pipe(Context.get(context, RateLimit.RateLimit).protect("a"))
    )
  const perCallLimiter = yield* Effect.map(
    Layer.build(
      PerCallLimiter.layer.pipe(
        Layer.provide(PerCallRedis.layerStore({ port: server.port, host: "127.0.0.1", prefix: "peer:" }))
      )
    ),
    Context.get(PerCallLimiter.RateLimiter)
  )
  const consume = perCallLimiter.consume({
    key: "a",
    limit: 100_000_000,
    window: "1 minute",
    algorithm: "token-bucket"
  })
  const ways: ReadonlyArray<readonly [what: string, call: Effect.Effect<unknown, unknown>, share: number]> = [
    ["circuit of the process, failures in a row", yield* breaker({}), 1],
    ["circuit of the fleet, failures in a row", yield* breaker({}, shared("row:")), 1],
    ["circuit of the process, a rate", yield* breaker(rate), 1],
    ["circuit of the fleet, a rate", yield* breaker(rate, shared("rate:")), 1],
    ["limit of the process", yield* limiter(RateLimit.layerStoreMemory()), 1],
    ["limit of the fleet", yield* limiter(shared("limit:")), 1],
    ["limit of the fleet by `@effect/experimental`'s RateLimiter", consume, 0.1]
  ]
  const best = ways.map(() => Number.POSITIVE_INFINITY)
  const commands = ways.map(() => 0)
  const cpu = (): number => process.cpuUsage().user + process.cpuUsage().system
  for (let round = 0; round < rounds; round++) {
    for (const [i, [, call, share]] of ways.entries()) {
      const count = Math.ceil(calls * share)
      const before = yield* Effect.promise(commandsSoFar)
      const from = cpu()
      yield* Effect.repeatN(call, count - 1)
      best[i] = Math.min(best[i]!, ((cpu() - from) * 1_000) / count)
      commands[i] = commands[i]! + ((yield* Effect.promise(commandsSoFar)) - before) / count
    }
  }
  console.log("| a call through a | ns | commands per 1 000 calls |")
  console.log("| --- | --- | --- |")
  for (const [i, [what]] of ways.entries()) {
    console.log(`| ${what} | ${best[i]!.toFixed(0)} | ${((commands[i]! * 1_000) / rounds).toFixed(1)} |`)
  }
  const before = yield* Effect.promise(commandsSoFar)
  const theirs = yield* Effect.promise(effect4)
  const asked = ((yield* Effect.promise(commandsSoFar)) - before) / theirs.calls
  console.log(
    `| circuit of the fleet by Effect 4.1's \`CircuitBreaker\` | ${theirs.nanos.toFixed(0)} | ${(asked * 1_000).toFixed(1)} |`
  )
  const ratio = [best[1]! / best[0]!, best[3]! / best[2]!]
  const verdict = (holds: boolean, what: string): void => console.log(`${holds ? "holds" : "DOES NOT HOLD"}: ${what}`)
  verdict(
    ratio.every((one) => one <= 1.1),
    `a shared circuit costs at most 1.1 times a local one (${ratio.map((one) => one.toFixed(2)).join(" and ")})`
  )
  verdict(
    [1, 3, 5].every((i) => commands[i]! / rounds < 0.01),
    "it takes fewer than ten commands for a thousand calls"
  )
})

await Effect.runPromise(Effect.scoped(program))
admin.disconnect()
await server.kill()
process.exit(0)
