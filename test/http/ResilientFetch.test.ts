import AnthropicSdk from "@anthropic-ai/sdk"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { CircuitBreaker } from "effect-resilience"
import * as ResilientFetch from "effect-resilience/http/ResilientFetch"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import OpenAI from "openai"
import { describe } from "vitest"

const { Script, Step } = MisbehavingProvider

const sentence = 'This is the embedded provider, playing the model "gpt-5". No real model was asked.'
const messages = [{ role: "user" as const, content: "Which model are you?" }]
const fast = { retry: { initialDelay: 1, jitter: "none" } } as const

/** Runs the steps, then answers, and gives what the clients need. */
const setUp = (
  steps: ReadonlyArray<MisbehavingProvider.Step.Step>,
  options: ResilientFetch.Options = {},
  afterwards: "answer" | "repeatLast" = "answer"
) =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make({
      ...(steps.length > 0 && {
        script: Script.inOrder(steps as [MisbehavingProvider.Step.Step], { afterwards })
      })
    })
    const fetch = ResilientFetch.make({ ...fast, ...options })
    yield* Effect.addFinalizer(() => Effect.promise(() => fetch.dispose()))
    return {
      provider,
      fetch,
      openai: new OpenAI({ apiKey: "sk-test", baseURL: provider.openAiUrl, maxRetries: 0, fetch }),
      anthropic: new AnthropicSdk({ apiKey: "sk-ant", baseURL: provider.anthropicUrl, maxRetries: 0, fetch }),
      attempts: Effect.map(provider.awaitSettled, (attempts) => attempts.length)
    }
  })

