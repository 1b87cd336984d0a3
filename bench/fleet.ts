/**
 * What a fleet of eight processes does, with a real Redis: `npx tsx bench/fleet.ts outage|probes|limit|redis|cost`.
 *
 * The figures of docs/fleet.md are from here, on a machine that has nothing else to do.
 */
import { Context, Effect, Layer } from "effect"
import { CircuitBreaker, SharedState } from "effect-resilience"
import * as RedisSharedState from "effect-resilience/redis/RedisSharedState"
import { bundled, provider, type Worker, worker } from "../test/redis/fleet.js"
import type { Loaded, Settings } from "../test/redis/fleetWorker.js"
import { redisServer } from "../test/redis/server.js"

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const processes = 8

const withFleet = async (
  settings: Partial<Settings>,
  run: (
    fleet: Array<Worker>,
    redis: Awaited<ReturnType<typeof redisServer>>,
    upstream: Awaited<ReturnType<typeof provider>>,
    start: () => Promise<Worker>
  ) => Promise<void>
): Promise<void> => {
  const redis = await redisServer()
  const upstream = await provider()
  const file = await bundled()
  const start = () =>
    worker(file, {
      redis: redis.url,
      provider: upstream.url,
      openMillis: 2_000,
      probeMillis: 1_000,
      patience: 50,
      ...settings
    })
  const fleet = await Promise.all(Array.from({ length: processes }, start))
  await run(fleet, redis, upstream, start)
  for (const one of fleet) one.kill()
  upstream.stop()
  await redis.kill()
}

const outage = () =>
  withFleet({ openMillis: 60_000 }, async (fleet, _, upstream) => {
    const took: Array<number> = []
    for (let round = 0; round < 20; round++) {
      const key = `outage ${round}`
      upstream.answers(() => ({ status: 200 }))
      await Promise.all(fleet.map((one) => one.ask({ _tag: "Call", key })))
      upstream.answers(() => ({ status: 500 }))
      for (let i = 0; i < 5; i++) await fleet[0]!.ask({ _tag: "Call", key })
      const from = performance.now()
      while ((await Promise.all(fleet.map((one) => one.ask({ _tag: "State", key })))).some((tag) => tag !== "Open")) {}
      took.push(performance.now() - from)
    }
    took.sort((one, other) => one - other)
    console.log(`known to all after ${took[10]!.toFixed(0)} ms (median), ${took.at(-1)!.toFixed(0)} ms at most`)
  })

const probes = (rounds: number) =>
  withFleet({ openMillis: 60, probeMillis: 400, patience: 1_000 }, async (fleet, _, upstream, start) => {
    let overlaps = 0
    let kills = 0
    for (let round = 0; round < rounds; round++) {
      const key = `probes ${round}`
      upstream.answers(() => ({ status: 500 }))
      await Promise.all(fleet.map((one) => one.ask({ _tag: "Call", key })))
      await sleep(80)
      upstream.reset()
      upstream.answers(() => ({ status: 500, millis: 5 + Math.random() * 20 }))
      const calls = fleet.map(async (one) => {
        await sleep(Math.random() * 10)
        return one.ask<string>({ _tag: "Call", key })
      })
      if (round % 10 === 0) {
        await sleep(Math.random() * 15)
        const victim = Math.floor(Math.random() * processes)
        fleet[victim]!.kill()
        fleet[victim] = await start()
        kills++
      }
      await Promise.all(calls)
      if (upstream.seen.most > 1) overlaps++
    }
    console.log(`${rounds} rounds, ${kills} processes killed: more than one probe at a time in ${overlaps}`)
  })

