/** A fleet of real processes, and a provider that they ask and that can misbehave. */
import { type ChildProcess, fork } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import type { Order, Settings } from "./fleetWorker.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** The worker in one file, so that a process starts at once. */
export const bundled = async (): Promise<string> => {
  const folder = mkdtempSync(join(root, "node_modules", ".fleet-"))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, "worker.mjs")
  await build({
    entryPoints: [join(root, "test/redis/fleetWorker.ts")],
    outfile: file,
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["ioredis", "effect", "@effect/*"],
    alias: { "effect-resilience": join(root, "src") },
    logLevel: "error"
  })
  return file
}

export const provider = async () => {
  const seen = { calls: 0, running: 0, most: 0, at: [] as Array<number> }
  let answer: () => { readonly status: number; readonly retryAfter?: number; readonly millis?: number } = () => ({
    status: 200
  })
  const server = createServer((_, response) => {
    seen.calls++
    seen.at.push(performance.now())
    const { millis = 0, retryAfter, status } = answer()
    let isOver = false
    let isCounted = false
    response.once("close", () => {
      isOver = true
      if (isCounted) seen.running--
    })
    // That somebody has left is told at the end of the turn in which the next one's request is read, though it came before.
    setImmediate(() =>
      setImmediate(() => {
        if (isOver) return
        isCounted = true
        seen.running++
        seen.most = Math.max(seen.most, seen.running)
      })
    )
    setTimeout(() => {
      response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": String(retryAfter) })
      response.end("{}")
    }, millis)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    seen,
    answers: (next: typeof answer): void => {
      answer = next
    },
    reset: (): void => {
      Object.assign(seen, { calls: 0, most: 0, at: [] })
    },
    stop: (): void => {
      server.closeAllConnections()
      server.close()
    }
  }
}

export interface Worker {
  readonly ask: <A>(order: Order) => Promise<A>
  readonly kill: () => void
  readonly child: ChildProcess
}

export const worker = async (file: string, settings: Settings): Promise<Worker> => {
  const child = fork(file, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] })
  const waiting = new Map<number, (result: unknown) => void>()
  let next = 0
  child.on("message", ({ id, result }: { readonly id: number; readonly result: unknown }) => {
    waiting.get(id)?.(result)
    waiting.delete(id)
  })
  const gone = (): void => {
    for (const resolve of waiting.values()) resolve("killed")
    waiting.clear()
  }
  child.on("exit", gone)
  child.on("error", gone)
  const ask = <A>(order: Order): Promise<A> =>
    new Promise((resolve) => {
      const id = next++
      waiting.set(id, resolve as (result: unknown) => void)
      if (child.connected) child.send({ id, order }, (error) => error === null || gone())
      else resolve("killed" as A)
    })
  await ask({ _tag: "Make", settings })
  return { ask, child, kill: () => void child.kill("SIGKILL") }
}
