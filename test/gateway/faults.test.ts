/**
 * What the best of gateways are said to handle, over real sockets: the client gets a whole and right answer, with the name
 * and the usage of the model that gave it. Times are a fiftieth of those of production.
 */
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Options, Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { messages, post, quick, start } from "./asking.js"

const text = "One two three four five six seven eight nine ten"
const usage = { inputTokens: 7, outputTokens: 10 }

interface Fault {
  readonly name: string
  readonly script: Script.Script
  /** Who answers, and how often each is asked. */
  readonly by: "main" | "spare"
  readonly asked: { readonly main: number; readonly spare: number }
  /** Only in a stream. */
  readonly streams?: true
  /** Only there. */
  readonly path?: string
}

const once = (step: Step.Step) => Script.inOrder([step], { afterwards: "answer" })

const faults: ReadonlyArray<Fault> = [
  {
    name: "answers 429 with a hint once",
    script: once(Step.rateLimited({ retryAfter: "100 millis" })),
    by: "main",
    asked: { main: 2, spare: 0 }
  },
  {
    name: "answers 429 for ever",
    script: Script.always(Step.rateLimited({ retryAfter: "60 seconds" })),
    by: "spare",
    asked: { main: 1, spare: 1 }
  },
  { name: "answers 500 once", script: once(Step.serverError()), by: "main", asked: { main: 2, spare: 0 } },
  {
    name: "answers 503 for ever",
    script: Script.always(Step.overloaded({ status: 503 })),
    by: "spare",
    asked: { main: 3, spare: 1 }
  },
  { name: "resets the connection", script: Script.always(Step.reset()), by: "spare", asked: { main: 3, spare: 1 } },
  {
    name: "never answers: one timeout, and then the fallback",
    script: Script.always(Step.stall()),
    by: "spare",
    asked: { main: 1, spare: 1 }
  },
  {
    name: "sends its first token late",
    script: Script.always(Step.answer({ firstToken: "2 seconds" })),
    by: "spare",
    asked: { main: 1, spare: 1 },
    streams: true
  },
  {
    name: "cuts the stream at two thirds",
    script: Script.always(Step.cutBody({ after: 7 })),
    by: "spare",
    asked: { main: 3, spare: 1 },
    streams: true
  },
  {
    name: "stalls in mid-stream",
    script: Script.always(Step.stallAfterContent({ after: 7 })),
    by: "spare",
    asked: { main: 1, spare: 1 },
    streams: true
  },
  {
    name: "sends a malformed event",
    script: Script.always(Step.malformedEvent({ at: 3 })),
    by: "spare",
    asked: { main: 2, spare: 1 },
    streams: true
  },
  {
    name: "omits [DONE]",
    path: "/v1/chat/completions",
    script: Script.always(Step.omitEndMarker({ keepFinishReason: true })),
    by: "main",
    asked: { main: 1, spare: 0 },
    streams: true
  },
  {
    name: "finds the prompt too long: one attempt, and then the larger model",
    script: Script.always(Step.contextLengthExceeded({ limit: 8000, requested: 9000 })),
    by: "spare",
    asked: { main: 1, spare: 1 }
  },
  { name: "has no such model", script: Script.always(Step.modelNotFound()), by: "spare", asked: { main: 1, spare: 1 } },
  {
    name: "refuses the gateway's key",
    script: Script.always(Step.invalidKey()),
    by: "spare",
    asked: { main: 1, spare: 1 }
  },
  {
    name: "sends the page of a proxy",
    script: Script.always(Step.proxyPage()),
    by: "spare",
    asked: { main: 3, spare: 1 }
  },
  {
    name: "answers with an error within a 200",
    script: Script.always(Step.errorBodyIn200()),
    by: "spare",
    asked: { main: 3, spare: 1 }
  }
]

const started = (options: Options) =>
  start({ reply: { text, usage }, ...options }, () => ({
    routes: [
      {
        model: "main",
        delivery: "buffered",
        targets: [
          { upstream: "openai", contextWindow: 8000 },
          { upstream: "openai", model: "spare", contextWindow: 100_000 }
        ]
      },
      {
        model: "main",
        delivery: "buffered",
        targets: [
          { upstream: "anthropic", contextWindow: 8000 },
          { upstream: "anthropic", model: "spare", contextWindow: 100_000 }
        ]
      }
    ],
    policy: { ...quick, retry: { initialDelay: "10 millis", maxRetryAfter: "10 seconds" } }
  }))

const ask = (url: string, path: string, stream: boolean) =>
  Effect.flatMap(
    post(`${url}${path}`, {
      model: "main",
      max_tokens: 100,
      stream,
      messages,
      stream_options: stream ? { include_usage: true } : undefined
    }),
    (response) =>
      Effect.map(
        Effect.promise(() => response.text()),
        (body) => ({ response, body })
      )
  )

interface Read {
  readonly text: string
  readonly model: string | undefined
  readonly output: number | undefined
}