const limit = () =>
  withFleet({ limit: { limit: 600, burst: 60 } }, async (fleet) => {
    const sent = await Promise.all(
      fleet.map((one) => one.ask<ReadonlyArray<number>>({ _tag: "Limited", millis: 70_000 }))
    )
    const all = sent.flat().sort((one, other) => one - other)
    let most = 0
    let first = 0
    all.forEach((time, i) => {
      while (time - all[first]! >= 60_000) first++
      most = Math.max(most, i - first + 1)
    })
    console.log(`${most} in the fullest minute of 600 and a burst of 60; each: ${sent.map(({ length }) => length)}`)
  })

const redis = () =>
  withFleet({}, async (fleet, server) => {
    const loaded = Promise.all(
      fleet.map((one) => one.ask<Loaded>({ _tag: "Load", key: "a", perSecond: 500 / processes, millis: 14_000 }))
    )
    await sleep(2_000)
    server.pause()
    await sleep(2_000)
    server.resume()
    await sleep(2_000)
    await server.kill()
    await sleep(2_000)
    await server.start()
    const results = await loaded
    const sum = (of: (one: Loaded) => number) => results.reduce((all, one) => all + of(one), 0)
    console.log(
      `${sum(({ calls }) => calls)} calls, ${sum(({ failed }) => failed)} failed, ${sum(({ over60 }) => over60)} took ` +
        `longer than 60 ms, the longest ${Math.max(...results.map(({ longest }) => longest)).toFixed(0)} ms`
    )
  })

/** A closed circuit of the process, beside one that is shared. */
const cost = async () => {
  const server = await redisServer()
  const program = Effect.gen(function* () {
    const local = yield* Layer.build(Layer.fresh(CircuitBreaker.layerMemory()))
    const shared = yield* Layer.build(
      CircuitBreaker.layer().pipe(Layer.provideMerge(RedisSharedState.layer({ url: server.url })), Layer.fresh)
    )
    const rated = yield* Layer.build(
      CircuitBreaker.layer({ tripPolicy: CircuitBreaker.rate() }).pipe(
        Layer.provideMerge(RedisSharedState.layer({ url: server.url, prefix: "rated:" })),
        Layer.fresh
      )
    )
    const rate = yield* Layer.build(Layer.fresh(CircuitBreaker.layerMemory({ tripPolicy: CircuitBreaker.rate() })))
    const calls = 5_000
    const batch = (context: Context.Context<CircuitBreaker.CircuitBreaker>) =>
      Effect.repeatN(
        Effect.void.pipe(Context.get(context, CircuitBreaker.CircuitBreaker).execute({ key: "a" })),
        calls - 1
      )
    const cpu = Effect.sync(() => process.cpuUsage().user + process.cpuUsage().system)
    const best = [
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY
    ]
    for (let round = 0; round < 12; round++) {
      for (const [i, context] of [local, shared, rate, rated].entries()) {
        const from = yield* cpu
        yield* batch(context as Context.Context<CircuitBreaker.CircuitBreaker>)
        best[i] = Math.min(best[i]!, (((yield* cpu) - from) * 1_000) / calls)
      }
    }
    const commands = (context: Context.Context<SharedState.SharedState>) =>
      Effect.map(Context.get(context, SharedState.SharedState).status, ({ commands }) =>
        ((commands * 1_000) / (12 * calls)).toFixed(3)
      )
    const [a, b, c, d] = best.map((ns) => ns.toFixed(0))
    console.log(`failures in a row: local ${a} ns, shared ${b} ns; a rate: local ${c} ns, shared ${d} ns`)
    console.log(`commands per 1 000 calls: ${yield* commands(shared)} and ${yield* commands(rated)}`)
  })
  await Effect.runPromise(Effect.scoped(program))
  await server.kill()
}

const [what = "", rounds = "1000"] = process.argv.slice(2)
const scripts: Readonly<Record<string, () => Promise<void>>> = {
  outage,
  probes: () => probes(Number(rounds)),
  limit,
  redis,
  cost
}
await (scripts[what] ?? (() => Promise.reject(new Error(`one of ${Object.keys(scripts).join(", ")}`))))()
process.exit(0)
