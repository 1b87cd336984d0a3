/** OpenAI's Realtime API through the client's own WebSocket, against a server of the test. */
import { once } from "node:events"
import { type AddressInfo, connect } from "node:net"
import { it } from "@effect/vitest"
import { Effect, Either, ManagedRuntime, Option, Redacted, type Scope, Stream } from "effect"
import { LlmCall, LlmError, Resilience, StreamDialect } from "effect-resilience"
import OpenAI from "openai"
import { OpenAIRealtimeWS } from "openai/realtime/ws"
import type { RealtimeServerEvent } from "openai/resources/realtime/realtime"
import { afterAll, describe, expect } from "vitest"
import { type WebSocket, WebSocketServer } from "ws"

/** What the server says of one response, and how it leaves. */
type Script = (say: (event: object) => void, socket: WebSocket) => void

const ids = { event_id: "e", response_id: "r", item_id: "i", output_index: 0, content_index: 0 }
const created = { type: "response.created", event_id: "e", response: { status: "in_progress" } }
const word = (delta: string) => ({ type: "response.output_text.delta", ...ids, delta })
const done = {
  type: "response.done",
  event_id: "e",
  response: { status: "completed", usage: { input_tokens: 5, output_tokens: 2 } }
}
const failed = (type: string, code: string) => ({
  type: "response.done",
  event_id: "e",
  response: { status: "failed", status_details: { type: "failed", error: { type, code } } }
})
const call = (fields: object) => ({
  type: "response.output_item.added",
  event_id: "e",
  output_index: 1,
  item: { type: "function_call", id: "i", call_id: "1", name: "pay", arguments: "", ...fields }
})

const saying =
  (...events: ReadonlyArray<object>): Script =>
  (say) =>
    events.forEach(say)

const breaking =
  (leave: (socket: WebSocket) => void): Script =>
  (say, socket) => {
    say(created)
    leave(socket)
  }

const answer = saying(created, word("one "), word("two"), done)

interface Server {
  readonly url: string
  readonly asked: () => number
  readonly open: () => number
}

