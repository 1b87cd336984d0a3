import { Buffer } from "node:buffer"
import * as NodeFs from "node:fs"
import * as NodeOs from "node:os"
import * as NodePath from "node:path"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { it } from "@effect/vitest"
import { Cause, Effect, Exit, FastCheck, Fiber, Redacted, Scope, TestClock } from "effect"
import * as Recording from "effect-resilience/testing/Recording"
import { describe, expect } from "vitest"

const folder = NodeFs.mkdtempSync(NodePath.join(NodeOs.tmpdir(), "recording-"))
let files = 0
const newFile = (): string => NodePath.join(folder, `${files++}.json`)

const url = "https://api.openai.com/v1/chat/completions"
const body = { model: "gpt-5", messages: [{ role: "user", content: "Hello" }], temperature: 0.2 }

const asked = (fetch: typeof globalThis.fetch, change: object = {}, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ ...body, ...change })
  })

/** Records what `use` asks of a server that answers with `respond`. */
const recorded = (
  respond: (input: Request) => Response,
  use: (fetch: typeof globalThis.fetch) => Promise<unknown>,
  options: Partial<Recording.Options> = {}
): Effect.Effect<{ readonly file: string; readonly text: string }> =>
  Effect.gen(function* () {
    const file = newFile()
    const fetch = (async (input, init) => respond(new Request(input, init))) as typeof globalThis.fetch
    yield* Effect.scoped(
      Effect.flatMap(Effect.orDie(Recording.make({ file, mode: "record", fetch, ...options })), (recording) =>
        Effect.promise(() => use(recording.fetch))
      )
    )
    return { file, text: NodeFs.existsSync(file) ? NodeFs.readFileSync(file, "utf8") : "" }
  })

const json = (value: unknown, init?: ResponseInit): Response =>
  new Response(JSON.stringify(value), { ...init, headers: { "content-type": "application/json", ...init?.headers } })

const sse = (pieces: ReadonlyArray<string | Uint8Array>): Response => {
  const left = pieces.map((piece) => Buffer.from(piece))
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const next = left.shift()
      if (next === undefined) controller.close()
      else controller.enqueue(next)
    }
  })
  return new Response(stream, { headers: { "content-type": "text/event-stream" } })
}

const text = async (response: Promise<Response>): Promise<string> => (await response).text()

describe("what is written", () => {
  it.effect("V3: is JSON as JSON and events one by one, for people to read", () =>
    Effect.gen(function* () {
      const answers = [
        json({ id: "1", usage: { total_tokens: 3 } }),
        sse(['event: a\ndata: {"x":1}\n\ndata: [DONE]\n\n'])
      ]
      const { text: file } = yield* recorded(
        () => answers.shift()!,
        async (fetch) => {
          await text(asked(fetch))
          await text(asked(fetch, { stream: true }))
        }
      )
      const { exchanges } = JSON.parse(file)
      expect(exchanges[0].request).toEqual({
        method: "POST",
        url,
        headers: { "content-type": "application/json" },
        body
      })
      expect(exchanges[0].response.body).toEqual([{ after: 0, json: { id: "1", usage: { total_tokens: 3 } } }])
      expect(exchanges[1].response.body).toEqual([
        { after: 0, events: [{ event: "a", data: { x: 1 } }, { data: "[DONE]" }] }
      ])
    })
  )

  it.effect("gives back the bytes it was made of, wherever they were cut", () =>
    Effect.gen(function* () {
      const piece = FastCheck.oneof(
        FastCheck.uint8Array({ maxLength: 12 }),
        FastCheck.string({ unit: "grapheme", maxLength: 12 }).map((text) => Buffer.from(text)),
        FastCheck.constantFrom(
          'data: {"a":1}\n\n',
          "data: [DONE]\n\n",
          ": ping\n\n",
          '{"a": 1.0e400}',
          "event: x\n",
          "é"
        ).map((text) => Buffer.from(text))
      )
      yield* Effect.promise(() =>
        FastCheck.assert(
          FastCheck.asyncProperty(FastCheck.array(piece, { maxLength: 6 }), async (pieces) => {
            const whole = Buffer.concat(pieces)
            const { file } = await Effect.runPromise(
              recorded(
                () => sse(pieces),
                (fetch) => text(asked(fetch)),
                { allow: [/./] }
              )
            )
            const program = Effect.flatMap(Recording.make({ file }), ({ fetch }) =>
              Effect.promise(async () => Buffer.from(await (await asked(fetch)).arrayBuffer()))
            )
            const again = await Effect.runPromise(Effect.scoped(program))
            expect(again.equals(whole)).toBe(true)
          }),
          { numRuns: 50 }
        )
      )
    })
  )
})

