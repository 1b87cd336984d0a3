/** What each step of the script language looks like from the other end of the socket. */
import { it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { describe, expect } from "vitest"
import { call, dialects, events, request, texts } from "./asking.js"

const { Script, Step } = MisbehavingProvider

type AnyStep = MisbehavingProvider.Step.Step

const every = Object.keys(dialects) as ReadonlyArray<keyof typeof dialects>

/** One call to a provider that does `step`, and what the log says about it. */
const one = (step: AnyStep, options: Parameters<typeof call>[1] = {}, reply?: MisbehavingProvider.Reply) =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make({
      script: Script.always(step),
      ...(reply !== undefined && { reply })
    })
    const seen = yield* call(provider, options)
    const attempts = yield* provider.awaitSettled
    return { seen, attempt: attempts[0]! }
  }).pipe(Effect.scoped)

/** One call to a provider that does `step`, given up once the provider has sent `bytes` of the body. */
const givenUp = (step: AnyStep, options: Parameters<typeof call>[1] = {}) =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make({ script: Script.always(step) })
    const calling = yield* Effect.fork(call(provider, options))
    yield* provider.awaitAttempts(1)
    const answered = yield* Fiber.join(calling).pipe(Effect.timeoutOption("400 millis"))
    expect(answered._tag).toBe("None")
    yield* Fiber.interrupt(calling)
    const attempts = yield* provider.awaitSettled
    return attempts[0]!
  }).pipe(Effect.scoped)

const words = ["One ", "two ", "three ", "four"]
const counting = { text: words.join("") }

describe("steps that are a status", () => {
  const complaints: ReadonlyArray<
    [AnyStep, { readonly openai: [number, unknown]; readonly anthropic: [number, string] }]
  > = [
    [
      Step.rateLimited(),
      { openai: [429, { type: "requests", code: "rate_limit_exceeded" }], anthropic: [429, "rate_limit_error"] }
    ],
    [
      Step.overloaded(),
      {
        openai: [503, { type: "service_unavailable_error", code: "server_is_overloaded" }],
        anthropic: [529, "overloaded_error"]
      }
    ],
    [
      Step.overloaded({ status: 500 }),
      { openai: [500, { code: "server_is_overloaded" }], anthropic: [500, "overloaded_error"] }
    ],
    [Step.serverError(), { openai: [500, { type: "server_error", code: null }], anthropic: [500, "api_error"] }],
    [Step.serverError({ status: 520 }), { openai: [520, { type: "server_error" }], anthropic: [520, "api_error"] }],
    [
      Step.quotaExhausted(),
      {
        openai: [429, { type: "insufficient_quota", code: "insufficient_quota" }],
        anthropic: [400, "invalid_request_error"]
      }
    ],
    [
      Step.contextLengthExceeded(),
      { openai: [400, { code: "context_length_exceeded" }], anthropic: [400, "invalid_request_error"] }
    ],
    [
      Step.contentFiltered(),
      { openai: [400, { code: "content_policy_violation" }], anthropic: [400, "invalid_request_error"] }
    ],
    [Step.invalidKey(), { openai: [401, { code: "invalid_api_key" }], anthropic: [401, "authentication_error"] }],
    [Step.modelNotFound(), { openai: [404, { code: "model_not_found" }], anthropic: [404, "not_found_error"] }],
    [
      Step.status({ status: 403 }),
      { openai: [403, { type: "request_forbidden" }], anthropic: [403, "permission_error"] }
    ],
    [
      Step.status({ status: 413 }),
      { openai: [413, { type: "invalid_request_error" }], anthropic: [413, "request_too_large"] }
    ],
    [Step.errorBodyIn200(), { openai: [200, { type: "server_error" }], anthropic: [200, "api_error"] }],
    [
      Step.errorBodyIn200({ problem: "overloaded" }),
      { openai: [200, { code: "server_is_overloaded" }], anthropic: [200, "overloaded_error"] }
    ]
  ]

  it.live.each(complaints.map(([step, wanted]) => ({ step, wanted, name: JSON.stringify(step) })))(
    "$name has the envelope of its dialect, also when a stream was asked for",
    ({ step, wanted }) =>
      Effect.forEach([false, true], (stream) =>
        Effect.forEach(every, (dialect) =>
          Effect.gen(function* () {
            const { attempt, seen } = yield* one(step, { dialect, stream })
            const body = JSON.parse(seen.body)
            expect(seen.headers["content-type"]).toBe("application/json")
            expect(seen.ended).toBe("end")
            expect(attempt).toMatchObject({ step, status: seen.status, clientLeft: false, bytesSent: seen.body.length })
            if (dialect === "anthropic") {
              expect([seen.status, body.error.type]).toEqual(wanted.anthropic)
              expect(body).toMatchObject({ type: "error", request_id: seen.headers["request-id"] })
            } else {
              expect(seen.status).toBe(wanted.openai[0])
              expect(body.error).toMatchObject(wanted.openai[1] as object)
              expect(Object.keys(body.error).sort()).toEqual(["code", "message", "param", "type"])
            }
          })
        )
      )
  )

  it.live("a status carries whatever headers and body it is given", () =>
    Effect.gen(function* () {
      const json = yield* one(
        Step.status({ status: 418, headers: { "X-Should-Retry": "false" }, body: { tea: "pot" } })
      )
      expect(json.seen).toMatchObject({ status: 418, body: '{"tea":"pot"}' })
      expect(json.seen.headers).toMatchObject({ "x-should-retry": "false", "content-type": "application/json" })
      const text = yield* one(Step.status({ status: 503, body: "upstream connect error" }))
      expect(text.seen).toMatchObject({ status: 503, body: "upstream connect error" })
      expect(text.seen.headers["content-type"]).toBe("text/plain")
      const none = yield* one(Step.status({ status: 204 }))
      expect(none.seen).toMatchObject({ status: 204, body: "", ended: "end" })
    })
  )

  it.live("a hint is in whole seconds, and in milliseconds too where it has a fraction", () =>
    Effect.gen(function* () {
      const whole = yield* one(Step.rateLimited({ retryAfter: "2 minutes" }))
      expect(whole.seen.headers["retry-after"]).toBe("120")
      expect(whole.seen.headers["retry-after-ms"]).toBeUndefined()
      const parts = yield* one(Step.overloaded({ retryAfter: "2500 millis" }))
      expect(parts.seen.headers["retry-after"]).toBe("3")
      expect(parts.seen.headers["retry-after-ms"]).toBe("2500")
      const none = yield* one(Step.rateLimited())
      expect(none.seen.headers["retry-after"]).toBeUndefined()
      expect(none.seen.body).not.toMatch(/try again/)
    })
  )

  it.live("a proxy answers with a page of its own", () =>
    Effect.gen(function* () {
      const { seen } = yield* one(Step.proxyPage({ status: 504 }))
      expect(seen.status).toBe(504)
      expect(seen.headers["content-type"]).toBe("text/html")
      expect(seen.body).toContain("<h1>504 Gateway Time-out</h1>")
    })
  )
})

