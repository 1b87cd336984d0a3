import { expect, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, TestClock } from "effect"
import { Classifier, type RateLimit, Resilience } from "effect-resilience"
import * as ResilientFetch from "effect-resilience/http/ResilientFetch"
import { describe } from "vitest"

const chat = "https://api.openai.com/v1/chat/completions"
const json = { "content-type": "application/json" }
const sse = { "content-type": "text/event-stream" }

type Fetch = typeof globalThis.fetch

const post = (fetch: Fetch, url: string, body: object): Effect.Effect<Response> =>
  Effect.promise(() => fetch(url, { method: "POST", headers: json, body: JSON.stringify(body) }))

const answer = (usage: object): string =>
  JSON.stringify({ choices: [{ message: { role: "assistant", content: "42" }, finish_reason: "stop" }], usage })

/** A fetch over policies whose time is the test's, and the policies. */
const over = (options: Resilience.Options, fetch: Fetch, seam: ResilientFetch.FetchOptions = {}) =>
  Effect.gen(function* () {
    const context = yield* Layer.build(Resilience.layer({ retry: false, ...options }))
    const resilient = yield* Effect.provide(ResilientFetch.fromContext({ fetch, ...seam }), context)
    return { fetch: resilient, policies: Context.get(context, Resilience.Resilience) }
  })

const perMinute = (limit: number) => ({ limit, per: "1 minute" }) as const

describe("L7: what a request is expected to use", () => {
  const expected: ReadonlyArray<readonly [string, string, object, number]> = [
    ["the texts of OpenAI's messages", chat, { messages: [{ role: "user", content: "x".repeat(400) }] }, 100 + 500],
    ["what the body allows", chat, { messages: [{ role: "user", content: "xxxx" }], max_tokens: 50 }, 1 + 50],
    ["at most 4 096 of it", chat, { messages: [], max_completion_tokens: 100_000 }, 4_096],
    ["each of several answers", chat, { messages: [], max_tokens: 50, n: 3 }, 150],
    [
      "letters that are not ASCII one by one",
      "https://api.anthropic.com/v1/messages",
      {
        system: "é".repeat(10),
        messages: [{ role: "user", content: [{ type: "text", text: "xxxx" }] }],
        max_tokens: 9
      },
      10 + 1 + 9
    ],
    [
      "1 000 for a picture, whatever its bytes",
      "https://generativelanguage.googleapis.com/v1beta/models/pro:generateContent",
      {
        contents: [{ parts: [{ inlineData: { mimeType: "image/png", data: "iVBORw0K".repeat(9_000) } }] }],
        generationConfig: { maxOutputTokens: 20 }
      },
      1_000 + 20
    ],
    ["no output of embeddings", "https://api.openai.com/v1/embeddings", { input: ["x".repeat(40)] }, 10],
    ["Ollama's own name for it", "http://localhost:11434/api/chat", { messages: [], options: { num_predict: 7 } }, 7],
    [
      "Bedrock's own name",
      "https://bedrock-runtime.eu.amazonaws.com/model/m/converse",
      { inferenceConfig: { maxTokens: 8 } },
      8
    ]
  ]
  it.scoped.each(expected)("is %s", ([, url, body, tokens]) =>
    Effect.gen(function* () {
      const asked = yield* Deferred.make<void>()
      const { fetch, policies } = yield* over(
        { rateLimit: { tokens: perMinute(100_000) } },
        () => {
          Effect.runSync(Deferred.succeed(asked, undefined))
          return new Promise(() => {})
        },
        { target: () => "t" }
      )
      yield* Effect.fork(post(fetch, url, { ...body, stream: false }))
      yield* Deferred.await(asked)
      const { tokens: left } = yield* policies.rateLimit.left("t")
      expect(100_000 - (left ?? 0)).toBe(tokens)
    })
  )

  it.scoped("is what a rule of the user's own says, and what the caller says is better than either", () =>
    Effect.gen(function* () {
      const { fetch, policies } = yield* over(
        { rateLimit: { tokens: perMinute(1_000) } },
        () => Promise.resolve(new Response(answer({}), { headers: json })),
        { estimate: () => ({ inputTokens: 7, outputTokens: 3 }) }
      )
      yield* post(fetch, chat, { model: "m", messages: [] })
      expect((yield* policies.rateLimit.left("openai/m")).tokens).toBe(990)
    })
  )

  it.scoped("is not asked for, nor are the headers looked through, where nothing is limited by it", () =>
    Effect.gen(function* () {
      let asked = 0
      const headers = new Headers({ ...json, "x-ratelimit-remaining-requests": "0" })
      const { fetch, policies } = yield* over({}, () => Promise.resolve(new Response(answer({}), { headers })), {
        estimate: () => {
          asked++
          return {}
        }
      })
      yield* post(fetch, chat, { model: "m", messages: [] })
      expect(asked).toBe(0)
      expect((yield* policies.rateLimit.left("openai/m")).requests).toBe(Number.POSITIVE_INFINITY)
    })
  )

  it.scoped("that never fits is told as a request too large, in the words of the API, and nobody is asked", () =>
    Effect.gen(function* () {
      let asked = 0
      const { fetch } = yield* over({ rateLimit: { tokens: perMinute(50) } }, () => {
        asked++
        return new Promise(() => {})
      })
      const response = yield* post(fetch, chat, { model: "m", messages: [{ content: "x".repeat(400) }] })
      expect(response.status).toBe(413)
      expect(response.headers.get("x-effect-resilience")).toBe("RequestTooLarge")
      expect(asked).toBe(0)
    })
  )

  it.scoped("L5: where a limit is used up, the answer is a 429 with the time until it is not", () =>
    Effect.gen(function* () {
      const { fetch } = yield* over({ rateLimit: { requests: perMinute(1), whenExceeded: "reject" } }, () =>
        Promise.resolve(new Response(answer({}), { headers: json }))
      )
      yield* post(fetch, chat, { model: "m", messages: [] })
      const response = yield* post(fetch, chat, { model: "m", messages: [] })
      expect(response.status).toBe(429)
      expect(response.headers.get("retry-after")).toBe("60")
    })
  )
})

