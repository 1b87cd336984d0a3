/**
 * Connections to a gateway that ask nothing, and a request that comes through all the same.
 *
 *   bash -c 'ulimit -n 20000 && node --import tsx bench/gateway/idle.ts [connections]'
 *
 * The gateway is a process of its own, as `npx effect-resilience gateway` starts it.
 */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { join } from "node:path"

const connections = Number(process.argv[2] ?? 10_000)
const main = join(import.meta.dirname, "../../src/cli/main.ts")
const gateway = spawn(process.execPath, ["--import", "tsx", main, "gateway", "--port", "0"], {
  stdio: ["ignore", "pipe", "inherit"]
})
const url = await new Promise<URL>((resolve) => {
  let said = ""
  gateway.stdout.on("data", (bytes: Buffer) => {
    said += bytes
    const found = /gateway on (\S+)/.exec(said)?.[1]
    if (found !== undefined) resolve(new URL(found))
  })
})
const resident = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, "utf8"))?.[1]) / 1024

const open = (): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => resolve(socket))
    socket.on("error", reject)
  })

const ask = async (): Promise<string> => {
  const start = performance.now()
  const response = await fetch(new URL("/v1/chat/completions", url), {
    method: "POST",
    body: JSON.stringify({ model: "embedded", messages: [{ role: "user", content: "Hello" }] })
  })
  await response.text()
  return `${response.status} after ${(performance.now() - start).toFixed(0)} ms`
}

await ask()
console.log(`without any: ${await ask()}, resident ${resident().toFixed(0)} MB`)
const sockets: Array<Socket> = []
while (sockets.length < connections) sockets.push(...(await Promise.all(Array.from({ length: 100 }, open))))
console.log(`with ${sockets.length}: ${await ask()}, resident ${resident().toFixed(0)} MB`)
const alive = sockets.filter(({ destroyed }) => !destroyed).length
console.log(`${alive} are open`)
for (const socket of sockets) socket.destroy()
gateway.kill("SIGTERM")
await new Promise((resolve) => gateway.once("exit", resolve))
console.log(`it ends with code ${gateway.exitCode}`)
