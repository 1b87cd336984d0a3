import { once } from "node:events"
import { connect } from "node:net"
import { expect, it } from "@effect/vitest"
import { ConfigProvider, Deferred, Duration, Effect, Exit, Fiber, Scope } from "effect"
import * as Gateway from "effect-resilience/gateway/Gateway"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { configOf, messages, post, start } from "./asking.js"

const upstreamKey = "sk-upstream-0123456789abcdef"

const environment = new Map([
  ["UPSTREAM_KEY", upstreamKey],
  ["SECOND_KEY", "sk-second"],
  ["TEAM_A", "key-of-a"],
  ["TEAM_B", "key-of-b"],
  ["ADMIN", "key-of-admin"]
])

const withKeys = Effect.withConfigProvider(ConfigProvider.fromMap(environment))

const chat = { model: "main", max_tokens: 50, messages }

const json = (response: Response) => Effect.promise(() => response.json())

it.scopedLive("W7: no key and a wrong one are a 401 in the caller's dialect, and a client has its own limits", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start({}, () => ({
      clients: [
        { name: "a", key: "TEAM_A", requests: { limit: 2, per: "1 hour" } },
        { name: "b", key: "TEAM_B", models: ["other"] }
      ]
    }))
    const ask = (key: string | undefined, path = "/v1/chat/completions") =>
      post(`${gateway.url}${path}`, chat, key === undefined ? {} : { authorization: `Bearer ${key}` })
    const none = yield* ask(undefined)
    expect([none.status, (yield* json(none)).error.type]).toEqual([401, "authentication_error"])
    const wrong = yield* ask("wrong", "/v1/messages")
    expect([wrong.status, (yield* json(wrong)).type]).toEqual([401, "error"])
    expect((yield* ask("key-of-b")).status).toBe(404)
    expect((yield* ask("key-of-a")).status).toBe(200)
    expect((yield* post(`${gateway.url}/v1/messages`, chat, { "x-api-key": "key-of-a" })).status).toBe(200)
    const third = yield* ask("key-of-a")
    expect(third.status).toBe(429)
    expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0)
    expect((yield* provider.awaitSettled).length).toBe(2)
  }).pipe(withKeys)
)

it.scopedLive("a client's tokens are counted as the answers tell them, streamed ones too", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start({ reply: { text: "Hi", usage: { inputTokens: 400, outputTokens: 400 } } }, () => ({
      clients: [{ name: "a", key: "TEAM_A", tokens: { limit: 1_500, per: "1 hour" } }]
    }))
    const ask = (stream: boolean) =>
      Effect.flatMap(
        post(`${gateway.url}/v1/messages`, { ...chat, max_tokens: 10, stream }, { "x-api-key": "key-of-a" }),
        (response) =>
          Effect.as(
            Effect.promise(() => response.text()),
            response.status
          )
      )
    expect(yield* ask(true)).toBe(200)
    expect(yield* ask(false)).toBe(200)
    expect(yield* ask(false)).toBe(429)
  }).pipe(withKeys)
)

it.scopedLive("W10: the upstream gets its own key and never the client's, and nobody else gets it", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start({ models: { main: Script.always(Step.invalidKey()) } }, (provider) => ({
      upstreams: {
        openai: { baseUrl: provider.openAiUrl, dialect: "openai", keys: "UPSTREAM_KEY" },
        anthropic: { baseUrl: `${provider.anthropicUrl}/v1`, dialect: "anthropic" }
      },
      routes: [{ model: "main", targets: [{ upstream: "openai" }] }]
    }))
    const response = yield* post(`${gateway.url}/v1/chat/completions`, chat, {
      authorization: "Bearer clients-own",
      cookie: "a=b"
    })
    const told = JSON.stringify([...response.headers]) + (yield* Effect.promise(() => response.text()))
    expect(response.status).toBe(503)
    expect(told).not.toContain(upstreamKey.slice(0, 8))
    expect(told).not.toContain("clients-own")
    const [attempt] = yield* provider.awaitSettled
    expect(attempt?.headers.authorization).toBe("present")
    expect(attempt?.headers.cookie).toBeUndefined()
  }).pipe(withKeys)
)