describe("steps that are a broken connection", () => {
  it.live("reset and close end it before there is a response, each in its own way", () =>
    Effect.gen(function* () {
      const reset = yield* one(Step.reset())
      expect(reset.seen).toMatchObject({ status: undefined, ended: "ECONNRESET: read ECONNRESET" })
      const closed = yield* one(Step.close())
      expect(closed.seen).toMatchObject({ status: undefined, ended: "ECONNRESET: socket hang up" })
      for (const { attempt } of [reset, closed]) {
        expect(attempt).toMatchObject({ status: undefined, bytesSent: 0, clientLeft: false })
      }
    })
  )

  it.live("T5: a stall lasts until the client leaves, and the log knows that it left", () =>
    Effect.gen(function* () {
      const silent = yield* givenUp(Step.stall())
      expect(silent).toMatchObject({ status: undefined, bytesSent: 0, clientLeft: true })
      expect(silent.endedAt! - silent.at).toBeGreaterThanOrEqual(300)
      const headers = yield* givenUp(Step.stallAfterHeaders(), { stream: true })
      expect(headers).toMatchObject({ status: 200, bytesSent: 0, clientLeft: true })
      const content = yield* givenUp(Step.stallAfterContent({ after: 2 }), { stream: true })
      expect(content).toMatchObject({ status: 200, clientLeft: true })
      expect(content.bytesSent).toBeGreaterThan(100)
    })
  )
})