const events = (...data: ReadonlyArray<object>): string =>
  data.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")

const delta = (content: string, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: { content }, finish_reason }]
})

const streamOf = (text: string, broken?: Error): Response =>
  new Response(
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
      pull: (controller) => (broken === undefined ? controller.close() : controller.error(broken))
    }),
    { headers: sse }
  )

describe("L7: what an answer says it has used is what it costs", () => {
  const started = { type: "message_start", message: { usage: { input_tokens: 120, output_tokens: 1 } } }
  const block = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "This" } }
  const anthropic = "https://api.anthropic.com/v1/messages"
  const cases: ReadonlyArray<readonly [string, string, boolean, () => Response, number]> = [
    [
      "OpenAI's whole answer",
      chat,
      false,
      () => new Response(answer({ prompt_tokens: 40, completion_tokens: 2 }), { headers: json }),
      42
    ],
    [
      "embeddings",
      "https://api.openai.com/v1/embeddings",
      false,
      () => new Response(JSON.stringify({ data: [], usage: { prompt_tokens: 9, total_tokens: 9 } }), { headers: json }),
      9
    ],
    [
      "Anthropic's whole answer",
      anthropic,
      false,
      () =>
        new Response(
          JSON.stringify({
            type: "message",
            content: [{ type: "text", text: "x" }],
            stop_reason: "end_turn",
            usage: { input_tokens: 30, output_tokens: 3 }
          }),
          { headers: json }
        ),
      33
    ],
    [
      "Gemini's whole answer",
      "https://generativelanguage.googleapis.com/v1beta/models/pro:generateContent",
      false,
      () =>
        new Response(
          JSON.stringify({
            candidates: [{ content: { parts: [{ text: "x" }] }, finishReason: "STOP" }],
            usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 4 }
          }),
          { headers: json }
        ),
      24
    ],
    [
      "the last event of OpenAI's stream",
      chat,
      true,
      () =>
        streamOf(
          events(delta("This"), delta("", "stop"), { choices: [], usage: { prompt_tokens: 60, completion_tokens: 5 } })
        ),
      65
    ],
    [
      "the events of Anthropic's stream",
      anthropic,
      true,
      () =>
        streamOf(
          events(
            started,
            block,
            { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 6 } },
            { type: "message_stop" }
          )
        ),
      126
    ],
    [
      "a stream that breaks off: what it said of its input; its output stays as expected",
      anthropic,
      true,
      () => streamOf(events(started) + events(block), new TypeError("terminated")),
      120 + 50
    ]
  ]
  it.scoped.each(cases)("%s", ([, url, stream, respond, tokens]) =>
    Effect.gen(function* () {
      const { fetch, policies } = yield* over(
        { rateLimit: { tokens: perMinute(100_000) } },
        () => Promise.resolve(respond()),
        { target: () => "t" }
      )
      const response = yield* post(fetch, url, { model: "m", max_tokens: 50, messages: [], stream })
      yield* Effect.promise(() => response.text().catch(() => ""))
      yield* Effect.yieldNow()
      const { tokens: left } = yield* policies.rateLimit.left("t")
      expect(100_000 - (left ?? 0)).toBe(tokens)
    })
  )
})

