import { LanguageModel } from "@effect/ai"
import { AnthropicClient, AnthropicLanguageModel } from "@effect/ai-anthropic"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient, HttpBody, HttpClient, HttpClientError, HttpClientRequest } from "@effect/platform"
import { expect, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Layer, Redacted, Stream } from "effect"
import { CircuitBreaker, Resilience } from "effect-resilience"
import * as ResilientHttpClient from "effect-resilience/http/ResilientHttpClient"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { describe, expectTypeOf } from "vitest"

const { Script, Step } = MisbehavingProvider

const sentence = 'This is the embedded provider, playing the model "gpt-5". No real model was asked.'
const fast = { retry: { initialDelay: 1, jitter: "none" } } as const

const providerWith = (
  steps: ReadonlyArray<MisbehavingProvider.Step.Step>,
  afterwards: "answer" | "repeatLast" = "answer"
) =>
  MisbehavingProvider.make(
    steps.length === 0 ? {} : { script: Script.inOrder(steps as [MisbehavingProvider.Step.Step], { afterwards }) }
  )

const chat = (provider: MisbehavingProvider.Service, body: object = {}) =>
  HttpClientRequest.post(`${provider.openAiUrl}/chat/completions`).pipe(
    HttpClientRequest.bodyUnsafeJson({ model: "gpt-5", messages: [{ role: "user", content: "hello" }], ...body })
  )

/** The model of each client of `@effect/ai`, over a client with policies of its own. */
const models = {
  openai: (provider: MisbehavingProvider.Service, options: ResilientHttpClient.Options) =>
    OpenAiLanguageModel.layer({ model: "gpt-5" }).pipe(
      Layer.provide(
        OpenAiClient.layer({
          apiKey: Redacted.make("sk-test"),
          apiUrl: provider.openAiUrl,
          transformClient: ResilientHttpClient.transform(options)
        })
      )
    ),
  anthropic: (provider: MisbehavingProvider.Service, options: ResilientHttpClient.Options) =>
    AnthropicLanguageModel.layer({ model: "gpt-5" }).pipe(
      Layer.provide(
        AnthropicClient.layer({
          apiKey: Redacted.make("sk-test"),
          apiUrl: provider.anthropicUrl,
          transformClient: ResilientHttpClient.transform(options)
        })
      )
    )
}

const textOf = Effect.map(
  Stream.runCollect(LanguageModel.streamText({ prompt: "hello" })),
  Chunk.reduce("", (text, part) => (part.type === "text-delta" ? text + part.delta : text))
)

describe("X1: the clients of @effect/ai", () => {
  const faults = [
    Step.rateLimited({ retryAfter: "5 millis" }),
    Step.status({ status: 500 }),
    Step.overloaded(),
    Step.reset(),
    Step.cutBody({ after: 0 })
  ] as const
  for (const [name, model] of Object.entries(models)) {
    it.scopedLive(`${name}: a call and a stream never hear of what another attempt helps with`, () =>
      Effect.gen(function* () {
        for (const fault of faults) {
          const provider = yield* providerWith([fault])
          const layer = Layer.provide(model(provider, fast), FetchHttpClient.layer)
          const answer = yield* Effect.provide(LanguageModel.generateText({ prompt: "hello" }), layer)
          expect(answer.text, fault._tag).toBe(sentence)
          expect((yield* provider.awaitSettled).length, fault._tag).toBe(2)
          yield* provider.reset
          expect(yield* Effect.provide(textOf, layer), fault._tag).toBe(sentence)
          expect((yield* provider.awaitSettled).length, fault._tag).toBe(2)
        }
      })
    )

    it.scopedLive(`${name}: where nothing helps the failure is the client's own`, () =>
      Effect.gen(function* () {
        const provider = yield* providerWith([Step.status({ status: 500 })], "repeatLast")
        const layer = Layer.provide(model(provider, fast), FetchHttpClient.layer)
        const error = yield* Effect.flip(Effect.provide(LanguageModel.generateText({ prompt: "hello" }), layer))
        expect(error._tag).toBe("HttpResponseError")
        expect((yield* provider.awaitSettled).length).toBe(3)
      })
    )
  }
})

