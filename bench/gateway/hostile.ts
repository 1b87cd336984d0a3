/**
 * What nobody should send to a gateway, over bare sockets: whether each is answered as it should be, and what is left behind.
 *
 *   node --import tsx bench/gateway/hostile.ts [rounds]
 *
 * The requests are those of the tests. The gateway and its provider are processes of their own. It ends with code 1 where an
 * answer is another than it has to be, the gateway has ended or answers no more, or something is left.
 */
import { type ChildProcess, fork } from "node:child_process"
import { join } from "node:path"
import { type Exchanged, exchange } from "../../test/gateway/hostile/exchange.js"
import type { Hostile } from "../../test/gateway/hostile/hostile.js"
import { wrongWith } from "../../test/gateway/hostile/judge.js"
import { good, kinds } from "../../test/gateway/hostile/requests.js"
import { operatorKey } from "../../test/gateway/hostile/setting.js"
import type { Held } from "./hostile/gateway.js"

const rounds = Number(process.argv[2] ?? 3)
const atOnce = 20

const start = (file: string, ...args: ReadonlyArray<string>): ChildProcess =>
  fork(join(import.meta.dirname, file), args, { execArgv: ["--import", "tsx"] })
const next = <A>(child: ChildProcess): Promise<A> =>
  new Promise((resolve, reject) => {
    child.once("message", (message) => resolve(message as A))
    child.once("exit", () => reject(new Error("it has ended")))
  })
const ask = <A>(child: ChildProcess): Promise<A> => {
  child.send("what")
  return next(child)
}
const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

const provider = start("soak/provider.ts")
const { anthropicUrl, openAiUrl } = await next<{ readonly openAiUrl: string; readonly anthropicUrl: string }>(provider)
const gateway = start("hostile/gateway.ts", openAiUrl, anthropicUrl)
const url = new URL(await next<string>(gateway))
const ended = (code: number | null): never => {
  console.log(`FAILED: the gateway has ended with code ${code}`)
  process.exit(1)
}
gateway.once("exit", ended)
const port = Number(url.port)

const answered = async (): Promise<string | undefined> => {
  const begun = performance.now()
  const exchanged = await exchange(port, good)
  return wrongWith(good, exchanged).length === 0 ? `${(performance.now() - begun).toFixed(0)} ms` : undefined
}
await answered()
const atRest = await ask<Held>(gateway)

const judged = (one: Hostile): Promise<ReadonlyArray<string>> =>
  exchange(port, one).then(
    (exchanged: Exchanged) => wrongWith(one, exchanged),
    (error: Error) => [error.message]
  )

/** As many at once, the next one as soon as one is over. */
const sendAll = async (all: ReadonlyArray<Hostile>): Promise<ReadonlyArray<string>> => {
  const wrong: Array<string> = []
  const rest = all[Symbol.iterator]()
  const sender = async (): Promise<void> => {
    for (const one of rest) wrong.push(...(await judged(one)).map((mistake) => `${one.name}: ${mistake}`))
  }
  await Promise.all(Array.from({ length: atOnce }, sender))
  return wrong
}

const wrong: Array<string> = []
for (const [kind, all] of Object.entries(kinds)) {
  const mistakes: Array<string> = []
  for (let round = 0; round < rounds; round++) mistakes.push(...(await sendAll(all)))
  wrong.push(...mistakes)
  console.log(
    `${kind.padEnd(40)} ${String(all.length).padStart(4)}  ${mistakes.length === 0 ? "as it should be" : "WRONG"}`
  )
}
for (const mistake of new Set(wrong)) console.log(`  ${mistake}`)

const afterwards = await answered()
// Connections to the provider are kept for a few seconds.
await sleep(8_000)

interface Standing {
  readonly processes: readonly [{ readonly underWay: number }]
  readonly targets: ReadonlyArray<{ readonly inFlight: number; readonly queued: number }>
}
const state = await fetch(new URL("/admin/state", url), {
  headers: { authorization: `Bearer ${operatorKey}`, connection: "close" }
})
const { processes, targets } = (await state.json()) as Standing
await sleep(100)
const { fibers, sockets } = await ask<Held>(gateway)
const { open } = await ask<{ readonly open: ReadonlyArray<unknown> }>(provider)
const left = {
  sockets,
  fibers: fibers - atRest.fibers,
  requests: processes[0].underWay,
  permits: targets.reduce((sum, { inFlight, queued }) => sum + inFlight + queued, 0),
  calls: open.length
}
gateway.off("exit", ended)
gateway.disconnect()
provider.disconnect()

const count = Object.values(kinds).flat().length
console.log(`${count} kinds of requests, ${rounds} times each: ${wrong.length} answers are not as they should be`)
console.log(`a good request afterwards: ${afterwards ?? "FAILED"}; left behind:`, left)
const bad = wrong.length > 0 || afterwards === undefined || Object.values(left).some((number) => number !== 0)
console.log(bad ? "FAILED" : "all are answered as they should be, and nothing is left")
process.exitCode = bad ? 1 : 0
