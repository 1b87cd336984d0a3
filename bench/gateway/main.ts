/**
 * What the gateway adds to a call, beside Portkey's open gateway and a bare reverse proxy, all in one run.
 *
 *   npm run build && (cd bench/gateway && npm install --ignore-scripts) && tsx bench/gateway/main.ts [rounds]
 */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { load, quantile } from "./load.js"

const rounds = Number(process.argv[2] ?? 5)
const here = import.meta.dirname
const ports = { upstream: 9300, proxy: 9301, ours: 9302, portkey: 9303 }
const children: Array<ChildProcess> = []

const start = async (port: number, command: string, ...args: ReadonlyArray<string>): Promise<ChildProcess> => {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] })
  children.push(child)
  for (let tries = 0; tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    if (
      await fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false
      )
    )
      return child
  }
  throw new Error(`nothing listens on ${port}`)
}

const memoryOf = ({ pid }: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024

/** Microseconds of the processor that a process has had. The kernel counts in hundredths of a second. */
const cpuOf = ({ pid }: ChildProcess): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

const config = join(tmpdir(), "effect-resilience-gateway-bench.json")
writeFileSync(
  config,
  JSON.stringify({
    listen: { port: ports.ours },
    upstreams: { fixed: { baseUrl: `http://127.0.0.1:${ports.upstream}/v1`, dialect: "openai" } },
    routes: [{ model: "gpt-5", targets: [{ upstream: "fixed" }, { upstream: "fixed", model: "gpt-5-mini" }] }]
  })
)
const tsx = (file: string, ...args: ReadonlyArray<number>) => ["--import", "tsx", join(here, file), ...args.map(String)]
const portkeyPath = join(process.env.PORTKEY ?? join(here, "node_modules"), "@portkey-ai/gateway/build/start-server.js")

try {
  await start(ports.upstream, process.execPath, ...tsx("upstream.ts", ports.upstream))
  const proxy = await start(ports.proxy, process.execPath, ...tsx("proxy.ts", ports.proxy, ports.upstream))
  const ours = await start(ports.ours, process.execPath, "dist/cli/main.js", "gateway", "--config", config)
  const headers = { "x-portkey-provider": "openai", "x-portkey-custom-host": `http://127.0.0.1:${ports.upstream}/v1` }
  const portkey = existsSync(portkeyPath)
    ? await start(ports.portkey, process.execPath, portkeyPath, "--headless", `--port=${ports.portkey}`)
    : undefined
  const subjects = [
    { name: "direct", port: ports.upstream, process: undefined },
    { name: "bare proxy", port: ports.proxy, process: proxy },
    { name: "effect-resilience", port: ports.ours, process: ours },
    ...(portkey === undefined ? [] : [{ name: "Portkey", port: ports.portkey, process: portkey, headers }])
  ]
  const cases = [
    { name: "plain, one at a time", stream: false, concurrency: 1, requests: 500 },
    { name: "first token, one at a time", stream: true, concurrency: 1, requests: 300 },
    { name: "plain, 50 at once", stream: false, concurrency: 50, requests: 3_000 },
    { name: "plain, 500 at once", stream: false, concurrency: 500, requests: 5_000 },
    { name: "stream, 50 at once", stream: true, concurrency: 50, requests: 1_500 },
    { name: "stream, 500 at once", stream: true, concurrency: 500, requests: 1_500 }
  ]
  // A process that has just begun shows what its compiler does.
  for (const stream of [false, true]) {
    for (const subject of subjects) {
      const of = "headers" in subject ? subject.headers : undefined
      await load({ port: subject.port, headers: of, stream, concurrency: 20, requests: stream ? 300 : 1_500 })
    }
  }
  const median = (values: ReadonlyArray<number>): number =>
    quantile(
      [...values].sort((a, b) => a - b),
      0.5
    )
  for (const { name, ...one } of cases) {
    const found = new Map(
      subjects.map(({ name }) => [
        name,
        {
          p50: [] as Array<number>,
          p99: [] as Array<number>,
          rate: [] as Array<number>,
          cpu: [] as Array<number>,
          failed: 0
        }
      ])
    )
    // Subjects take turns, so that what else the machine does meanwhile is shared by all.
    for (let round = 0; round < rounds; round++) {
      for (const subject of subjects) {
        const of = "headers" in subject ? subject.headers : undefined
        const before = subject.process === undefined ? 0 : cpuOf(subject.process)
        const { failed, perSecond, times } = await load({ ...one, port: subject.port, headers: of })
        const its = found.get(subject.name)!
        its.p50.push(quantile(times, 0.5))
        its.p99.push(quantile(times, 0.99))
        its.rate.push(perSecond)
        its.failed += failed
        if (subject.process !== undefined) its.cpu.push((cpuOf(subject.process) - before) / one.requests)
      }
    }
    const direct = median(found.get("direct")!.p50)
    console.log(`\n${name}`)
    for (const [name, { cpu, failed, p50, p99, rate }] of found) {
      const added = (median(p50) - direct).toFixed(3)
      console.log(
        `  ${name.padEnd(18)} p50 ${median(p50).toFixed(3)} ms (added ${added})  p99 ${median(p99).toFixed(2)} ms  ${median(rate).toFixed(0)}/s  ${cpu.length === 0 ? "" : `${median(cpu).toFixed(0)} us of the processor`}  failed ${failed}`
      )
    }
  }
  console.log("\nmemory (MB resident)")
  for (const { name, process } of subjects)
    if (process !== undefined) console.log(`  ${name.padEnd(18)} ${memoryOf(process).toFixed(0)}`)
} finally {
  for (const child of children) child.kill()
}