/** What the official clients would make of the answer, in short. */
const readers: Record<string, (body: string, stream: boolean) => Read> = {
  "/v1/chat/completions": (body, stream) => {
    const parts = stream ? eventsOf(body) : [JSON.parse(body) as Part]
    return {
      text: parts
        .flatMap(({ choices = [] }) => choices.map(({ delta, message }) => (delta ?? message)?.content ?? ""))
        .join(""),
      model: parts[0]?.model,
      output: parts.find(({ usage }) => usage)?.usage?.completion_tokens
    }
  },
  "/v1/messages": (body, stream) => {
    if (!stream) {
      const answer = JSON.parse(body)
      return { text: answer.content[0].text, model: answer.model, output: answer.usage.output_tokens }
    }
    const parts = eventsOf(body)
    return {
      text: parts.map(({ delta }) => delta?.text ?? "").join(""),
      model: parts[0]?.message?.model,
      output: parts.findLast(({ usage }) => usage)?.usage?.output_tokens
    }
  }
}

interface Part {
  readonly model?: string
  readonly choices?: ReadonlyArray<{ readonly delta?: Said; readonly message?: Said }>
  readonly usage?: { readonly completion_tokens?: number; readonly output_tokens?: number }
  readonly message?: { readonly model: string }
  readonly delta?: { readonly text?: string }
}

interface Said {
  readonly content?: string | null
}

const eventsOf = (body: string): ReadonlyArray<Part> =>
  body
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)))

for (const path of Object.keys(readers)) {
  for (const { asked, by, name, script, streams } of faults.filter((fault) => (fault.path ?? path) === path)) {
    for (const stream of streams ? [true] : [false, true]) {
      it.scopedLive(`W2: ${path}${stream ? ", streamed" : ""}: the primary ${name}`, () =>
        Effect.gen(function* () {
          const { gateway, provider } = yield* started({ models: { main: script } })
          const { body, response } = yield* ask(gateway.url, path, stream)
          expect(response.status).toBe(200)
          expect(readers[path]!(body, stream)).toEqual({ text, model: by, output: usage.outputTokens })
          const attempts = yield* provider.awaitSettled
          const count = (model: string) => attempts.filter((attempt) => attempt.model === model).length
          expect({ main: count("main"), spare: count("spare") }).toEqual(asked)
        })
      )
    }
  }
}

it.scopedLive("W3: a rejection by a content filter is told in the provider's words, and nobody else is asked", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* started({ models: { main: Script.always(Step.contentFiltered()) } })
    const direct = yield* post(`${provider.openAiUrl}/chat/completions`, { model: "main", messages })
    const reason = yield* Effect.promise(() => direct.json())
    for (const stream of [false, true]) {
      const { body, response } = yield* ask(gateway.url, "/v1/chat/completions", stream)
      expect(response.status).toBe(direct.status)
      expect(JSON.parse(body)).toEqual(reason)
    }
    expect((yield* provider.awaitSettled).every(({ model }) => model === "main")).toBe(true)
  })
)

it.scopedLive("S11: a fallback that rejects what it was sent does not hide why it was asked", () =>
  Effect.gen(function* () {
    const { gateway } = yield* started({
      models: {
        main: Script.always(Step.cutBody({ after: 7 })),
        spare: Script.always(
          Step.status({
            status: 400,
            body: JSON.stringify({
              error: { message: "assistant prefill is not supported", type: "invalid_request_error" }
            })
          })
        )
      }
    })
    const { body, response } = yield* ask(gateway.url, "/v1/chat/completions", true)
    expect(response.status).toBe(503)
    expect(body).not.toContain("prefill")
  })
)

it.scopedLive("W2: a stream that is cut is begun anew at a fallback that takes no assistant prefill", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* started({ models: { main: Script.always(Step.cutBody({ after: 7 })) } })
    const { body } = yield* ask(gateway.url, "/v1/chat/completions", true)
    expect(readers["/v1/chat/completions"]!(body, true).text).toBe(text)
    expect((yield* provider.awaitSettled).at(-1)?.model).toBe("spare")
  })
)

it.scopedLive("B9: a primary that is down for a while is hardly asked meanwhile, and used again when it is back", () =>
  Effect.gen(function* () {
    const upstream = { failures: 2, openDuration: "300 millis", successes: 1 } as const
    const { gateway, provider } = yield* start({ reply: { text } }, () => ({
      policy: { ...quick, circuitBreaker: upstream }
    }))
    yield* provider.script(Script.always(Step.overloaded()), { model: "main" })
    const askOnce = Effect.map(ask(gateway.url, "/v1/chat/completions", false), ({ body, response }) => {
      expect(response.status).toBe(200)
      return JSON.parse(body).model as string
    })
    for (let i = 0; i < 15; i++) {
      expect(yield* askOnce).toBe("spare")
      yield* Effect.sleep("40 millis")
    }
    const during = (yield* provider.attempts).filter(({ model }) => model === "main").length
    expect(during).toBeLessThanOrEqual(6)
    yield* provider.script(Script.always(Step.answer()), { model: "main" })
    yield* Effect.sleep("650 millis")
    expect(yield* askOnce).toBe("main")
  })
)
