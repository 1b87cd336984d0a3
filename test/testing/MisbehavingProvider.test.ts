import { execFile } from "node:child_process"
import * as Http from "node:http"
import * as Net from "node:net"
import { it } from "@effect/vitest"
import { Chunk, Duration, Effect, Fiber, FastCheck as fc, Inspectable, Option, Stream, TestClock } from "effect"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import * as Scripts from "effect-resilience/testing/misbehaving/Scripts"
import { describe, expect } from "vitest"
import { call, dialects, request } from "./asking.js"

const { Script, Step } = MisbehavingProvider

const tags = (attempts: ReadonlyArray<MisbehavingProvider.Attempt>) => attempts.map((attempt) => attempt.step?._tag)

const statuses = (provider: MisbehavingProvider.Service, count: number, model?: string) =>
  Effect.replicateEffect(
    Effect.map(call(provider, model === undefined ? {} : { model }), (seen) => seen.status),
    count
  )

/** Until the provider has read the request and begun its step. */
const begun = (provider: MisbehavingProvider.Service) =>
  provider.changes.pipe(
    Stream.filter((attempt) => attempt.step !== undefined),
    Stream.runHead,
    Effect.andThen(Effect.promise(() => new Promise((resolve) => setImmediate(resolve))))
  )

describe("scripts", () => {
  it.scopedLive("one step a call, and then either right answers or the last step again", () =>
    Effect.gen(function* () {
      const steps = [Step.rateLimited(), Step.serverError()] as const
      const answering = yield* MisbehavingProvider.make({ script: Script.inOrder(steps, { afterwards: "answer" }) })
      expect(yield* statuses(answering, 4)).toEqual([429, 500, 200, 200])
      const repeating = yield* MisbehavingProvider.make({ script: Script.inOrder(steps, { afterwards: "repeatLast" }) })
      expect(yield* statuses(repeating, 4)).toEqual([429, 500, 500, 500])
      expect(tags(yield* repeating.awaitSettled)).toEqual(["RateLimited", "ServerError", "ServerError", "ServerError"])
    })
  )

  it.scopedLive("each of many calls at once gets a step of its own", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.inOrder([Step.rateLimited(), Step.serverError(), Step.invalidKey()], { afterwards: "answer" })
      })
      const seen = yield* Effect.all(
        Array.from({ length: 12 }, () => call(provider)),
        { concurrency: "unbounded" }
      )
      expect(seen.map((one) => one.status).sort()).toEqual([...Array(9).fill(200), 401, 429, 500])
    })
  )

  it.scopedLive("are replaced while running, for all models or for one, and a reset brings the first ones back", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.inOrder([Step.rateLimited()], { afterwards: "answer" }),
        models: { frail: Script.always(Step.serverError()) }
      })
      expect(yield* statuses(provider, 2)).toEqual([429, 200])
      expect(yield* statuses(provider, 2, "frail")).toEqual([500, 500])
      yield* provider.script(Script.always(Step.invalidKey()))
      yield* provider.script(Script.inOrder([Step.overloaded()], { afterwards: "answer" }), { model: "other" })
      expect(yield* statuses(provider, 1)).toEqual([401])
      expect(yield* statuses(provider, 1, "frail")).toEqual([500])
      expect(yield* statuses(provider, 2, "other")).toEqual([503, 200])
      yield* provider.awaitSettled
      yield* provider.reset
      expect(yield* provider.attempts).toEqual([])
      expect(yield* statuses(provider, 2)).toEqual([429, 200])
      expect(yield* statuses(provider, 1, "other")).toEqual([200])
      expect((yield* provider.awaitAttempts(3)).map((attempt) => attempt.index)).toEqual([0, 1, 2])
    })
  )

  it.scopedLive("a model of the table misbehaves whatever the script says, always or once", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      expect(yield* statuses(provider, 2, "fault/429")).toEqual([429, 429])
      expect(yield* statuses(provider, 3, "fault/503-once")).toEqual([503, 200, 200])
      expect(yield* statuses(provider, 1, "fault/reset")).toEqual([undefined])
      expect(yield* statuses(provider, 1, "fault/no-such-fault")).toEqual([200])
      expect(yield* statuses(provider, 1, "fault/constructor")).toEqual([200])
      expect(yield* statuses(provider, 1)).toEqual([200])
    })
  )

  it.scopedLive("an answer of a step comes before the provider's own, which may be a function of the request", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.inOrder([Step.answer({ reply: { text: "from the step" } })], { afterwards: "answer" }),
        reply: ({ dialect, model, prompt, streaming }) => ({ text: `${dialect} ${model} ${streaming}: ${prompt}` })
      })
      expect((yield* call(provider)).body).toContain('"from the step"')
      expect((yield* call(provider, { dialect: "openai-responses" })).body).toContain(
        "openai-responses gpt-5 false: hello"
      )
      expect((yield* call(provider, { dialect: "anthropic", model: "mine" })).body).toContain(
        "anthropic mine false: hello"
      )
    })
  )

  it.scopedLive("a value is text where a format was asked for, and a tool call where a tool was demanded", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({ reply: { json: { city: "Paris" } } })
      const ask = (more: object) =>
        request(`${provider.openAiUrl}/chat/completions`, {
          body: JSON.stringify({ model: "m", ...dialects["openai-chat"].body, ...more })
        }).pipe(Effect.map((seen) => JSON.parse(seen.body).choices[0].message))
      const format = { type: "json_schema", json_schema: { name: "place", schema: {} } }
      expect(yield* ask({ response_format: format })).toMatchObject({ content: '{"city":"Paris"}' })
      const tools = [{ type: "function", function: { name: "place", parameters: {} } }]
      expect(yield* ask({ tools, tool_choice: "required" })).toMatchObject({
        content: null,
        tool_calls: [{ function: { name: "place", arguments: '{"city":"Paris"}' } }]
      })
    })
  )

  it.scopedLive("a reply function that throws is a 500 that says so, and the server lives on", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        reply: ({ model }) => {
          if (model === "bad") throw new Error("no idea")
          return { text: "fine" }
        }
      })
      const seen = yield* call(provider, { model: "bad" })
      expect(seen.status).toBe(500)
      expect(JSON.parse(seen.body).error.message).toBe("The reply function failed: Error: no idea")
      expect(yield* statuses(provider, 1)).toEqual([200])
    })
  )

  const steps = [Step.answer(), Step.rateLimited(), Step.reset(), Step.stall()] as const

  it.effect.prop(
    "a mix with the same seed draws the same steps, and each about as often as it weighs",
    [fc.string(), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: steps.length })],
    ([seed, weights]) =>
      Effect.gen(function* () {
        const [first, ...rest] = weights.map((weight, i) => ({ weight, step: steps[i]! }))
        const draws = 2_000
        const run = Effect.replicateEffect(
          Effect.suspend(() => mixed.next({ model: "any", prompt: "" })),
          draws
        )
        let mixed = yield* Scripts.make(Script.mix({ seed, faults: [first!, ...rest] }))
        const drawn = yield* run
        mixed = yield* Scripts.make(Script.mix({ seed, faults: [first!, ...rest] }))
        expect(yield* run).toEqual(drawn)
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        weights.forEach((weight, i) => {
          const share = drawn.filter((step) => step === steps[i]).length / draws
          expect(Math.abs(share - weight / total)).toBeLessThan(0.08)
        })
      }),
    { fastCheck: { numRuns: 30 } }
  )

  it.scopedLive("a mix decides calls on the wire, the same ones again after a reset", () =>
    Effect.gen(function* () {
      const mixed = (seed: string) =>
        Script.mix({
          seed,
          faults: [
            { weight: 5, step: Step.answer() },
            { weight: 3, step: Step.overloaded() },
            { weight: 2, step: Step.reset() }
          ]
        })
      const provider = yield* MisbehavingProvider.make({ script: mixed("a rough day") })
      const first = yield* statuses(provider, 30)
      expect(new Set(first)).toEqual(new Set([200, 503, undefined]))
      yield* provider.reset
      expect(yield* statuses(provider, 30)).toEqual(first)
      yield* provider.script(mixed("another day"))
      expect(yield* statuses(provider, 30)).not.toEqual(first)
    })
  )
})