describe("steps that spoil a stream", () => {
  it.live.each(every.map((dialect) => ({ dialect })))(
    "$dialect: cut after some content, in three ways",
    ({ dialect }) =>
      Effect.gen(function* () {
        const cut = (by: "close" | "reset" | "end") =>
          one(Step.cutBody({ after: 2, by }), { dialect, stream: true }, counting)
        const closed = yield* cut("close")
        expect(texts(closed.seen)).toEqual(["One ", "two "])
        expect(closed.seen.ended).toBe("ECONNRESET")
        const reset = yield* cut("reset")
        expect(reset.seen.ended).toBe("ECONNRESET")
        const ended = yield* cut("end")
        expect(texts(ended.seen)).toEqual(["One ", "two "])
        expect(ended.seen.ended).toBe("end")
        for (const { attempt } of [closed, reset, ended]) {
          expect(attempt).toMatchObject({
            status: 200,
            clientLeft: false,
            bytesSent: Buffer.byteLength(ended.seen.body)
          })
        }
      })
  )

  const ends = {
    "openai-chat": { finish: { choices: [{ finish_reason: "stop" }] }, end: "[DONE]" },
    "openai-responses": { finish: { type: "response.output_item.done" }, end: { type: "response.completed" } },
    anthropic: { finish: { type: "message_delta", delta: { stop_reason: "end_turn" } }, end: { type: "message_stop" } }
  }

  it.live.each(every.map((dialect) => ({ dialect })))("$dialect: S4: the end marker is left out", ({ dialect }) =>
    Effect.gen(function* () {
      const { end, finish } = ends[dialect]
      const whole = events((yield* one(Step.answer(), { dialect, stream: true }, counting)).seen)
      expect(whole.slice(-2)).toMatchObject([finish, end])
      const kept = yield* one(Step.omitEndMarker({ keepFinishReason: true }), { dialect, stream: true }, counting)
      expect(events(kept.seen).slice(-1)).toMatchObject([finish])
      expect(texts(kept.seen)).toEqual(words)
      expect(kept.seen.ended).toBe("end")
      const none = yield* one(Step.omitEndMarker(), { dialect, stream: true }, counting)
      expect(texts(none.seen)).toEqual(words)
      expect(none.seen.body).not.toMatch(/"(stop|end_turn)"|\[DONE\]|message_stop|response\.completed/)
    })
  )

  it.live.each(every.map((dialect) => ({ dialect })))(
    "$dialect: S8: an event that is not JSON, where it was wanted, in an otherwise sound stream",
    ({ dialect }) =>
      Effect.gen(function* () {
        const sound = yield* one(Step.answer(), { dialect, stream: true }, counting)
        const { seen } = yield* one(Step.malformedEvent({ at: 2 }), { dialect, stream: true }, counting)
        const bad = events(seen).findIndex((event) => typeof event === "string" && event !== "[DONE]")
        expect(
          texts({ ...seen, body: seen.body.slice(0, seen.body.indexOf('data: {"choices": [{"delta": \n')) })
        ).toEqual(["One ", "two "])
        expect(events(seen).length).toBe(events(sound.seen).length + 1)
        expect(bad).toBeGreaterThan(2)
        expect(texts(seen)).toEqual(words)
      })
  )

  it.live.each(every.map((dialect) => ({ dialect })))(
    "$dialect: C13: an error event after some content ends a 200",
    ({ dialect }) =>
      Effect.gen(function* () {
        const { seen } = yield* one(
          Step.errorInStream({ after: 2, problem: "quotaExhausted" }),
          { dialect, stream: true },
          counting
        )
        expect(seen).toMatchObject({ status: 200, ended: "end" })
        expect(texts(seen)).toEqual(["One ", "two "])
        const all = events(seen)
        const wanted = {
          "openai-chat": [{ error: { code: "insufficient_quota" } }],
          "openai-responses": [
            { type: "error", code: "insufficient_quota", sequence_number: all.length - 2 },
            { type: "response.failed", sequence_number: all.length - 1 }
          ],
          anthropic: [{ type: "error", error: { type: "invalid_request_error", details: null } }]
        }[dialect]
        expect(all.slice(-wanted.length)).toMatchObject(wanted)
      })
  )

  it.live("S5: nothing but keep-alives comes, for a while or until the client leaves", () =>
    Effect.gen(function* () {
      const comments = yield* one(Step.keepAlivesOnly({ every: "5 millis", times: 3 }), { stream: true })
      expect(comments.seen).toMatchObject({ status: 200, body: ": keep-alive\n\n".repeat(3), ended: "end" })
      const pings = yield* one(Step.keepAlivesOnly({ every: 5, times: 2 }), { dialect: "anthropic", stream: true })
      expect(events(pings.seen)).toEqual([{ type: "ping" }, { type: "ping" }])
      const blank = yield* one(Step.keepAlivesOnly({ every: 5, times: 4 }))
      expect(blank.seen.body).toBe("\n\n\n\n")
      const endless = yield* givenUp(Step.keepAlivesOnly({ every: 10 }), { stream: true })
      expect(endless.clientLeft).toBe(true)
      expect(endless.bytesSent).toBeGreaterThan(2 * ": keep-alive\n\n".length)
    })
  )

  it.live("C13: the filter or the model itself breaks the answer off", () =>
    Effect.gen(function* () {
      const stop = (dialect: keyof typeof dialects, by: "completion" | "refusal") =>
        Effect.map(one(Step.contentFiltered({ by }), { dialect }), ({ seen }) => JSON.parse(seen.body))
      expect(yield* stop("openai-chat", "completion")).toMatchObject({ choices: [{ finish_reason: "content_filter" }] })
      expect(yield* stop("openai-responses", "completion")).toMatchObject({
        status: "incomplete",
        incomplete_details: { reason: "content_filter" }
      })
      expect(yield* stop("anthropic", "completion")).toMatchObject({ stop_reason: "refusal" })
      expect(yield* stop("openai-chat", "refusal")).toMatchObject({
        choices: [{ message: { content: null, refusal: "I can't help with that." } }]
      })
      expect(yield* stop("openai-responses", "refusal")).toMatchObject({ output: [{ content: [{ type: "refusal" }] }] })
      expect(yield* stop("anthropic", "refusal")).toMatchObject({ stop_reason: "refusal" })
    })
  )
})