const textOf = async (stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> => {
  let text = ""
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ""
  return text
}

interface Thrown extends Error {
  readonly status: number
  readonly cause: { readonly code: string }
  readonly error: { readonly error: { readonly type: string } }
}

const thrownBy = (promise: PromiseLike<unknown>): Effect.Effect<Thrown> =>
  Effect.promise(() =>
    Promise.resolve(promise).then(
      () => undefined,
      (error) => error
    )
  )

describe("X1: the clients' own answers and errors", () => {
  const recovers: ReadonlyArray<readonly [string, MisbehavingProvider.Step.Step]> = [
    ["a rate limit with a hint", Step.rateLimited({ retryAfter: "10 millis" })],
    ["a 500", Step.status({ status: 500 })],
    ["an overload", Step.overloaded()],
    ["a reset", Step.reset()]
  ]
  for (const [name, step] of recovers) {
    it.scopedLive(`the openai client, plain and streaming, never hears of ${name}`, () =>
      Effect.gen(function* () {
        const { attempts, openai, provider } = yield* setUp([step])
        const plain = yield* Effect.promise(() => openai.chat.completions.create({ model: "gpt-5", messages }))
        expect(plain.choices[0]?.message.content).toBe(sentence)
        expect(yield* attempts).toBe(2)
        yield* provider.reset
        const stream = yield* Effect.promise(() =>
          openai.chat.completions.create({ model: "gpt-5", messages, stream: true })
        )
        expect(yield* Effect.promise(() => textOf(stream))).toBe(sentence)
        expect(yield* attempts).toBe(2)
      })
    )
    it.scopedLive(`nor does the anthropic client, nor the responses API, of ${name}`, () =>
      Effect.gen(function* () {
        const { anthropic, attempts, openai, provider } = yield* setUp([step])
        const message = yield* Effect.promise(() =>
          anthropic.messages.stream({ model: "gpt-5", max_tokens: 100, messages }).finalText()
        )
        expect(message).toBe(sentence)
        expect(yield* attempts).toBe(2)
        yield* provider.reset
        const response = yield* Effect.promise(() => openai.responses.create({ model: "gpt-5", input: "hello" }))
        expect(response.output_text).toBe(sentence)
        expect(yield* attempts).toBe(2)
      })
    )
  }

  it.scopedLive("where nothing helps the client throws its own error, with what the last response said", () =>
    Effect.gen(function* () {
      const { attempts, openai } = yield* setUp([Step.rateLimited({ retryAfter: "1 millis" })], {}, "repeatLast")
      const thrown = yield* thrownBy(openai.chat.completions.create({ model: "gpt-5", messages }))
      expect(thrown).toBeInstanceOf(OpenAI.RateLimitError)
      expect(thrown.status).toBe(429)
      expect(yield* attempts).toBe(3)
    })
  )

  it.scopedLive("a reset for ever is the transport's own error, as it was thrown", () =>
    Effect.gen(function* () {
      const { fetch, provider } = yield* setUp([Step.reset()], {}, "repeatLast")
      const thrown = yield* thrownBy(post(fetch, provider, {}))
      expect(thrown).toBeInstanceOf(TypeError)
      expect(thrown.cause.code).toMatch(/ECONNRESET|UND_ERR_SOCKET/)
    })
  )

  it.scopedLive("time that is up is what the client knows as a timeout", () =>
    Effect.gen(function* () {
      const { openai } = yield* setUp([Step.stall()], { deadline: "150 millis" }, "repeatLast")
      const plain = yield* thrownBy(openai.chat.completions.create({ model: "gpt-5", messages }))
      expect(plain).toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
      const stream = yield* thrownBy(openai.chat.completions.create({ model: "gpt-5", messages, stream: true }))
      expect(stream).toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
    })
  )
})

const post = (
  fetch: typeof globalThis.fetch,
  provider: MisbehavingProvider.Service,
  body: object,
  init: RequestInit = {}
): Promise<Response> =>
  fetch(`${provider.openAiUrl}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk-first" },
    body: JSON.stringify({ model: "gpt-5", messages, ...body }),
    ...init
  })

describe("X4: what the toolkit answers itself", () => {
  it.scopedLive("an open circuit is a 503 in the words of the API, with the time to wait and a marker", () =>
    Effect.gen(function* () {
      const { anthropic, attempts, fetch, openai, provider } = yield* setUp(
        [Step.status({ status: 500 })],
        { circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(3), openDuration: "30 seconds" } },
        "repeatLast"
      )
      yield* thrownBy(openai.chat.completions.create({ model: "gpt-5", messages }))
      const before = yield* attempts
      const response = yield* Effect.promise(() => post(fetch, provider, {}))
      expect(response.status).toBe(503)
      expect(response.headers.get("x-effect-resilience")).toBe("CircuitOpen")
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(20)
      const thrown = yield* thrownBy(openai.chat.completions.create({ model: "gpt-5", messages }))
      expect(thrown).toBeInstanceOf(OpenAI.InternalServerError)
      const other = yield* thrownBy(anthropic.messages.create({ model: "gpt-5", max_tokens: 5, messages }))
      expect(other).toBeInstanceOf(AnthropicSdk.InternalServerError)
      expect(other.error.error.type).toBe("overloaded_error")
      expect(yield* attempts).toBe(before)
    })
  )
})

const collected = (body: ReadableStream<Uint8Array> | null): Effect.Effect<{ bytes: Buffer; error: unknown }> =>
  Effect.promise(async () => {
    const chunks: Array<Uint8Array> = []
    try {
      for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) chunks.push(chunk)
      return { bytes: Buffer.concat(chunks), error: undefined }
    } catch (error) {
      return { bytes: Buffer.concat(chunks), error }
    }
  })

describe("X3: streams that fail", () => {
  const before: ReadonlyArray<readonly [string, MisbehavingProvider.Step.Step]> = [
    ["an error event", Step.errorInStream({ after: 0 })],
    ["a cut", Step.cutBody({ after: 0 })],
    ["a quiet end", Step.cutBody({ after: 0, by: "end" })],
    ["an error body in a 200", Step.errorBodyIn200()],
    ["an empty body", Step.emptyBody()],
    ["an event that cannot be read", Step.malformedEvent({ at: 0 })]
  ]
  for (const [name, step] of before) {
    it.scopedLive(`${name} before the first content is retried unseen`, () =>
      Effect.gen(function* () {
        const { attempts, openai } = yield* setUp([step])
        const stream = yield* Effect.promise(() =>
          openai.chat.completions.create({ model: "gpt-5", messages, stream: true })
        )
        expect(yield* Effect.promise(() => textOf(stream))).toBe(sentence)
        expect(yield* attempts).toBe(2)
      })
    )
  }

  it.scopedLive("silence before the first content is left for another attempt where no other target is", () =>
    Effect.gen(function* () {
      const { attempts, openai } = yield* setUp([Step.keepAlivesOnly({ every: "20 millis" })], {
        stream: { firstToken: "150 millis" }
      })
      const stream = yield* Effect.promise(() =>
        openai.chat.completions.create({ model: "gpt-5", messages, stream: true })
      )
      expect(yield* Effect.promise(() => textOf(stream))).toBe(sentence)
      expect(yield* attempts).toBe(2)
    })
  )

  for (const by of ["close", "reset", "end"] as const) {
    it.scopedLive(`content that is cut off (${by}) ends the body with an error, and is not asked for again`, () =>
      Effect.gen(function* () {
        const { attempts, fetch, provider } = yield* setUp([Step.cutBody({ after: 3, by })])
        const response = yield* Effect.promise(() => post(fetch, provider, { stream: true }))
        expect(response.status).toBe(200)
        const { bytes, error } = yield* collected(response.body)
        expect(bytes.toString()).toContain("This")
        expect(error).toBeInstanceOf(Error)
        expect(yield* attempts).toBe(1)
      })
    )
  }

  it.scopedLive("an error event after content is the client's own error, in the provider's words", () =>
    Effect.gen(function* () {
      const { attempts, openai } = yield* setUp([Step.errorInStream({ after: 2, betweenChunks: "20 millis" })])
      const thrown = yield* thrownBy(
        openai.chat.completions.create({ model: "gpt-5", messages, stream: true }).then(textOf)
      )
      expect(thrown).toBeInstanceOf(OpenAI.APIError)
      expect(yield* attempts).toBe(1)
    })
  )

  it.scopedLive("a buffered answer is whole, or asked for again", () =>
    Effect.gen(function* () {
      const { attempts, openai } = yield* setUp([Step.cutBody({ after: 3 })], { delivery: "buffered" })
      const stream = yield* Effect.promise(() =>
        openai.chat.completions.create({ model: "gpt-5", messages, stream: true })
      )
      expect(yield* Effect.promise(() => textOf(stream))).toBe(sentence)
      expect(yield* attempts).toBe(2)
    })
  )

  it.scopedLive("where nothing helps, the last response is the client's to read", () =>
    Effect.gen(function* () {
      const { openai } = yield* setUp([Step.errorInStream({ after: 0 })], {}, "repeatLast")
      const thrown = yield* thrownBy(
        openai.chat.completions.create({ model: "gpt-5", messages, stream: true }).then(textOf)
      )
      expect(thrown).toBeInstanceOf(OpenAI.APIError)
    })
  )
})

describe("X2: a healthy stream", () => {
  const paths = {
    "chat/completions": { messages },
    responses: { input: "hello" },
    messages: { messages, max_tokens: 100 }
  }
  for (const [path, body] of Object.entries(paths)) {
    it.scopedLive(`of ${path} is the same bytes in the same order, wherever it is cut into chunks`, () =>
      Effect.gen(function* () {
        const { fetch, provider } = yield* setUp([Step.answer({ boundaries: "anywhere" })], {}, "repeatLast")
        const url = `${provider.openAiUrl}/${path}`
        const init = {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ model: "gpt-5", stream: true, ...body })
        }
        // Ids and times differ from call to call; the bytes of one call are compared as they are sent and as they arrive.
        let sent: Array<Uint8Array> = []
        const spying: typeof globalThis.fetch = async (...args) => {
          const response = await globalThis.fetch(...args)
          sent = []
          const spy = new TransformStream<Uint8Array, Uint8Array>({
            transform: (chunk, controller) => {
              sent.push(chunk)
              controller.enqueue(chunk)
            }
          })
          return new Response((response.body as ReadableStream<Uint8Array>).pipeThrough(spy), response)
        }
        const through = ResilientFetch.make({ fetch: spying })
        for (let i = 0; i < 5; i++) {
          const response = yield* Effect.promise(() => through(url, init))
          const { bytes, error } = yield* collected(response.body)
          expect(error).toBeUndefined()
          expect(bytes.equals(Buffer.concat(sent))).toBe(true)
        }
        yield* Effect.promise(() => through.dispose())
        void fetch
      })
    )
  }

  it.scopedLive("comes as it is made, none held once the first content has passed", () =>
    Effect.gen(function* () {
      const { fetch, provider } = yield* setUp([Step.answer({ betweenChunks: "40 millis" })])
      const response = yield* Effect.promise(() => post(fetch, provider, { stream: true }))
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      const at: Array<number> = []
      yield* Effect.promise(async () => {
        while (!(await reader.read()).done) at.push(performance.now())
      })
      expect(at.length).toBeGreaterThan(5)
      expect((at.at(-1) as number) - (at[0] as number)).toBeGreaterThan(200)
    })
  )
})

describe("X5: the caller's signal", () => {
  for (const stream of [false, true]) {
    it.scopedLive(
      `ends the attempt and its socket at once, ${stream ? "streaming" : "plain"}, and nothing is counted`,
      () =>
        Effect.gen(function* () {
          const { fetch, provider } = yield* setUp([Step.stall()], {}, "repeatLast")
          const controller = new AbortController()
          const thrown = thrownBy(post(fetch, provider, { stream }, { signal: controller.signal }))
          const fiber = yield* Effect.fork(thrown)
          yield* provider.awaitAttempts(1)
          const reason = new Error("enough")
          controller.abort(reason)
          expect(yield* Effect.fromFiber(fiber)).toBe(reason)
          const attempts = yield* provider.awaitSettled
          expect(attempts.map((attempt) => attempt.clientLeft)).toEqual([true])
        })
    )
  }

  it.scopedLive("ends a wait between attempts, and a body under way", () =>
    Effect.gen(function* () {
      const waiting = yield* setUp([Step.rateLimited({ retryAfter: "20 seconds" })])
      const controller = new AbortController()
      const fiber = yield* Effect.fork(
        thrownBy(post(waiting.fetch, waiting.provider, {}, { signal: controller.signal }))
      )
      yield* waiting.provider.awaitSettled
      yield* waiting.provider.awaitAttempts(1)
      controller.abort()
      expect((yield* Effect.fromFiber(fiber)).name).toBe("AbortError")

      const reading = yield* setUp([Step.stallAfterContent({ after: 2 })])
      const second = new AbortController()
      const response = yield* Effect.promise(() =>
        post(reading.fetch, reading.provider, { stream: true }, { signal: second.signal })
      )
      const body = yield* Effect.fork(collected(response.body))
      yield* Effect.sleep("50 millis")
      second.abort()
      const { bytes, error } = yield* Effect.fromFiber(body)
      expect(bytes.length).toBeGreaterThan(0)
      expect((error as Error).name).toBe("AbortError")
      expect((yield* reading.provider.awaitSettled).map((attempt) => attempt.clientLeft)).toEqual([true])
    })
  )

  it.scopedLive("a reader that leaves closes the socket", () =>
    Effect.gen(function* () {
      const { fetch, provider } = yield* setUp([Step.stallAfterContent({ after: 2 })])
      const response = yield* Effect.promise(() => post(fetch, provider, { stream: true }))
      yield* Effect.promise(async () => {
        const reader = (response.body as ReadableStream<Uint8Array>).getReader()
        await reader.read()
        await reader.cancel()
      })
      expect((yield* provider.awaitSettled).map((attempt) => attempt.clientLeft)).toEqual([true])
    })
  )
})

describe("X6: bodies that can be read once", () => {
  const streamOf = (text: string): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start: (controller) => {
        for (const piece of text.match(/.{1,7}/gs) ?? []) controller.enqueue(new TextEncoder().encode(piece))
        controller.close()
      }
    })
  const body = JSON.stringify({ model: "gpt-5", messages })

  it.scopedLive("are kept within the bound, and sent again", () =>
    Effect.gen(function* () {
      const { attempts, fetch, provider } = yield* setUp([Step.status({ status: 500 })])
      const init = { body: streamOf(body), duplex: "half" } as RequestInit
      const response = yield* Effect.promise(() => post(fetch, provider, {}, init))
      expect(response.status).toBe(200)
      expect(yield* attempts).toBe(2)
    })
  )

  it.scopedLive("beyond it are sent once, whole, and the failure is the client's to see", () =>
    Effect.gen(function* () {
      const { fetch, provider } = yield* setUp([Step.status({ status: 500 })], { bodyBytes: 10 })
      const init = { body: streamOf(body), duplex: "half" } as RequestInit
      const response = yield* Effect.promise(() => post(fetch, provider, {}, init))
      expect(response.status).toBe(500)
      const [attempt, ...others] = yield* provider.awaitSettled
      expect(others).toEqual([])
      expect(attempt?.model).toBe("gpt-5")
    })
  )

  it.scopedLive("a Request is as good as its parts", () =>
    Effect.gen(function* () {
      const { attempts, fetch, provider } = yield* setUp([Step.status({ status: 500 })])
      const request = new Request(`${provider.openAiUrl}/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body
      })
      const response = yield* Effect.promise(() => fetch(request))
      expect(response.status).toBe(200)
      expect(yield* attempts).toBe(2)
    })
  )
})

