import { expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import * as Gateway from "effect-resilience/gateway/Gateway"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { configOf, messages, post } from "./asking.js"

const withEnvironment = Effect.withConfigProvider(
  ConfigProvider.fromMap(
    new Map([
      ["TEAM_A", "key-of-a"],
      ["NO_REDIS", "http://127.0.0.1:6379"]
    ])
  )
)

const chat = { model: "main", messages }

it.scopedLive("W6: what a client has used of its limits, and what is told by hand, outlives a reload", () =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make()
    const config = (limit: number, observeOnly = false) =>
      GatewayConfig.decode(
        configOf(provider, {
          clients: [{ name: "a", key: "TEAM_A", requests: { limit, per: "1 hour" } }],
          admin: { port: 0 },
          policy: { observeOnly }
        })
      )
    const gateway = yield* Effect.flatMap(config(2), Gateway.make)
    const ask = Effect.map(
      post(`${gateway.url}/v1/chat/completions`, chat, { authorization: "Bearer key-of-a" }),
      ({ status }) => status
    )
    const tell = (path: string, body: object) => Effect.map(post(`${gateway.adminUrl}/${path}`, body), ({ ok }) => ok)
    const state = Effect.promise(() => fetch(`${gateway.adminUrl}/state`).then((response) => response.json()))
    expect(yield* tell("observe-only", { on: true, target: "openai/spare" })).toBe(true)
    expect(yield* tell("isolate", { target: "openai/main" })).toBe(true)
    expect(yield* ask).toBe(200)
    expect(yield* Effect.flatMap(config(2), gateway.reload)).toEqual([])
    expect(
      (yield* state).targets.map(({ circuit, observeOnly }: Record<string, unknown>) => [circuit, observeOnly])
    ).toEqual([
      ["isolated", false],
      ["closed", true],
      ["closed", false],
      ["closed", false]
    ])
    expect(yield* ask).toBe(200)
    expect(yield* ask).toBe(429)
    // Another number is another limit.
    yield* Effect.flatMap(config(1), gateway.reload)
    expect(yield* ask).toBe(200)
    expect(yield* ask).toBe(429)
    expect((yield* state).processes).toMatchObject([{ pid: process.pid, underWay: 0 }])
  }).pipe(withEnvironment)
)

it.scopedLive("W6: a reload names what takes another start", () =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make()
    const gateway = yield* Effect.flatMap(GatewayConfig.decode(configOf(provider)), Gateway.make)
    const next = configOf(provider, {
      listen: { port: 1 },
      admin: { port: 0 },
      bounds: { headerTime: "1 second", bodyBytes: 1_000 }
    })
    const named = yield* Effect.flatMap(GatewayConfig.decode(next), gateway.reload)
    expect(named).toEqual(["listen", "admin", "bounds.headerTime"])
    expect((yield* post(`${gateway.url}/v1/chat/completions`, { ...chat, more: "x".repeat(1_000) })).status).toBe(413)
  })
)

it.scopedLive("W5: an address of Redis that is none is told by its path, and not shown", () =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make()
    const failed = (url: string) =>
      Effect.flip(
        Effect.flatMap(GatewayConfig.decode(configOf(provider, { shared: { redis: { url } } })), Gateway.make)
      )
    expect((yield* failed("NOT_SET")).message).toBe(
      "shared.redis.url names the environment variable NOT_SET, which is not set"
    )
    expect((yield* failed("NO_REDIS")).message).toBe(
      "shared.redis.url names NO_REDIS, which has to hold an address of redis:// or rediss://"
    )
  }).pipe(withEnvironment)
)

it.scopedLive("W6: policies that cannot be together are told by their place, and the ones in force go on", () =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make()
    const config = (more: object) => GatewayConfig.decode({ ...configOf(provider, {}), ...more })
    const { reload, url } = yield* Effect.flatMap(config({}), Gateway.make)
    const told = (more: object) =>
      Effect.map(Effect.flip(Effect.flatMap(config(more), reload)), ({ message }) => message)
    expect(yield* told({ policy: { rateLimit: {} } })).toBe(
      "policy cannot be: RateLimit has no limit; give requests, tokens, inputTokens or outputTokens"
    )
    const retry = { initialDelay: "20 seconds", maxDelay: "1 second" }
    const tooShort = 'RetryPolicy.make: maxDelay is "1 second", and has to be at least the initialDelay of 20s'
    expect(yield* told({ policy: { retry } })).toBe(`policy cannot be: ${tooShort}`)
    const { routes } = configOf(provider, {})
    const [first, ...others] = routes
    // The half of it is the route's own, and the half of all targets.
    const apart = {
      policy: { retry: { initialDelay: "20 seconds" } },
      routes: [...others, { ...first, policy: { retry: { maxDelay: "1 second" } } }]
    }
    expect(yield* told(apart)).toBe(`routes[${others.length}].policy cannot be: ${tooShort}`)
    expect((yield* post(`${url}/v1/chat/completions`, chat)).status).toBe(200)
  })
)
