/**
 * The memory of a gateway over many requests, plain and streamed: the heap after a collection, at intervals.
 *
 *   node --expose-gc --import tsx bench/gateway/memory.ts [requests]
 *
 * The gateway runs in this process; its upstream and its clients are processes of their own.
 */
import { type ChildProcess, fork } from "node:child_process"
import { join } from "node:path"
import { Effect } from "effect"
import * as Gateway from "effect-resilience/gateway/Gateway"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import { load } from "./load.js"

const asClient = process.argv[2] === "client"
const intervals = 20
const upstreamPort = 9310

/** Answers each message, a number of requests, with how many of them failed. */
const client = (port: number): void => {
  process.on("message", async (requests: number) => {
    const half = Math.ceil(requests / 2)
    const plain = await load({ port, stream: false, concurrency: 50, requests: half })
    const streamed = await load({ port, stream: true, concurrency: 50, requests: requests - half })
    process.send?.(plain.failed + streamed.failed)
  })
  process.on("disconnect", () => process.exit())
}

const measure = async (requests: number): Promise<void> => {
  const { gc } = globalThis
  if (gc === undefined) throw new Error("run it with node --expose-gc")
  const start = (file: string, ...args: ReadonlyArray<string>): ChildProcess =>
    fork(join(import.meta.dirname, file), args, { execArgv: ["--import", "tsx"] })
  const upstream = start("upstream.ts", String(upstreamPort))
  const program = Effect.gen(function* () {
    const config = yield* GatewayConfig.decode({
      listen: { port: 0 },
      upstreams: { fixed: { baseUrl: `http://127.0.0.1:${upstreamPort}/v1`, dialect: "openai" } },
      routes: [{ model: "gpt-5", targets: [{ upstream: "fixed" }, { upstream: "fixed", model: "gpt-5-mini" }] }],
      policy: { bulkhead: { maxConcurrent: 100 }, rateLimit: { requests: { limit: 1_000_000_000 } } },
      admin: { port: 0 }
    })
    const { url } = yield* Gateway.make(config)
    return yield* Effect.promise(() => loaded(start("memory.ts", "client", new URL(url).port)))
  })
  const loaded = async (clients: ChildProcess): Promise<boolean> => {
    const heaps: Array<number> = []
    for (let at = 1; at <= intervals; at++) {
      const failed = await new Promise<number>((resolve) => {
        clients.once("message", (count) => resolve(count as number))
        clients.send(requests / intervals)
      })
      gc()
      const { heapUsed, rss } = process.memoryUsage()
      heaps.push(heapUsed / 2 ** 20)
      const count = String((requests / intervals) * at).padStart(7)
      console.log(
        `${count} requests  heap ${(heapUsed / 2 ** 20).toFixed(1)} MB  resident ${(rss / 2 ** 20).toFixed(0)} MB  failed ${failed}`
      )
    }
    clients.disconnect()
    const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, one) => sum + one) / values.length
    const quarter = intervals / 4
    const [before, after] = [mean(heaps.slice(quarter, 2 * quarter)), mean(heaps.slice(-quarter))]
    console.log(`the second quarter ${before.toFixed(1)} MB, the last ${after.toFixed(1)} MB`)
    return after <= before + 1
  }
  const isFlat = await Effect.runPromise(Effect.scoped(program))
  upstream.kill()
  console.log(isFlat ? "memory is flat" : "FAILED: memory grows")
  process.exitCode = isFlat ? 0 : 1
}

if (asClient) client(Number(process.argv[3]))
else await measure(Number(process.argv[2] ?? 100_000))