describe("X7: other targets of the same format", () => {
  for (const stream of [false, true]) {
    it.scopedLive(
      `the second answers ${stream ? "a stream" : "a call"}, with its own key and model, and sees none of the first's`,
      () =>
        Effect.gen(function* () {
          const other = yield* MisbehavingProvider.make()
          const sent: Array<Headers> = []
          const { fetch, provider } = yield* setUp(
            [Step.status({ status: 503 })],
            {
              retry: false,
              fetch: (input, init) => {
                sent.push(new Headers(init?.headers))
                return globalThis.fetch(input, init)
              },
              fallbacks: [{ name: "other/large", baseUrl: `${other.url}/v1`, apiKey: "sk-second", model: "large" }]
            },
            "repeatLast"
          )
          const init = {
            headers: {
              "content-type": "application/json",
              authorization: "Bearer sk-first",
              "openai-organization": "org-first",
              cookie: "session=first"
            }
          }
          const response = yield* Effect.promise(() => post(fetch, provider, { stream }, init))
          expect(yield* Effect.promise(() => response.text())).toContain("large")
          const [asked] = yield* other.awaitSettled
          expect(asked?.model).toBe("large")
          expect(sent.map((headers) => headers.get("authorization"))).toEqual(["Bearer sk-first", "Bearer sk-second"])
          expect(JSON.stringify([...(sent[1] as Headers)])).not.toContain("first")
        })
    )
  }

  it.scopedLive("when all fail, the client sees the last one's response", () =>
    Effect.gen(function* () {
      const other = yield* MisbehavingProvider.make({
        script: Script.inOrder([Step.status({ status: 502 })], { afterwards: "repeatLast" })
      })
      const { fetch, provider } = yield* setUp(
        [Step.status({ status: 503 })],
        { retry: false, fallbacks: [{ name: "other", baseUrl: `${other.url}/v1` }] },
        "repeatLast"
      )
      const response = yield* Effect.promise(() => post(fetch, provider, {}))
      expect(response.status).toBe(502)
    })
  )
})

