import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Hedge } from "effect-resilience"
import * as ResilientFetch from "effect-resilience/http/ResilientFetch"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { describe } from "vitest"

const { Script, Step } = MisbehavingProvider

const messages = [{ role: "user" as const, content: "Which model are you?" }]
type Fetch = typeof globalThis.fetch

const providerWith = (...steps: ReadonlyArray<MisbehavingProvider.Step.Step>) =>
  MisbehavingProvider.make(
    steps.length === 0
      ? {}
      : { script: Script.inOrder(steps as [MisbehavingProvider.Step.Step], { afterwards: "repeatLast" }) }
  )

const made = (options: ResilientFetch.Options) =>
  Effect.acquireRelease(
    Effect.sync(() => ResilientFetch.make({ retry: false, ...options })),
    (fetch) => Effect.promise(() => fetch.dispose())
  )

const post = (fetch: Fetch, url: string, body: object, init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk-first" },
    body: JSON.stringify({ model: "gpt-5", messages, ...body }),
    ...init
  })

/** Asks this one so many milliseconds late. */
const slowlyTo =
  ({ url }: MisbehavingProvider.Service, millis: number): Fetch =>
  async (input, init) => {
    if (String(input).startsWith(url)) await new Promise((resolve) => setTimeout(resolve, millis))
    return globalThis.fetch(input, init)
  }

const thrownBy = (promise: Promise<unknown>): Effect.Effect<unknown> =>
  Effect.promise(() =>
    promise.then(
      () => undefined,
      (error: unknown) => error
    )
  )

describe("X7: another target beside one that is late", () => {
  const silent = {
    "a call": [false, Step.stall()],
    "a stream that says nothing": [true, Step.stall()],
    "a stream that keeps alive without content": [true, Step.keepAlivesOnly({ every: "10 millis" })]
  } as const
  it.scopedLive.each(Object.entries(silent))(
    "%s: the first content wins, and the loser's socket is closed",
    ([, how]) =>
      Effect.gen(function* () {
        const [stream, step] = how
        const first = yield* providerWith(step)
        const second = yield* providerWith()
        const fetch = yield* made({
          fallbacks: [{ name: "second", baseUrl: second.openAiUrl, apiKey: "sk-second", model: "large" }],
          across: { after: "40 millis", budget: false }
        })
        const response = yield* Effect.promise(() => post(fetch, first.openAiUrl, { stream }))
        const text = yield* Effect.promise(() => response.text())
        const wonAt = performance.now()
        expect(text).toContain("large")
        expect((yield* second.awaitSettled).map(({ model }) => model)).toEqual(["large"])
        const [lost] = yield* first.awaitSettled
        expect(lost?.clientLeft).toBe(true)
        expect(performance.now() - wonAt).toBeLessThan(500)
      })
  )

  it.scopedLive(
    "a failure of the first is followed at once, and the last response is the client's where all fail",
    () =>
      Effect.gen(function* () {
        const first = yield* providerWith(Step.status({ status: 503 }))
        const second = yield* providerWith(Step.status({ status: 502 }))
        const fetch = yield* made({
          fallbacks: [{ name: "second", baseUrl: second.openAiUrl }],
          across: { after: "20 seconds" }
        })
        for (const stream of [false, true]) {
          const response = yield* Effect.promise(() => post(fetch, first.openAiUrl, { stream }))
          expect(response.status).toBe(502)
        }
      })
  )

  it.scopedLive("a failure that no other target can help with is the client's to see, whoever else is under way", () =>
    Effect.gen(function* () {
      const first = yield* providerWith(Step.status({ status: 400 }))
      const second = yield* providerWith(Step.stall())
      const fetch = yield* made({
        fallbacks: [{ name: "second", baseUrl: second.openAiUrl }],
        across: { after: "20 millis", budget: false },
        fetch: slowlyTo(first, 80)
      })
      const response = yield* Effect.promise(() => post(fetch, first.openAiUrl, {}))
      expect(response.status).toBe(400)
    })
  )

  it.scopedLive("a target whose circuit is open is no hedge", () =>
    Effect.gen(function* () {
      const first = yield* providerWith(Step.answer())
      const second = yield* providerWith(Step.status({ status: 500 }))
      const fetch = yield* made({
        fallbacks: [{ name: "second", baseUrl: second.openAiUrl }],
        across: { after: "10 millis", budget: false },
        fetch: slowlyTo(first, 150),
        target: ({ url }) => (url.href.startsWith(second.url) ? "second" : "first")
      })
      // Its circuit opens by calls of its own.
      for (let i = 0; i < 5; i++) yield* Effect.promise(() => post(fetch, second.openAiUrl, {}))
      const before = (yield* second.awaitSettled).length
      yield* Effect.promise(() => post(fetch, first.openAiUrl, {}))
      expect((yield* second.awaitSettled).length).toBe(before)
    })
  )

  it.scopedLive("a body that can be sent once only is not sent beside itself", () =>
    Effect.gen(function* () {
      const only = yield* providerWith(Step.answer())
      const fetch = yield* made({ bodyBytes: 1, hedge: { after: 0, budget: false } })
      const body = new Blob([JSON.stringify({ model: "gpt-5", messages })]).stream()
      const response = yield* Effect.promise(() =>
        post(fetch, only.openAiUrl, {}, { body, duplex: "half" } as RequestInit)
      )
      expect(response.status).toBe(200)
      expect((yield* only.awaitSettled).length).toBe(1)
    })
  )
})

