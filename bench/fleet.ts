/**
 * What a fleet of eight processes does, with a real Redis: `npx tsx bench/fleet.ts outage|probes|limit|redis`, each in
 * less than two minutes. Whether it is as docs/fleet.md says, the last line of each tells; the figures there are from here,
 * on a machine that has nothing else to do.
 */
import { Redis } from "ioredis"
import { bundled, provider, type Worker, worker } from "../test/redis/fleet.js"
import type { Loaded, Settings } from "../test/redis/fleetWorker.js"
import { address, redisServer } from "../test/redis/server.js"

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const processes = 8

/** How long a call may wait for Redis, in milliseconds, and how exactly workers can tell. */
const patience = 50
const tick = 5

/** What happens, for whoever looks on; the figures go to the standard output. */
const say = (what: string): void => console.error(what)

const verdict = (holds: boolean, what: string): void => console.log(`${holds ? "holds" : "DOES NOT HOLD"}: ${what}`)

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
      patience,
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
      say(`round ${round + 1} of 20: ${took.at(-1)!.toFixed(0)} ms`)
    }
    took.sort((one, other) => one - other)
    console.log(`known to all after ${took[10]!.toFixed(0)} ms (median), ${took.at(-1)!.toFixed(0)} ms at most`)
    verdict(took.at(-1)! <= 200, "an outage is known to all within 200 ms")
  })

/** In each round all want to probe; some give up, and now and then one is killed. */
const probes = (rounds: number) =>
  withFleet({ openMillis: 60, probeMillis: 300, patience: 1_000 }, async (fleet, _, upstream, start) => {
    let tooMany = 0
    let unprobed = 0
    let kills = 0
    let givenUp = 0
    for (let round = 0; round < rounds; round++) {
      const key = `probes ${round}`
      upstream.answers(() => ({ status: 500 }))
      for (let i = 0; i < 5; i++) await fleet[round % processes]!.ask({ _tag: "Call", key })
      await sleep(65)
      upstream.reset()
      upstream.answers(() => ({ status: 500, millis: 2 + Math.random() * 10 }))
      const calls = fleet.map(async (one) => {
        await sleep(Math.random() * 5)
        if (Math.random() < 0.75) return one.ask<string>({ _tag: "Call", key })
        givenUp++
        return one.ask<string>({ _tag: "GivenUp", key, millis: Math.random() * 6 })
      })
      if (round % 25 === 24) {
        await sleep(Math.random() * 8)
        const victim = Math.floor(Math.random() * processes)
        fleet[victim]!.kill()
        fleet[victim] = await start()
        kills++
      }
      await Promise.all(calls)
      if (upstream.seen.most > 1) tooMany++
      // Whoever had the place may have left before it asked; then the place is there for the next one.
      for (let i = 0; i < 50 && upstream.seen.calls === 0; i++) {
        await fleet[i % processes]!.ask({ _tag: "Call", key })
        await sleep(10)
      }
      if (upstream.seen.calls === 0) unprobed++
    }
    console.log(
      `${rounds} rounds, ${kills} processes killed, ${givenUp} calls given up: ` +
        `more than one probe at a time in ${tooMany}, none in ${unprobed}`
    )
    verdict(tooMany === 0 && unprobed === 0, "exactly the allowed probes reach the provider")
  })

const limit = () =>
  withFleet({ limit: { limit: 600, burst: 60 } }, async (fleet) => {
    const from = Date.now()
    const ended = fleet.map((one) => one.ask<ReadonlyArray<number> | "killed">({ _tag: "Limited", millis: 95_000 }))
    for (let seconds = 0; seconds < 80; seconds += 10) {
      say(`eight processes use the limit, ${seconds} of 80 seconds`)
      await sleep(10_000)
    }
    say("one of them is killed, and the others go on for 15 seconds")
    const killedAt = Date.now()
    fleet[0]!.kill()
    const sent = (await Promise.all(ended)).filter((times) => times !== "killed")
    const all = sent.flat().sort((one, other) => one - other)
    let most = 0
    let first = 0
    all.forEach((time, i) => {
      while (time - all[first]! >= 60_000) first++
      most = Math.max(most, i - first + 1)
    })
    // What was saved up goes to whoever comes first; after that all have the same.
    const each = sent.map((times) => times.filter((time) => time > from + 15_000 && time < from + 75_000).length)
    const mean = each.reduce((sum, one) => sum + one, 0) / each.length
    const unfair = Math.max(...each.map((one) => Math.abs(one - mean))) / mean
    // The others have what the killed one had after six seconds: as much in five as all eight.
    const after = all.filter((time) => time > killedAt + 7_000 && time < killedAt + 12_000).length
    console.log(
      `the seven that live sent ${most} in their fullest minute; each in a minute: ${each}; ` +
        `${after} in five seconds after the eighth was killed`
    )
    const ofEight = 660 + processes
    verdict(
      most + Math.ceil(mean) <= ofEight + mean * 0.1,
      `no minute has more than ${ofEight} of 600 and a burst of 60`
    )
    verdict(unfair <= 0.1, `each has its part within 10 % (${(unfair * 100).toFixed(0)} %)`)
    verdict(after >= 45 && after <= 60, "what a killed process had the others use within seconds")
  })

