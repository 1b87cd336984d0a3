/**
 * What the best of gateways are said to handle, over real sockets: the client gets a whole and right answer, with the name
 * and the usage of the model that gave it. Times are a fiftieth of those of production.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Options, Script, type Service, Step } from "effect-resilience/testing/MisbehavingProvider"
import { type Api, apis } from "./apis.js"
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
const oneOfEach = { by: "spare", asked: { main: 1, spare: 1 } } as const
const threeAndOne = { by: "spare", asked: { main: 3, spare: 1 } } as const

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
    ...oneOfEach
  },
  { name: "answers 500 once", script: once(Step.serverError()), by: "main", asked: { main: 2, spare: 0 } },
  { name: "answers 503 for ever", script: Script.always(Step.overloaded({ status: 503 })), ...threeAndOne },
  { name: "resets the connection", script: Script.always(Step.reset()), ...threeAndOne },
  {
    name: "never answers: one timeout, and then the fallback",
    script: Script.always(Step.stall()),
    ...oneOfEach
  },
  {
    name: "sends its first token late",
    script: Script.always(Step.answer({ firstToken: "2 seconds" })),
    ...oneOfEach,
    streams: true
  },
  {
    name: "stalls in mid-stream",
    script: Script.always(Step.stallAfterContent({ after: 7 })),
    ...oneOfEach,
    streams: true
  },
  {
    name: "cuts the stream at two thirds",
    script: Script.always(Step.cutBody({ after: 7 })),
    ...threeAndOne,
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
    ...oneOfEach
  },
  { name: "has no such model", script: Script.always(Step.modelNotFound()), ...oneOfEach },
  { name: "refuses the gateway's key", script: Script.always(Step.invalidKey()), ...oneOfEach },
  { name: "sends the page of a proxy", script: Script.always(Step.proxyPage()), ...threeAndOne },
  { name: "answers with an error within a 200", script: Script.always(Step.errorBodyIn200()), ...threeAndOne }
]

const started = (options: Options, delivery: "buffered" | "incremental" = "buffered") => {
  const route = (upstream: string) => ({
    model: "main",
    targets: [
      { upstream, contextWindow: 8000 },
      { upstream, model: "spare", contextWindow: 100_000 }
    ] as const
  })
  return start({ reply: { text, usage }, ...options }, () => ({
    routes: [route("openai"), route("anthropic")],
    delivery,
    policy: { ...quick, retry: { initialDelay: "10 millis", maxRetryAfter: "10 seconds" } }
  }))
}

const ask = (url: string, api: Api, stream: boolean, more: object = {}) =>
  Effect.flatMap(post(`${url}${api.path}`, { model: "main", ...api.ask(stream), ...more }), (response) =>
    Effect.map(
      Effect.promise(() => response.text()),
      (body) => ({ response, body })
    )
  )

const asked = (provider: Service) =>
  Effect.map(provider.awaitSettled, (attempts) => {
    const count = (model: string) => attempts.filter((attempt) => attempt.model === model).length
    return { main: count("main"), spare: count("spare") }
  })

const [chat, anthropic] = apis as [Api, Api]

describe.each(apis)("$path", (api) => {
  for (const { asked: times, by, name, script, streams } of faults.filter(({ path = api.path }) => path === api.path)) {
    for (const stream of streams ? [true] : [false, true]) {
      it.scopedLive(`W2: the primary ${name}${stream ? ", streamed" : ""}`, () =>
        Effect.gen(function* () {
          const { gateway, provider } = yield* started({ models: { main: script } })
          const { body, response } = yield* ask(gateway.url, api, stream)
          expect(response.status).toBe(200)
          expect(api.read(body, stream)).toEqual({ text, model: by, output: usage.outputTokens })
          expect(yield* asked(provider)).toEqual(times)
        })
      )
    }
  }

  it.scopedLive("W2: a stream that is cut is begun anew, and never sent as an assistant's words to go on with", () =>
    Effect.gen(function* () {
      const models = {
        main: Script.always(Step.cutBody({ after: 7 })),
        spare: Script.always(Step.prefillRejected())
      }
      const { gateway, provider } = yield* started({ models })
      const { body } = yield* ask(gateway.url, api, true)
      expect(api.read(body, true)).toEqual({ text, model: "spare", output: usage.outputTokens })
      expect(yield* asked(provider)).toEqual({ main: 3, spare: 1 })
    })
  )

  it.scopedLive("S1: as it comes, a stream that fails before its first content is asked for again all the same", () =>
    Effect.gen(function* () {
      for (const fault of [Step.cutBody({ after: 0 }), Step.errorInStream({ after: 0 }), Step.stallAfterHeaders()]) {
        const { gateway } = yield* started({ models: { main: Script.always(fault) } }, "incremental")
        const { body, response } = yield* ask(gateway.url, api, true)
        expect(response.headers.get("x-effect-resilience-target")).toMatch(/\/spare$/)
        expect(api.read(body, true)).toEqual({ text, model: "spare", output: usage.outputTokens })
      }
    })
  )

  it.scopedLive("S2: as it comes, a stream that is cut ends with the dialect's own event of a failure", () =>
    Effect.gen(function* () {
      const main = Script.always(Step.cutBody({ after: 7 }))
      const { gateway, provider } = yield* started({ models: { main } }, "incremental")
      const { body, response } = yield* ask(gateway.url, api, true)
      expect(response.status).toBe(200)
      expect(body).toMatch(api.failure)
      expect(api.read(body, true).text).toBe("One two three four five six seven ")
      expect(yield* asked(provider)).toEqual({ main: 1, spare: 0 })
    })
  )

  it.scopedLive("W3: a rejection by a content filter is told in the provider's words, and nobody else is asked", () =>
    Effect.gen(function* () {
      const { gateway, provider } = yield* started({ models: { main: Script.always(Step.contentFiltered()) } })
      const base = api === anthropic ? provider.anthropicUrl : provider.openAiUrl.replace(/\/v1$/, "")
      const direct = yield* ask(base, api, false)
      const reason = JSON.parse(direct.body)
      for (const stream of [false, true]) {
        const { body, response } = yield* ask(gateway.url, api, stream)
        expect(response.status).toBe(direct.response.status)
        expect({ ...JSON.parse(body), request_id: reason.request_id }).toEqual({ request_id: undefined, ...reason })
      }
      expect(yield* asked(provider)).toEqual({ main: 3, spare: 0 })
    })
  )
})

/** The client itself has begun the answer, which not every model goes on with. */
const begun = { messages: [...messages, { role: "assistant", content: "One two" }] }