/** Each response of the session follows the next script, and the last one for ever. */
const serverOf = (...scripts: ReadonlyArray<Script>): Effect.Effect<Server, never, Scope.Scope> =>
  Effect.gen(function* () {
    let asked = 0
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" })
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const client of server.clients) client.terminate()
        server.close()
      })
    )
    server.on("connection", (socket: WebSocket) => {
      socket.send(JSON.stringify({ type: "session.created", event_id: "e", session: {} }))
      socket.on("message", (data) => {
        if ((JSON.parse(String(data)) as { type: string }).type !== "response.create") return
        const script = scripts[Math.min(asked++, scripts.length - 1)] as Script
        script((event) => socket.send(JSON.stringify(event)), socket)
      })
    })
    yield* Effect.promise(() => once(server, "listening"))
    const { port } = server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}/v1`, asked: () => asked, open: () => server.clients.size }
  })

/** The events of one session, in which one response is asked for. */
const responseOf = (baseURL: string, signal: AbortSignal): ReadableStream<RealtimeServerEvent> => {
  const { hostname, port } = new URL(baseURL)
  // The client insists on TLS, of which the server of the test knows nothing.
  const options = { createConnection: () => connect(Number(port), hostname) } as object
  const session = new OpenAIRealtimeWS({ model: "gpt-realtime", options }, new OpenAI({ apiKey: "k", baseURL }))
  const leave = () => session.close()
  return new ReadableStream({
    start: (events) => {
      signal.addEventListener("abort", leave)
      session.on("event", (event) => {
        events.enqueue(event)
        if (event.type === "response.done") leave()
      })
      session.on("error", (error) => {
        events.error(error)
        leave()
      })
      session.socket.on("open", () => session.send({ type: "response.create" }))
      session.socket.on("close", () => {
        try {
          events.close()
        } catch {
          // It has failed, or has been left.
        }
      })
    },
    cancel: leave
  })
}

const ask = (url: string, options: Resilience.StreamOptions<unknown> = {}) =>
  LlmCall.tryStream({
    target: "a",
    try: (signal) => responseOf(url, signal) as unknown as AsyncIterable<RealtimeServerEvent>
  }).pipe(Resilience.protectStream("a", { dialect: StreamDialect.openAiRealtime, ...options }))

const read = (url: string, options?: Resilience.StreamOptions<unknown>) => {
  let text = ""
  return ask(url, options).pipe(
    Stream.runForEach((event) =>
      Effect.sync(() => {
        text += StreamDialect.openAiRealtime.read(event).text ?? ""
      })
    ),
    Effect.either,
    Effect.map((result) => ({ text, error: Either.isLeft(result) ? result.left : undefined }))
  )
}

const policies = ManagedRuntime.make(
  Resilience.layer({
    retry: { maxAttempts: 2, initialDelay: 1 },
    circuitBreaker: false,
    retryBudget: false,
    deadline: "20 seconds"
  })
)
afterAll(() => policies.dispose())

const closed = (server: { readonly open: () => number }) =>
  Effect.promise(() => expect.poll(server.open, { interval: 5 }).toBe(0))

describe.each(["by its name", "by its first event"])("openai's Realtime, %s", (way) => {
  const dialect = way === "by its name" ? {} : { dialect: undefined }

  it.scopedLive("is answered, and the session closed", () =>
    Effect.gen(function* () {
      const server = yield* serverOf(answer)
      expect(yield* read(server.url, dialect)).toEqual({ text: "one two", error: undefined })
      expect(server.asked()).toBe(1)
      yield* closed(server)
    }).pipe(Effect.provide(policies))
  )

  const before: ReadonlyArray<readonly [string, Script]> = [
    ["an error", saying(created, { type: "error", event_id: "e", error: { type: "server_error", message: "no" } })],
    ["a response that failed", saying(created, failed("server_error", "server_error"))],
    ["a rate limit", saying(created, failed("invalid_request_error", "rate_limit_exceeded"))],
    ["a socket that breaks", breaking((socket) => socket.terminate())],
    ["a socket that is closed", breaking((socket) => socket.close(1_011, "no"))]
  ]
  it.scopedLive.each(before)("S1: %s before the first word is asked again", ([, script]) =>
    Effect.gen(function* () {
      const server = yield* serverOf(script, answer)
      expect(yield* read(server.url, dialect)).toEqual({ text: "one two", error: undefined })
      expect(server.asked()).toBe(2)
      yield* closed(server)
    }).pipe(Effect.provide(policies))
  )

  const after: ReadonlyArray<readonly [string, Script]> = [
    ["a socket that breaks", (_, socket) => setTimeout(() => socket.terminate(), 20)],
    ["a socket that is closed", (_, socket) => socket.close()],
    ["a response that failed", saying(failed("server_error", "server_error"))]
  ]
  it.scopedLive.each(after)("S2: %s after it is a failure that holds what was said", ([, script]) =>
    Effect.gen(function* () {
      const server = yield* serverOf((say, socket) => {
        saying(created, word("one "))(say, socket)
        script(say, socket)
      })
      const { error, text } = yield* read(server.url, dialect)
      expect(text).toBe("one ")
      expect(error).toBeInstanceOf(LlmError.StreamInterrupted)
      expect((error as LlmError.StreamInterrupted).partial).toEqual(Redacted.make("one "))
      expect(server.asked()).toBe(1)
    }).pipe(Effect.provide(policies))
  )

  it.scopedLive("S7: silence after a call has begun runs into the idle limit, and the session is closed", () =>
    Effect.gen(function* () {
      const server = yield* serverOf(saying(created, call({})))
      const { error } = yield* read(server.url, { ...dialect, idle: "50 millis" })
      expect((error as LlmError.StreamInterrupted).emittedToolCalls.map(({ name }) => name)).toEqual(["pay"])
      yield* closed(server)
    }).pipe(Effect.provide(policies))
  )

  it.scopedLive("S9: a consumer that leaves closes the session", () =>
    Effect.gen(function* () {
      const server = yield* serverOf(saying(created, word("one ")))
      const first = yield* ask(server.url, dialect).pipe(
        Stream.filter(({ type }) => type === "response.output_text.delta"),
        Stream.runHead
      )
      expect(Option.isSome(first)).toBe(true)
      yield* closed(server)
    }).pipe(Effect.provide(policies))
  )
})