describe("time", () => {
  it.scoped("waits are the Clock's, to the millisecond", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.always(Step.serverError({ delay: "2 seconds" }))
      })
      yield* TestClock.adjust("5 seconds")
      const calling = yield* Effect.fork(call(provider))
      yield* begun(provider)
      yield* TestClock.adjust("1999 millis")
      expect(Option.isNone(yield* Fiber.poll(calling))).toBe(true)
      yield* TestClock.adjust("1 millis")
      expect((yield* Fiber.join(calling)).status).toBe(500)
      const [attempt] = yield* provider.awaitSettled
      expect([attempt?.at, attempt?.endedAt]).toEqual([5_000, 7_000])
    })
  )

  it.live("a slow stream waits for its first content and between the others", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.always(
          Step.answer({ reply: { text: "one two three" }, firstToken: "60 millis", betweenChunks: "30 millis" })
        )
      })
      const [took, seen] = yield* Effect.timed(call(provider, { stream: true }))
      expect(Duration.toMillis(took)).toBeGreaterThanOrEqual(118)
      expect(seen.ended).toBe("end")
    }).pipe(Effect.scoped)
  )
})

describe("the log", () => {
  it.scopedLive("C14: has no secret in it, however the request carried it", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      yield* request(`${provider.url}/v1/messages?key=sk-secret-0`, {
        headers: {
          Authorization: "Bearer sk-secret-1",
          "X-Api-Key": "sk-secret-2",
          "api-key": "sk-secret-3",
          Cookie: "session=sk-secret-4",
          "x-session-token": "sk-secret-5",
          "anthropic-version": "2023-06-01"
        },
        body: JSON.stringify({ model: "m", ...dialects.anthropic.body, api_key: "sk-secret-6" })
      })
      const attempts = yield* provider.awaitSettled
      expect(attempts[0]?.headers).toMatchObject({
        authorization: "present",
        "x-api-key": "present",
        "api-key": "present",
        cookie: "present",
        "x-session-token": "present",
        "anthropic-version": "2023-06-01"
      })
      expect(Inspectable.toStringUnknown(attempts)).not.toContain("secret")
    })
  )

  it.scopedLive("says what was asked, what was done, when, and over which connection", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const agent = new Http.Agent({ keepAlive: true, maxSockets: 1 })
      yield* Effect.addFinalizer(() => Effect.sync(() => agent.destroy()))
      const before = yield* Effect.sync(() => Date.now())
      const seen = yield* call(provider, { agent })
      yield* provider.awaitSettled
      yield* call(provider, { agent, dialect: "openai-responses", stream: true })
      yield* call(provider, { model: "claude", dialect: "anthropic" })
      const after = yield* Effect.sync(() => Date.now())
      const [first, second, third] = yield* provider.awaitSettled
      expect(first).toMatchObject({
        index: 0,
        method: "POST",
        path: "/v1/chat/completions",
        dialect: "openai-chat",
        model: "gpt-5",
        streaming: false,
        step: { _tag: "Answer" },
        status: 200,
        bytesSent: Buffer.byteLength(seen.body),
        clientLeft: false,
        connection: { index: 0, reused: false }
      })
      expect(second).toMatchObject({
        dialect: "openai-responses",
        streaming: true,
        connection: { index: 0, reused: true }
      })
      expect(third).toMatchObject({ model: "claude", dialect: "anthropic", connection: { index: 1, reused: false } })
      const times = [first, second, third].flatMap((attempt) => [attempt!.at, attempt!.endedAt!])
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(times[0]).toBeGreaterThanOrEqual(before)
      expect(times[5]).toBeLessThanOrEqual(after)
    })
  )

  it.scopedLive("can be waited for and watched while calls are under way", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.inOrder([Step.answer(), Step.stall()], { afterwards: "answer" })
      })
      yield* call(provider)
      const watching = yield* provider.changes.pipe(
        Stream.takeUntil((attempt) => attempt.index === 1 && attempt.endedAt !== undefined),
        Stream.runCollect,
        Effect.fork
      )
      const stalled = yield* Effect.fork(call(provider))
      const two = yield* provider.awaitAttempts(2)
      expect(two[1]?.endedAt).toBeUndefined()
      const settling = yield* Effect.fork(provider.awaitSettled)
      yield* Effect.sleep("30 millis")
      expect(Option.isNone(yield* Fiber.poll(settling))).toBe(true)
      yield* Fiber.interrupt(stalled)
      expect((yield* Fiber.join(settling))[1]?.clientLeft).toBe(true)
      const watched = Chunk.toReadonlyArray(yield* Fiber.join(watching)).filter((attempt) => attempt.index === 1)
      expect(watched.map((attempt) => [attempt.step?._tag, attempt.endedAt !== undefined])).toEqual([
        [undefined, false],
        ["Stall", false],
        ["Stall", true]
      ])
    })
  )

  it.scopedLive("keeps the newest attempts, and counts all of them", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({ keepAttempts: 2 })
      yield* statuses(provider, 5)
      const kept = yield* provider.awaitAttempts(5)
      expect(kept.map((attempt) => attempt.index)).toEqual([3, 4])
    })
  )

  it.scopedLive("a call that outlives a reset leaves no trace in the new log", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.inOrder([Step.stall()], { afterwards: "answer" })
      })
      const stalled = yield* Effect.fork(call(provider))
      yield* begun(provider)
      yield* provider.reset
      yield* provider.script(Script.always(Step.answer()))
      yield* call(provider)
      yield* Fiber.interrupt(stalled)
      yield* Effect.sleep("250 millis")
      expect(yield* provider.awaitSettled).toMatchObject([{ index: 0, clientLeft: false, status: 200 }])
    })
  )
})