it.scopedLive("several keys of an upstream are used in turn, plain and streamed", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start(
      { models: { main: Script.inOrder([Step.invalidKey()], { afterwards: "answer" }) } },
      (provider) => ({
        upstreams: {
          openai: { baseUrl: provider.openAiUrl, dialect: "openai", keys: ["UPSTREAM_KEY", "SECOND_KEY"] },
          anthropic: { baseUrl: `${provider.anthropicUrl}/v1`, dialect: "anthropic" }
        },
        routes: [{ model: "main", targets: [{ upstream: "openai" }] }]
      })
    )
    const response = yield* post(`${gateway.url}/v1/chat/completions`, { ...chat, stream: true })
    expect(response.status).toBe(200)
    expect(yield* Effect.promise(() => response.text())).toContain("[DONE]")
    expect((yield* provider.awaitSettled).length).toBe(2)
  }).pipe(withKeys)
)

it.scopedLive("W8: malformed, oversized, compressed and slow requests are told so, and the gateway lives", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start({}, () => ({
      bounds: { bodyBytes: 2_000, headerTime: "1 second", bodyTime: "1 second" }
    }))
    const url = `${gateway.url}/v1/chat/completions`
    expect((yield* post(url, "{")).status).toBe(400)
    expect((yield* post(url, "")).status).toBe(400)
    expect((yield* post(url, { ...chat, more: "x".repeat(3_000) })).status).toBe(413)
    expect((yield* post(url, chat, { "content-encoding": "gzip" })).status).toBe(415)
    const { port } = new URL(gateway.url)
    const slow = (sent: string) =>
      Effect.async<string>((resume) => {
        const socket = connect(Number(port), "127.0.0.1", () => socket.write(sent))
        let got = ""
        socket.on("data", (bytes) => {
          got += bytes
        })
        socket.on("close", () => resume(Effect.succeed(got)))
        socket.on("error", () => {})
      })
    const [headers, body, garbage] = yield* Effect.all(
      [
        slow("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"),
        slow("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"),
        slow("\0\0\r\n\r\n")
      ],
      { concurrency: "unbounded" }
    )
    expect(headers).toContain("408")
    expect(body).toContain("408")
    expect(garbage).toContain("400")
    expect((yield* post(url, chat)).status).toBe(200)
  })
)

it.live("W9: when it ends, streams are let finish, and nobody new is let in", () =>
  Effect.scoped(
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.always(Step.answer({ betweenChunks: "30 millis" }))
      })
      const config = yield* GatewayConfig.decode(configOf(provider))
      const scope = yield* Scope.make()
      const { url } = yield* Scope.extend(Gateway.make(config), scope)
      const begun = yield* Deferred.make<void>()
      const stream = yield* Effect.fork(
        Effect.gen(function* () {
          const response = yield* post(`${url}/v1/chat/completions`, { ...chat, stream: true })
          yield* Deferred.succeed(begun, undefined)
          return yield* Effect.promise(() => response.text())
        })
      )
      yield* Deferred.await(begun)
      const closed = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* Effect.sleep("50 millis")
      expect(Exit.isFailure(yield* Effect.exit(Effect.tryPromise(() => fetch(`${url}/healthz`))))).toBe(true)
      expect(yield* Fiber.join(stream)).toContain("[DONE]")
      yield* Fiber.join(closed)
    })
  )
)

it.live("W9: a connection on which nothing was ever asked does not hold up the end", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const { gateway } = yield* Scope.extend(start(), scope)
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1")
    yield* Effect.promise(() => once(socket, "connect"))
    // Once this has been answered, the gateway has the connection before it too.
    yield* post(`${gateway.url}/v1/chat/completions`, chat)
    const closed = once(socket, "close")
    const [took] = yield* Effect.timed(Scope.close(scope, Exit.void))
    expect(Duration.toMillis(took)).toBeLessThan(5_000)
    yield* Effect.promise(() => closed)
  })
)

