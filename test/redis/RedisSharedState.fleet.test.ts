import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { bundled, provider, type Worker, worker } from "./fleet.js"
import type { Loaded } from "./fleetWorker.js"
import { isInstalled, redisServer } from "./server.js"

// Eight real processes, one provider and a real Redis. `bench/fleet.ts` does the same for longer, and tells the figures.

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

describe.skipIf(!isInstalled)("a fleet of eight processes", () => {
  let redis: Awaited<ReturnType<typeof redisServer>>
  let upstream: Awaited<ReturnType<typeof provider>>
  let fleet: Array<Worker> = []
  let file = ""
  // A machine that runs other tests as well may be busy with them for longer than 50 ms.
  const start = () =>
    worker(file, { redis: redis.url, provider: upstream.url, openMillis: 800, probeMillis: 1_000, patience: 1_000 })
  beforeAll(async () => {
    redis = await redisServer()
    upstream = await provider()
    file = await bundled()
    fleet = await Promise.all(Array.from({ length: 8 }, start))
  }, 60_000)
  afterAll(async () => {
    for (const one of fleet) one.kill()
    upstream?.stop()
    await redis?.kill()
  })
  const all = <A>(order: Parameters<Worker["ask"]>[0]) => Promise.all(fleet.map((one) => one.ask<A>(order)))

  it("K1: an outage seen by one is known to all", async () => {
    await all({ _tag: "Call", key: "one" })
    upstream.answers(() => ({ status: 500 }))
    for (let i = 0; i < 5; i++) await fleet[0]!.ask({ _tag: "Call", key: "one" })
    await sleep(200)
    upstream.reset()
    expect(new Set(await all({ _tag: "State", key: "one" }))).toEqual(new Set(["Open"]))
  })

  it("K1: failures that each of them has seen one of open the circuit of all", async () => {
    await all({ _tag: "Call", key: "each" })
    await sleep(300)
    expect(new Set(await all({ _tag: "State", key: "each" }))).toEqual(new Set(["Open"]))
  })

  it("K2: exactly one probe at a time, also when its holder is killed", { timeout: 60_000 }, async () => {
    for (let round = 0; round < 2; round++) {
      const key = `half-open ${round}`
      upstream.answers(() => ({ status: 500 }))
      await all({ _tag: "Call", key })
      await sleep(1_200)
      upstream.reset()
      // The probe takes a while, and whoever has it may die of it.
      upstream.answers(() => ({ status: 200, millis: 150 }))
      const calls = fleet.map((one) => one.ask<string>({ _tag: "Call", key }))
      while (upstream.seen.calls === 0) await sleep(5)
      if (round % 2 === 1) {
        fleet[round]!.kill()
        fleet[round] = await start()
      }
      const ends = await Promise.all(calls)
      expect(upstream.seen.most).toBe(1)
      // Once the probe has closed the circuit, others are let in.
      if (ends.every((end) => end !== "Success")) {
        await sleep(1_100)
        expect(await fleet[0]!.ask({ _tag: "Call", key })).toBe("Success")
      }
    }
  })

  it("K3: one 429 with a hint stops all of them until then", async () => {
    upstream.answers(() => ({ status: 200 }))
    await all({ _tag: "Call", key: "parked" })
    upstream.answers(() => ({ status: 429, retryAfter: 3 }))
    await fleet[3]!.ask({ _tag: "Call", key: "parked" })
    const from = performance.now()
    upstream.answers(() => ({ status: 200 }))
    // A busy machine may need a moment until all have heard.
    let ends = await all<string>({ _tag: "Call", key: "parked" })
    while (ends.includes("Success") && performance.now() - from < 1_000) {
      await sleep(20)
      ends = await all({ _tag: "Call", key: "parked" })
    }
    expect(new Set(ends)).toEqual(new Set(["RateLimitExceeded"]))
    upstream.reset()
    expect(new Set(await all({ _tag: "Call", key: "parked" }))).toEqual(new Set(["RateLimitExceeded"]))
    expect(upstream.seen.calls).toBe(0)
    await sleep(3_200 - (performance.now() - from))
    expect(new Set(await all({ _tag: "Call", key: "parked" }))).toEqual(new Set(["Success"]))
  })

  it("K5: a Redis that is paused, killed and flushed fails no call, and all join again", {
    timeout: 60_000
  }, async () => {
    const loaded = all<Loaded>({ _tag: "Load", key: "loaded", perSecond: 60, millis: 4_000 })
    await sleep(700)
    redis.pause()
    await sleep(800)
    redis.resume()
    await sleep(700)
    await redis.kill()
    await sleep(500)
    await redis.start()
    const results = await loaded
    expect(results.reduce((sum, { failed }) => sum + failed, 0)).toBe(0)
    const joined = async () => (await all<{ joined: boolean }>({ _tag: "Status" })).every((status) => status.joined)
    const until = performance.now() + 20_000
    while (!(await joined()) && performance.now() < until) await sleep(50)
    expect(await joined()).toBe(true)
    // What was known of circuits is still.
    upstream.answers(() => ({ status: 500 }))
    for (let i = 0; i < 5; i++) await fleet[0]!.ask({ _tag: "Call", key: "after" })
    await all({ _tag: "Call", key: "after" })
    await sleep(300)
    expect(new Set(await all({ _tag: "State", key: "after" }))).toEqual(new Set(["Open"]))
  })
})