describe("requests that are wrong", () => {
  const wrong = [
    { path: "/v1/chat/completions", body: "{not json", status: 400, says: /parse the JSON/ },
    { path: "/v1/chat/completions", body: "[]", status: 400, says: /not a JSON object/ },
    { path: "/v1/chat/completions", body: '{"messages":[{}]}', status: 400, says: /model/ },
    { path: "/v1/chat/completions", body: '{"model":7,"messages":[{}]}', status: 400, says: /'model'/ },
    { path: "/v1/chat/completions", body: '{"model":"m","messages":[]}', status: 400, says: /'messages'/ },
    {
      path: "/v1/chat/completions",
      body: '{"model":"m","messages":[{}],"stream":"yes"}',
      status: 400,
      says: /'stream'/
    },
    { path: "/v1/responses", body: '{"model":"m"}', status: 400, says: /'input'/ },
    { path: "/v1/messages", body: '{"model":"m","messages":[{}]}', status: 400, says: /max_tokens/ },
    { path: "/v1/messages", body: '{"model":"m","max_tokens":1}', status: 400, says: /messages/ },
    { path: "/v1/messages", body: "", status: 400, says: /parse the JSON/ },
    { path: "/v1/unknown", body: "{}", status: 404, says: /Invalid URL \(POST \/v1\/unknown\)/ }
  ]

  it.live.each(wrong)("$path with $body: $status in the words of the dialect", ({ body, path, says, status }) =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.inOrder([Step.serverError()], { afterwards: "answer" })
      })
      const seen = yield* request(`${provider.url}${path}`, { body })
      expect(seen.status).toBe(status)
      const parsed = JSON.parse(seen.body)
      expect(parsed.error).toMatchObject({ type: "invalid_request_error", message: expect.stringMatching(says) })
      expect(parsed.type).toBe(path === "/v1/messages" ? "error" : undefined)
      expect(yield* provider.awaitSettled).toMatchObject([{ path, status, step: undefined }])
      // It used up no step of the script.
      expect(yield* statuses(provider, 1)).toEqual([500])
    }).pipe(Effect.scoped)
  )

  it.scopedLive("a wrong method is a 405 that names the right one; health and models answer to GET", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const got = yield* request(`${provider.url}/v1/messages`, { method: "GET" })
      expect(got.status).toBe(405)
      expect(got.headers.allow).toBe("POST")
      expect(JSON.parse(got.body)).toMatchObject({ type: "error" })
      expect((yield* request(`${provider.url}/health`, { method: "GET" })).body).toBe('{"status":"ok"}')
      expect((yield* request(`${provider.url}/v1/models`, { method: "GET" })).status).toBe(200)
    })
  )

  it.scopedLive("a body beyond the limit is a 413, also when it is sent in full before the answer is read", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({ maxBodyBytes: 1_000 })
      const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "x".repeat(900) }] })
      expect((yield* request(`${provider.openAiUrl}/chat/completions`, { body })).status).toBe(200)
      const large = yield* request(`${provider.openAiUrl}/chat/completions`, { body: body.padEnd(5_000_000, " ") })
      expect(large.status).toBe(413)
      expect(JSON.parse(large.body).error.message).toMatch(/too large/)
    })
  )

  it.scopedLive("a client that leaves in the middle of its own body is one that left", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const socket = Net.connect(Number(new URL(provider.url).port), "127.0.0.1")
      socket.write("POST /v1/responses HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
      yield* provider.awaitAttempts(1)
      socket.destroy()
      expect(yield* provider.awaitSettled).toMatchObject([{ clientLeft: true, status: undefined, step: undefined }])
    })
  )
})

