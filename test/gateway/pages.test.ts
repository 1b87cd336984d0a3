/**
 * Pages of other origins, as a browser asks for them: whether they may ask, and what they may read of an answer.
 */
import { request } from "node:http"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { configOf, messages, start } from "./asking.js"

const origin = "https://app.example"
const chat = JSON.stringify({ model: "main", messages })
const cors = { origins: [origin, "https://other.example"] } as const

interface Asked {
  readonly method?: string
  readonly from?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** `fetch` would not say where it comes from. */
const asked = (url: string, { body = "", from = origin, headers = {}, method = "POST" }: Asked = {}) =>
  Effect.async<{ readonly status: number | undefined; readonly headers: Readonly<Record<string, unknown>> }>(
    (resume) => {
      const asking = request(url, { method, headers: { origin: from, ...headers } }, (response) => {
        response.resume()
        response.on("end", () => resume(Effect.succeed({ status: response.statusCode, headers: response.headers })))
      })
      asking.end(body)
    }
  )

const intends = { "access-control-request-method": "POST", "access-control-request-headers": "authorization,x-own" }

it.scopedLive("a browser is told what a page of an origin that is named may ask", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start({}, () => ({ cors }))
    for (const path of ["/v1/chat/completions", "/v1/messages", "/v1/models", "/healthz"]) {
      const { headers, status } = yield* asked(gateway.url + path, { method: "OPTIONS", headers: intends })
      expect([path, status]).toEqual([path, 204])
      expect(headers).toMatchObject({
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, HEAD, POST",
        "access-control-allow-headers": "authorization,x-own",
        "access-control-max-age": "7200",
        vary: "origin"
      })
    }
    const elsewhere = yield* asked(`${gateway.url}/v1/models`, {
      method: "OPTIONS",
      from: "https://evil.example",
      headers: intends
    })
    expect(elsewhere.status).toBe(405)
    expect(elsewhere.headers).toMatchObject({ vary: "origin" })
    expect(elsewhere.headers).not.toHaveProperty("access-control-allow-origin")
    // It asks nothing on behalf of a page.
    expect((yield* asked(`${gateway.url}/v1/models`, { method: "OPTIONS" })).status).toBe(405)
    expect(yield* provider.attempts).toEqual([])
  })
)

it.scopedLive("a page may read every answer: a stream, what a provider says, and what the gateway says itself", () =>
  Effect.gen(function* () {
    // The provider's own words on the matter are for its own pages.
    const models = { refused: Script.always(Step.contextLengthExceeded()), down: Script.always(Step.overloaded()) }
    const { gateway } = yield* start({ cors: true, models }, () => ({
      cors,
      bounds: { bodyBytes: 1_000 },
      routes: ["main", "refused", "down"].map((model) => ({ model, targets: [{ upstream: "openai" }] })) as never
    }))
    const url = `${gateway.url}/v1/chat/completions`
    const of = (model: string) => chat.replace("main", model)
    for (const [status, path, body, method = "POST"] of [
      [200, url, chat],
      [200, url, chat.replace("{", '{"stream":true,')],
      [400, url, of("refused")],
      [503, url, of("down")],
      [400, url, "{"],
      [404, url, of("who")],
      [413, url, " ".repeat(2_000)],
      [405, url, "", "GET"],
      [404, `${gateway.url}/who`, ""],
      [200, `${gateway.url}/v1/models`, "", "GET"]
    ] as const) {
      const told = yield* asked(path, { body, method })
      expect([status, told.status, told.headers]).toMatchObject([
        status,
        status,
        { "access-control-allow-origin": origin, "access-control-expose-headers": "*", vary: "origin" }
      ])
      const { headers } = yield* asked(path, { body, method, from: "https://evil.example" })
      expect(headers).not.toHaveProperty("access-control-allow-origin")
    }
  })
)

it.scopedLive("a page whose request comes too slowly may read that, too", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start({}, () => ({ cors, bounds: { bodyTime: "500 millis", headerTime: "500 millis" } }))
    const { headers, status } = yield* asked(`${gateway.url}/v1/messages`, { headers: { "content-length": "10" } })
    expect([status, headers["access-control-allow-origin"]]).toEqual([408, origin])
  })
)

it.scopedLive("without such a configuration no page may, and what runs the gateway is for no page of others", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start({ cors: true }, () => ({ admin: { port: 0 } }))
    const url = `${gateway.url}/v1/chat/completions`
    expect((yield* asked(url, { method: "OPTIONS", headers: intends })).status).toBe(405)
    // What a browser sends without asking first would be answered by the upstream, and only not be read.
    for (const type of ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      expect((yield* asked(url, { body: chat, headers: { "content-type": type } })).status).toBe(403)
    }
    expect(yield* provider.attempts).toEqual([])
    const json = { "content-type": "application/json; charset=utf-8" }
    const names = (headers: object) => Object.keys(headers).filter((name) => /^access-control-|^vary$/.test(name))
    const program = yield* asked(url, { body: chat, headers: json })
    expect([program.status, names(program.headers)]).toEqual([200, []])
    // A reload allows it, and everybody.
    yield* gateway.reload(
      yield* GatewayConfig.decode(configOf(provider, { admin: { port: 0 }, cors: { origins: ["*"] } }))
    )
    expect((yield* asked(url, { method: "OPTIONS", from: "null", headers: intends })).headers).toMatchObject({
      "access-control-allow-origin": "null"
    })
    expect((yield* asked(url, { body: chat })).headers).toMatchObject({ "access-control-allow-origin": origin })
    const state = yield* asked(`${gateway.adminUrl}/state`, { method: "GET" })
    expect([state.status, names(state.headers)]).toEqual([200, []])
    expect((yield* asked(`${gateway.adminUrl}/isolate`, { method: "OPTIONS", headers: intends })).status).toBe(405)
    const order = { body: "target=openai%2Fmain", headers: { "content-type": "application/x-www-form-urlencoded" } }
    expect((yield* asked(`${gateway.adminUrl}/isolate`, order)).status).toBe(415)
  })
)

it.scopedLive("where both are at one address, what runs the gateway is for no page of others either", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start({}, () => ({ cors: { origins: ["*"] }, admin: { key: "PATH" } }))
    for (const path of ["/metrics", "/admin", "/admin/state"]) {
      const { headers, status } = yield* asked(gateway.url + path, { method: "OPTIONS", headers: intends })
      expect([path, status]).toEqual([path, path === "/admin" ? 405 : 401])
      expect(headers).not.toHaveProperty("access-control-allow-origin")
    }
  })
)
