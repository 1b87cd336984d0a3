import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Fiber, Option, Stream, TestClock } from "effect"
import { Classifier, type LlmError, Resilience, ResilienceEvent, StreamDialect } from "effect-resilience"

const choice = (delta: unknown, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason }]
})
const sse = (element: unknown) => ({ data: JSON.stringify(element) })

const consume = (elements: ReadonlyArray<unknown>, options: Resilience.StreamOptions<unknown> = {}) => {
  let subscriptions = 0
  const source = Stream.suspend(() => {
    subscriptions++
    return Stream.fromIterable(elements)
  })
  return source.pipe(
    Resilience.protectStream("a", options),
    Stream.runDrain,
    Effect.either,
    Effect.map((result) => {
      const error = Either.isLeft(result) ? (result.left as LlmError.LlmError) : undefined
      return { outcome: error?._tag ?? "success", error, subscriptions }
    }),
    Effect.provide(Resilience.layer({ retry: { initialDelay: 0 } }))
  )
}

const outcome = (elements: ReadonlyArray<unknown>) => Effect.map(consume(elements), (one) => one.outcome)

const chat = [choice({ content: "x" })]
const cohereText = { type: "content-delta", index: 0, delta: { message: { content: { text: "x" } } } }

describe("what is no end of an answer", () => {
  it.effect.each(["", " ", "null", "NULL", "None", "undefined"])(
    "S18: every chunk with the finish reason %j and no other: cut, not complete",
    (reason) =>
      Effect.gen(function* () {
        expect(yield* outcome([choice({ content: "x" }, reason)])).toBe("StreamInterrupted")
        expect(yield* outcome([choice({}, reason)])).toBe("MalformedResponse")
        expect(yield* outcome([choice({ content: "x" }, reason), choice({}, "stop")])).toBe("success")
        const part = { content: { parts: [{ text: "x" }] }, finishReason: reason }
        expect(yield* outcome([{ candidates: [part] }])).toBe("StreamInterrupted")
        expect(yield* outcome([{ candidates: [{ ...part, finishReason: "STOP" }] }])).toBe("success")
      })
  )

  it.effect("S18: an unknown word is an end", () =>
    Effect.gen(function* () {
      expect(yield* outcome([...chat, choice({}, "eos_token")])).toBe("success")
    })
  )

  it.effect("S4: [DONE] without a finish reason is a cut, alone it is an empty answer", () =>
    Effect.gen(function* () {
      expect(yield* outcome([sse(chat[0]), { data: "[DONE]" }])).toBe("StreamInterrupted")
      expect(yield* outcome([{ data: "[DONE]" }])).toBe("MalformedResponse")
      expect(yield* outcome([sse(chat[0]), sse(choice({}, "stop")), { data: "[DONE]" }])).toBe("success")
    })
  )
})

describe("S16: parsed server-sent events without a dialect", () => {
  it.effect.each([
    ["whole", [sse(chat[0]), sse(choice({}, "stop"))], "success"],
    ["cut", [sse(chat[0])], "StreamInterrupted"],
    ["an error event", [sse(chat[0]), { event: "error", data: '{"message":"no"}' }], "StreamInterrupted"],
    [
      "an error event first",
      [{ event: "error", data: '{"type":"invalid_request_error","message":"no"}' }],
      "InvalidRequest"
    ],
    ["without data", [{ event: "ping" }, sse(chat[0]), { event: "ping" }, sse(choice({}, "stop"))], "success"],
    ["half an object", [sse(chat[0]), { data: '{"choices":[{"del' }, sse(choice({}, "stop"))], "StreamInterrupted"],
    [
      "half an object under a name",
      [{ event: "x", data: "{" }, sse(chat[0]), sse(choice({}, "stop"))],
      "MalformedResponse"
    ],
    ["an unknown event", [sse(chat[0]), { event: "heartbeat", data: "12:00" }, sse(choice({}, "stop"))], "success"]
  ] as const)("%s", ([, elements, expected]) =>
    Effect.gen(function* () {
      expect(yield* outcome(elements)).toBe(expected)
    })
  )

  it("an element without data does not throw", () => {
    const { read } = StreamDialect.sse(StreamDialect.openAiChat)
    for (const element of [{}, { event: "ping" }, { data: undefined }, null, "x", 3]) {
      expect(read(element as never).kind).toBe("metadata")
    }
  })
})