describe("V3: a secret", () => {
  const key = "sk-proj-Abc123_def456-GHI789jkl012"
  const opaque = 'hunter2/with+signs=and "quotes"'

  it.effect("is in no place of the file, and neither are organisations and cookies", () =>
    Effect.gen(function* () {
      const names = [
        "x-request-id",
        "x-anything",
        "retry-after",
        "openai-model",
        "x-ratelimit-limit-requests",
        "server"
      ]
      const { text: file } = yield* recorded(
        () =>
          json(
            {
              error: { message: `Incorrect API key provided: ${key}; you are in org-Abc123XYZ`, cookie: "choc-chip-42" }
            },
            {
              status: 401,
              headers: {
                ...Object.fromEntries(names.map((name) => [name, `for ${key}`])),
                "set-cookie": "__cf_bm=cookie-value-0123; path=/; HttpOnly",
                "openai-organization": "my-company-9000",
                "anthropic-organization-id": "0b1c2d3e-0000-4444-8888-abcdefabcdef"
              }
            }
          ),
        (fetch) =>
          fetch(`${url}?key=${key}&sig=${encodeURIComponent("si/gn+ature")}`, {
            method: "POST",
            headers: {
              ...Object.fromEntries(names.map((name) => [name, key])),
              authorization: `Bearer ${key}`,
              "x-api-key": opaque.replaceAll('"', "'"),
              cookie: "session=cookie-of-session",
              "openai-organization": "my-company-9000",
              "openai-project": "proj_secretive"
            },
            body: JSON.stringify({
              messages: [
                { content: `my key is ${key}, the other ${opaque.replaceAll('"', "'")}` },
                { content: JSON.stringify({ password: "correct horse" }) },
                { content: `Basic ${Buffer.from(key).toString("base64")} of my-company-9000 with cookie-value-0123` }
              ],
              api_key: "sesame-42"
            })
          }).then((response) => response.text())
      )
      expect(file).toContain("x-ratelimit-limit-requests")
      for (const secret of [
        key,
        key.slice(8),
        Buffer.from(key).toString("base64").slice(0, 20),
        "hunter2",
        "my-company",
        "proj_secretive",
        "0b1c2d3e",
        "cookie-value",
        "cookie-of-session",
        "choc-chip",
        "org-Abc",
        "correct horse",
        "sesame",
        "gn+ature",
        "gn%2Bature"
      ]) {
        expect(file).not.toContain(secret)
      }
    })
  )

  it.effect("is in none of any places, or there is no file", () => {
    const words = FastCheck.string({ unit: FastCheck.constantFrom(...'abc é"\\/=&:'.split("")), maxLength: 7 })
    const forms: ReadonlyArray<(key: string, before: string, after: string) => string> = [
      (key) => key,
      (key, before, after) => `${before} ${key} ${after}`,
      (key, before, after) => JSON.stringify({ [before]: key, after }),
      (key, before, after) => JSON.stringify(JSON.stringify([before, { after, key }])),
      (key, before, after) => Buffer.from(`${before}${key}${after}`).toString("base64"),
      (key, before, after) => Buffer.from(`${before}${key}${after}`).toString("base64url"),
      (key, before) => `https://acme.example/?q=${encodeURIComponent(before)}&k=${encodeURIComponent(key)}`
    ]
    const place = FastCheck.record({
      where: FastCheck.constantFrom("query", "header", "body", "its header", "answer", "event", "cookie", "error"),
      form: FastCheck.constantFrom(...forms),
      before: words,
      after: words,
      depth: FastCheck.nat(3)
    })
    const keys = FastCheck.oneof(
      FastCheck.stringMatching(/^sk-[A-Za-z0-9]{20,30}$/),
      FastCheck.stringMatching(/^[A-Za-z0-9+/=_-]{16,40}$/),
      FastCheck.uuid()
    )
    const inside = (depth: number, text: string): unknown => (depth === 0 ? text : { a: [inside(depth - 1, text)] })
    const ascii = (text: string): string => text.replace(/[^\x20-\x7e]/g, "?")
    const traces = (key: string): ReadonlyArray<string> => [
      key,
      encodeURIComponent(key),
      ...[0, 1, 2].map((n) =>
        Buffer.from(`${"x".repeat(n)}${key}`)
          .toString("base64")
          .slice(4, -4)
      )
    ]
    return Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(keys, FastCheck.array(place, { minLength: 1, maxLength: 5 }), async (key, places) => {
          const at = (where: string) =>
            places
              .filter((place) => place.where === where)
              .map(({ after, before, depth, form }) => ({ text: form(key, before, after), depth }))
          const headers = (where: string) => at(where).map(({ text }, i) => [`x-any-${i}`, ascii(text)] as const)
          const values = (where: string) => at(where).map(({ depth, text }) => inside(depth, text))
          const respond = () => {
            const cookies = at("cookie").map(
              ({ text }, i) => ["set-cookie", `c${i}=${encodeURIComponent(text)}`] as const
            )
            const init = { headers: [...headers("its header"), ...cookies] as Array<[string, string]> }
            const [error] = values("error")
            if (error !== undefined) return new Response(JSON.stringify({ error }), { ...init, status: 401 })
            const events = values("event")
            return events.length > 0
              ? new Response(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""), init)
              : new Response(JSON.stringify({ answer: values("answer") }), init)
          }
          const query = at("query").map(({ text }) => `q=${encodeURIComponent(text)}`)
          const exit = await Effect.runPromiseExit(
            recorded(respond, (fetch) =>
              fetch(`${url}?${query.join("&")}`, {
                method: "POST",
                headers: [
                  ["authorization", `Bearer ${key}`],
                  ...headers("header").map(([a, b]) => [a, b] as [string, string])
                ],
                body: JSON.stringify({ messages: values("body") })
              }).then((response) => response.text())
            )
          )
          if (Exit.isFailure(exit)) {
            expect(Cause.squash(exit.cause)).toBeInstanceOf(Recording.SecretInRecording)
          } else for (const trace of traces(key)) expect(exit.value.text).not.toContain(trace)
        }),
        { numRuns: 60 }
      )
    )
  })

  const odd = "Zx9Qw3Er5Ty7Ui1Op2As4Df6Gh8"
  const form = (name: string): FormData => {
    const data = new FormData()
    data.set(name, odd)
    return data
  }
  const basic = (credential: string) => `Basic ${Buffer.from(credential).toString("base64")}`
  const places: Readonly<Record<string, readonly [init: RequestInit, answer: object]>> = {
    "the password of a basic authorization": [{ headers: { authorization: basic(`bob:${odd}`) } }, { said: odd }],
    "a key in place of the name of one": [{ headers: { authorization: basic(`${odd}:`) } }, { said: odd }],
    "a header of any name with a scheme": [{ headers: { "x-acme": `Bearer ${odd}` } }, { said: odd }],
    "a hexadecimal text": [{ headers: { "x-api-key": odd } }, { said: Buffer.from(odd).toString("hex") }],
    "a part of a form": [{ body: form("password") }, {}],
    "an assertion": [{ body: new URLSearchParams({ grant_type: "jwt", assertion: odd }) }, {}]
  }
  it.effect.each(Object.entries(places))("is not written where it is %s", ([, [init, answer]]) =>
    Effect.gen(function* () {
      const { file, text: written } = yield* recorded(
        () => json(answer),
        (fetch) => text(fetch(url, { method: "POST", ...init }))
      )
      expect(written).toContain("[removed]")
      expect(written).not.toContain(odd)
      expect(written).not.toContain(Buffer.from(odd).toString("hex"))
      // With another key it is the same request.
      const again = Effect.flatMap(Recording.make({ file }), ({ fetch }) =>
        Effect.promise(() => text(fetch(url, { method: "POST", ...init, headers: {} })))
      )
      expect(yield* Effect.scoped(again)).toContain(Object.keys(answer).length === 0 ? "{}" : "[removed]")
    })
  )

  it.effect("is in none when it comes in pieces of bytes", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(FastCheck.array(FastCheck.nat(80), { maxLength: 8 }), async (cuts) => {
          const whole = `data: {"delta":"é the key is ${key}, keep it"}\n\n`
          const bytes = Buffer.from(whole)
          const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
          const pieces = places.slice(1).map((to, i) => bytes.subarray(places[i], to))
          const { file, text: written } = await Effect.runPromise(
            recorded(
              () => sse(pieces),
              (fetch) => text(asked(fetch))
            )
          )
          const program = Effect.flatMap(Recording.make({ file }), ({ fetch }) =>
            Effect.promise(() => text(asked(fetch)))
          )
          expect(await Effect.runPromise(Effect.scoped(program))).toBe(whole.replace(key, "[removed]"))
          expect(written).not.toContain(key)
        }),
        { numRuns: 50 }
      )
    )
  )

  it.effect("that a stream spells in pieces keeps the file from being written", () =>
    Effect.gen(function* () {
      const file = newFile()
      const spelled = key.match(/.{1,5}/g)!.map((delta) => `data: ${JSON.stringify({ delta })}\n\n`)
      const fetch = (async () => sse(spelled)) as typeof globalThis.fetch
      const scope = yield* Scope.make()
      const recording = yield* Scope.extend(Recording.make({ file, mode: "record", fetch }), scope)
      yield* Effect.promise(() => text(asked(recording.fetch)))
      const refused = yield* Effect.flip(recording.save)
      expect(refused).toMatchObject({ _tag: "SecretInRecording", exchange: 1, where: "the response, put together" })
      expect(JSON.stringify(refused)).not.toContain(key.slice(0, 12))
      expect(NodeFs.existsSync(file)).toBe(false)
      const closed = yield* Effect.exit(Scope.close(scope, Exit.void))
      expect(Exit.isFailure(closed) && Cause.squash(closed.cause)).toBeInstanceOf(Recording.SecretInRecording)
    })
  )

  it.effect("of which nobody knows what it is keeps the file from being written, unless it is allowed or named", () =>
    Effect.gen(function* () {
      const looks = { webhook_signing_secret_v2: "Zx81kQ02mmP39sLw77Tt5Rb4" }
      const use = (fetch: typeof globalThis.fetch) => text(asked(fetch))
      const refused = yield* Effect.exit(recorded(() => json(looks), use))
      expect(Exit.isFailure(refused) && Cause.pretty(refused.cause)).toContain("has something that looks like a secret")
      expect(Exit.isFailure(refused) && Cause.pretty(refused.cause)).not.toContain("Zx81")
      const allowed = yield* recorded(() => json(looks), use, { allow: [/^Zx81/] })
      expect(allowed.text).toContain("Zx81kQ02")
      const named = yield* recorded(() => json(looks), use, {
        secrets: [Redacted.make("Zx81kQ02mmP39sLw77Tt5Rb4"), /mm/]
      })
      expect(named.text).toContain("[removed]")
    })
  )

  it.effect("is what it is: numbers of tokens, ids and log probabilities are none", () =>
    Effect.gen(function* () {
      const answer = {
        id: "chatcmpl-9XyZabcdEFGH1234567890abcdefg",
        system_fingerprint: "fp_44709d6fcb",
        choices: [
          {
            logprobs: { content: [{ token: "Hello", logprob: -0.3 }] },
            message: { content: "a risk-averse task-list" }
          }
        ],
        usage: { prompt_tokens: 12, total_tokens: 40 },
        tool: { id: "toolu_01A09q90qw90lq917835lq9", name: "user_profile" }
      }
      const headers = { "x-request-id": "req_011CQabcdefghij1234", "x-ratelimit-remaining-tokens": "149984" }
      const { text: file } = yield* recorded(
        () => json(answer, { headers }),
        (fetch) => text(asked(fetch))
      )
      const [{ response }] = JSON.parse(file).exchanges
      expect(response.body[0].json).toEqual(answer)
      expect(response.headers).toMatchObject(headers)
    })
  )
})

