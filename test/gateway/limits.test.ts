/**
 * What a client may use, and what a model may cost.
 */
import { expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { messages, post, start } from "./asking.js"

const withKeys = Effect.withConfigProvider(
  ConfigProvider.fromMap(
    new Map([
      ["TEAM_A", "key-of-a"],
      ["TEAM_B", "key-of-b"]
    ])
  )
)

/** A thousand tokens of output are a dollar. */
const prices = { input: 1, output: 1000 } as const
const reply = { text: "Hi", usage: { inputTokens: 1, outputTokens: 1_000 } }

const ask = (url: string, key?: string, stream = false) =>
  Effect.flatMap(
    post(
      `${url}/v1/chat/completions`,
      { model: "main", stream, messages, max_tokens: 10, ...(stream && { stream_options: { include_usage: true } }) },
      key === undefined ? {} : { authorization: `Bearer ${key}` }
    ),
    (response) =>
      Effect.map(
        Effect.promise(() => response.text()),
        (body) => ({ response, body, status: response.status })
      )
  )

it.scopedLive("a client that has spent its budget gets a 429, streamed answers counted, and others go on", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start({ reply }, () => ({
      clients: [
        { name: "a", key: "TEAM_A", budget: { limit: 1.5, per: "1 hour", prices } },
        { name: "b", key: "TEAM_B" }
      ]
    }))
    expect((yield* ask(gateway.url, "key-of-a", true)).status).toBe(200)
    expect((yield* ask(gateway.url, "key-of-a")).status).toBe(200)
    const over = yield* ask(gateway.url, "key-of-a")
    expect(over.status).toBe(429)
    expect(Number(over.response.headers.get("retry-after"))).toBeGreaterThan(0)
    expect(JSON.parse(over.body).error.message).toContain("limit")
    expect((yield* ask(gateway.url, "key-of-b")).status).toBe(200)
    expect((yield* provider.awaitSettled).length).toBe(3)
  }).pipe(withKeys)
)

it.scopedLive("a model that has cost what it may is passed over, and the next target answers", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start({ reply }, () => ({
      routes: [
        {
          model: "main",
          targets: [
            { upstream: "openai", policy: { spendLimit: { limit: 2.005, per: "1 hour", prices } } },
            { upstream: "openai", model: "spare" }
          ]
        }
      ]
    }))
    // The request says that it takes ten tokens at most, and so much is reserved.
    const models: Array<string> = []
    for (let i = 0; i < 3; i++) models.push(JSON.parse((yield* ask(gateway.url)).body).model)
    expect(models).toEqual(["main", "main", "spare"])
  })
)

it.scopedLive("W7: a client with too many requests under way gets a 429 at once, and none when they are over", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start(
      { models: { main: Script.inOrder([Step.answer({ delay: "250 millis" })], { afterwards: "answer" }) } },
      () => ({ clients: [{ name: "a", key: "TEAM_A", concurrency: 1 }] })
    )
    const first = yield* Effect.fork(ask(gateway.url, "key-of-a"))
    yield* provider.awaitAttempts(1)
    expect((yield* ask(gateway.url, "key-of-a")).status).toBe(429)
    expect((yield* first).status).toBe(200)
    expect((yield* ask(gateway.url, "key-of-a")).status).toBe(200)
  }).pipe(withKeys)
)
