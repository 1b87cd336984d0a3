/**
 * What nobody should send, over bare sockets: each is answered in words, and so is whoever asks afterwards.
 */
import { readFileSync } from "node:fs"
import { expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { counting, fibers } from "../../../bench/gateway/left.js"
import { start } from "../asking.js"
import { exchange } from "./exchange.js"
import { wrongWith } from "./judge.js"
import { good, hostile } from "./requests.js"
import { bounded, environment, operatorKey } from "./setting.js"

interface Standing {
  readonly processes: readonly [{ readonly underWay: number }]
  readonly targets: ReadonlyArray<{ readonly inFlight: number; readonly queued: number }>
}

it("the gateway's page tells how many there are", () => {
  const page = readFileSync(new URL("../../../docs/gateway.md", import.meta.url), "utf8")
  expect(/(\d+) kinds of what nobody should send/.exec(page)?.[1]).toBe(String(hostile.length))
})

it("each has a name of its own", () => {
  const names = hostile.map(({ name }) => name)
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
})

it.scopedLive("W8: whatever is sent is answered in the caller's dialect, and nothing of it stays", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* counting(start({}, () => bounded))
    const port = Number(new URL(gateway.url).port)
    const plain = () => exchange(port, good).then(({ answers }) => answers.map(({ status }) => status))
    expect(yield* Effect.promise(plain)).toEqual([200])
    const atRest = fibers()
    const wrong = yield* Effect.forEach(
      hostile,
      (one) =>
        Effect.match(
          Effect.tryPromise(() => exchange(port, one)),
          {
            onFailure: ({ cause }) => [one.name, [String(cause)]] as const,
            onSuccess: (exchanged) => [one.name, wrongWith(one, exchanged)] as const
          }
        ),
      { concurrency: 20 }
    )
    expect(wrong.filter(([, mistakes]) => mistakes.length > 0)).toEqual([])
    expect(yield* Effect.promise(plain)).toEqual([200])
    yield* provider.awaitSettled
    const state = Effect.promise(() =>
      fetch(`${gateway.adminUrl}/state`, { headers: { authorization: `Bearer ${operatorKey}` } }).then(
        (response) => response.json() as Promise<Standing>
      )
    )
    yield* Effect.iterate(undefined, { while: () => fibers() > atRest, body: () => Effect.sleep("20 millis") })
    yield* Effect.repeat(Effect.delay(state, "20 millis"), {
      until: ({ processes, targets }) =>
        processes[0].underWay === 0 && targets.every(({ inFlight, queued }) => inFlight === 0 && queued === 0)
    })
  }).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map(environment))))
)
