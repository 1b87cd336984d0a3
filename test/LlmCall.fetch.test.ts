import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { Classifier, LlmCall } from "effect-resilience"

const serving = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly close: () => void }>((resume) => {
      const server = createServer(listener)
      server.listen(0, "127.0.0.1", () => {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
        resume(Effect.succeed({ url, close: () => server.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const spent = { error: { code: "insufficient_quota", message: "You exceeded your current quota" } }

describe("LlmCall.fetch", () => {
  it.scopedLive("C15: reads status, headers and body of a failure", () =>
    Effect.gen(function* () {
      const { url } = yield* serving((_, response) => {
        response.writeHead(429, { "content-type": "application/json", "retry-after": "7", "x-request-id": "req_1" })
        response.end(JSON.stringify(spent))
      })
      const failure = yield* Effect.flip(LlmCall.fetch({ target: "t", url }))
      expect(failure).toMatchObject({ _tag: "QuotaExhausted", status: 429, target: "t", requestId: "req_1" })
      expect(failure.retryAfter && Duration.toMillis(failure.retryAfter)).toBe(7_000)
    })
  )

  it.scopedLive("C15: reads an answer, and what is none", () =>
    Effect.gen(function* () {
      const { url } = yield* serving((request, response) => {
        response.end(request.url === "/ok" ? '{"id":"1"}' : request.url === "/error" ? JSON.stringify(spent) : "<html>")
      })
      expect(yield* LlmCall.fetch({ url: `${url}/ok` })).toEqual({ id: "1" })
      expect(yield* LlmCall.fetch({ url: `${url}/ok`, read: "text" })).toBe('{"id":"1"}')
      const checked = yield* Effect.flip(LlmCall.fetch({ target: "t", url: `${url}/error`, checkAnswer: true }))
      expect(checked).toMatchObject({ _tag: "QuotaExhausted", target: "t" })
      expect((yield* Effect.flip(LlmCall.fetch({ url: `${url}/html` })))._tag).toBe("MalformedResponse")
    })
  )

  it.scopedLive("C15: hands the signal on", () =>
    Effect.gen(function* () {
      let closed = false
      const { url } = yield* serving((request) => {
        request.socket.on("close", () => {
          closed = true
        })
      })
      yield* LlmCall.fetch({ url }).pipe(Effect.timeout("100 millis"), Effect.ignore)
      yield* Effect.sleep("100 millis")
      expect(closed).toBe(true)
    })
  )

  it("C15: a Response that was thrown is read by its status and its headers", () => {
    const failure = Classifier.fromUnknown(new Response("busy", { status: 503, headers: { "retry-after": "9" } }))
    expect(failure).toMatchObject({ status: 503 })
    expect("retryAfter" in failure && failure.retryAfter && Duration.toMillis(failure.retryAfter)).toBe(9_000)
  })

  it.scopedLive("C15: a Response that is to be checked is: by its status, its headers and its body", () =>
    Effect.gen(function* () {
      const { url } = yield* serving((request, response) => {
        const type = request.url === "/sse" ? "text/event-stream" : "application/json"
        response.writeHead(request.url === "/failed" ? 429 : 200, { "content-type": type, "retry-after": "9" })
        response.end(request.url === "/ok" ? '{"choices":[{"message":{"content":"yes"}}]}' : JSON.stringify(spent))
      })
      const ask = (path: string, checkAnswer = true) =>
        LlmCall.tryPromise({ target: "t", checkAnswer, try: (signal) => fetch(`${url}${path}`, { signal }) })
      for (const path of ["/failed", "/error"]) {
        expect(yield* Effect.flip(ask(path))).toMatchObject({ _tag: "QuotaExhausted", target: "t" })
      }
      const answer = yield* ask("/ok")
      expect(yield* Effect.promise(() => answer.json())).toMatchObject({ choices: [{}] })
      expect((yield* ask("/sse")).bodyUsed).toBe(false)
      expect((yield* ask("/failed", false)).status).toBe(429)
      const read = LlmCall.tryPromise({
        checkAnswer: true,
        try: async () => {
          const response = await fetch(`${url}/failed`)
          await response.text()
          return response
        }
      })
      expect(yield* Effect.flip(read)).toMatchObject({ _tag: "RateLimited", status: 429 })
    })
  )
})
