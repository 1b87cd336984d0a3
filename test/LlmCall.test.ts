import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
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

  it.effect("a bug of one's own says what was thrown, and keeps it with its stack", () =>
    Effect.gen(function* () {
      class Mine extends Error {}
      const failing = (thrown: unknown) =>
        Effect.flip(LlmCall.tryPromise({ target, try: () => Promise.reject(thrown) }))
      const bug = new TypeError("secret prompt")
      const error = yield* failing(bug)
      expect(error).toMatchObject({ _tag: "Unclassified", code: "TypeError" })
      expect(error.message).toBe(`The call to "${target}" failed in an unknown way (TypeError)`)
      expect(error.cause && Redacted.value(error.cause)).toBe(bug)
      expect(yield* failing(new Mine("secret"))).toMatchObject({ code: "Mine" })
      for (const nameless of [new Error("secret"), {}, "secret", undefined, { name: "a secret sentence" }]) {
        expect((yield* failing(nameless)).message).toMatch(
          / failed in an unknown way: (?:an? (?:Error|object|string)|undefined|null) was thrown$/
        )
      }
    })
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