describe("options", () => {
  const invalid: ReadonlyArray<[unknown, string, string, RegExp]> = [
    [{ port: 70_000 }, "port", "70000", /whole number from 0 to 65535/],
    [{ port: "80" }, "port", '"80"', /whole number/],
    [{ maxBodyBytes: 0 }, "maxBodyBytes", "0", /whole number from 1/],
    [{ prot: 0 }, "prot", "0", /^no option of this name; there are port, script, models,/],
    [{ reply: 7 }, "reply", "7", /a reply, or a function/],
    [{ script: "always" }, "script", '"always"', /a script, such as/],
    [{ script: Script.always(Step.status({ status: 700 })) }, "script.steps.0.status", "700", /from 200 to 599/],
    [
      { script: Script.always(Step.rateLimited({ retryAfter: "soon" as never })) },
      "script.steps.0.retryAfter",
      '"soon"',
      /duration such as "2 seconds"/
    ],
    [
      { script: Script.always(Step.stall({ delay: 1 } as never)) },
      "script.steps.0.delay",
      "1",
      /no option of this name/
    ],
    [{ script: Script.always({ _tag: "Explode" } as never) }, "script.steps.0._tag", '"Explode"', /"Answer"/],
    [
      { script: { _tag: "InOrder", steps: [], afterwards: "answer" } },
      "script.steps",
      "[]",
      /^a list of at least one step$/
    ],
    [{ script: Script.mix({ seed: 1, faults: [] as never }) }, "script.faults", "[]", /^a list of at least one fault$/],
    [
      { script: Script.during([{ from: 5, to: 3, script: Script.always(Step.answer()) }]) },
      "script.windows.0",
      expect.stringContaining('"from":5'),
      /^a window whose `to` is later than its `from`$/
    ],
    [
      { script: Script.mix({ seed: 1, faults: [{ weight: -1, step: Step.answer() }] }) },
      "script.faults.0.weight",
      "-1",
      /above 0/
    ],
    [
      { script: Script.always(Step.answer({ headers: { "x-trace": "a\nb" } })) },
      "script.steps.0.headers.x-trace",
      '"a\\nb"',
      /without line breaks/
    ],
    [{ models: { mine: { _tag: "InOrder" } } }, "models.mine.steps", "undefined", /at least one step/],
    [
      { script: Script.always({ _tag: "MalformedEvent" } as never) },
      "script.steps.0.at",
      "undefined",
      /^a whole number/
    ],
    [{ seed: true }, "seed", "true", /^a string/],
    [{ models: 3 }, "models", "3", /^[^{}&|]+$/]
  ]

  it.live.each(invalid.map(([options, field, value, allowed]) => ({ options, field, value, allowed })))(
    "$field: $value is told apart, with what is allowed",
    ({ allowed, field, options, value }) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(MisbehavingProvider.make(options as MisbehavingProvider.Options))
        expect(error).toMatchObject({ _tag: "InvalidProviderOption", field, value })
        expect(error._tag === "InvalidProviderOption" && error.allowed).toMatch(allowed)
        expect(error.message).toContain(`"${field}"`)
        expect(error.message).not.toMatch(/readonly|&|\| undefined|between\(/)
      }).pipe(Effect.scoped)
  )

  it.scopedLive("a bad script is refused while running too, and the old one stays", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({ script: Script.always(Step.serverError()) })
      const error = yield* Effect.flip(provider.script(Script.always(Step.serverError({ status: 400 }))))
      expect(error).toMatchObject({ _tag: "InvalidProviderOption", field: "script.steps.0.status", value: "400" })
      expect(yield* statuses(provider, 1)).toEqual([500])
    })
  )
})