const aiSdkText = [{ type: "start" }, { type: "start-step" }, { type: "text-delta", id: "0", text: "x" }]
const bedrockText = [{ messageStart: { role: "assistant" } }, { contentBlockDelta: { delta: { text: "x" } } }]
const ollamaText = [{ model: "m", message: { role: "assistant", content: "x" }, done: false }]

describe("C16: a call that was malformed behind a good reason", () => {
  it.effect.each([
    [{ finish_reason: "function_call_filter: MALFORMED_FUNCTION_CALL" }, "MalformedResponse"],
    [{ finish_reason: "stop", native_finish_reason: "MALFORMED_FUNCTION_CALL" }, "MalformedResponse"],
    [{ finish_reason: "stop", native_finish_reason: "SAFETY" }, "ContentFiltered"],
    [{ finish_reason: "stop", native_finish_reason: "refusal" }, "ContentFiltered"],
    [{ finish_reason: "stop", native_finish_reason: "STOP" }, "success"],
    [{ finish_reason: "tool_calls", native_finish_reason: "completed" }, "success"]
  ] as const)("%j is %s, streamed and whole", ([reasons, expected]) =>
    Effect.gen(function* () {
      const streamed = [{ choices: [{ index: 0, delta: {}, ...reasons }] }]
      expect(yield* outcome(streamed)).toBe(expected)
      const body = { choices: [{ index: 0, message: { role: "assistant", content: "x" }, ...reasons }] }
      const whole = Classifier.fromFinishedResponse({ body })
      expect(Option.match(whole, { onNone: () => "success", onSome: ({ _tag }) => _tag as string })).toBe(expected)
    })
  )
})

describe("S21: a model that thinks for long", () => {
  it.effect("150 s of reasoning before the first word are one attempt", () =>
    Effect.gen(function* () {
      const thinking = Stream.fromIterable(Array(15).fill(choice({ reasoning_content: "hm" }))).pipe(
        Stream.mapEffect((element) => Effect.as(Effect.sleep("10 seconds"), element))
      )
      let subscriptions = 0
      const source = Stream.suspend(() => {
        subscriptions++
        return Stream.concat(thinking, Stream.make(choice({ content: "x" }), choice({}, "stop")))
      })
      const fiber = yield* source.pipe(
        Resilience.protectStream("a"),
        Stream.runCollect,
        Effect.provide(Resilience.layer({ attemptTimeout: "1 minute" })),
        Effect.fork
      )
      for (let i = 0; i < 16; i++) yield* TestClock.adjust("10 seconds")
      expect(yield* Fiber.join(fiber)).toHaveLength(17)
      expect(subscriptions).toBe(1)
    })
  )
})

