/** The result objects of the Vercel AI SDK and of `@effect/ai`, as `checkAnswer` sees them. */

import { createOpenAI } from "@ai-sdk/openai"
import { LanguageModel } from "@effect/ai"
import { describe, expect, it } from "@effect/vitest"
import { generateText } from "ai"
import { Effect, Exit } from "effect"
import { LlmCall, LlmError } from "effect-resilience"

const checked = <A>(answer: () => A) =>
  Effect.exit(LlmCall.tryPromise({ target: "a", checkAnswer: true, try: async () => answer() }))

const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 }

const provider = (body: unknown) =>
  createOpenAI({
    apiKey: "sk-test",
    fetch: async () => new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } })
  })

const chat = (message: object, reason: string) => ({
  id: "1",
  created: 1,
  object: "chat.completion",
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: null, ...message }, finish_reason: reason }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
})

const responses = (part: object, incomplete?: string) => ({
  id: "resp_1",
  object: "response",
  created_at: 1,
  model: "m",
  status: incomplete ? "incomplete" : "completed",
  incomplete_details: incomplete ? { reason: incomplete } : null,
  output: [{ type: "message", id: "msg_1", role: "assistant", status: "completed", content: [part] }],
  usage: { input_tokens: 1, output_tokens: 2 }
})

describe("the Vercel AI SDK's results", () => {
  const cases = {
    "chat, filtered": ["chat", chat({ content: "Mix two" }, "content_filter")],
    "chat, refused": ["chat", chat({ refusal: "I can't." }, "stop")],
    "responses, filtered": [
      "responses",
      responses({ type: "output_text", text: "Mix two", annotations: [] }, "content_filter")
    ],
    "responses, refused": ["responses", responses({ type: "refusal", refusal: "I can't." })]
  } as const
  for (const [name, [api, body]] of Object.entries(cases)) {
    it.live(`${name}: ContentFiltered`, () =>
      Effect.gen(function* () {
        const model = provider(body)[api]("m")
        const exit = yield* Effect.exit(
          LlmCall.tryPromise({
            target: "a",
            checkAnswer: true,
            try: () => generateText({ model, prompt: "?", maxRetries: 0 })
          })
        )
        const failure = Exit.isFailure(exit) && exit.cause._tag === "Fail" ? exit.cause.error : undefined
        expect(failure).toBeInstanceOf(LlmError.ContentFiltered)
        expect(failure).toMatchObject({ target: "a" })
      })
    )
  }

  it.live("a sound answer is one, in both", () =>
    Effect.gen(function* () {
      for (const [api, body] of [
        ["chat", chat({ content: "42" }, "stop")],
        ["chat", chat({ content: "42" }, "length")],
        ["responses", responses({ type: "output_text", text: "42", annotations: [] })]
      ] as const) {
        const model = provider(body)[api]("m")
        const result = yield* LlmCall.tryPromise({
          checkAnswer: true,
          try: () => generateText({ model, prompt: "?", maxRetries: 0 })
        })
        expect(result.text).toBe("42")
      }
    })
  )
})

describe("@effect/ai's results", () => {
  for (const [name, content] of Object.entries({
    filtered: [
      { type: "text", text: "Mix two" },
      { type: "finish", reason: "content-filter", usage }
    ],
    refused: [
      { type: "text", text: "", metadata: { openai: { refusal: "I can't." } } },
      { type: "finish", reason: "stop", usage }
    ]
  })) {
    it.effect(`${name}: ContentFiltered`, () =>
      Effect.gen(function* () {
        for (const body of [new LanguageModel.GenerateTextResponse(content as never), { content }]) {
          const exit = yield* checked(() => body)
          const failure = Exit.isFailure(exit) && exit.cause._tag === "Fail" ? exit.cause.error : undefined
          expect(failure).toBeInstanceOf(LlmError.ContentFiltered)
        }
      })
    )
  }
})
