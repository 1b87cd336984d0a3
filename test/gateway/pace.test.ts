/**
 * How fast a stream passes: at the pace of its upstream and of its client, whichever is slower, and of nothing else.
 */
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Gateway from "effect-resilience/gateway/Gateway"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import { messages, post } from "./asking.js"

const event = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_750_000_000,
    model: "main",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }]
  })}\n\n`

const end = `${event({}, "stop")}data: [DONE]\n\n`

const answering = (answer: (response: ServerResponse) => void) =>
  Effect.gen(function* () {
    const upstream = yield* Effect.acquireRelease(
      Effect.async<ReturnType<typeof createServer>>((resume) => {
        const server = createServer((request, response) => {
          request.resume()
          response.writeHead(200, { "content-type": "text/event-stream" })
          answer(response)
        }).listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    )
    const config = yield* GatewayConfig.decode({
      listen: { port: 0 },
      upstreams: {
        raw: { baseUrl: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`, dialect: "openai" }
      },
      routes: [{ model: "main", targets: [{ upstream: "raw" }] }]
    })
    return yield* Gateway.make(config)
  })

const ask = (gateway: Gateway.Service) =>
  Effect.flatMap(post(`${gateway.url}/v1/chat/completions`, { model: "main", stream: true, messages }), (response) =>
    Effect.promise(() => response.text())
  )

it.scopedLive("more at once than a socket holds is no reason to wait", () =>
  Effect.gen(function* () {
    const words = Array.from({ length: 12 }, (_, at) => event({ content: `${at} `.repeat(20_000) }))
    const gateway = yield* answering((response) => {
      let at = 0
      const next = (): void => {
        if (at === words.length) response.end(end)
        else {
          response.write(words[at++])
          setImmediate(next)
        }
      }
      next()
    })
    const whole = words.join("") + end
    for (const body of yield* Effect.all([ask(gateway), ask(gateway), ask(gateway)], { concurrency: 3 })) {
      expect(body === whole).toBe(true)
    }
  })
)
