/** What holds in every dialect, told by its name and by its first element, parsed and as server-sent events. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, FastCheck as fc, Stream } from "effect"
import { StreamDialect as Dialects, type LlmError, Resilience, type StreamDialect } from "effect-resilience"
import { moreSamples } from "./internal/stream/moreSamples.js"
import { type Sample, samples as usual } from "./internal/stream/samples.js"

const samples = [...usual, ...moreSamples]

const consume = (elements: ReadonlyArray<unknown>, options: Resilience.StreamOptions<unknown> = {}) => {
  let subscriptions = 0
  const source = Stream.suspend(() => {
    subscriptions++
    return Stream.rechunk(Stream.fromIterable(elements), 2)
  })
  return source.pipe(
    Resilience.protectStream("a", options),
    Stream.runCollect,
    Effect.either,
    Effect.map((result) => {
      const error = Either.isLeft(result) ? (result.left as LlmError.LlmError) : undefined
      return { outcome: error?._tag ?? "success", error, subscriptions }
    }),
    Effect.provide(Resilience.layer({ retry: false, deadline: false }))
  )
}

/** How a sample comes: by its dialect's name or without one, parsed or as server-sent events with a name or without. */
const ways: Record<
  string,
  (sample: Sample) => {
    readonly dialect?: StreamDialect.StreamDialect<unknown>
    readonly elements: ReadonlyArray<unknown>
    readonly as: (element: unknown) => unknown
  }
> = {
  "by its name": ({ dialect, elements }) => ({ dialect, elements, as: (element) => element }),
  "by its first element": ({ elements }) => ({ elements, as: (element) => element }),
  "as events, by its name": (sample) => ({
    dialect: Dialects.sse(sample.dialect) as StreamDialect.StreamDialect<unknown>,
    elements: wireOf(sample),
    as: (element) => ({ data: JSON.stringify(element) })
  }),
  "as events, by the first": (sample) => ({
    elements: wireOf(sample),
    as: (element) => ({ id: "1", event: undefined, data: JSON.stringify(element) })
  })
}

const wireOf = ({ elements, wire }: Sample): ReadonlyArray<unknown> => wire ?? elements

/** An event stream that nobody has parsed: as lines, as blocks, and cut anywhere. */
const texts = (elements: ReadonlyArray<unknown>, end = "\n"): string =>
  elements
    .map((element) => {
      const { type } = element as { readonly type?: string }
      return `${type === undefined ? "" : `event: ${type}${end}`}data: ${JSON.stringify(element)}${end}${end}`
    })
    .join("")

const asText: Record<string, (text: string) => ReadonlyArray<string>> = {
  whole: (text) => [text],
  "line by line": (text) => text.split(/\r?\n/),
  "line by line, without blank ones": (text) => text.split(/\r?\n/).filter((line) => line !== ""),
  "block by block": (text) => text.split(/\r?\n\r?\n/),
  "line by line, with their ends": (text) => text.split(/(?<=\n)/),
  "cut every 37 characters": (text) => text.match(/.{1,37}/gs) ?? [],
  "cut every 5 characters, after a first line": (text) => [
    ...text.split(/(?<=\n)/).slice(0, 1),
    ...(text.slice(text.indexOf("\n") + 1).match(/.{1,5}/gs) ?? [])
  ]
}