it.scopedLive("S11: a fallback that does not go on with the client's own words does not hide why it was asked", () =>
  Effect.gen(function* () {
    const models = { main: Script.always(Step.overloaded()), spare: Script.always(Step.prefillRejected()) }
    const { gateway, provider } = yield* started({ models })
    for (const api of [chat, anthropic]) {
      const { body, response } = yield* ask(gateway.url, api, false, begun)
      expect(response.status).toBe(503)
      expect(body).not.toContain("prefill")
    }
    expect(yield* asked(provider)).toEqual({ main: 6, spare: 2 })
  })
)

it.scopedLive("S11: where the route says so, the next target is asked to go on with the client's own words", () =>
  Effect.gen(function* () {
    const models = { main: Script.always(Step.overloaded()), spare: Script.always(Step.prefillRejected()) }
    const { gateway } = yield* start({ reply: { text, usage }, models }, () => ({
      routes: [
        {
          model: "main",
          targets: [
            { upstream: "anthropic" },
            { upstream: "anthropic", model: "spare" },
            { upstream: "anthropic", model: "other" }
          ],
          policy: { fallbackOn: ["InvalidRequest"] }
        }
      ]
    }))
    for (const stream of [false, true]) {
      const { body } = yield* ask(gateway.url, anthropic, stream, begun)
      expect(anthropic.read(body, stream)).toEqual({ text, model: "other", output: usage.outputTokens })
    }
  })
)

it.scopedLive("S11: a primary that does not go on with the client's own words says so itself", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* started({ models: { main: Script.always(Step.prefillRejected()) } })
    const { body, response } = yield* ask(gateway.url, anthropic, false, begun)
    expect(response.status).toBe(400)
    expect(JSON.parse(body).error.message).toContain("prefill")
    expect(yield* asked(provider)).toEqual({ main: 1, spare: 0 })
  })
)
