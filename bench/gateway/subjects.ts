/**
 * What is measured beside one another: the gateway, a bare reverse proxy, the floor of any gateway that reads requests, and
 * Portkey's open gateway, each a process of its own before the same upstream.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface Subject {
  readonly name: string
  readonly port: number
  readonly headers?: Readonly<Record<string, string>>
  /** Whose processor and memory are looked at. */
  readonly pid: number | undefined
}

const here = import.meta.dirname
const upstream = 9300

/** Runs something beside all of them. `builds` has the built gateways by their names: the one that is, and others. */
export const besides = async (
  builds: Readonly<Record<string, string>>,
  measure: (subjects: ReadonlyArray<Subject>) => Promise<void>
): Promise<void> => {
  const children: Array<ChildProcess> = []
  const start = async (port: number, ...args: ReadonlyArray<string>): Promise<number> => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] })
    children.push(child)
    for (let tries = 0; tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      const listens = await fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false
      )
      if (listens) return child.pid as number
    }
    throw new Error(`nothing listens on ${port}`)
  }
  try {
    await start(upstream, ...script("upstream.ts", upstream))
    const subjects: Array<Subject> = [{ name: "direct", port: upstream, pid: undefined }]
    let port = upstream
    const add = async (name: string, args: (port: number) => ReadonlyArray<string>, headers?: Subject["headers"]) => {
      port++
      subjects.push({ name, port, pid: await start(port, ...args(port)), ...(headers && { headers }) })
    }
    await add("bare proxy", (port) => script("proxy.ts", port, upstream))
    await add("floor", (port) => script("floor.ts", port, upstream))
    for (const [name, dist] of Object.entries(builds)) {
      await add(name, (port) => [join(dist, "cli/main.js"), "gateway", "--config", configOf(port)])
    }
    const portkey = join(process.env.PORTKEY ?? join(here, "node_modules"), "@portkey-ai/gateway/build/start-server.js")
    if (existsSync(portkey)) {
      await add("Portkey", (port) => [portkey, "--headless", `--port=${port}`], {
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": `http://127.0.0.1:${upstream}/v1`
      })
    }
    await measure(subjects)
  } finally {
    for (const child of children) child.kill()
  }
}

const script = (file: string, ...args: ReadonlyArray<number>): ReadonlyArray<string> => [
  "--import",
  "tsx",
  join(here, file),
  ...args.map(String)
]

const configOf = (port: number): string => {
  const file = join(tmpdir(), `effect-resilience-gateway-bench-${port}.json`)
  const targets = [{ upstream: "fixed" }, { upstream: "fixed", model: "gpt-5-mini" }]
  writeFileSync(
    file,
    JSON.stringify({
      listen: { port },
      upstreams: { fixed: { baseUrl: `http://127.0.0.1:${upstream}/v1`, dialect: "openai" } },
      routes: [{ model: "gpt-5", targets }]
    })
  )
  return file
}

/** Megabytes of memory that a process has. */
export const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024

/** Microseconds of the processor that a process has had, its collector's and compiler's threads included. */
export const cpuOf = (pid: number): number => {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0])
  )
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1000
}