describe("V4: a request that was not recorded", () => {
  const respond = () => json({ answer: 42 })

  it.effect("is told with what differs from the nearest one, and fails the test at its end", () =>
    Effect.gen(function* () {
      const { file } = yield* recorded(respond, async (fetch) => {
        await asked(fetch, { model: "gpt-4", messages: [] })
        await asked(fetch)
      })
      const scope = yield* Scope.make()
      const { fetch, unplayed, unrecorded } = yield* Scope.extend(Recording.make({ file }), scope)
      const response = yield* Effect.promise(() => asked(fetch, { temperature: undefined, top_p: 1 }))
      expect(response.status).toBe(400)
      const told = JSON.parse(yield* Effect.promise(() => response.text())).error.message
      expect(told).toBe(
        `POST ${url} is not in the recording ${file}. The nearest of its 2 is number 2:\n` +
          "  body.temperature\n    recorded  0.2\n    asked     nothing\n" +
          "  body.top_p\n    recorded  nothing\n    asked     1"
      )
      expect(yield* unplayed).toBe(2)
      expect(yield* unrecorded).toHaveLength(1)
      const closed = yield* Effect.exit(Scope.close(scope, Exit.void))
      expect(Exit.isFailure(closed) && Cause.squash(closed.cause)).toMatchObject({
        _tag: "UnrecordedRequest",
        message: told
      })
    })
  )

  it.effect("is a defect in an HttpClient, so that no policy repeats it", () =>
    Effect.gen(function* () {
      const { file } = yield* recorded(respond, (fetch) => asked(fetch))
      const ask = Effect.flatMap(HttpClient.HttpClient, (client) => client.get("https://api.openai.com/v1/models"))
      const exit = yield* ask.pipe(
        Effect.retry({ times: 3 }),
        Effect.provide(Recording.layerHttpClient({ file })),
        Effect.provide(FetchHttpClient.layer),
        Effect.exit
      )
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause) && Cause.pretty(exit.cause)).toContain(
        'method\n    recorded  "POST"\n    asked     "GET"'
      )
    })
  )

  it.effect("is one as well that is asked more often than it was recorded", () =>
    Effect.gen(function* () {
      const { file } = yield* recorded(respond, (fetch) => text(asked(fetch)))
      const exit = yield* Effect.exit(
        Effect.scoped(
          Effect.flatMap(Recording.make({ file }), ({ fetch }) =>
            Effect.promise(async () => [await text(asked(fetch)), await text(asked(fetch))])
          )
        )
      )
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain("it was recorded once, and is asked once more")
    })
  )

  it.effect("is none for another order of its parameters", () =>
    Effect.gen(function* () {
      const { file } = yield* recorded(
        () => json({}),
        (fetch) => text(fetch(`${url}?a=1&b=2`))
      )
      const again = Effect.flatMap(Recording.make({ file }), ({ fetch }) =>
        Effect.promise(() => text(fetch(`${url}?b=2&a=1`)))
      )
      expect(yield* Effect.scoped(again)).toBe("{}")
    })
  )

  it.effect("is none for another key, another port, another order of fields or a field that may differ", () =>
    Effect.gen(function* () {
      const local = (port: number) => `http://127.0.0.1:${port}/v1/messages`
      const post = (fetch: typeof globalThis.fetch, port: number, key: string, body: object) =>
        text(fetch(local(port), { method: "POST", headers: { "x-api-key": key }, body: JSON.stringify(body) }))
      const { file } = yield* recorded(respond, (fetch) =>
        post(fetch, 40_001, "a-key-of-one-day", { a: "a-key-of-one-day", b: 2, metadata: { user_id: "1" } })
      )
      const again = yield* Effect.scoped(
        Effect.flatMap(Recording.make({ file, ignore: ["metadata.user_id"] }), ({ fetch }) =>
          Effect.promise(() =>
            post(fetch, 40_002, "and-that-of-another", { metadata: { user_id: "2" }, b: 2, a: "and-that-of-another" })
          )
        )
      )
      expect(again).toBe('{"answer":42}')
    })
  )
})

