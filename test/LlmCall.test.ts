import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { type Classifier, LlmCall, LlmError } from "effect-resilience"
import { layer, MisbehavingProvider, Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import OpenAI from "openai"

const target = "openai/primary"

const ask = (options?: Partial<LlmCall.Options<OpenAI.Chat.ChatCompletion>>) =>
  Effect.flatMap(MisbehavingProvider, ({ openAiUrl }) => {
    const openai = new OpenAI({ apiKey: "sk-test", baseURL: openAiUrl, maxRetries: 0 })
    return LlmCall.tryPromise({
      target,
      try: (signal) =>
        openai.chat.completions.create({ model: "primary", messages: [{ role: "user", content: "?" }] }, { signal }),
      ...options
    })
  })

const provided = (step: Step.Step) => Effect.provide(layer({ script: Script.always(step) }))

describe("LlmCall.tryPromise", () => {
  it.live("what a client rejects with is a typed failure that names its target", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(ask())
      expect(error).toMatchObject({ _tag: "Overloaded", status: 503, target })
      expectTypeOf(error).toEqualTypeOf<LlmError.LlmError>()
    }).pipe(provided(Step.overloaded()))
  )

  for (const [name, step, tag] of [
    ["an error body", Step.errorBodyIn200(), "ServerError"],
    ["a filtered answer", Step.contentFiltered({ by: "completion" }), "ContentFiltered"]
  ] as const) {
    it.live(`C7: ${name} with status 200 is a failure where the answer is checked`, () =>
      Effect.gen(function* () {
        expect(yield* Effect.flip(ask({ checkAnswer: true }))).toMatchObject({ _tag: tag, target })
        expect(yield* Effect.exit(ask())).toMatchObject({ _tag: "Success" })
      }).pipe(provided(step))
    )
  }

  it.live("an answer that is checked is given back as it is", () =>
    Effect.gen(function* () {
      const answer = yield* ask({ checkAnswer: true })
      expect(answer.choices[0]?.message.content).toContain("embedded")
    }).pipe(provided(Step.answer({ reply: { text: "embedded" } })))
  )

  it.effect("a reader of one's own goes first, and one that throws or does not know leaves it to the toolkit's", () =>
    Effect.gen(function* () {
      const fails = { try: () => Promise.reject({ status: 500 }) }
      const own = new LlmError.Conflict({ target: "mine" })
      const read = (classify: Classifier.Reader) => Effect.flip(LlmCall.tryPromise({ ...fails, target, classify }))
      expect(yield* read(() => Option.some(own))).toBe(own)
      expect(yield* read(Option.none)).toMatchObject({ target })
      const throwing = () => {
        throw new Error("reader")
      }
      expect(yield* read(throwing)).toMatchObject({ target })
    })
  )
})