describe("X8: requests that are none to a model", () => {
  it.scopedLive("pass untouched, failures too", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const answer = new Response("no", { status: 500 })
      const fetch = ResilientFetch.make({
        fetch: async (...args) => {
          seen.push(args)
          return answer
        }
      })
      const init = { method: "GET" }
      expect(yield* Effect.promise(() => fetch("https://api.openai.com/v1/models", init))).toBe(answer)
      const url = new URL("https://example.com/upload")
      const upload = { method: "POST", body: new ReadableStream() }
      expect(yield* Effect.promise(() => fetch(url, upload))).toBe(answer)
      expect(seen).toEqual([
        ["https://api.openai.com/v1/models", init],
        [url, upload]
      ])
      yield* Effect.promise(() => fetch.dispose())
    })
  )

  it.scopedLive("and so do those that a rule of the user's own leaves out", () =>
    Effect.gen(function* () {
      const { attempts, fetch, provider } = yield* setUp([Step.status({ status: 500 })], { target: () => undefined })
      const response = yield* Effect.promise(() => post(fetch, provider, {}))
      expect(response.status).toBe(500)
      expect(yield* attempts).toBe(1)
    })
  )
})

it.scopedLive("S17: an event that never ends fails the stream, and is not collected for ever", () =>
  Effect.gen(function* () {
    const piece = new Uint8Array(65_536).fill(120)
    let sent = 0
    const fetch = ResilientFetch.make({
      retry: false,
      preambleBytes: Number.POSITIVE_INFINITY,
      fetch: async () => {
        const body = new ReadableStream<Uint8Array>({
          pull: (controller) => controller.enqueue(sent++ === 0 ? new TextEncoder().encode("data: ") : piece)
        })
        return new Response(body, { headers: { "content-type": "text/event-stream" } })
      }
    })
    const response = yield* Effect.promise(() =>
      fetch("https://api.openai.com/v1/chat/completions", {
        method: "POST",
        body: JSON.stringify({ model: "gpt-5", stream: true, messages })
      })
    )
    const { error } = yield* collected(response.body)
    expect(error).toBeInstanceOf(Error)
    expect(sent).toBeLessThan(400)
    yield* Effect.promise(() => fetch.dispose())
  })
)
