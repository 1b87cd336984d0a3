import { HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Either, FastCheck as fc, Stream } from "effect"
import { type LlmError, Resilience, StreamDialect } from "effect-resilience"
import * as ServerSentEvents from "effect-resilience/http/ServerSentEvents"

type Event = StreamDialect.ServerSentEvent

/** Half of a pair of surrogates is no character. */
const wellFormed = (text: string): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesOf(text))

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The format as its specification has it, for a text that is there as a whole; what is left at the end is an event too. */
const reference = (text: string): ReadonlyArray<Event> => {
  const events: Array<Event> = []
  let data: Array<string> = []
  let event: string | undefined
  let id: string | undefined
  for (const line of [...text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/), ""]) {
    if (line === "") {
      if (data.length > 0) {
        events.push({
          data: data.join("\n"),
          ...(event !== undefined && event !== "" && { event }),
          ...(id !== undefined && { id })
        })
      }
      data = []
      event = undefined
      id = undefined
      continue
    }
    const at = line.indexOf(":")
    const field = at < 0 ? line : line.slice(0, at)
    const value = at < 0 ? "" : line.slice(at + 1).replace(/^ /, "")
    if (field === "data") data.push(value)
    else if (field === "event") event = value
    else if (field === "id" && !value.includes("\0")) id = value
  }
  return events
}

const line = fc
  .oneof(
    { arbitrary: fc.tuple(fc.constantFrom("data:", "data: "), fc.string({ unit: "binary" })), weight: 4 },
    { arbitrary: fc.tuple(fc.constantFrom("event: ", "id: ", "retry: ", ": ", "unknown: "), fc.string()), weight: 2 },
    fc.tuple(fc.constantFrom("", "data", 'data: {"text":"\u00e9\u4f60\ud83d\ude00"}', "retry: 10"), fc.constant(""))
  )
  .map(([field, value]) => field + value.replace(/[\r\n]/g, ""))

const text = fc
  .record({
    mark: fc.constantFrom("", "\uFEFF"),
    lines: fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r", "\n\n", "\r\n\r\n"))),
    rest: fc.constantFrom("", "data: [DONE]")
  })
  .map(({ lines, mark, rest }) => mark + lines.map(([line, end]) => line + end).join("") + rest)