describe("the server", () => {
  it.scopedLive("a port that is taken is an error that says so", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const port = Number(new URL(provider.url).port)
      const error = yield* Effect.flip(MisbehavingProvider.make({ port }))
      expect(error).toMatchObject({ _tag: "PortUnavailable", port, code: "EADDRINUSE" })
      expect(error.message).toContain(String(port))
    })
  )

  it.live("T3: closing the scope cuts off calls under way and idle connections, and frees the port", () =>
    Effect.gen(function* () {
      const agent = new Http.Agent({ keepAlive: true })
      let log: MisbehavingProvider.Service["attempts"] = Effect.succeed([])
      const [port, calling] = yield* Effect.gen(function* () {
        const provider = yield* MisbehavingProvider.make({
          script: Script.inOrder([Step.answer(), Step.stall(), Step.stallAfterContent({ after: 1 })], {
            afterwards: "answer"
          })
        })
        log = provider.attempts
        yield* call(provider, { agent })
        const calling = yield* Effect.forkDaemon(
          Effect.all([call(provider), call(provider, { stream: true })], { concurrency: 2 })
        )
        yield* provider.awaitAttempts(3)
        yield* Effect.sleep("20 millis")
        return [Number(new URL(provider.url).port), calling] as const
      }).pipe(Effect.scoped)
      const seen = yield* Fiber.join(calling)
      expect(seen.map((one) => one.ended.slice(0, "ECONNRESET".length))).toEqual(["ECONNRESET", "ECONNRESET"])
      expect((yield* log).map((attempt) => [attempt.endedAt !== undefined, attempt.clientLeft])).toEqual([
        [true, false],
        [true, false],
        [true, false]
      ])
      agent.destroy()
      const again = yield* Effect.scoped(MisbehavingProvider.make({ port }))
      expect(again.url).toBe(`http://127.0.0.1:${port}`)
    })
  )

  it.live("T3: it runs as a program of its own, and nothing keeps the process alive once it is closed", () =>
    Effect.gen(function* () {
      const program = `
        import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
        import * as Effect from "effect/Effect"
        import { make } from "./src/testing/MisbehavingProvider.ts"
        NodeRuntime.runMain(Effect.scoped(Effect.gen(function* () {
          const provider = yield* make({ models: { mine: { _tag: "InOrder", steps: [{ _tag: "Stall" }], afterwards: "repeatLast" } } })
          const body = JSON.stringify({ model: "mine", input: "hello" })
          yield* Effect.forkDaemon(Effect.ignore(Effect.tryPromise(() => fetch(provider.openAiUrl + "/responses", { method: "POST", body }))))
          yield* provider.awaitAttempts(1)
          console.log("saw it")
        })))`
      const [took, out] = yield* Effect.timed(
        Effect.async<string>((resume) => {
          execFile(
            "node",
            ["--import", "tsx", "--input-type=module", "-e", program],
            { timeout: 15_000 },
            (error, stdout, stderr) => resume(Effect.succeed(`${stdout}${stderr}${error?.signal ?? ""}`))
          )
        })
      )
      expect(out).toBe("saw it\n")
      expect(Duration.toSeconds(took)).toBeLessThan(14)
    })
  )

  it.live("is a layer too", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.MisbehavingProvider
      expect(provider.openAiUrl).toBe(`${provider.url}/v1`)
      expect(provider.anthropicUrl).toBe(provider.url)
      expect(yield* statuses(provider, 1)).toEqual([401])
    }).pipe(Effect.provide(MisbehavingProvider.layer({ script: Script.always(Step.invalidKey()) })))
  )
})