it.scopedLive("W6: another configuration takes the place of the one in force while calls are under way", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start({ script: Script.always(Step.answer({ delay: "200 millis" })) })
    const url = `${gateway.url}/v1/chat/completions`
    const before = yield* Effect.fork(post(url, chat))
    yield* provider.awaitAttempts(1)
    const next = configOf(provider, {
      routes: [{ model: "main", targets: [{ upstream: "openai", model: "renamed" }] }]
    })
    yield* gateway.reload(yield* GatewayConfig.decode(next))
    expect((yield* json(yield* post(url, chat))).model).toBe("renamed")
    expect((yield* json(yield* Fiber.join(before))).model).toBe("main")
    const bad = { ...next, clients: [{ name: "a", key: "NOBODY_SET_THIS" }] as const }
    const refused = yield* Effect.flip(Effect.flatMap(GatewayConfig.decode(bad), gateway.reload))
    expect(refused.message).toContain("clients[0].key names the environment variable NOBODY_SET_THIS")
    expect((yield* post(url, chat)).status).toBe(200)
  })
)

it.scopedLive(
  "what a request falls back to it may say itself where its route allows it, and the field is not passed on",
  () =>
    Effect.gen(function* () {
      const { gateway } = yield* start({ models: { main: Script.always(Step.modelNotFound()) } }, () => ({
        routes: [
          { model: "main", fallbacks: ["extra"], targets: [{ upstream: "openai" }] },
          { model: "extra", targets: [{ upstream: "openai" }] }
        ]
      }))
      const url = `${gateway.url}/v1/chat/completions`
      const answered = yield* post(url, { ...chat, fallbacks: ["extra"] })
      expect((yield* json(answered)).model).toBe("extra")
      expect((yield* post(url, { ...chat, fallbacks: ["main"] })).status).toBe(400)
      expect((yield* post(url, { ...chat, model: "extra", fallbacks: ["main"] })).status).toBe(400)
    })
)

it.scopedLive("a fallback behind the pattern of the model itself is refused, and not left out without a word", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start({}, () => ({
      routes: [{ model: "m*", fallbacks: true, targets: [{ upstream: "openai" }] }]
    }))
    const url = `${gateway.url}/v1/chat/completions`
    const refused = yield* post(url, { ...chat, fallbacks: ["mini"] })
    expect(refused.status).toBe(400)
    expect((yield* json(refused)).error.message).toContain('"main" cannot fall back to another of its own pattern')
    expect((yield* post(url, { ...chat, fallbacks: ["main"] })).status).toBe(200)
    expect((yield* provider.awaitSettled).length).toBe(1)
  })
)

it.scopedLive("who runs it sees every target, and can isolate, release and reset it, with the key alone", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start({ models: { main: Script.always(Step.overloaded()) } }, () => ({
      admin: { key: "ADMIN" }
    }))
    const admin = (path: string, body?: object, key = "key-of-admin") =>
      Effect.promise(() =>
        fetch(`${gateway.adminUrl}/${path}`, {
          method: body === undefined ? "GET" : "POST",
          headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
          ...(body && { body: JSON.stringify(body) })
        })
      )
    expect((yield* admin("state", undefined, "wrong")).status).toBe(401)
    const url = `${gateway.url}/v1/chat/completions`
    yield* post(url, chat)
    const stateOf = (name: string) =>
      Effect.map(Effect.flatMap(admin("state"), json), ({ targets }) =>
        targets.find((target: { readonly name: string }) => target.name === name)
      )
    expect(yield* stateOf("openai/main")).toMatchObject({ circuit: "closed", attempts: 3, failures: 3, inFlight: 0 })
    expect((yield* admin("isolate", { target: "openai/spare" })).status).toBe(200)
    expect((yield* post(url, chat)).status).toBe(503)
    expect(yield* stateOf("openai/spare")).toMatchObject({ circuit: "isolated" })
    yield* admin("release", { target: "openai/spare" })
    yield* admin("reset", { target: "openai/spare" })
    expect((yield* post(url, chat)).status).toBe(200)
    expect((yield* admin("isolate", { target: "nobody" })).status).toBe(404)
    expect((yield* admin("docs")).status).toBe(200)
    const metrics = yield* Effect.promise(() =>
      fetch(`${gateway.url}/metrics`, { headers: { authorization: "Bearer key-of-admin" } }).then((it) => it.text())
    )
    expect(metrics).toContain("llm_attempts_total{")
  }).pipe(withKeys)
)