/** Bytes cut at the given places, taken modulo what is left. */
const cut = (bytes: Uint8Array, lengths: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const pieces: Array<Uint8Array> = []
  let at = 0
  for (const length of lengths) {
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return [...pieces, bytes.subarray(at)]
}

const readable = (pieces: ReadonlyArray<Uint8Array>, onCancel: () => void = () => {}): ReadableStream<Uint8Array> => {
  let at = 0
  return new ReadableStream({
    pull: (controller) => {
      const piece = pieces[at++]
      if (piece === undefined) controller.close()
      else controller.enqueue(piece)
    },
    cancel: onCancel
  })
}

const collect = <E>(events: Stream.Stream<Event, E>) => Effect.map(Stream.runCollect(events), Chunk.toReadonlyArray)

describe("S17: the bytes of a stream, cut anywhere", () => {
  it.effect.prop(
    "give the events that the whole gives",
    { text, lengths: fc.array(fc.integer({ min: 0, max: 7 })) },
    ({ lengths, text }) =>
      Effect.gen(function* () {
        const pieces = cut(bytesOf(text), lengths)
        const events = reference(wellFormed(text))
        expect(yield* collect(ServerSentEvents.decode(Stream.fromIterable(pieces)))).toEqual(events)
        expect(yield* collect(Stream.fromIterable(pieces).pipe(Stream.rechunk(1), ServerSentEvents.decode()))).toEqual(
          events
        )
        expect(yield* collect(ServerSentEvents.fromReadableStream(readable(pieces)))).toEqual(events)
      }),
    { fastCheck: { numRuns: 300 } }
  )

  it.effect("each byte by itself", () =>
    Effect.gen(function* () {
      const text =
        '\uFEFFevent: message\r\nid: 7\r\ndata: {"text":"\u00e9\u4f60\ud83d\ude00"}\r\n\r\n: waiting\r\n\r\ndata: a\rdata: b\r\rdata: [DONE]'
      const events = [
        { event: "message", id: "7", data: '{"text":"\u00e9\u4f60\ud83d\ude00"}' },
        { data: "a\nb" },
        { data: "[DONE]" }
      ]
      const each = Array.from(bytesOf(text), (byte) => Uint8Array.of(byte))
      expect(reference(text)).toEqual(events)
      expect(yield* collect(ServerSentEvents.decode(Stream.fromIterable(each)))).toEqual(events)
    })
  )
})

describe("the size of an event", () => {
  const decoded = (...pieces: ReadonlyArray<string>) =>
    Stream.fromIterable(pieces).pipe(
      Stream.map(bytesOf),
      Stream.rechunk(1),
      ServerSentEvents.decode({ maxEventSize: 100, target: "a" }),
      Stream.runCollect,
      Effect.either
    )

  it.effect.each([
    ["whole", [`data: ${"x".repeat(101)}\n\n`]],
    ["in pieces, without an end", Array(200).fill("data: xxxxxxxxxx\n")],
    ["in one line without an end", ["data: ", ...Array(200).fill("xxxxxxxxxx")]],
    ["as a comment without an end", [":", ...Array(200).fill("xxxxxxxxxx")]]
  ] as const)("beyond its bound, %s: a MalformedResponse", ([, pieces]) =>
    Effect.gen(function* () {
      const result = yield* decoded("data: ok\n\n", ...pieces)
      expect(Either.isLeft(result) && result.left).toMatchObject({
        _tag: "MalformedResponse",
        code: "event_too_large",
        target: "a"
      })
    })
  )

  it.effect("as large as the bound is fine, and so are many of them in one read", () =>
    Effect.gen(function* () {
      const event = `data: ${"x".repeat(100)}\n\n`
      expect(Either.map(yield* decoded(event.repeat(50)), Chunk.size)).toEqual(Either.right(50))
      expect(Either.map(yield* decoded(...event), Chunk.size)).toEqual(Either.right(1))
    })
  )

  it("an option that cannot be meant is named", () => {
    expect(() => ServerSentEvents.decode(Stream.empty, { maxEventSize: 0 })).toThrow(
      "ServerSentEvents.decode: maxEventSize is 0, and has to be a number of at least 1"
    )
    expect(() => ServerSentEvents.fetch({ url: "x", maxSize: 3 } as never)).toThrow(
      'ServerSentEvents.fetch has no option "maxSize"'
    )
  })
})

const chat = (delta: unknown, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\r\n\r\n`

const whole = `${chat({ content: "one" })}${chat({}, "stop")}data: [DONE]\r\n\r\n`

const sse = { "content-type": "text/event-stream; charset=utf-8" }
const json = { "content-type": "application/json" }

const answers = (...responses: ReadonlyArray<() => Response>) => {
  const asked: Array<AbortSignal | null | undefined> = []
  const fetch = (async (_url: unknown, init?: RequestInit) => {
    asked.push(init?.signal)
    return responses[Math.min(asked.length, responses.length) - 1]!()
  }) as typeof globalThis.fetch
  return { asked, fetch }
}

/** The three ways from a response to its events. */
const ways: Record<string, (response: () => Response) => Stream.Stream<Event, LlmError.LlmError>> = {
  "a Response": (response) => ServerSentEvents.fromResponse(response(), { target: "a" }),
  "an HttpClientResponse": (response) =>
    ServerSentEvents.fromResponse(HttpClientResponse.fromWeb(HttpClientRequest.get("http://localhost"), response()), {
      target: "a"
    }),
  fetch: (response) => ServerSentEvents.fetch({ target: "a", url: "http://localhost", fetch: answers(response).fetch })
}

describe.each(Object.entries(ways))("%s", (_, events) => {
  it.effect("that is a stream gives its events", () =>
    Effect.gen(function* () {
      const response = () => new Response(readable(cut(bytesOf(whole), [3, 40, 50])), { headers: sse })
      expect(yield* collect(events(response))).toEqual(reference(whole))
    })
  )

  it.effect.each([
    ["a spent quota", 429, json, '{"error":{"code":"insufficient_quota","message":"no"}}', "QuotaExhausted"],
    ["an overloaded server", 529, json, '{"type":"error","error":{"type":"overloaded_error"}}', "Overloaded"],
    ["a failure under a good status", 200, json, '{"error":{"code":429,"message":"slow down"}}', "RateLimited"],
    ["a whole answer", 200, json, '{"choices":[{"message":{"content":"x"}}]}', "MalformedResponse"],
    ["the page of a proxy", 200, { "content-type": "text/html" }, "<html></html>", "MalformedResponse"]
  ] as const)("that is %s is the failure that it says", ([, status, headers, body, tag]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(collect(events(() => new Response(body, { status, headers }))))
      expect(error).toMatchObject({ _tag: tag, target: "a", status })
    })
  )

  it.effect("whose connection breaks is a failed connection", () =>
    Effect.gen(function* () {
      const broken = new ReadableStream<Uint8Array>({
        pull: (controller) =>
          controller.error(Object.assign(new TypeError("terminated"), { cause: { code: "ECONNRESET" } }))
      })
      const error = yield* Effect.flip(collect(events(() => new Response(broken, { headers: sse }))))
      expect(error._tag).toBe("ConnectionFailed")
    })
  )

  it.live("whose consumer leaves is cancelled", () =>
    Effect.gen(function* () {
      let cancelled = 0
      const endless = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(bytesOf(whole)),
        pull: () => new Promise(() => {}),
        cancel: () => {
          cancelled++
        }
      })
      yield* Stream.runDrain(
        Stream.take(
          events(() => new Response(endless, { headers: sse })),
          1
        )
      )
      expect(cancelled).toBe(1)
    })
  )
})

describe("fetch under the policies", () => {
  const protectedBy = (dialect?: StreamDialect.StreamDialect<Event>) =>
    Resilience.protectStream("a", dialect === undefined ? {} : { dialect })

  it.effect("asks anew after a failure, and tells the dialect by its events", () =>
    Effect.gen(function* () {
      const { asked, fetch } = answers(
        () => new Response("{}", { status: 503 }),
        () => new Response(chat({}), { headers: sse }),
        () => new Response(whole, { headers: sse })
      )
      const events = ServerSentEvents.fetch({ url: "http://localhost", fetch })
      expect(yield* Stream.runCount(protectedBy()(events))).toBe(3)
      expect(asked).toHaveLength(3)
    }).pipe(Effect.provide(Resilience.layer({ retry: { initialDelay: 0 } })))
  )

  it.effect("S4: a stream that is cut within an event is no success", () =>
    Effect.gen(function* () {
      for (let length = 0; length < whole.indexOf('"stop"'); length++) {
        const { fetch } = answers(() => new Response(whole.slice(0, length), { headers: sse }))
        const events = ServerSentEvents.fetch({ url: "http://localhost", fetch })
        const error = yield* Effect.flip(
          Stream.runDrain(protectedBy(StreamDialect.sse(StreamDialect.openAiChat))(events))
        )
        expect(["MalformedResponse", "StreamInterrupted"]).toContain(error._tag)
      }
    }).pipe(Effect.provide(Resilience.layer({ retry: false, circuitBreaker: false })))
  )
})
