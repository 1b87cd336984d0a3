/**
 * A client that leaves stops its upstream call, wherever that call has come to. No limit in time is set, so nothing here
 * ends by itself.
 */
import { connect, type Socket } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import type * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { type Api, apis } from "./apis.js"
import { start } from "./asking.js"

const patient: NonNullable<(typeof GatewayConfig.schema.Encoded)["policy"]> = {
  deadline: false,
  attemptTimeout: false,
  retry: { initialDelay: "1 hour", maxDelay: "1 hour", jitter: "none" },
  circuitBreaker: false,
  stream: { firstToken: false, idle: false }
}

const withKeys = Effect.withConfigProvider(
  ConfigProvider.fromMap(
    new Map([
      ["FIRST_KEY", "sk-first"],
      ["SECOND_KEY", "sk-second"]
    ])
  )
)

const models = {
  silent: Script.always(Step.stall()),
  headers: Script.always(Step.stallAfterHeaders()),
  comments: Script.always(Step.keepAlivesOnly()),
  begun: Script.always(Step.stallAfterContent({ after: 3 })),
  down: Script.always(Step.overloaded()),
  unknown: Script.always(Step.modelNotFound())
}

interface Standing {
  readonly processes: readonly [{ readonly underWay: number }]
  readonly targets: ReadonlyArray<{ readonly inFlight: number; readonly queued: number }>
}

const started = Effect.map(
  start({ models }, (provider) => {
    const openai = { baseUrl: provider.openAiUrl, dialect: "openai" } as const
    const anthropic = { baseUrl: `${provider.anthropicUrl}/v1`, dialect: "anthropic" } as const
    const several = { keys: ["FIRST_KEY", "SECOND_KEY"] } as const
    const narrow = { policy: { bulkhead: { maxConcurrent: 1, maxQueued: 10 } } } as const
    const routes = ["openai", "anthropic"].flatMap((upstream) => [
      ...["silent", "headers", "comments", "begun", "down"].map((model) => ({ model, targets: [{ upstream }] })),
      {
        model: "fallback",
        targets: [
          { upstream, model: "unknown" },
          { upstream, model: "silent" }
        ]
      },
      { model: "buffered", delivery: "buffered", targets: [{ upstream, model: "begun" }] },
      { model: "keys", targets: [{ upstream: `${upstream}-keys`, model: "begun" }] },
      { model: "narrow", targets: [{ upstream: `${upstream}-narrow`, model: "silent" }] }
    ])
    return {
      upstreams: {
        openai,
        anthropic,
        "openai-keys": { ...openai, ...several },
        "anthropic-keys": { ...anthropic, ...several },
        "openai-narrow": { ...openai, ...narrow },
        "anthropic-narrow": { ...anthropic, ...narrow }
      },
      routes: routes as never,
      admin: { port: 0 },
      policy: patient
    }
  }),
  ({ gateway, provider }) => ({
    provider,
    port: Number(new URL(gateway.url).port),
    state: Effect.promise(() =>
      fetch(`${gateway.adminUrl}/state`).then((response) => response.json() as Promise<Standing>)
    )
  })
)

type Started = Effect.Effect.Success<typeof started>