describe("timing", () => {
  it.effect("V1: is the original one in virtual time, or none at all", () =>
    Effect.gen(function* () {
      const file = newFile()
      NodeFs.writeFileSync(
        file,
        JSON.stringify({
          format: "effect-resilience/recording/1",
          exchanges: [1, 2].map(() => ({
            request: { method: "GET", url: "https://acme.example/", headers: {} },
            response: {
              _tag: "Answered",
              after: 2_000,
              status: 200,
              headers: {},
              body: [
                { after: 500, text: "Hel" },
                { after: 1_500, text: "lo" }
              ],
              end: {
                after: 1_000,
                error: {
                  name: "TypeError",
                  message: "terminated",
                  cause: { name: "Error", message: "other side closed", code: "UND_ERR_SOCKET" }
                }
              }
            }
          }))
        })
      )
      const read = async (fetch: typeof globalThis.fetch, seen: Array<string>) => {
        const response = await fetch("https://acme.example/")
        seen.push("head")
        const reader = response.body!.getReader()
        try {
          for (;;) seen.push(Buffer.from((await reader.read()).value!).toString())
        } catch (error) {
          seen.push(`${(error as { readonly cause: { readonly code: string } }).cause.code}`)
        }
      }
      const { fetch } = yield* Recording.make({ file, timing: "recorded" })
      const seen: Array<string> = []
      const fiber = yield* Effect.fork(Effect.promise(() => read(fetch, seen)))
      const at = (millis: number) =>
        Effect.zipRight(
          TestClock.setTime(millis),
          Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)).then(() => seen.join(" ")))
        )
      expect(yield* at(1_999)).toBe("")
      expect(yield* at(2_000)).toBe("head")
      expect(yield* at(2_499)).toBe("head")
      expect(yield* at(2_500)).toBe("head Hel")
      expect(yield* at(4_000)).toBe("head Hel lo")
      expect(yield* at(4_999)).toBe("head Hel lo")
      expect(yield* at(5_000)).toBe("head Hel lo UND_ERR_SOCKET")
      yield* Fiber.join(fiber)
      const once: Array<string> = []
      const immediate = yield* Recording.make({ file })
      yield* Effect.promise(() => read(immediate.fetch, once))
      expect(once.join(" ")).toBe("head Hel lo UND_ERR_SOCKET")
    }).pipe(Effect.scoped)
  )

  it.effect("ends with the caller: what was left when it was recorded never comes", () =>
    Effect.gen(function* () {
      const { file } = yield* recorded(
        () => json({}),
        async (fetch) => {
          const controller = new AbortController()
          controller.abort(new DOMException("gone", "AbortError"))
          await fetch("https://acme.example/", { signal: controller.signal }).catch(() => {})
        },
        {
          fetch: (async (_, init) =>
            new Promise((_, reject) => reject(init?.signal?.reason))) as typeof globalThis.fetch
        }
      )
      const { fetch } = yield* Recording.make({ file, timing: "recorded" })
      const controller = new AbortController()
      const call = fetch("https://acme.example/", { signal: controller.signal })
      controller.abort(new Error("enough"))
      const error = yield* Effect.promise(() => call.catch((error) => error))
      expect(error).toMatchObject({ message: "enough" })
    }).pipe(Effect.scoped)
  )
})

