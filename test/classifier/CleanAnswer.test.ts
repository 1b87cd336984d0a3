import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc, Option } from "effect"
import { Classifier } from "effect-resilience"
import { isCleanAnswer } from "../../src/classifier/CleanAnswer.js"

type Fields = Record<string, unknown>

const completion = (): Fields => ({
  id: "c",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "yes", refusal: null }, finish_reason: "stop" }],
  usage: { total_tokens: 2 },
  system_fingerprint: null
})

const calling = (): Fields => ({
  ...completion(),
  choices: [
    { index: 0, message: { role: "assistant", content: null, tool_calls: [{ id: "t" }] }, finish_reason: "tool_calls" },
    { index: 1, message: { role: "assistant", content: "so" }, finish_reason: "length" }
  ]
})

const message = (): Fields => ({
  id: "m",
  type: "message",
  role: "assistant",
  model: "m",
  content: [
    { type: "thinking", thinking: "so", signature: "s" },
    { type: "text", text: "yes" },
    { type: "tool_use", id: "t", name: "n", input: { reason: "error", error: { message: "x" } } }
  ],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 }
})

/** Every object in a body that an answer is made of. */
const objectsIn = (value: unknown): ReadonlyArray<Fields> =>
  Array.isArray(value)
    ? value.flatMap(objectsIn)
    : typeof value === "object" && value !== null
      ? [value as Fields, ...Object.values(value).flatMap(objectsIn)]
      : []

// biome-ignore format: a table
const names = [
  "error", "errors", "Error", "type", "object", "response", "choices", "delta", "base_resp", "success", "Response", "output",
  "message", "msg", "detail", "code", "status", "data", "result", "id", "content", "refusal", "tool_calls", "finish_reason",
  "finishReason", "native_finish_reason", "provider_specific_fields", "stop_reason", "stopReason", "reason", "metadata", "text",
  "role", "usage", "model", "kwargs", "lc", "candidates", "promptFeedback", "additional_kwargs", "response_metadata", "created",
  "system_fingerprint", "service_tier", "logprobs", "index", "reasoning", "annotations", "citations", "name", "input", "__proto__"
]

const values: ReadonlyArray<unknown> = [
  undefined,
  null,
  "",
  " ",
  "x",
  "null",
  "stop",
  "length",
  "end_turn",
  "error",
  "failed",
  "content_filter",
  "SAFETY",
  "refusal",
  "ERROR",
  "finish",
  "message",
  "chat.completion",
  "rate_limit_error",
  0,
  1,
  429,
  500,
  true,
  false,
  [],
  {},
  ["x"],
  [{}],
  { message: "Rate limited" },
  { error: { message: "busy" } },
  [{ error: { message: "busy" } }],
  { status_code: 1008 },
  { openai: { refusal: "No." } },
  { reason: "content_filter" },
  [{ type: "finish", reason: "error" }],
  [{ refusal: "No." }]
]

const changes = fc.array(
  fc.record({ at: fc.nat(40), name: fc.constantFrom(...names), to: fc.constantFrom(...values) }),
  { maxLength: 3 }
)

describe("isCleanAnswer", () => {
  it("knows what nearly every answer is", () => {
    for (const body of [completion(), calling(), message()]) expect(isCleanAnswer(body)).toBe(true)
  })

  it("passes nothing in which the whole reading finds a failure", () => {
    let clean = 0
    fc.assert(
      fc.property(fc.constantFrom(completion, calling, message), changes, (base, changes) => {
        const body = base()
        for (const { at, name, to } of changes) {
          const objects = objectsIn(body)
          const object = objects[at % objects.length] as Fields
          Object.defineProperty(object, name, {
            value: structuredClone(to),
            enumerable: true,
            configurable: true,
            writable: true
          })
        }
        const data: unknown = JSON.parse(JSON.stringify(body))
        if (!isCleanAnswer(data)) return
        clean++
        expect(Classifier.fromFinishedResponse({ body: data })).toEqual(Option.none())
      }),
      { numRuns: 20_000 }
    )
    expect(clean).toBeGreaterThan(1_000)
  })
})