describe("S20: formats of others", () => {
  it.effect.each([
    ["AI SDK", aiSdkText, { type: "finish", finishReason: "stop", totalUsage: {} }, { type: "error", error: "no" }],
    [
      "AI SDK 4",
      [{ type: "text-delta", textDelta: "x" }],
      { type: "finish", finishReason: "stop" },
      { type: "error", error: {} }
    ],
    ["Bedrock", bedrockText, { messageStop: { stopReason: "end_turn" } }, { throttlingException: { message: "no" } }],
    [
      "Cohere",
      [{ type: "message-start" }, cohereText],
      { type: "message-end", delta: { finish_reason: "COMPLETE" } },
      { type: "message-end", delta: { finish_reason: "ERROR" } }
    ],
    [
      "Cohere's client",
      [{ type: "message-start" }, cohereText],
      { type: "message-end", delta: { finishReason: "COMPLETE" } },
      { type: "message-end", delta: { finishReason: "ERROR" } }
    ],
    ["Ollama", ollamaText, { model: "m", message: { content: "" }, done: true, done_reason: "stop" }, { error: "no" }],
    ["Ollama generate", [{ model: "m", response: "x", done: false }], { response: "", done: true }, { error: "no" }]
  ] as const)("%s", ([, text, end, error]) =>
    Effect.gen(function* () {
      expect(yield* outcome([...text, end])).toBe("success")
      expect(yield* outcome(text)).toBe("StreamInterrupted")
      expect(yield* outcome([...text, error])).toBe("StreamInterrupted")
      if (text.length > 1) expect(yield* outcome([text[0]])).toBe("MalformedResponse")
      expect(["success", "StreamInterrupted"]).not.toContain(yield* outcome([...text.slice(0, -1), error]))
    })
  )

  it.effect.each([
    ["parsed", [{ any: "thing" }, { any: "thing" }]],
    ["as server-sent events", [{ data: "" }, sse({ any: "thing" }), sse({ any: "thing" })]],
    ["as text", [": ping", 'data: {"any":"thing"}\n\n', 'data: {"any":"thing"}\n\n']]
  ] as const)("an object of no known format is told of, once, %s", ([, elements]) =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      expect(yield* outcome(elements)).toBe("success")
      const tags = Array.from(yield* events.takeAll, (event) => event._tag)
      expect(tags.filter((tag) => tag === "StreamFormatUnknown")).toHaveLength(1)
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))
  )

  it.effect("S14: each element that is skipped is an event", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const elements = [sse(chat[0]), { data: "{" }, { data: "{" }, sse(choice({}, "stop"))]
      expect((yield* consume(elements, { malformed: "skip" })).outcome).toBe("success")
      const tags = Array.from(yield* events.takeAll, (event) => event._tag)
      expect(tags.filter((tag) => tag === "StreamEventSkipped")).toHaveLength(2)
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))
  )
})

const foreign: ReadonlyArray<readonly [string, ReadonlyArray<unknown>]> = [
  [
    "Responses",
    [
      { type: "response.output_item.added", output_index: 0, item: { type: "mcp_call", id: "m", name: "search" } },
      { type: "response.mcp_call_arguments.delta", output_index: 0, item_id: "m", delta: "{}" }
    ]
  ],
  [
    "Anthropic",
    [
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "server_tool_use", id: "s", name: "web_search" }
      },
      { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "{}" } }
    ]
  ],
  [
    "Bedrock",
    [
      { contentBlockStart: { contentBlockIndex: 0, start: { toolUse: { toolUseId: "s", type: "server_tool_use" } } } },
      { contentBlockDelta: { contentBlockIndex: 0, delta: { toolUse: { input: "{}" } } } }
    ]
  ],
  [
    "@effect/ai",
    [
      { type: "tool-params-start", id: "s", name: "web_search", providerExecuted: true },
      { type: "tool-params-delta", id: "s", delta: "{}" }
    ]
  ],
  [
    "AI SDK",
    [
      { type: "tool-input-start", id: "s", toolName: "web_search", providerExecuted: true },
      { type: "tool-input-delta", id: "s", delta: "{}" },
      { type: "tool-call", toolCallId: "s", toolName: "web_search", providerExecuted: true }
    ]
  ]
]

describe("S19: tools that the provider runs itself", () => {
  it.effect.each(foreign)("%s: content, and no call of ours", ([, elements]) =>
    Effect.gen(function* () {
      const { error } = yield* consume([...elements, { error: "no" }])
      expect(error).toMatchObject({ _tag: "StreamInterrupted", emittedToolCalls: [] })
    })
  )
})

