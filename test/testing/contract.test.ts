/**
 * One contract for every back end of the test kit: what a step does to a program on the wire, through real clients, it does
 * in a scripted model.
 */
import { LanguageModel } from "@effect/ai"
import { AnthropicClient, AnthropicLanguageModel } from "@effect/ai-anthropic"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Redacted, type Scope, Stream } from "effect"
import { Classifier, LlmError, Resilience, Telemetry } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"

const { Script, Step } = MisbehavingProvider

/** A model that plays the step once, and then answers. */
type BackEnd = (
  step: MisbehavingProvider.Step.Step
) => Effect.Effect<Layer.Layer<LanguageModel.LanguageModel>, unknown, Scope.Scope>

const once = (step: MisbehavingProvider.Step.Step) => Script.inOrder([step], { afterwards: "answer" })
const apiKey = Redacted.make("sk-test-4242424242")

const backEnds: Readonly<Record<string, BackEnd>> = {
  "@effect/ai-openai over a socket": (step) =>
    Effect.map(MisbehavingProvider.make({ script: once(step) }), ({ openAiUrl }) =>
      OpenAiLanguageModel.layer({ model: "a" }).pipe(
        Layer.provide(OpenAiClient.layer({ apiKey, apiUrl: openAiUrl })),
        Layer.provide(FetchHttpClient.layer)
      )
    ),
  "@effect/ai-anthropic over a socket": (step) =>
    Effect.map(MisbehavingProvider.make({ script: once(step) }), ({ anthropicUrl }) =>
      AnthropicLanguageModel.layer({ model: "a" }).pipe(
        Layer.provide(AnthropicClient.layer({ apiKey, apiUrl: anthropicUrl })),
        Layer.provide(FetchHttpClient.layer)
      )
    ),
  "a scripted model, as of OpenAI": (step) =>
    Effect.map(ScriptedModel.make({ script: once(step) }), ({ layer }) => layer),
  "a scripted model, as of Anthropic": (step) =>
    Effect.map(ScriptedModel.make({ script: once(step), provider: "anthropic" }), ({ layer }) => layer)
}

const reply = { text: "one two three four five" }
const said = "one two three four five"
const again = "Success"

interface Expected {
  /** What a program sees that uses the model as it is, whole and streamed: a text, or the tag of the failure. */
  readonly bare: readonly [whole: string, streamed: string]
  /** The attempts under policies of two attempts. */
  readonly attempts: readonly [whole: ReadonlyArray<string>, streamed: ReadonlyArray<string>]
}

/** The same for both, with a second attempt where the first one is worth it. */
const both = (tag: string, ...more: ReadonlyArray<string>): Expected => ({
  bare: [tag, tag],
  attempts: [
    [tag, ...more],
    [tag, ...more]
  ]
})

const malformed = ["MalformedResponse", again]
const interrupted = ["StreamInterrupted"]
const never = "never"

const steps: ReadonlyArray<readonly [string, MisbehavingProvider.Step.Step, Expected]> = [
  ["an answer", Step.answer({ reply }), { bare: [said, said], attempts: [[again], [again]] }],
  ["429 with a hint", Step.rateLimited({ retryAfter: "1 minute" }), both("RateLimited")],
  ["429 without one", Step.rateLimited(), both("RateLimited", again)],
  ["overload", Step.overloaded(), both("Overloaded", again)],
  ["500", Step.serverError(), both("ServerError", again)],
  ["no credit", Step.quotaExhausted(), both("QuotaExhausted")],
  ["a long prompt", Step.contextLengthExceeded(), both("ContextLengthExceeded")],
  ["a filtered prompt", Step.contentFiltered(), both("ContentFiltered")],
  [
    "a filtered answer",
    Step.contentFiltered({ by: "completion", reply }),
    { bare: [said, said], attempts: [["ContentFiltered"], interrupted] }
  ],
  ["a wrong key", Step.invalidKey(), both("AuthenticationFailed")],
  ["an unknown model", Step.modelNotFound(), both("ModelNotFound")],
  ["a proxy's page", Step.proxyPage(), both("ServerError", again)],
  ["a reset", Step.reset(), both("ConnectionFailed", again)],
  ["a close", Step.close(), both("ConnectionFailed", again)],
  ["silence", Step.stall(), { ...both("TimedOut", again), bare: [never, never] }],
  ["silence after the headers", Step.stallAfterHeaders(), { ...both("TimedOut", again), bare: [never, never] }],
  [
    "a cut before the first content",
    Step.cutBody({ reply, after: 0 }),
    { bare: ["MalformedResponse", "MalformedResponse"], attempts: [malformed, malformed] }
  ],
  [
    "a cut after two pieces",
    Step.cutBody({ reply, after: 2 }),
    { bare: ["MalformedResponse", "MalformedResponse"], attempts: [malformed, interrupted] }
  ],
  [
    "an end after two pieces",
    Step.cutBody({ reply, after: 2, by: "end" }),
    { bare: ["MalformedResponse", "one two "], attempts: [malformed, interrupted] }
  ],
  [
    "no end marker",
    Step.omitEndMarker({ reply }),
    { bare: ["MalformedResponse", said], attempts: [malformed, interrupted] }
  ],
  [
    "an error before the first content",
    Step.errorInStream({ reply, after: 0 }),
    {
      bare: ["Overloaded", ""],
      attempts: [
        ["Overloaded", again],
        ["Overloaded", again]
      ]
    }
  ],
  [
    "an error after two pieces",
    Step.errorInStream({ reply, after: 2 }),
    { bare: ["Overloaded", "one two "], attempts: [["Overloaded", again], interrupted] }
  ],
  [
    "an error within 200",
    Step.errorBodyIn200(),
    { bare: ["ServerError", ""], attempts: [["ServerError", again], malformed] }
  ],
  ["no body", Step.emptyBody(), { bare: ["MalformedResponse", ""], attempts: [malformed, malformed] }],
  ["noise", Step.noise({ bytes: 10_000 }), both("ServerError", again)],
  ["an error by name", Step.fail(new LlmError.Overloaded()), both("Overloaded", again)]
]

const whole = Effect.map(LanguageModel.generateText({ prompt: "Count." }), ({ text }) => text)
const streamed = LanguageModel.streamText({ prompt: "Count." }).pipe(
  Stream.runFold("", (text, part) => (part.type === "text-delta" ? text + part.delta : text))
)

/** The answer, or the tag of the failure. */
const outcome = <R>(self: Effect.Effect<string, unknown, R>) =>
  Effect.match(self, { onSuccess: (text) => text, onFailure: (error) => Classifier.fromUnknown(error)._tag })

const policies = Resilience.layer({
  attemptTimeout: "500 millis",
  retry: { initialDelay: 1, jitter: "none", maxAttempts: 2, maxRetryAfter: "1 second" }
})

describe.each(Object.entries(backEnds))("V2: %s", (_, backEnd) => {
  it.live.each(steps)("does %s as every other", ([, step, expected]) =>
    Effect.scoped(
      Effect.gen(function* () {
        for (const [way, ask] of [whole, streamed].entries()) {
          if (expected.bare[way] !== never) {
            expect(yield* outcome(Effect.provide(ask, yield* backEnd(step)))).toBe(expected.bare[way])
          }
          const targets = [{ name: "a", model: yield* backEnd(step) }] as const
          const { trail } = yield* Telemetry.withTrail(
            Effect.provide(ask, Layer.provide(ResilientLanguageModel.layer({ targets }), policies))
          )
          expect(trail.map(({ outcome }) => outcome)).toEqual(expected.attempts[way])
        }
      })
    )
  )
})
