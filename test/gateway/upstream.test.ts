/**
 * What an upstream may answer that no client is to see.
 */
import { createServer, type IncomingHttpHeaders, request, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"
import { expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import * as Gateway from "effect-resilience/gateway/Gateway"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import { messages, post } from "./asking.js"

const key = "sk-upstream-0123456789abcdef"
const hidden = "*".repeat(key.length)

const completion = (content: string) =>
  JSON.stringify({
    id: "a",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
  })

const event = (content: string, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: "a", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content }, finish_reason }] })}\n\n`

const json = { "content-type": "application/json" }
const events = { "content-type": "text/event-stream" }

type Answers = (response: ServerResponse) => void

/** In two pieces, with time between them. */
const parted =
  (status: number, headers: Record<string, string>, text: string): Answers =>
  (response) => {
    const at = text.indexOf(key) + 10
    response.writeHead(status, headers)
    response.write(text.slice(0, at))
    setTimeout(() => response.end(text.slice(at)), 30)
  }

const started = (answers: Readonly<Record<string, Answers>>) =>
  Effect.gen(function* () {
    const asked: Array<IncomingHttpHeaders> = []
    const server = yield* Effect.acquireRelease(
      Effect.async<Server>((resume) => {
        const server = createServer((request, response) => {
          let body = ""
          request.on("data", (bytes) => {
            body += bytes
          })
          request.on("end", () => {
            asked.push(request.headers)
            answers[JSON.parse(body).model]?.(response)
          })
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close())
    )
    const config = yield* GatewayConfig.decode({
      listen: { port: 0 },
      upstreams: {
        one: {
          baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
          dialect: "openai",
          keys: "KEY"
        }
      },
      routes: Object.keys(answers).map((model) => ({
        model,
        targets: model === "spare" ? [{ upstream: "one" }] : [{ upstream: "one" }, { upstream: "one", model: "spare" }]
      })),
      policy: { retry: false, deadline: "5 seconds" }
    })
    const { url } = yield* Gateway.make(config)
    const ask = (model: string, stream: boolean) =>
      Effect.flatMap(post(`${url}/v1/chat/completions`, { model, messages, stream }), (response) =>
        Effect.map(
          Effect.promise(() => response.text()),
          (body) => ({ response, body, told: JSON.stringify([...response.headers]) + body })
        )
      )
    return { ask, asked, url }
  }).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["KEY", key]]))))

it.scopedLive("W10: an upstream's own key is asterisks, in headers, answers, refusals and streams", () =>
  Effect.gen(function* () {
    const headers = { ...json, "x-echo": `Bearer ${key}`, "x-other": "shown" }
    const { ask } = yield* started({
      answer: parted(200, headers, completion(`Your key is ${key}`)),
      refusal: parted(
        400,
        headers,
        JSON.stringify({ error: { message: `${key} may not`, type: "invalid_request_error" } })
      ),
      stream: parted(200, { ...events, "x-echo": key }, `${event(`one ${key}`)}${event("", "stop")}data: [DONE]\n\n`),
      spare: (response) => response.writeHead(200, json).end(completion("spare"))
    })
    for (const stream of [false, true]) {
      const answer = yield* ask("answer", stream)
      expect(JSON.parse(answer.body).choices[0].message.content).toBe(`Your key is ${hidden}`)
      expect(answer.response.headers.get("x-echo")).toBe(`Bearer ${hidden}`)
      expect(answer.response.headers.get("x-other")).toBe("shown")
      const refusal = yield* ask("refusal", stream)
      expect([refusal.response.status, JSON.parse(refusal.body).error.message]).toEqual([400, `${hidden} may not`])
      for (const { told } of [answer, refusal]) expect(told).not.toContain(key.slice(3, 14))
    }
    const { body, told } = yield* ask("stream", true)
    expect(body).toBe(`${event(`one ${hidden}`)}${event("", "stop")}data: [DONE]\n\n`)
    expect(told).not.toContain(key.slice(3, 14))
  })
)

it.scopedLive("W2: a redirection, and an answer that is compressed, are failures of the target", () =>
  Effect.gen(function* () {
    const { ask, asked } = yield* started({
      "302": (response) => response.writeHead(302, { location: `http://127.0.0.1:1/${key}` }).end(),
      "304": (response) => response.writeHead(304).end(),
      "307": (response) => response.writeHead(307, { location: "/elsewhere" }).end(),
      gzip: (response) =>
        response.writeHead(200, { ...json, "content-encoding": "gzip" }).end(gzipSync(completion("packed"))),
      "gzip, untold": (response) => response.writeHead(200, json).end(gzipSync(completion("packed"))),
      spare: (response) => response.writeHead(200, json).end(completion("spare"))
    })
    for (const model of ["302", "304", "307", "gzip", "gzip, untold"]) {
      for (const stream of [false, true]) {
        const { body, response } = yield* ask(model, stream)
        expect([model, response.status, response.headers.get("location")]).toEqual([model, 200, null])
        expect(JSON.parse(body).choices[0].message.content).toBe("spare")
      }
    }
    expect(new Set(asked.map((headers) => headers["accept-encoding"]))).toEqual(new Set(["identity"]))
  })
)

it.scopedLive("what either side says is of its connection alone is not passed on, nor what always is", () =>
  Effect.gen(function* () {
    const ofConnection = {
      connection: "keep-alive, X-Hop,x-other-hop",
      "keep-alive": "timeout=5",
      "x-hop": "1",
      "x-other-hop": "1",
      "proxy-connection": "keep-alive",
      trailer: "x-later"
    }
    const { asked, url } = yield* started({
      m: (response) => {
        const headers = { ...json, ...ofConnection, "proxy-authenticate": "Basic", "x-end-to-end": "1" }
        response.writeHead(200, { ...headers, "transfer-encoding": "chunked" })
        response.end(completion("Hello"))
      }
    })
    const given = yield* Effect.async<IncomingHttpHeaders>((resume) => {
      const headers = {
        ...json,
        ...ofConnection,
        te: "trailers",
        "proxy-authorization": "Basic x",
        "x-end-to-end": "1"
      }
      const asking = request(`${url}/v1/chat/completions`, { method: "POST", headers }, (response) => {
        response.resume()
        resume(Effect.succeed(response.headers))
      })
      asking.end(JSON.stringify({ model: "m", messages }))
    })
    for (const headers of [asked[0] ?? {}, given]) {
      expect(headers["x-end-to-end"]).toBe("1")
      expect(Object.keys(headers).filter((name) => /hop|^proxy-|^te$|^trailer$/.test(name))).toEqual([])
      expect(headers.connection ?? "").not.toContain("hop")
    }
    expect(asked[0]?.["keep-alive"]).toBeUndefined()
  })
)