describe("S19: tool calls", () => {
  const delta = (call: unknown) => choice({ tool_calls: [call] })
  const pay = [{ name: "pay" }]
  it.effect.each([
    [
      "without an id",
      [
        delta({ index: 0, function: { name: "pay", arguments: "{" } }),
        delta({ index: 0, function: { arguments: "}" } })
      ],
      pay
    ],
    [
      "named in a second delta",
      [delta({ index: 0, id: "1" }), delta({ index: 0, function: { name: "pay" } })],
      [{ id: "1", name: "pay" }]
    ],
    [
      "with id and name in each",
      [1, 2, 3].map(() => delta({ index: 0, id: "1", function: { name: "pay" } })),
      [{ id: "1", name: "pay" }]
    ],
    [
      "two, both numbered 0",
      ["1", "2"].map((id) => delta({ index: 0, id, function: { name: "pay" } })),
      [{ id: "1" }, { id: "2" }]
    ],
    [
      "two, of which none has an id",
      [0, 1].map((index) => delta({ index, function: { name: "pay" } })),
      [...pay, ...pay]
    ],
    [
      "the legacy function_call",
      [choice({ function_call: { name: "pay", arguments: "" } }), choice({ function_call: { arguments: "{" } })],
      pay
    ],
    [
      "of the Responses API, begun",
      [
        { type: "response.created" },
        { type: "response.output_item.added", item: { type: "function_call", id: "f", call_id: "1", name: "pay" } }
      ],
      pay
    ],
    [
      "of Bedrock",
      [{ contentBlockStart: { contentBlockIndex: 1, start: { toolUse: { toolUseId: "1", name: "pay" } } } }],
      pay
    ],
    [
      "of the AI SDK, told twice",
      [
        { type: "start" },
        { type: "tool-input-start", id: "1", toolName: "pay" },
        { type: "tool-call", toolCallId: "1", toolName: "pay" }
      ],
      pay
    ],
    [
      "of the Responses API, by a piece before its name, which comes without an id at first",
      [
        { type: "response.function_call_arguments.delta", output_index: 0, delta: "{" },
        { type: "response.output_item.added", output_index: 0, item: { type: "function_call", name: "pay" } },
        {
          type: "response.output_item.done",
          output_index: 0,
          item: { type: "function_call", id: "f", call_id: "1", name: "pay" }
        }
      ],
      [{ id: "1", name: "pay" }]
    ],
    [
      "of Bedrock, by a piece before its name",
      [
        { contentBlockDelta: { contentBlockIndex: 0, delta: { toolUse: { input: "{" } } } },
        { contentBlockStart: { contentBlockIndex: 0, start: { toolUse: { toolUseId: "1", name: "pay" } } } }
      ],
      [{ id: "1", name: "pay" }]
    ],
    [
      "of Cohere, by a piece that is never named",
      [{ type: "message-start" }, { type: "tool-call-delta", index: 0, delta: {} }],
      [{ id: "", name: "" }]
    ],
    [
      "of Anthropic, by a piece before its name",
      [
        { type: "message_start" },
        { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: "{" } },
        { type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "1", name: "pay" } }
      ],
      [{ id: "1", name: "pay" }]
    ],
    [
      "of @effect/ai, by a piece before its name",
      [
        { type: "tool-params-delta", id: "1", delta: "{" },
        { type: "tool-call", id: "1", name: "pay" }
      ],
      [{ id: "1", name: "pay" }]
    ],
    [
      "of the AI SDK, by a piece before its name",
      [
        { type: "start" },
        { type: "tool-input-delta", id: "1", delta: "{" },
        { type: "tool-input-available", toolCallId: "1", toolName: "pay" }
      ],
      [{ id: "1", name: "pay" }]
    ],
    [
      "of Gemini, in pieces",
      [
        { candidates: [{ content: { parts: [{ functionCall: { name: "pay", willContinue: true } }] } }] },
        { candidates: [{ content: { parts: [{ functionCall: { partialArgs: [{}], willContinue: true } }] } }] },
        { candidates: [{ content: { parts: [{ functionCall: { name: "pay" } }, { functionCall: {} }] } }] }
      ],
      [...pay, ...pay]
    ]
  ] as const)("%s: one call from its first piece, and nothing is restarted after it", ([, elements, calls]) =>
    Effect.gen(function* () {
      const { error, subscriptions } = yield* consume(elements as ReadonlyArray<unknown>, { delivery: "restartable" })
      expect(subscriptions).toBe(1)
      expect(error).toMatchObject({ _tag: "StreamInterrupted", emittedToolCalls: calls })
    })
  )
})