const opened = (port: number) =>
  Effect.acquireRelease(
    Effect.async<Socket>((resume) => {
      const socket = connect(port, "127.0.0.1", () => resume(Effect.succeed(socket)))
      socket.on("error", () => {})
      socket.resume()
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

const request = ({ ask, path }: Api, model: string, stream: boolean): string => {
  const body = JSON.stringify({ model, ...ask(stream) })
  return `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

/** Until the gateway holds nothing any more: no request, no permit, no place in a queue. */
const atRest = ({ state }: Started) =>
  Effect.repeat(Effect.delay(state, "20 millis"), {
    until: ({ processes, targets }) =>
      processes[0].underWay === 0 && targets.every(({ inFlight, queued }) => inFlight === 0 && queued === 0)
  })

/** It closes its connection, resets it, or ends its own half of it. */
const ways: ReadonlyArray<(socket: Socket) => void> = [
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end()
]

const moments: ReadonlyArray<readonly [when: string, model: string, attempts: number]> = [
  ["before the upstream has said anything", "silent", 1],
  ["after the headers", "headers", 1],
  ["while comments are held back", "comments", 1],
  ["in the middle of the answer", "begun", 1],
  ["in the middle of an answer that is held until it is whole", "buffered", 1],
  ["while the fallback is asked", "fallback", 2],
  ["where one of several keys is used", "keys", 1]
]

describe.each(apis)("$path", (api) => {
  it.scopedLive("W4: it does not matter how a client leaves, or how far its call has come", () =>
    Effect.gen(function* () {
      const run = yield* started
      const { port, provider } = run
      for (const [when, model, attempts] of moments) {
        for (const stream of [false, true]) {
          const before = (yield* provider.attempts).length
          const sockets = yield* Effect.forEach(ways, () => opened(port))
          for (const socket of sockets) socket.write(request(api, model, stream))
          yield* provider.awaitAttempts(before + attempts * ways.length)
          yield* Effect.sleep("10 millis")
          ways.forEach((leave, at) => leave(sockets[at] as Socket))
          const seen = (yield* provider.awaitSettled).slice(before)
          const left = seen.filter(({ clientLeft }) => clientLeft).length
          expect([when, stream, seen.length, left]).toEqual([when, stream, attempts * ways.length, ways.length])
        }
      }
      yield* atRest(run)
    }).pipe(withKeys)
  )

  it.scopedLive("W4: one that leaves before its attempt, or between two of them, has no further one", () =>
    Effect.gen(function* () {
      const run = yield* started
      const { port, provider, state } = run
      for (const stream of [false, true]) {
        // Its place in the queue is free again; it is never asked for.
        const first = yield* opened(port)
        first.write(request(api, "narrow", stream))
        const before = (yield* provider.awaitAttempts((yield* provider.attempts).length + 1)).length
        const queued = yield* opened(port)
        queued.write(request(api, "narrow", stream))
        yield* Effect.repeat(Effect.delay(state, "10 millis"), {
          until: ({ targets }) => targets.some(({ queued }) => queued === 1)
        })
        queued.destroy()
        yield* Effect.repeat(Effect.delay(state, "10 millis"), {
          until: ({ targets }) => targets.every(({ queued }) => queued === 0)
        })
        first.destroy()
        yield* atRest(run)
        expect((yield* provider.awaitSettled).length).toBe(before)

        // The wait before the next attempt ends.
        const waiting = yield* opened(port)
        waiting.write(request(api, "down", stream))
        yield* provider.awaitAttempts(before + 1)
        yield* provider.awaitSettled
        waiting.destroy()
        yield* atRest(run)
        expect((yield* provider.attempts).length).toBe(before + 1)

        // Its body is not whole yet.
        const uploading = yield* opened(port)
        uploading.write(request(api, "silent", stream).slice(0, -10))
        yield* Effect.repeat(Effect.delay(state, "10 millis"), {
          until: ({ processes }) => processes[0].underWay === 1
        })
        uploading.destroy()
        yield* atRest(run)
        expect((yield* provider.attempts).length).toBe(before + 1)
      }
    }).pipe(withKeys)
  )

  it.scopedLive("W4: whoever has sent several requests at once over one connection takes all of them back", () =>
    Effect.gen(function* () {
      const run = yield* started
      const { port, provider } = run
      const socket = yield* opened(port)
      socket.write(["silent", "begun", "headers"].map((model) => request(api, model, true)).join(""))
      yield* provider.awaitAttempts(3)
      socket.destroy()
      const seen = yield* provider.awaitSettled
      expect(seen.map(({ clientLeft }) => clientLeft)).toEqual([true, true, true])
      yield* atRest(run)
    }).pipe(withKeys)
  )
})

it.scopedLive("W4: a tenth of a second after a client has left, its upstream call has ended", () =>
  Effect.gen(function* () {
    const { port, provider } = yield* started
    const direct = Number(new URL(provider.url).port)
    const [chat] = apis as [Api]
    const both = Array.from({ length: 10 }, () => [port, direct]).flat()
    const sockets = yield* Effect.forEach(both, (port) => opened(port))
    for (const socket of sockets) socket.write(request(chat, "begun", true))
    yield* provider.awaitAttempts(sockets.length)
    yield* Effect.sleep("50 millis")
    for (const socket of sockets) socket.destroy()
    const seen = yield* provider.awaitSettled
    const lastOf = (through: boolean): number =>
      Math.max(...seen.filter(({ headers }) => (headers.host === "x") !== through).map(({ endedAt }) => endedAt!))
    // By the provider's own clock, beside clients of its own that left at the same moment: how busy the machine is, both feel.
    expect(seen.every(({ clientLeft }) => clientLeft)).toBe(true)
    expect(lastOf(true) - lastOf(false)).toBeLessThan(100)
  }).pipe(withKeys)
)
