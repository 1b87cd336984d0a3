/**
 * What a client may use, and what a model may cost.
 */
import { expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { messages, post, quick, start } from "./asking.js"

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

it.scopedLive("a target has a limit of its input or of its output, as Anthropic's have, and the next one answers", () =>
  Effect.gen(function* () {
    for (const rateLimit of [{ inputTokens: { limit: 15 } }, { outputTokens: { limit: 1_005 } }]) {
      const { gateway } = yield* start(
        { reply: { text: "Hi", usage: { inputTokens: 14, outputTokens: 1_000 } } },
        () => ({
          routes: [
            {
              model: "main",
              targets: [
                { upstream: "openai", policy: { rateLimit: { ...rateLimit, whenExceeded: "reject" } } },
                { upstream: "openai", model: "spare" }
              ]
            }
          ]
        })
      )
      const models: Array<string> = []
      for (let i = 0; i < 2; i++) models.push(JSON.parse((yield* ask(gateway.url)).body).model)
      expect(models).toEqual(["main", "spare"])
    }
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

it.scopedLive("what a call costs is what it costs at the target that has answered", () =>
  Effect.gen(function* () {
    const overloaded = { main: Script.always(Step.overloaded()) }
    const { gateway, provider } = yield* start({ reply, models: overloaded }, () => ({
      routes: [
        {
          model: "main",
          targets: [
            { upstream: "openai", prices },
            { upstream: "openai", model: "spare", prices: { input: 0, output: 10 } }
          ]
        }
      ],
      policy: { ...quick, circuitBreaker: false },
      clients: [{ name: "a", key: "TEAM_A", budget: { limit: 1.5, per: "1 hour" } }]
    }))
    const statuses = (times: number, stream: boolean) =>
      Effect.map(
        Effect.forEach(Array.from({ length: times }), () => ask(gateway.url, "key-of-a", stream)),
        (answers) => answers.map(({ status }) => status)
      )
    for (const stream of [false, true]) expect(yield* statuses(3, stream)).toEqual([200, 200, 200])
    yield* provider.script(Script.always(Step.answer()), { model: "main" })
    expect(yield* statuses(3, true)).toEqual([200, 200, 429])
  }).pipe(withKeys)
)

/** Five hundred tokens of question and as many of answer, which are half a dollar each. */
const asking = [{ role: "user", content: "word ".repeat(400) }]
const long = { text: "word ".repeat(400) }
const perWord = { input: 1000, output: 1000 } as const

const streamedTo = (url: string, client: (response: Response) => Promise<unknown>) =>
  Effect.flatMap(
    post(
      `${url}/v1/chat/completions`,
      { model: "main", stream: true, messages: asking, max_tokens: 10 },
      { authorization: "Bearer key-of-a" }
    ),
    (response) => Effect.promise(() => client(response).then(() => response.status))
  )

const toItsEnd = (response: Response) => response.text()

const untilItStalls = async (response: Response): Promise<void> => {
  let words = 0
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    words += text.split("word ").length - 1
    // Whoever leaves the loop leaves the answer.
    if (words >= 390) return
  }
}

it.scopedLive.each([
  ["does not tell what it has used", Step.answer(), toItsEnd],
  ["breaks off", Step.cutBody({ after: 395, by: "close" }), toItsEnd],
  ["is left by its client", Step.stallAfterContent({ after: 395 }), untilItStalls]
] as const)("a stream that %s counts for the words that have come", ([_, step, client]) =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start({ reply: long, script: Script.always(step) }, () => ({
      clients: [
        { name: "a", key: "TEAM_A", budget: { limit: 1.4, per: "1 hour", prices: perWord }, tokens: { limit: 10_000 } }
      ],
      policy: { ...quick, deadline: "10 seconds", stream: { idle: "10 seconds", firstToken: "10 seconds" } }
    }))
    const statuses: Array<number> = []
    for (let i = 0; i < 2; i++) {
      statuses.push(yield* streamedTo(gateway.url, client))
      yield* provider.awaitSettled
    }
    expect(statuses).toEqual([200, 429])
  }).pipe(withKeys)
)

it.scopedLive("a request that may use more than its client ever may is refused with what to do", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start({ reply }, () => ({
      clients: [
        { name: "a", key: "TEAM_A", tokens: { limit: 5 } },
        { name: "b", key: "TEAM_B", budget: { limit: 0.001, prices } }
      ]
    }))
    for (const key of ["key-of-a", "key-of-b"]) {
      const { body, response, status } = yield* ask(gateway.url, key)
      expect([status, response.headers.get("retry-after")]).toEqual([400, null])
      expect(JSON.parse(body).error.message).toContain("allow a shorter answer")
    }
  }).pipe(withKeys)
)