/** 500 calls a second, while one thing after another happens to Redis. */
const redis = async () => {
  const main = await redisServer()
  const where = await address(main.port)
  const upstream = await provider()
  const file = await bundled()
  const settings = { provider: upstream.url, openMillis: 2_000, probeMillis: 1_000, patience, redis: where.url }
  const fleet = await Promise.all(Array.from({ length: processes }, () => worker(file, settings)))
  const admin = new Redis(main.url)
  admin.on("error", () => {})
  const replica = await redisServer(["--replicaof", "127.0.0.1", String(main.port)])
  const status = () =>
    Promise.all(
      fleet.map((one) => one.ask<{ joined: boolean; commands: number; said: Array<string> }>({ _tag: "Status" }))
    )
  const happenings: ReadonlyArray<
    readonly [what: string, happens: () => Promise<unknown>, over: () => Promise<unknown>]
  > = [
    ["nothing", async () => {}, async () => {}],
    ["paused (SIGSTOP)", async () => main.pause(), async () => main.resume()],
    ["flushed (FLUSHALL)", () => admin.flushall(), async () => {}],
    ["full (noeviction)", () => admin.config("SET", "maxmemory", "1"), () => admin.config("SET", "maxmemory", "0")],
    ["killed (kill -9), started again", () => main.kill(), () => main.start()],
    [
      "failed over to its replica",
      async () => {
        await main.kill()
        const promoted = new Redis(replica.url)
        await promoted.replicaof("NO", "ONE")
        promoted.disconnect()
      },
      async () => where.leadsTo(replica.port)
    ]
  ]
  const load = (key: string, perSecond: number, millis: number) =>
    fleet.map((one) => one.ask<Loaded>({ _tag: "Load", key, perSecond: perSecond / processes, millis }))
  say("warming up: what a process does for the first time takes longer, whatever Redis does")
  for (let round = 0; round < 3; round++) await Promise.all(load(`warming up ${round}`, 1_000, 4_000))
  console.log(
    "| Redis is | calls | failed | the longest | over 60 ms | events | commands of one in the second after | joined |"
  )
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |")
  let holds = true
  for (const [what, happens, over] of happenings) {
    const before = await status()
    const loaded = Promise.all(load(what, 500, 9_000))
    await sleep(2_000)
    await happens()
    await sleep(2_000)
    await over()
    const atOver = await status()
    await sleep(1_000)
    const after = await status()
    const results = await loaded
    const joined = (await status()).every((one) => one.joined)
    const sum = (of: (one: Loaded) => number) => results.reduce((all, one) => all + of(one), 0)
    const longest = Math.max(...results.map((one) => one.longest))
    const told = after.reduce((all, { said }, i) => all + said.length - before[i]!.said.length, 0)
    const storm = Math.max(...after.map(({ commands }, i) => commands - atOver[i]!.commands))
    holds &&= sum(({ failed }) => failed) === 0 && longest <= 2 * (patience + tick) && joined
    console.log(
      `| ${what} | ${sum(({ calls }) => calls)} | ${sum(({ failed }) => failed)} | ${longest.toFixed(0)} ms | ` +
        `${sum(({ over60 }) => over60)} | ${told} | ${storm} | ${joined ? "yes" : "no"} |`
    )
  }
  verdict(holds, "no call is lost, or waits more than once for its circuit and once for its limit, and all join again")
  for (const one of fleet) one.kill()
  admin.disconnect()
  upstream.stop()
  where.stop()
  await main.kill()
  await replica.kill()
}

const [what = "", rounds = "1000"] = process.argv.slice(2)
const scripts: Readonly<Record<string, () => Promise<void>>> = {
  outage,
  probes: () => probes(Number(rounds)),
  limit,
  redis
}
await (scripts[what] ?? (() => Promise.reject(new Error(`one of ${Object.keys(scripts).join(", ")}`))))()
process.exit(0)