describe("steps that spoil a plain body", () => {
  it.live("C7: it is empty, cut short, under the wrong type, or noise", () =>
    Effect.gen(function* () {
      const empty = yield* one(Step.emptyBody())
      expect(empty.seen).toMatchObject({ status: 200, body: "", ended: "end" })
      const sound = yield* one(Step.answer())
      const truncated = yield* one(Step.truncatedBody())
      expect(truncated.seen.ended).toBe("end")
      expect(sound.seen.body.length / truncated.seen.body.length).toBeCloseTo(2, 1)
      expect(sound.seen.body.startsWith(truncated.seen.body.slice(0, 100))).toBe(true)
      const typed = yield* one(Step.wrongContentType())
      expect(typed.seen.headers["content-type"]).toBe("text/html")
      expect(JSON.parse(typed.seen.body)).toMatchObject({ object: "chat.completion" })
      const noise = yield* one(Step.noise({ bytes: 3_000_001 }))
      expect(noise.seen).toMatchObject({ status: 500, ended: "end" })
      expect(noise.seen.body.length).toBe(3_000_001)
      expect(noise.attempt.bytesSent).toBe(3_000_001)
    })
  )

  it.live("the steps for streams have a counterpart here", () =>
    Effect.gen(function* () {
      const cut = yield* one(Step.cutBody({ after: 3 }))
      expect(cut.seen.ended).toBe("ECONNRESET")
      expect(cut.seen.body.length).toBeGreaterThan(50)
      for (const step of [
        Step.malformedEvent({ at: 3 }),
        Step.omitEndMarker(),
        Step.cutBody({ after: 3, by: "end" })
      ]) {
        const { seen } = yield* one(step)
        expect(seen).toMatchObject({ status: 200, ended: "end" })
        expect(() => JSON.parse(seen.body)).toThrow()
      }
      const failed = yield* one(Step.errorInStream({ after: 3 }))
      expect(failed.seen.status).toBe(200)
      expect(JSON.parse(failed.seen.body)).toMatchObject({ error: { code: "server_is_overloaded" } })
    })
  )
})

it.live.each(every)("%s: a conversation that ends with the assistant's words is refused, and no other", (dialect) =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make({
      script: Script.always(Step.prefillRejected({ reply: counting }))
    })
    expect((yield* call(provider, { dialect })).status).toBe(200)
    const turns = [
      { role: "user", content: "Count" },
      { role: "assistant", content: "One " }
    ]
    const { path } = dialects[dialect]
    const begun = { model: "gpt-5", max_tokens: 100, messages: turns, input: turns }
    const seen = yield* request(`${provider.url}${path}`, { body: JSON.stringify(begun) })
    expect(seen.status).toBe(400)
    expect(JSON.parse(seen.body).error).toMatchObject({
      type: "invalid_request_error",
      message: expect.stringContaining("prefill")
    })
  }).pipe(Effect.scoped)
)

describe("awkward pieces", () => {
  const awkward = { text: "Grüße 👩‍👩‍👧‍👦 日本語 ".repeat(3) }

  it.live("the bytes are the same, the writes end anywhere, and a seed repeats them", () =>
    Effect.gen(function* () {
      const run = (seed: number) =>
        Effect.gen(function* () {
          const provider = yield* MisbehavingProvider.make({
            seed,
            reply: awkward,
            script: Script.always(Step.answer({ boundaries: "anywhere" }))
          })
          return yield* call(provider, { stream: true })
        }).pipe(Effect.scoped)
      const first = yield* run(1)
      expect(texts(first).join("")).toBe(awkward.text)
      // A character was cut in two, and so was an event.
      expect(first.chunks.some((chunk) => chunk.toString("utf8").includes("\ufffd"))).toBe(true)
      expect(first.chunks.filter((chunk) => !chunk.toString("utf8").endsWith("\n\n")).length).toBeGreaterThan(50)
      const sizes = (chunks: ReadonlyArray<Buffer>) => chunks.map((chunk) => chunk.length)
      expect(sizes((yield* run(1)).chunks)).toEqual(sizes(first.chunks))
      expect(sizes((yield* run(2)).chunks)).not.toEqual(sizes(first.chunks))
    })
  )
})
