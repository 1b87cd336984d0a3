/** The dialects of the APIs that the misbehaving provider does not play, over sockets and through the vendors' clients. */
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, describe, expect, it } from "@effect/vitest"
import { Effect, Either, ManagedRuntime, Redacted, Stream } from "effect"
import { LlmCall, LlmError, Resilience } from "effect-resilience"
import { type Api, furtherApis, type WireEvent } from "./furtherApis.js"

/** What the server does with one request. */
interface Answer {
  readonly status?: number
  readonly events?: ReadonlyArray<WireEvent>
  /** What comes once the consumer has content. */
  readonly afterwards?: ReadonlyArray<WireEvent>
  /** `end` (default) ends the body as it should be ended, `cut` closes the connection in the middle of it. */
  readonly by?: "end" | "cut"
}

const textOf = (events: ReadonlyArray<WireEvent>): string =>
  events
    .map(([name, data]) => {
      const line = typeof data === "string" ? data : JSON.stringify(data)
      return `${name === undefined ? "" : `event: ${name}\n`}data: ${line}\n\n`
    })
    .join("")

/** Answers in turn, and counts. */
const serve = (answers: ReadonlyArray<Answer>, content: Promise<void>) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly requests: () => number; readonly close: () => void }>((resume) => {
      let requests = 0
      const answer = async (response: ServerResponse) => {
        const { afterwards, by = "end", events = [], status = 200 } = answers[requests++] ?? {}
        if (status !== 200) {
          response.writeHead(status, { "content-type": "application/json" }).end('{"error":{"message":"no"}}')
          return
        }
        response.writeHead(status, { "content-type": "text/event-stream" })
        response.write(textOf(events))
        if (afterwards !== undefined) {
          await content
          response.write(textOf(afterwards))
        }
        if (by === "end") response.end()
        else response.destroy()
      }
      const server = createServer((request, response) => {
        request.resume().on("end", () => void answer(response))
      })
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        const close = () => {
          server.closeAllConnections()
          server.close()
        }
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, requests: () => requests, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const policies = ManagedRuntime.make(
  Resilience.layer({
    deadline: "20 seconds",
    circuitBreaker: false,
    retryBudget: false,
    retry: { maxAttempts: 2, initialDelay: 1 }
  })
)
afterAll(() => policies.dispose())

const seen = (api: Api, answers: ReadonlyArray<Answer>, options: Resilience.StreamOptions<unknown> = {}) =>
  Effect.gen(function* () {
    let hasContent = () => {}
    const content = new Promise<void>((resolve) => {
      hasContent = resolve
    })
    const server = yield* serve(answers, content)
    let text = ""
    const calls = new Set<string>()
    const result = yield* LlmCall.tryStream({ try: (signal) => api.stream(server.url, signal) }).pipe(
      Resilience.protectStream("a", { dialect: api.dialect, ...options }),
      Stream.runForEach((element) =>
        Effect.sync(() => {
          const reading = api.dialect.read(element)
          text += reading.text ?? ""
          for (const { id, name } of reading.toolCalls ?? []) if (name !== "") calls.add(`${id} ${name}`)
          if (reading.kind === "content") hasContent()
        })
      ),
      Effect.either
    )
    const error = Either.isLeft(result) ? result.left : undefined
    return { text, calls: [...calls], error, requests: server.requests() }
  }).pipe(Effect.provide(policies))

const interruptedBy = (error: unknown): LlmError.StreamInterrupted => {
  expect(error).toBeInstanceOf(LlmError.StreamInterrupted)
  return error as LlmError.StreamInterrupted
}

describe.each(furtherApis.map((api) => [api.name, api] as const))("%s", (_, api) => {
  const { call, end, endOfCall, errors, opening, words } = api
  const whole: Answer = { events: [...opening, ...words, ...end] }
  const answered = { text: "one two", calls: [], error: undefined }
  const [begun, rest] = call
  const wholeCall: Answer = { events: [...opening, ...begun, ...rest, ...endOfCall] }

  it.scopedLive("a whole answer passes as it is", () =>
    Effect.gen(function* () {
      expect(yield* seen(api, [whole])).toEqual({ ...answered, requests: 1 })
      expect(yield* seen(api, [wholeCall])).toMatchObject({ calls: ["1 pay"], error: undefined, requests: 1 })
    })
  )

  it.scopedLive("S1, C13: what fails before the first content is retried", () =>
    Effect.gen(function* () {
      const failures: ReadonlyArray<Answer> = [
        { status: 500 },
        { events: opening, by: "cut" },
        { events: opening },
        ...errors.map((error) => ({ events: [...opening, error] }))
      ]
      for (const failure of failures) {
        expect(yield* seen(api, [failure, whole])).toEqual({ ...answered, requests: 2 })
      }
    })
  )

  it.scopedLive("S4: what ends after content, and not with its end, is never a success", () =>
    Effect.gen(function* () {
      for (const by of ["cut", "end"] as const) {
        const { error, requests } = yield* seen(api, [{ events: [...opening, words[0]], afterwards: [], by }, whole])
        expect(interruptedBy(error).partial).toEqual(Redacted.make("one "))
        expect(requests).toBe(1)
      }
    })
  )

  it.scopedLive("S2, C13: an error event after content is a failure that holds what was delivered", () =>
    Effect.gen(function* () {
      for (const wrong of errors) {
        const { error, requests } = yield* seen(api, [{ events: [...opening, words[0]], afterwards: [wrong] }, whole])
        const interrupted = interruptedBy(error)
        expect(interrupted.partial).toEqual(Redacted.make("one "))
        expect(Redacted.value(interrupted.cause as Redacted.Redacted)).toMatchObject({ _tag: "RateLimited" })
        expect(requests).toBe(1)
      }
    })
  )

  it.scopedLive("S4: a call that is cut within its arguments is no call, unless it is asked for again", () =>
    Effect.gen(function* () {
      for (const by of ["cut", "end"] as const) {
        const half: Answer = { events: [...opening, ...begun], afterwards: [], by }
        const { error, requests } = yield* seen(api, [half, wholeCall])
        expect(interruptedBy(error).emittedToolCalls).toEqual([{ id: "1", name: "pay" }])
        expect(requests).toBe(1)
        // Nothing is delivered of it, so that the server cannot wait for that.
        const again = yield* seen(api, [{ events: [...opening, ...begun], by }, wholeCall], { delivery: "buffered" })
        expect(again).toMatchObject({ calls: ["1 pay"], error: undefined, requests: 2 })
      }
    })
  )
})