/** Failures as providers, relays and gateways put them into a stream whose status was 200. */
const failures: ReadonlyArray<readonly [element: unknown, tag: string]> = [
  [{ error: { message: "no", type: "server_error" } }, "ServerError"],
  [{ error: "no" }, "ServerError"],
  [{ error: true, message: "no" }, "ServerError"],
  [{ error: {} }, "ServerError"],
  [{ type: "error", message: "no" }, "ServerError"],
  [{ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, "Overloaded"],
  [{ type: "rate_limit_error", message: "slow down" }, "RateLimited"],
  [{ object: "error", message: "slow down", code: 429 }, "RateLimited"],
  [{ code: "Throttling", message: "no", request_id: "r" }, "RateLimited"],
  [{ code: 429, message: "no" }, "RateLimited"],
  [{ status: 429, message: "no" }, "RateLimited"],
  [{ status: 503 }, "Overloaded"],
  [{ statusCode: 529 }, "Overloaded"],
  [{ base_resp: { status_code: 1008, status_msg: "insufficient balance" } }, "QuotaExhausted"],
  [{ base_resp: { status_code: 1008 } }, "QuotaExhausted"],
  [{ choices: null, base_resp: { status_code: 1002 } }, "RateLimited"],
  [{ choices: [], base_resp: { status_code: 1027 } }, "ContentFiltered"],
  [{ errorText: "no" }, "ServerError"],
  [{ errors: [{ code: 7000, message: "no" }] }, "ServerError"],
  [{ success: false, errors: ["no"] }, "ServerError"],
  [{ error_code: 336003, error_msg: "no" }, "InvalidRequest"],
  [{ detail: "no" }, "ServerError"],
  [{ detail: [{ loc: ["body"], msg: "no", type: "missing" }] }, "ServerError"],
  [{ ErrorMsg: { Code: "RequestLimitExceeded", Msg: "no" } }, "RateLimited"],
  [{ type: "about:blank", title: "Too Many Requests", status: 429 }, "RateLimited"],
  [{ throttlingException: { message: "no" } }, "RateLimited"],
  [{ header: { code: 11202, message: "no" } }, "ServerError"]
]

const finishes = (reason: unknown): ReadonlyArray<readonly [string, ReadonlyArray<unknown>]> => [
  ["OpenAI chat", [{ choices: [{ index: 0, delta: { content: "x" }, finish_reason: reason }] }]],
  ["Gemini", [{ candidates: [{ content: { parts: [{ text: "x" }] }, finishReason: reason }] }]],
  ["Bedrock", [{ contentBlockDelta: { delta: { text: "x" } } }, { messageStop: { stopReason: reason } }]],
  [
    "Cohere",
    [
      { type: "content-delta", delta: { message: { content: { text: "x" } } } },
      { type: "message-end", delta: { finish_reason: reason } }
    ]
  ],
  ["Ollama", [{ model: "m", message: { content: "x" }, done: true, done_reason: reason }]],
  [
    "@effect/ai",
    [
      { type: "text-delta", delta: "x" },
      { type: "finish", reason, usage: {} }
    ]
  ],
  [
    "AI SDK",
    [
      { type: "text-delta", text: "x" },
      { type: "finish", finishReason: reason }
    ]
  ]
]

describe("a healthy answer", () => {
  for (const sample of samples) {
    const { calls, dialect, elements, name } = sample
    it.effect.each(Object.entries(ways))(`${name}, %s, is a success`, ([, way]) =>
      Effect.gen(function* () {
        const { as, dialect: given, elements } = way(sample)
        expect((yield* consume(elements.map(as), { dialect: given })).outcome).toBe("success")
      })
    )

    it.effect(`S19: ${name}: a call is seen from its first piece, and once`, () =>
      Effect.gen(function* () {
        const { error } = yield* consume([...elements, { error: "no" }], { dialect })
        expect(error).toMatchObject({ _tag: "StreamInterrupted", emittedToolCalls: calls })
      })
    )
  }
})

describe("S1, S4, S20: what is never a success, in any dialect", () => {
  const cases = fc.record({
    sample: fc.constantFrom(...samples),
    way: fc.constantFrom(...Object.values(ways)),
    delivery: fc.constantFrom("incremental" as const, "buffered" as const, "restartable" as const)
  })

  it.effect.prop(
    "an answer that is cut at any element",
    { one: cases, at: fc.nat() },
    ({ at, one: { delivery, sample, way } }) =>
      Effect.gen(function* () {
        const { as, dialect, elements } = way(sample)
        const cut = elements.slice(0, at % (sample.completeAt + 1))
        expect((yield* consume(cut.map(as), { dialect, delivery })).outcome).toMatch(
          /^(?:MalformedResponse|StreamInterrupted)$/
        )
      }),
    { fastCheck: { numRuns: 150 } }
  )

  it.effect.prop(
    "an answer with a failure at any position",
    { one: cases, at: fc.nat(), failure: fc.constantFrom(...failures) },
    ({ at, failure: [failure], one: { delivery, sample, way } }) =>
      Effect.gen(function* () {
        const { as, dialect, elements } = way(sample)
        const position = at % (elements.length + 1)
        const failing = [...elements.slice(0, position), failure, ...elements.slice(position)]
        expect((yield* consume(failing.map(as), { dialect, delivery })).outcome).not.toBe("success")
      }),
    { fastCheck: { numRuns: 250 } }
  )

  it.effect.each(["", " ", "null", "NULL", "None", "undefined", "nil"])("S18: an answer whose reason is %j", (reason) =>
    Effect.gen(function* () {
      for (const [name, elements] of finishes(reason)) {
        expect([name, (yield* consume(elements)).outcome]).toEqual([name, "StreamInterrupted"])
      }
      for (const [name, elements] of finishes("an_unknown_word")) {
        expect([name, (yield* consume(elements)).outcome]).toEqual([name, "success"])
      }
    })
  )
})

describe("S16: an event stream as text without a dialect", () => {
  for (const sample of samples) {
    const { completeAt, dialect, name } = sample
    const elements = wireOf(sample)
    it.effect.each(Object.entries(asText))(
      `${name}, %s: whole a success, cut a failure, and so with a failure in it`,
      ([, as]) =>
        Effect.gen(function* () {
          for (const end of ["\n", "\r\n"]) expect((yield* consume(as(texts(elements, end)))).outcome).toBe("success")
          for (let at = 1; at <= completeAt; at++) {
            const end = at % 2 === 0 ? "\n" : "\r\n"
            const { outcome } = yield* consume(as(texts(elements.slice(0, at), end)))
            expect(outcome).toMatch(/^(?:MalformedResponse|StreamInterrupted)$/)
            const failed = [...elements.slice(0, at), { code: 429, message: "no" }, ...elements.slice(at)]
            expect((yield* consume(as(texts(failed, end)))).outcome).not.toBe("success")
          }
          expect(dialect.endMarker).toBe(true)
        })
    )
  }

  it.effect("comments and [DONE] are no data; words that only look alike are an answer", () =>
    Effect.gen(function* () {
      const chat = texts(samples[0]!.elements)
      expect((yield* consume([": OPENROUTER PROCESSING", "", chat, "data: [DONE]\n\n"])).outcome).toBe("success")
      expect((yield* consume([":\n\n", "data: [DONE]\n\n"])).outcome).toBe("MalformedResponse")
      for (const words of ["data: the plural of datum", ": so", "event: a party at ten", "id: 5, name: x"]) {
        expect([words, (yield* consume([words])).outcome]).toEqual([words, "success"])
      }
    })
  )
})

describe("siblings of OpenAI's chat chunks", () => {
  const read = (choice: object) => Dialects.openAiChat.read({ choices: [{ index: 0, ...choice }] })
  it.each([
    [{ delta: { content: [{ type: "text", text: "x" }] } }, { kind: "content", text: "x" }],
    [{ delta: { content: [{ type: "thinking", thinking: [] }] } }, { kind: "reasoning" }],
    [{ delta: { reasoning_details: [{ type: "reasoning.text" }] } }, { kind: "reasoning" }],
    [{ delta: { audio: { data: "" } } }, { kind: "content" }],
    [{ delta: { images: [{}] } }, { kind: "content" }],
    [
      { text: "x", finish_reason: null },
      { kind: "content", text: "x", end: false }
    ],
    [
      { message: { content: "x" }, finish_reason: "stop" },
      { kind: "content", text: "x", end: true }
    ],
    [
      { delta: { content: "" }, finishReason: "stop" },
      { kind: "metadata", end: true }
    ],
    [{ delta: { toolCalls: [{ index: 0, id: "1", function: { name: "pay" } }] } }, { kind: "content" }],
    [{ delta: {}, finishReason: "error" }, { error: { _tag: "ServerError" } }]
  ])("%j", (choice, reading) => {
    expect(read(choice)).toMatchObject(reading)
  })

  it.effect("Mistral's client wraps them in events whose data is parsed", () =>
    Effect.gen(function* () {
      const chunk = (delta: object, finishReason: string | null = null) => ({
        data: { id: "m", choices: [{ index: 0, delta, finishReason }], usage: { promptTokens: 1 } }
      })
      expect((yield* consume([chunk({ content: "x" }), chunk({}, "stop")])).outcome).toBe("success")
      expect((yield* consume([chunk({ content: "x" })])).outcome).toBe("StreamInterrupted")
      expect((yield* consume([{ event: "error", data: { code: "x", message: "no" } }])).outcome).toBe("ServerError")
    })
  )
})

describe("C15: a failure in a 200 keeps its class", () => {
  for (const { dialect, elements, name } of samples) {
    it.effect.each(failures)(`${name}: %j is %s, first and after the first element`, ([failure, tag]) =>
      Effect.gen(function* () {
        expect(dialect.read(failure).error?._tag).toBe(tag)
        if (dialect.read(elements[0]).kind !== "metadata") return
        expect((yield* consume([elements[0], failure])).outcome).toBe(tag)
      })
    )
  }

  it.effect.each(failures)("without a dialect: %j is %s", ([failure, tag]) =>
    Effect.gen(function* () {
      expect((yield* consume([failure])).outcome).toBe(tag)
      expect((yield* consume([{ data: JSON.stringify(failure) }])).outcome).toBe(tag)
    })
  )

  it.effect("an envelope that says that all is well is no failure", () =>
    Effect.gen(function* () {
      const [first, ...rest] = samples[0]!.elements
      const well = { base_resp: { status_code: 0, status_msg: "success" } }
      expect((yield* consume([{ ...(first as object), ...well }, ...rest, well])).outcome).toBe("success")
      expect((yield* consume([well])).outcome).toBe("MalformedResponse")
    })
  )

  it.effect("a tool that failed is no failure of the answer", () =>
    Effect.gen(function* () {
      const { elements } = samples.find(({ name }) => name === "AI SDK")!
      const failed = { type: "tool-output-error", toolCallId: "1", errorText: "no" }
      expect((yield* consume([...elements.slice(0, 9), failed, ...elements.slice(9)])).outcome).toBe("success")
    })
  )
})