describe("withResilience", () => {
  it.scopedLive("X4: an open circuit is a response, and asks nobody", () =>
    Effect.gen(function* () {
      const provider = yield* providerWith([Step.status({ status: 500 })], "repeatLast")
      const client = ResilientHttpClient.withResilience(yield* HttpClient.HttpClient)
      expect((yield* client.execute(chat(provider))).status).toBe(500)
      const refused = yield* client.execute(chat(provider))
      expect(refused.status).toBe(503)
      expect(refused.headers["x-effect-resilience"]).toBe("CircuitOpen")
      expect((yield* provider.awaitSettled).length).toBe(2)
    }).pipe(
      Effect.provide([
        FetchHttpClient.layer,
        Resilience.layer({ ...fast, circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(2) } })
      ])
    )
  )

  it.scopedLive("X3: content that is cut off ends the stream with a failure", () =>
    Effect.gen(function* () {
      const provider = yield* providerWith([Step.cutBody({ after: 3, by: "end" })])
      const client = ResilientHttpClient.withResilience(yield* HttpClient.HttpClient)
      const response = yield* client.execute(chat(provider, { stream: true }))
      const exit = yield* Effect.exit(Stream.runCollect(response.stream))
      expect(Exit.isFailure(exit)).toBe(true)
      expect((yield* provider.awaitSettled).length).toBe(1)
    }).pipe(Effect.provide([FetchHttpClient.layer, Resilience.layer(fast)]))
  )

  it.scopedLive("X5: an interruption closes the socket, before the answer and within it", () =>
    Effect.gen(function* () {
      const provider = yield* providerWith([Step.stall(), Step.stallAfterContent({ after: 2 })])
      const client = ResilientHttpClient.withResilience(yield* HttpClient.HttpClient)
      const waiting = yield* Effect.fork(client.execute(chat(provider)))
      yield* provider.awaitAttempts(1)
      yield* Fiber.interrupt(waiting)
      const response = yield* client.execute(chat(provider, { stream: true }))
      const reading = yield* Effect.fork(Stream.runDrain(response.stream))
      yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(reading)
      expect((yield* provider.awaitSettled).map((attempt) => attempt.clientLeft)).toEqual([true, true])
    }).pipe(Effect.provide([FetchHttpClient.layer, Resilience.layer(fast)]))
  )

  it.scopedLive("time that is up is a RequestError with the reason as its cause", () =>
    Effect.gen(function* () {
      const provider = yield* providerWith([Step.stall()], "repeatLast")
      const client = ResilientHttpClient.withResilience(yield* HttpClient.HttpClient)
      const error = yield* Effect.flip(client.execute(chat(provider)))
      expect(error).toBeInstanceOf(HttpClientError.RequestError)
      expect(error.cause).toMatchObject({ _tag: "DeadlineExceeded" })
    }).pipe(Effect.provide([FetchHttpClient.layer, Resilience.layer({ ...fast, deadline: "100 millis" })]))
  )

  it.scopedLive("X7: another target gets its own address and key, and nothing that the client adds for the first", () =>
    Effect.gen(function* () {
      const first = yield* providerWith([Step.status({ status: 503 })], "repeatLast")
      const second = yield* providerWith([])
      const sent: Array<readonly [string, string | undefined]> = []
      const client = (yield* HttpClient.HttpClient).pipe(
        HttpClient.mapRequest((request) =>
          request.pipe(HttpClientRequest.prependUrl(first.openAiUrl), HttpClientRequest.bearerToken("sk-first"))
        ),
        HttpClient.tapRequest((request) => Effect.sync(() => sent.push([request.url, request.headers.authorization]))),
        ResilientHttpClient.withResilience({
          fallbacks: [{ name: "second", baseUrl: second.openAiUrl, apiKey: Redacted.make("sk-second"), model: "large" }]
        })
      )
      const request = HttpClientRequest.post("/chat/completions").pipe(
        HttpClientRequest.bodyUnsafeJson({ model: "gpt-5", messages: [{ role: "user", content: "hello" }] })
      )
      const response = yield* client.execute(request)
      expect(JSON.stringify(yield* response.json)).toContain("large")
      const [asked] = yield* second.awaitSettled
      expect(asked?.model).toBe("large")
      expect(asked?.path).toBe("/v1/chat/completions")
      expect(sent.every(([url, key]) => url.startsWith(first.openAiUrl) && key === "Bearer sk-first")).toBe(true)
    }).pipe(Effect.provide([FetchHttpClient.layer, Resilience.layer({ retry: false })]))
  )

  it.scopedLive("X8: what is no request to a model is passed on", () =>
    Effect.gen(function* () {
      const provider = yield* providerWith([Step.status({ status: 500 })], "repeatLast")
      const client = ResilientHttpClient.withResilience(yield* HttpClient.HttpClient)
      const response = yield* client.post(`${provider.url}/elsewhere`, { body: HttpBody.text("x") })
      expect(response.status).toBe(404)
      expect((yield* provider.awaitSettled).length).toBe(1)
    }).pipe(Effect.provide([FetchHttpClient.layer, Resilience.layer(fast)]))
  )
})

it("the types: policies of one's own leave no requirement, those around it do", () => {
  expectTypeOf(ResilientHttpClient.transform()).toEqualTypeOf<
    (client: HttpClient.HttpClient) => HttpClient.HttpClient
  >()
  const around = (client: HttpClient.HttpClient) => ResilientHttpClient.withResilience(client)
  expectTypeOf(around).returns.toEqualTypeOf<
    HttpClient.HttpClient.With<HttpClientError.HttpClientError, Resilience.Resilience>
  >()
})