describe("options and files", () => {
  it.effect("are refused with the place and what is wrong", () =>
    Effect.gen(function* () {
      const refused = (options: object) =>
        Effect.map(Effect.exit(Effect.scoped(Recording.make(options as Recording.Options))), (exit) =>
          Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
        )
      expect(yield* refused({})).toContain("Recording: file is undefined, and has to be the path of a file")
      expect(yield* refused({ file: "x", mode: "play" })).toContain('mode is "play", and has to be "replay"')
      expect(yield* refused({ file: "x", speed: 2 })).toContain('Recording has no option "speed"')
      expect(yield* refused({ file: `${folder}/none.json` })).toContain("cannot be read")
      const broken = newFile()
      NodeFs.writeFileSync(broken, '{"format":"something else","exchanges":[]}')
      const error = yield* Effect.flip(Effect.scoped(Recording.make({ file: broken })))
      expect(error).toMatchObject({ _tag: "UnreadableRecording", file: broken })
    })
  )

  it.effect("one that was edited by hand says what is wrong, where, and what may stand there", () =>
    Effect.gen(function* () {
      const file = newFile()
      const reasonOf = (text: string) => {
        NodeFs.writeFileSync(file, text)
        return Effect.map(Effect.flip(Effect.scoped(Recording.make({ file }))), (error) => error.message)
      }
      const request = { method: "GET", url: "http://localhost/", headers: {} }
      const answered = { _tag: "Answered", after: 0, status: 200, headers: {}, body: [], end: "complete" }
      const edited = (response: object) =>
        Effect.map(
          reasonOf(JSON.stringify({ format: "effect-resilience/recording/1", exchanges: [{ request, response }] })),
          (message) => message.replace(`The recording ${file} cannot be read: `, "")
        )
      const at = "exchanges[0].response"
      expect(yield* edited({ ...answered, status: "200" })).toBe(
        `${at}.status is "200", and has to be a status from 100 to 999`
      )
      expect(yield* edited({ ...answered, after: -5, stauts: 200 })).toBe(
        `${at}.stauts is no name that is known here; there are _tag, after, status, headers, body, end; ` +
          `${at}.after is -5, and has to be a number of milliseconds`
      )
      expect(yield* edited({ _tag: "Lost" })).toBe(`${at}._tag is "Lost", and has to be "Answered", "Failed" or "Left"`)
      expect(yield* edited({ ...answered, body: [{ after: 0, text: 3 }] })).toBe(
        `${at}.body[0].text is 3, and has to be a text`
      )
      expect(yield* reasonOf("[]")).toContain(
        "cannot be read: it is empty, and has to be an object with format, exchanges"
      )
      expect(yield* reasonOf('{"exchanges":')).toContain("cannot be read: it is no JSON: ")
    })
  )

  it.effect("`auto` records once, and plays from then on", () =>
    Effect.gen(function* () {
      const file = newFile()
      let sent = 0
      const fetch = (async () => json({ sent: ++sent })) as typeof globalThis.fetch
      const once = Effect.gen(function* () {
        const recording = yield* Recording.make({ file, mode: "auto", fetch })
        return [recording.mode, yield* Effect.promise(() => text(asked(recording.fetch)))]
      }).pipe(Effect.scoped)
      expect(yield* once).toEqual(["record", '{"sent":1}'])
      expect(yield* once).toEqual(["replay", '{"sent":1}'])
    })
  )

  it.effect("a client's request of any kind of body is the same one", () =>
    Effect.gen(function* () {
      const file = newFile()
      const fetch = (async (input, init) =>
        new Response(await new Request(input, init).text())) as typeof globalThis.fetch
      const form = () => {
        const form = new FormData()
        form.set("model", "whisper-1")
        form.set("file", new Blob(["audio"]), "a.wav")
        return form
      }
      const use = Effect.gen(function* () {
        const client = yield* HttpClient.HttpClient
        const sent = yield* client.execute(
          HttpClientRequest.post("https://acme.example/form").pipe(HttpClientRequest.bodyFormData(form()))
        )
        expect(yield* sent.text).toContain("whisper-1")
        const json = yield* client.execute(
          HttpClientRequest.post("https://acme.example/json").pipe(HttpClientRequest.bodyUnsafeJson({ a: 1 }))
        )
        expect(yield* json.text).toBe('{"a":1}')
      })
      const through = (mode: "record" | "replay") =>
        use.pipe(
          Effect.provide(Recording.layerHttpClient({ file, mode })),
          Effect.provide(FetchHttpClient.layer),
          Effect.provideService(FetchHttpClient.Fetch, fetch)
        )
      yield* through("record")
      yield* through("replay")
    })
  )
})
