/** A `redis-server` of the test's own, on a free port, that can be killed and started again. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { rmSync } from "node:fs"
import { createServer, connect as openSocket, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const isInstalled: boolean = spawnSync("redis-server", ["--version"]).status === 0

if (!isInstalled) console.warn("NOT TESTED: there is no redis-server on this machine, so nothing of src/redis was run")

/** One without TLS refuses the first of these options, and one with it only the second. */
const complaint = (): string => {
  const { stderr, stdout } = spawnSync("redis-server", ["--port", "0", "--tls-port", "0", "--daemonize", "x"])
  return `${stderr}${stdout}`
}

/** Whether it can be asked over TLS, with a certificate made here. */
export const encrypts: boolean =
  isInstalled && spawnSync("openssl", ["version"]).status === 0 && complaint().includes("'daemonize")

if (isInstalled && !encrypts) {
  console.warn(
    "NOT TESTED: there is no openssl, or this redis-server has no TLS, so nothing of src/redis was run over it"
  )
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = openSocket(port, "127.0.0.1", () => socket.write("PING\r\n"))
    const done = (is: boolean): void => {
      socket.destroy()
      resolve(is)
    }
    socket.once("data", (data) => done(/^(\+PONG|-NOAUTH)/.test(String(data))))
    socket.once("error", () => done(false))
  })

const started = async (port: number, more: ReadonlyArray<string>): Promise<ChildProcess> => {
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", ...more]
  // A replica writes down what it is sent.
  options.push("--dir", tmpdir(), "--dbfilename", `redis-${port}.rdb`)
  const child = spawn("redis-server", options, { stdio: "ignore" })
  for (let i = 0; i < 200; i++) {
    if (await answers(port)) return child
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  child.kill("SIGKILL")
  throw new Error(`redis-server did not answer on port ${port}`)
}

/** An address that stays, and leads to one server or another, as where a replica takes over. */
export const address = async (first: number) => {
  let port = first
  const open = new Set<Socket>()
  const proxy = createServer((incoming) => {
    const outgoing = openSocket(port, "127.0.0.1")
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming]
    ] as const) {
      open.add(one)
      one.pipe(other)
      one.on("error", () => {})
      one.once("close", () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve))
  const own = proxy.address()
  return {
    url: `redis://127.0.0.1:${typeof own === "object" && own !== null ? own.port : 0}`,
    leadsTo: (next: number): void => {
      port = next
      for (const socket of open) socket.destroy()
    },
    stop: (): void => {
      for (const socket of open) socket.destroy()
      proxy.close()
    }
  }
}

/** `options` are those of `redis-server`. */
export const redisServer = async (options: ReadonlyArray<string> = []) => {
  const port = await freePort()
  let child: ChildProcess | undefined = await started(port, options)
  const kill = async (): Promise<void> => {
    const dying = child
    child = undefined
    if (dying === undefined) return
    const gone = new Promise((resolve) => dying.once("exit", resolve))
    dying.kill("SIGKILL")
    await gone
    rmSync(join(tmpdir(), `redis-${port}.rdb`), { force: true })
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    start: async (): Promise<void> => {
      child ??= await started(port, options)
    },
    /** It is there and does not answer. */
    pause: (): void => void child?.kill("SIGSTOP"),
    resume: (): void => void child?.kill("SIGCONT")
  }
}
