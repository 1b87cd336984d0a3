/**
 * What somebody can do to a gateway over a bare socket.
 */
import { connect, type Socket } from "node:net"
import { expect, it } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { messages, post, start } from "./asking.js"

const chat = { model: "main", max_tokens: 50, messages }

const open = (url: string) =>
  Effect.acquireRelease(
    Effect.async<Socket, Error>((resume) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1", () => resume(Effect.succeed(socket)))
      socket.on("error", (error) => resume(Effect.fail(error)))
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

const head = (path: string, more = "content-length: 100\r\n") => `POST ${path} HTTP/1.1\r\nhost: x\r\n${more}`

it.scopedLive(
  "W8: a body that is too large is told so to whoever sends all of it first, with and without its length",
  () =>
    Effect.gen(function* () {
      const { gateway } = yield* start({}, () => ({ bounds: { bodyBytes: 1_000_000 } }))
      const url = `${gateway.url}/v1/chat/completions`
      const large = new Uint8Array(8_000_000).fill(0x20)
      const parts = () =>
        new ReadableStream({
          start: (controller) => {
            for (let at = 0; at < 8; at++) controller.enqueue(large.subarray(at * 1_000_000, (at + 1) * 1_000_000))
            controller.close()
          }
        })
      for (const body of [large, parts()]) {
        const init = { method: "POST", body, duplex: "half" } as RequestInit
        expect((yield* Effect.promise(() => fetch(url, init))).status).toBe(413)
      }
      expect((yield* post(url, chat)).status).toBe(200)
    })
)

it.scopedLive("W8: a client that reads nothing of its answer is let go of, and its upstream with it", () =>
  Effect.gen(function* () {
    const text = "x".repeat(12_000_000)
    const { gateway, provider } = yield* start({ reply: { text, usage: { inputTokens: 1, outputTokens: 1 } } }, () => ({
      bounds: { takeTime: "300 millis" },
      admin: { port: 0 },
      policy: { stream: { idle: "20 seconds" } }
    }))
    const underWay = Effect.map(
      Effect.promise(() => fetch(`${gateway.adminUrl}/state`).then((response) => response.json())),
      ({ processes }) => processes[0].underWay as number
    )
    for (const stream of [false, true]) {
      const body = JSON.stringify({ ...chat, stream })
      const socket = yield* open(gateway.url)
      socket.pause()
      socket.write(`${head("/v1/chat/completions", `content-length: ${body.length}\r\n`)}\r\n${body}`)
    }
    yield* provider.awaitAttempts(2)
    yield* Effect.repeat(Effect.delay(underWay, "50 millis"), { until: (count) => count === 0 })
    yield* provider.awaitSettled
  })
)

it.scopedLive("W8: whoever has been told that it sends no requests, and stays, is let go of", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start()
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => connect({ port: Number(new URL(gateway.url).port), host: "127.0.0.1", allowHalfOpen: true })),
      (socket) => Effect.sync(() => socket.destroy())
    )
    const told = Effect.async<void>((resume) => void socket.once("end", () => resume(Effect.void)))
    socket.resume()
    socket.write("\0")
    yield* told
    // A connection that has been let go of is reset when more is sent.
    const reset = Effect.async<void>((resume) => {
      socket.on("error", () => {})
      socket.once("close", () => resume(Effect.void))
    })
    const sending = Effect.repeat(
      Effect.delay(
        Effect.sync(() => socket.write("\0")),
        "1500 millis"
      ),
      { while: () => !socket.destroyed }
    )
    yield* Effect.timeout(Effect.race(reset, sending), "8 seconds")
  })
)

it.scopedLive("W8: whatever bytes come, and whenever they end, it answers the next one", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start({ models: { main: Script.always(Step.answer()) } }, () => ({
      bounds: { headerTime: "1 second", bodyTime: "1 second" }
    }))
    const body = JSON.stringify(chat)
    const request = Buffer.from(`${head("/v1/chat/completions", `content-length: ${body.length}\r\n`)}\r\n${body}`)
    const changed = FastCheck.tuple(
      FastCheck.nat(request.length),
      FastCheck.uint8Array({ maxLength: 12 }),
      FastCheck.nat(request.length)
    ).map(([at, bytes, end]) => Buffer.concat([request.subarray(0, at), bytes, request.subarray(at)]).subarray(0, end))
    const anything = FastCheck.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
    const samples = FastCheck.sample(FastCheck.oneof(changed, anything), { numRuns: 300, seed: 17 })
    const send = (bytes: Buffer) =>
      Effect.scoped(
        Effect.flatMap(open(gateway.url), (socket) =>
          Effect.async<void>((resume) => {
            socket.on("close", () => resume(Effect.void))
            socket.on("error", () => resume(Effect.void))
            socket.resume()
            socket.end(bytes)
          })
        )
      )
    yield* Effect.forEach(samples, send, { concurrency: 50 })
    expect((yield* post(`${gateway.url}/v1/chat/completions`, chat)).status).toBe(200)
  })
)

it.scopedLive("W8: a thousand connections that ask nothing are in nobody's way", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start()
    const idle = yield* Effect.forEach(Array.from({ length: 1_000 }), () => open(gateway.url), { concurrency: 100 })
    expect((yield* post(`${gateway.url}/v1/chat/completions`, chat)).status).toBe(200)
    expect(idle.every(({ destroyed }) => !destroyed)).toBe(true)
  })
)
