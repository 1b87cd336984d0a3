/**
 * The gateway under mixed faults and clients that leave, for a while, and what is left behind afterwards.
 *
 *   node --expose-gc --import tsx bench/gateway/soak.ts [seconds] [how many at once]
 *
 * The gateway runs in this process, where its sockets and fibers can be counted; the provider and the clients are processes
 * of their own. It ends with code 1 where something is left, memory has grown, or an answer was neither whole nor said so.
 */
import { type ChildProcess, fork } from "node:child_process"
import { get } from "node:http"
import { join } from "node:path"
import { ConfigProvider, Effect, Exit, Scope } from "effect"
import * as Gateway from "effect-resilience/gateway/Gateway"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import * as FaultModels from "../../src/testing/misbehaving/FaultModels.js"
import { counting, fibers, sockets } from "./left.js"

const seconds = Number(process.argv[2] ?? 600)
const atOnce = Number(process.argv[3] ?? 200)
const { gc } = globalThis
if (gc === undefined) throw new Error("run it with node --expose-gc")

const start = (file: string, ...args: ReadonlyArray<string>): ChildProcess =>
  fork(join(import.meta.dirname, "soak", file), args, { execArgv: ["--import", "tsx"] })
const next = <A>(child: ChildProcess): Promise<A> =>
  new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as A))
    child.once("exit", () => reject(new Error("it has ended")))
  })

/** Over a connection of its own, which is closed at once. */
const ask = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false, headers: { connection: "close" } }, (response) => {
      let text = ""
      response.on("data", (bytes: Buffer) => {
        text += bytes
      })
      response.on("end", () => resolve(text))
    }).on("error", reject)
  })

const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

const heap = (): number => {
  gc()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const provider = start("provider.ts")
const { anthropicUrl, openAiUrl } = await next<{ readonly openAiUrl: string; readonly anthropicUrl: string }>(provider)

const keys = { SOAK_FREE: "key-of-free", SOAK_FEW: "key-of-few", SOAK_SLOW: "key-of-slow" }
const routes = (upstream: string) =>
  [...FaultModels.names.flatMap((name) => [name, `${name}-once`]), "embedded"].map((model) => ({
    model,
    targets: [{ upstream }, ...(model === "embedded" ? [] : [{ upstream, model: "embedded" }])] as never
  }))
const all = [...routes("openai"), ...routes("anthropic")]
const config = GatewayConfig.decode({
  listen: { port: 0 },
  upstreams: {
    openai: { baseUrl: openAiUrl, dialect: "openai" },
    anthropic: { baseUrl: `${anthropicUrl}/v1`, dialect: "anthropic" }
  },
  routes: all.map((route, at) => ({ ...route, delivery: at % 2 === 0 ? "incremental" : "buffered" })),
  policy: {
    deadline: "10 seconds",
    attemptTimeout: "2 seconds",
    retry: { initialDelay: "50 millis" },
    circuitBreaker: { failures: 10, openDuration: "500 millis" },
    bulkhead: { maxConcurrent: 60, maxQueued: 1000 },
    stream: { firstToken: "1 second", idle: "1 second" }
  },
  clients: [
    { name: "free", key: "SOAK_FREE" },
    { name: "few", key: "SOAK_FEW", concurrency: 50 },
    {
      name: "slow",
      key: "SOAK_SLOW",
      requests: { limit: 50, per: "1 second" },
      tokens: { limit: 100_000, per: "1 second" }
    }
  ],
  admin: { port: 0 }
})

const scope = Effect.runSync(Scope.make())
const gateway = await Effect.runPromise(
  Effect.flatMap(config, Gateway.make).pipe(
    Scope.extend(scope),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(keys)))),
    counting
  )
)
const atRest = fibers()
console.log(
  `${seconds} seconds of ${atOnce} requests in flight; at rest ${atRest} fibers, heap ${heap().toFixed(1)} MB`
)

interface Standing {
  readonly targets: ReadonlyArray<{ readonly name: string; readonly inFlight: number; readonly queued: number }>
}

interface Judged {
  readonly told: Readonly<Record<string, number>>
  readonly wrong: ReadonlyArray<string>
  readonly wrongs: number
}

const clients = start("clients.ts", gateway.url, String(seconds), String(atOnce), Object.values(keys).join(","))
const judged = next<Judged>(clients)
const begun = performance.now()
const heaps: Array<number> = []
let over = false
judged.finally(() => {
  over = true
})
while (!over) {
  await sleep(Math.min(15_000, (seconds * 1000) / 10))
  if (over) break
  heaps.push(heap())
  await ask(gateway.adminUrl!.replace(/admin$/, "metrics"))
  const at = ((performance.now() - begun) / 1000).toFixed(0)
  const { rss } = process.memoryUsage()
  console.log(
    `${at.padStart(5)} s  heap ${heaps.at(-1)!.toFixed(1)} MB  resident ${(rss / 2 ** 20).toFixed(0)} MB  ${fibers()} fibers  ${sockets()} sockets`
  )
}
const { told, wrong, wrongs } = await judged
const total = Object.values(told).reduce((sum, count) => sum + count, 0)
console.log(`${total} requests:`, told)

// Connections to the provider are kept for a few seconds.
await sleep(8_000)
const standing = JSON.parse(await ask(`${gateway.adminUrl}/state`)) as Standing
await sleep(8_000)
provider.send("how many")
const seen = await next<{ readonly total: number; readonly open: ReadonlyArray<unknown> }>(provider)
const held = standing.targets.filter(({ inFlight, queued }) => inFlight !== 0 || queued !== 0)
const third = Math.floor(heaps.length / 3)
const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
const [before, after] = [median(heaps.slice(third, 2 * third)), median(heaps.slice(-third))]
const left = { sockets: sockets(), fibers: fibers() - atRest, calls: seen.open, permits: held }
console.log(`the provider saw ${seen.total} attempts; left behind:`, left)
console.log(
  `heap in the second third ${before.toFixed(1)} MB, in the last ${after.toFixed(1)} MB, at rest ${heap().toFixed(1)} MB`
)
if (wrongs > 0) console.log(`${wrongs} answers were neither whole nor said so:\n  ${wrong.join("\n  ")}`)

await Effect.runPromise(Scope.close(scope, Exit.void))
provider.disconnect()
const bad =
  wrongs > 0 ||
  left.sockets > 0 ||
  left.fibers > 0 ||
  left.calls.length > 0 ||
  held.length > 0 ||
  after > before * 1.1 + 2
console.log(bad ? "FAILED" : "nothing is left, and memory is flat")
process.exitCode = bad ? 1 : 0
