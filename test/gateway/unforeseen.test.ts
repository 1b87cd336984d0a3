/**
 * A mistake of the gateway's own ends one request: it is answered, told without its words, and the next one is served.
 */
import { request } from "node:http"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { Calls, type Generation } from "../../src/gateway/internal/generation.js"
import { onRequest } from "../../src/gateway/internal/onRequest.js"
import { listen } from "../../src/gateway/internal/server/listen.js"

const secret = "what somebody has sent"
const broken = (): never => {
  throw new Error(secret)
}

/** A gateway whose own parts are broken. */
const started = (parts: Partial<Generation>) => {
  const said: Array<string> = []
  const logger = Logger.make(({ message }) => said.push(String(message)))
  return Effect.gen(function* () {
    const runtime = yield* Effect.runtime<never>()
    const traffic = { underWay: 0 }
    const generation = { config: {}, runtime, calls: new Calls(), takeMillis: 1_000, ...parts } as Generation
    const handle = onRequest({ current: () => generation, traffic, ending: () => false, admin: undefined })
    const url = yield* listen("127.0.0.1", 0, {}, handle)
    const ask = (path: string) =>
      Effect.async<{ readonly status: number | undefined; readonly body: string }>((resume) => {
        const asking = request(`${url}${path}`, { method: path === "/healthz" ? "GET" : "POST" }, (response) => {
          let body = ""
          response.on("data", (bytes) => {
            body += bytes
          })
          response.on("end", () => resume(Effect.succeed({ status: response.statusCode, body })))
        })
        asking.end(JSON.stringify({ model: "main" }))
      })
    return { ask, said, traffic }
  }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
}

const somebody = { name: "", maySee: () => true, within: <A>(call: A) => call } as never

describe.each([
  ["before its body is read", { clients: { of: broken } }],
  ["after its body is read", { clients: { of: () => somebody }, routes: { find: broken } as never }]
])("%s", (_, parts) => {
  it.scopedLive("it is a 500 in the caller's dialect, whoever runs it is told where, and nothing stays under way", () =>
    Effect.gen(function* () {
      const { ask, said, traffic } = yield* started(parts)
      const openAi = yield* ask("/v1/chat/completions")
      expect([openAi.status, JSON.parse(openAi.body).error.type]).toEqual([500, "server_error"])
      const anthropic = yield* ask("/v1/messages")
      expect([anthropic.status, JSON.parse(anthropic.body).error.type]).toEqual([500, "api_error"])
      expect(JSON.stringify([openAi, anthropic, said])).not.toContain(secret)
      expect(said).toHaveLength(2)
      expect(said[0]).toMatch(/mistake in it: Error\n +at .*broken/)
      expect((yield* ask("/healthz")).status).toBe(200)
      expect(traffic.underWay).toBe(0)
    })
  )
})
