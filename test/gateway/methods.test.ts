/**
 * What may be asked of which path, and what is told of what may not.
 */
import { request } from "node:http"
import { connect } from "node:net"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { start } from "./asking.js"

const asked = (url: string, method: string, headers: Record<string, string> = {}) =>
  Effect.promise(async () => {
    const response = await fetch(url, { method, headers })
    const text = await response.text()
    return { status: response.status, allow: response.headers.get("allow"), text }
  })

const served = (model: string) => ({ model, targets: [{ upstream: "openai" }] as const })

const anthropicVersion = { "anthropic-version": "2023-06-01" }

it.scopedLive("a path that is here says which methods it is for, in the dialect of whoever asks", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start()
    const posted = ["/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/messages"]
    const read = ["/v1/models", "/v1/models/main", "/healthz", "/readyz"]
    for (const [paths, allow, methods] of [
      [posted, "POST", ["GET", "PUT", "DELETE", "OPTIONS"]],
      [read, "GET, HEAD", ["POST", "PUT", "DELETE", "OPTIONS"]]
    ] as const) {
      for (const path of paths) {
        for (const method of methods) {
          const answer = yield* asked(`${gateway.url}${path}`, method)
          expect({ path, method, ...answer }).toMatchObject({ path, method, status: 405, allow })
          const { error, type } = JSON.parse(answer.text)
          expect(error.type).toBe("invalid_request_error")
          expect(type).toBe(path === "/v1/messages" ? "error" : undefined)
        }
      }
    }
    const ofAnthropic = yield* asked(`${gateway.url}/v1/models`, "POST", anthropicVersion)
    expect(JSON.parse(ofAnthropic.text)).toMatchObject({ type: "error", error: { type: "invalid_request_error" } })
  })
)

it.scopedLive("what GET is for, HEAD is for, without a body", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start()
    for (const path of ["/v1/models", "/v1/models/main", "/healthz", "/readyz"]) {
      expect(yield* asked(`${gateway.url}${path}`, "HEAD")).toMatchObject({ status: 200, text: "" })
    }
  })
)

it.scopedLive("one model is told of by its name, with slashes and behind patterns, or is a 404", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start({}, () => ({
      routes: [served("main"), served("openai/gpt-oss-120b"), served("many-*")]
    }))
    for (const [path, id] of [
      ["main", "main"],
      ["openai/gpt-oss-120b", "openai/gpt-oss-120b"],
      ["openai%2Fgpt-oss-120b", "openai/gpt-oss-120b"],
      ["many-of-them", "many-of-them"]
    ]) {
      const { status, text } = yield* asked(`${gateway.url}/v1/models/${path}`, "GET")
      expect([status, JSON.parse(text)]).toMatchObject([200, { id, object: "model" }])
    }
    for (const path of ["who", "%ff", "", "main/"]) {
      const { status, text } = yield* asked(`${gateway.url}/v1/models/${path}`, "GET")
      expect([status, JSON.parse(text).error.code]).toEqual([404, "model_not_found"])
    }
    const { status, text } = yield* asked(`${gateway.url}/v1/models/main`, "GET", anthropicVersion)
    expect([status, JSON.parse(text).error.type]).toEqual([404, "not_found_error"])
  })
)

it.scopedLive("a tunnel is refused in words, also to who has left, and another protocol is not spoken", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start()
    const port = Number(new URL(gateway.url).port)
    const sent = "CONNECT api.openai.com:443 HTTP/1.1\r\nhost: api.openai.com:443\r\n\r\n"
    const told = yield* Effect.async<string>((resume) => {
      let got = ""
      const socket = connect(port, "127.0.0.1", () => socket.write(sent))
      socket.on("data", (bytes) => {
        got += bytes
      })
      socket.on("close", () => resume(Effect.succeed(got)))
    })
    expect(told).toMatch(/^HTTP\/1\.1 501 /)
    expect(JSON.parse(told.split("\r\n\r\n")[1] ?? "").error.message).toContain("no proxy")
    yield* Effect.async<void>((resume) => {
      const socket = connect(port, "127.0.0.1", () => socket.write(sent, () => socket.resetAndDestroy()))
      socket.on("close", () => resume(Effect.void))
    })
    const status = yield* Effect.async<number | undefined>((resume) => {
      const headers = { connection: "upgrade", upgrade: "websocket" }
      const asking = request(`${gateway.url}/v1/realtime`, { headers }, (response) => {
        response.resume()
        resume(Effect.succeed(response.statusCode))
      })
      asking.end()
    })
    expect(status).toBe(404)
  })
)