describe("X7: the walk", () => {
  it.scopedLive("has one deadline for all of its targets", () =>
    Effect.gen(function* () {
      const first = yield* providerWith(Step.stall())
      const second = yield* providerWith(Step.stall())
      const fetch = yield* made({
        deadline: "1 second",
        fallbacks: [{ name: "second", baseUrl: second.openAiUrl }]
      })
      for (const stream of [false, true]) {
        const startedAt = performance.now()
        const thrown = yield* thrownBy(post(fetch, first.openAiUrl, { stream }))
        expect(thrown).toMatchObject({ name: "TimeoutError" })
        expect(performance.now() - startedAt).toBeLessThan(1_900)
        // Its share of the time, after which the other one is asked.
        expect((yield* second.awaitSettled).length).toBe(stream ? 2 : 1)
      }
    })
  )

  it.scopedLive("goes on as its options say, for each request its own", () =>
    Effect.gen(function* () {
      const first = yield* providerWith(Step.status({ status: 401 }))
      const second = yield* providerWith()
      const fetch = yield* made({
        fallbacks: [{ name: "second", baseUrl: second.openAiUrl }],
        walk: ({ stream }) => (stream ? { fallbackOn: ["AuthenticationFailed"] } : {})
      })
      expect((yield* Effect.promise(() => post(fetch, first.openAiUrl, {}))).status).toBe(401)
      expect((yield* Effect.promise(() => post(fetch, first.openAiUrl, { stream: true }))).status).toBe(200)
    })
  )

  it.scopedLive("an idempotency key is kept across attempts and targets, and no other key is", () =>
    Effect.gen(function* () {
      const first = yield* providerWith(Step.status({ status: 500 }))
      const second = yield* providerWith()
      const sent: Array<Headers> = []
      const fetch = yield* made({
        retry: { maxAttempts: 2, initialDelay: 1 },
        fetch: (input, init) => {
          sent.push(new Headers(init?.headers))
          return globalThis.fetch(input, init)
        },
        fallbacks: [{ name: "second", baseUrl: second.openAiUrl }]
      })
      const headers = {
        "content-type": "application/json",
        authorization: "Bearer sk-first",
        "idempotency-key": "stainless-node-retry-1"
      }
      yield* Effect.promise(() => post(fetch, first.openAiUrl, {}, { headers }))
      expect(sent.map((one) => one.get("idempotency-key"))).toEqual(Array(3).fill("stainless-node-retry-1"))
      expect(sent.map((one) => one.get("authorization"))).toEqual(["Bearer sk-first", "Bearer sk-first", null])
    })
  )
})

describe("options that make no sense are refused by name", () => {
  const wrong: ReadonlyArray<readonly [ResilientFetch.Options, RegExp]> = [
    [{ fallback: [] } as never, /no option "fallback"/],
    [{ fallbacks: [{ name: "b", baseURL: "https://b.example" }] } as never, /fallbacks\[0\] has no option "baseURL"/],
    [{ fallbacks: [{ name: "b", baseUrl: "b.example/v1" }] }, /fallbacks\[0\].baseUrl is "b.example\/v1"/],
    [{ fallbacks: [{ name: "" }] }, /fallbacks\[0\].name/],
    [{ delivery: "restartable" as never }, /delivery is "restartable"/],
    [{ across: { after: "-1 second" } }, /after is "-1 second"/],
    [{ across: { after: Hedge.quantile(2) } }, /after.q is 2/],
    [{ across: { after: 5 }, walk: {} }, /walk is given beside across/],
    [{ walk: { patience: "soon" } as never }, /patience is "soon"/],
    [{ preambleBytes: -1 }, /preambleBytes is -1/],
    [{ estimate: 5 as never }, /estimate is 5/]
  ]
  it.each(wrong)("%o", (options, message) => {
    expect(() => ResilientFetch.make(options)).toThrow(message)
  })

  it.scopedLive("and those that a function gives, when it gives them", () =>
    Effect.gen(function* () {
      const fetch = yield* made({ fallbacks: () => [{ name: "b", baseURL: "x" } as never] })
      expect(yield* thrownBy(post(fetch, "http://localhost:1/v1", {}))).toMatchObject({ name: "RangeError" })
    })
  )
})

describe("its life", () => {
  it.live("what was disposed of says so, and what was under way goes on to its end", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const provider = yield* providerWith(Step.answer({ betweenChunks: "10 millis" }))
        const fetch = ResilientFetch.make()
        const response = yield* Effect.promise(() => post(fetch, provider.openAiUrl, { stream: true }))
        yield* Effect.promise(() => fetch.dispose())
        expect(yield* Effect.promise(() => response.text())).toContain("[DONE]")
        expect(String(yield* thrownBy(post(fetch, provider.openAiUrl, {})))).toContain("disposed")
      })
    )
  )

  it.scopedLive("X5: a signal ends the wait for a body that is still being read", () =>
    Effect.gen(function* () {
      const fetch = yield* made({})
      let cancelled: unknown
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
        cancel: (reason) => {
          cancelled = reason
        }
      })
      const controller = new AbortController()
      const init = { body, duplex: "half", signal: controller.signal } as RequestInit
      const thrown = yield* Effect.fork(thrownBy(post(fetch, "http://localhost:1/v1", {}, init)))
      yield* Effect.sleep("20 millis")
      const reason = new Error("enough")
      controller.abort(reason)
      expect(yield* Effect.fromFiber(thrown)).toBe(reason)
      expect(cancelled).toBe(reason)
    })
  )
})