describe("L6: what providers say is left corrects the limits, without being asked to", () => {
  const said: ReadonlyArray<readonly [string, Readonly<Record<string, string>>, RateLimit.Amounts]> = [
    [
      "OpenAI",
      {
        "x-ratelimit-remaining-requests": "3",
        "x-ratelimit-reset-requests": "6m0s",
        "x-ratelimit-remaining-tokens": "700"
      },
      { requests: 3, tokens: 700 }
    ],
    [
      "Anthropic",
      {
        "anthropic-ratelimit-requests-remaining": "4",
        "anthropic-ratelimit-requests-reset": "1970-01-01T00:00:30Z",
        "anthropic-ratelimit-input-tokens-remaining": "800",
        "anthropic-ratelimit-output-tokens-remaining": "90"
      },
      { requests: 4, inputTokens: 800, outputTokens: 90 }
    ],
    ["Azure", { "x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "10" }, { requests: 5 }],
    ["Groq", { "x-ratelimit-remaining-tokens": "600", "x-ratelimit-reset-tokens": "7.66s" }, { tokens: 600 }],
    [
      "Cerebras",
      { "x-ratelimit-remaining-requests-day": "2", "x-ratelimit-remaining-tokens-minute": "500" },
      { requests: 2, tokens: 500 }
    ],
    ["Mistral", { "x-ratelimit-remaining-req-minute": "6" }, { requests: 6 }],
    ["Fireworks", { "x-ratelimit-remaining-tokens-prompt": "70" }, { inputTokens: 70 }],
    ["OpenRouter", { "x-ratelimit-remaining": "1", "x-ratelimit-reset": "1741305600000" }, { requests: 1 }],
    ["a gateway in the IETF's words", { "ratelimit-remaining": "7", "ratelimit-reset": "30" }, { requests: 7 }]
  ]
  const limits = {
    requests: perMinute(60),
    tokens: perMinute(100_000),
    inputTokens: perMinute(100_000),
    outputTokens: perMinute(100_000)
  }
  it.scoped.each(said)("%s, with a whole answer, a stream and a failure", ([, headers, left]) =>
    Effect.gen(function* () {
      const responses: ReadonlyArray<readonly [boolean, () => Response]> = [
        [
          false,
          () => new Response(answer({ prompt_tokens: 0, completion_tokens: 0 }), { headers: { ...json, ...headers } })
        ],
        [
          true,
          () => {
            const response = streamOf(events(delta("This"), delta("", "stop")))
            return new Response(response.body, { headers: { ...sse, ...headers } })
          }
        ],
        [false, () => new Response("{}", { status: 500, headers: { ...json, ...headers } })]
      ]
      for (const [stream, respond] of responses) {
        const { fetch, policies } = yield* over({ rateLimit: limits }, () => Promise.resolve(respond()), {
          estimate: () => ({ inputTokens: 0, outputTokens: 0 })
        })
        yield* post(fetch, chat, { model: "m", messages: [], stream })
        expect(yield* policies.rateLimit.left("openai/m")).toMatchObject(left)
      }
    })
  )

  it.scoped(
    "so that the call after the last one that was left waits for the provider's reset, and is not refused",
    () =>
      Effect.gen(function* () {
        let asked = 0
        const { fetch } = yield* over({ rateLimit: { requests: perMinute(600), maxWait: "5 minutes" } }, () => {
          asked++
          const headers = { ...json, "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "40s" }
          return Promise.resolve(new Response(answer({}), { headers }))
        })
        yield* post(fetch, chat, { model: "m", messages: [] })
        const second = yield* Effect.fork(post(fetch, chat, { model: "m", messages: [] }))
        yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
        yield* TestClock.adjust("39 seconds")
        expect(asked).toBe(1)
        yield* TestClock.adjust("2 seconds")
        expect((yield* Fiber.join(second)).status).toBe(200)
        expect(asked).toBe(2)
      })
  )
})

describe("X4: what the toolkit answers itself is read by the provider's own words for it", () => {
  const apis: ReadonlyArray<readonly [string, string]> = [
    ["openai", chat],
    ["openai", "https://api.openai.com/v1/responses"],
    ["openai", "https://api.openai.com/v1/embeddings"],
    ["mistral", "https://api.mistral.ai/v1/chat/completions"],
    ["anthropic", "https://api.anthropic.com/v1/messages"],
    ["gemini", "https://generativelanguage.googleapis.com/v1beta/models/pro:generateContent"],
    ["gemini", "https://generativelanguage.googleapis.com/v1beta/models/pro:streamGenerateContent"],
    ["cohere", "https://api.cohere.com/v2/chat"],
    ["ollama", "http://localhost:11434/api/chat"],
    ["bedrock", "https://bedrock-runtime.eu-west-1.amazonaws.com/model/m/converse"]
  ]
  it.scoped.each(apis)("%s, %s", ([provider, url]) =>
    Effect.gen(function* () {
      const read = (response: Response) =>
        Effect.promise(async () =>
          Classifier.fromHttpResponse({
            provider,
            status: response.status,
            headers: Object.fromEntries(response.headers),
            body: await response.text()
          })
        )
      const limited = yield* over({ rateLimit: { requests: perMinute(1), whenExceeded: "reject" } }, () =>
        Promise.resolve(new Response("{}", { status: 500 }))
      )
      yield* post(limited.fetch, url, { model: "m" })
      const refused = yield* post(limited.fetch, url, { model: "m" })
      expect(refused.headers.get("x-effect-resilience")).toBe("RateLimitExceeded")
      expect((yield* read(refused))._tag).toBe("RateLimited")

      const tooLarge = yield* over(
        { rateLimit: { tokens: perMinute(1) } },
        () => Promise.resolve(new Response("{}", { status: 500 })),
        { estimate: () => ({ inputTokens: 9 }) }
      )
      const large = yield* post(tooLarge.fetch, url, { model: "m" })
      expect(large.status).toBe(413)
      // Two of them have no name of their own for it.
      expect(["RequestTooLarge", "InvalidRequest"]).toContain((yield* read(large))._tag)

      const parking = { parking: { whenParked: "reject" } } as const
      const parked = yield* over({ circuitBreaker: parking }, () =>
        Promise.resolve(new Response("{}", { status: 429, headers: { "retry-after": "50" } }))
      )
      yield* post(parked.fetch, url, { model: "m" })
      const held = yield* post(parked.fetch, url, { model: "m" })
      expect(held.status).toBe(429)
      expect(held.headers.get("retry-after")).toBe("50")

      const open = yield* over({ circuitBreaker: {} }, () => Promise.resolve(new Response("{}", { status: 500 })))
      for (let i = 0; i < 5; i++) yield* post(open.fetch, url, { model: "m" })
      const rejected = yield* post(open.fetch, url, { model: "m" })
      expect(rejected.status).toBe(503)
      expect(rejected.headers.get("retry-after")).toBe("60")
      expect(["Overloaded", "ServerError"]).toContain((yield* read(rejected))._tag)
    })
  )
})
