import { inspect } from "node:util"
import { AiError, LanguageModel, Tool, Toolkit } from "@effect/ai"
import { AnthropicClient, AnthropicLanguageModel } from "@effect/ai-anthropic"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Layer, Logger, Option, Redacted, Schema } from "effect"
import { Classifier, LlmError, Rejection, Resilience, Telemetry } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import {
  MisbehavingProvider,
  layer as providerLayer,
  Script,
  Step
} from "effect-resilience/testing/MisbehavingProvider"

const key = "sk-test-4242424242"

const openAi = (model: string) =>
  Layer.unwrapEffect(
    Effect.map(MisbehavingProvider, ({ openAiUrl }) =>
      OpenAiLanguageModel.layer({ model }).pipe(
        Layer.provide(OpenAiClient.layer({ apiKey: Redacted.make(key), apiUrl: openAiUrl })),
        Layer.provide(FetchHttpClient.layer)
      )
    )
  )

const anthropic = (model: string) =>
  Layer.unwrapEffect(
    Effect.map(MisbehavingProvider, ({ anthropicUrl }) =>
      AnthropicLanguageModel.layer({ model }).pipe(
        Layer.provide(AnthropicClient.layer({ apiKey: Redacted.make(key), apiUrl: anthropicUrl })),
        Layer.provide(FetchHttpClient.layer)
      )
    )
  )

const policies = (options?: Resilience.Options) =>
  Resilience.layer({ attemptTimeout: "1 second", retry: { initialDelay: 5, maxDelay: 20 }, ...options })

const primary = { name: "openai/primary", model: openAi("primary") }
const backup = { name: "anthropic/backup", model: anthropic("backup") }

const steps = (first: Step.Step, ...more: ReadonlyArray<Step.Step>) =>
  Script.inOrder([first, ...more], { afterwards: "answer" })

const ask = LanguageModel.generateText({ prompt: "Why?" })

describe("ResilientLanguageModel over a real socket", () => {
  for (const [dialect, model] of [
    ["OpenAI responses", openAi("primary")],
    ["Anthropic messages", anthropic("primary")]
  ] as const) {
    const faults: ReadonlyArray<readonly [string, Step.Step, string]> = [
      ["429 with a hint", Step.rateLimited({ retryAfter: "20 millis" }), "RateLimited"],
      ["500", Step.serverError(), "ServerError"],
      ["503", Step.overloaded({ status: 503 }), "Overloaded"],
      ["529", Step.overloaded({ status: 529 }), "Overloaded"],
      ["a reset before the headers", Step.reset(), "ConnectionFailed"],
      ["a stall", Step.stall(), "TimedOut"],
      ["a body that is cut", Step.truncatedBody(), "MalformedResponse"]
    ]
    for (const [name, step, tag] of faults) {
      it.live(`${dialect}: survives ${name}`, () =>
        Effect.gen(function* () {
          const { exit, trail } = yield* Telemetry.withTrail(ask)
          expect(trail.map((entry) => entry.outcome)).toEqual([tag, "Success"])
          expect(Exit.isSuccess(exit) && exit.value.text.length).toBeGreaterThan(0)
          const { attempts } = yield* MisbehavingProvider
          expect((yield* attempts).length).toBe(2)
        }).pipe(
          Effect.provide(ResilientLanguageModel.layer({ targets: [{ name: dialect, model }] })),
          Effect.provide(policies()),
          Effect.provide(providerLayer({ script: steps(step) }))
        )
      )
    }
  }

  it.live("generateObject survives an unreadable answer", () =>
    Effect.gen(function* () {
      const Answer = Schema.Struct({ city: Schema.String, population: Schema.Int })
      const response = yield* LanguageModel.generateObject({ prompt: "The largest city?", schema: Answer })
      expect(response.value).toEqual({ city: "Tokyo", population: 37 })
    }).pipe(
      Effect.provide(ResilientLanguageModel.layer({ targets: [primary] })),
      Effect.provide(policies()),
      Effect.provide(
        providerLayer({
          reply: { json: { city: "Tokyo", population: 37 } },
          script: steps(Step.answer({ reply: { text: '{ "city": ' } }), Step.overloaded())
        })
      )
    )
  )

  it.live("the next target answers when the first one cannot", () =>
    Effect.gen(function* () {
      const { exit, trail } = yield* Telemetry.withTrail(ask)
      expect(Exit.isSuccess(exit)).toBe(true)
      expect(trail.map((entry) => [entry.target, entry.outcome])).toEqual([
        ["openai/primary", "QuotaExhausted"],
        ["anthropic/backup", "Success"]
      ])
    }).pipe(
      Effect.provide(ResilientLanguageModel.layer({ targets: [primary, backup] })),
      Effect.provide(policies()),
      Effect.provide(providerLayer({ models: { primary: Script.always(Step.quotaExhausted()) } }))
    )
  )

  it.live("a failure has LanguageModel's error type, and gives back the very error it stands for", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(ask)
      expect(AiError.isAiError(error)).toBe(true)
      const failure = Option.getOrThrow(ResilientLanguageModel.failure(error))
      expect(failure).toBeInstanceOf(LlmError.AuthenticationFailed)
      expect(Classifier.fromUnknown(error)).toBe(failure)
    }).pipe(
      Effect.provide(ResilientLanguageModel.layer({ targets: [primary, backup] })),
      Effect.provide(policies()),
      Effect.provide(providerLayer({ script: Script.always(Step.invalidKey()) }))
    )
  )

  it.live("C14: no output of a failing call has the API key or the prompt", () =>
    Effect.gen(function* () {
      const printed: Array<string> = []
      const logger = Logger.make((options) => {
        printed.push(Logger.stringLogger.log(options), inspect(options, { depth: 20, showHidden: true }))
      })
      const secretPrompt = "the secret prompt"
      const exit = yield* LanguageModel.generateText({ prompt: secretPrompt }).pipe(
        Effect.tapErrorCause(Effect.logError),
        Effect.exit,
        Effect.provide(Logger.replace(Logger.defaultLogger, logger))
      )
      const cause = Exit.isFailure(exit) ? exit.cause : Cause.empty
      printed.push(
        inspect(cause, { depth: 20, showHidden: true }),
        JSON.stringify(cause),
        Cause.pretty(cause, { renderErrorCause: true }),
        JSON.stringify(Schema.encodeSync(AiError.AiError)(Cause.squash(cause) as AiError.AiError))
      )
      expect(printed.join("\n")).toContain("AuthenticationFailed")
      expect(printed.join("\n")).not.toContain(key)
      expect(printed.join("\n")).not.toContain(secretPrompt)
    }).pipe(
      Effect.provide(ResilientLanguageModel.layer({ targets: [primary] })),
      Effect.provide(policies()),
      Effect.provide(providerLayer({ script: Script.always(Step.invalidKey()) }))
    )
  )

  it.live("F1: where every target fails, the error has all of it and the user message none", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(ask)
      const failure = Option.getOrThrow(ResilientLanguageModel.failure(error))
      expect(failure).toBeInstanceOf(Rejection.AllTargetsFailed)
      expect((failure as Rejection.AllTargetsFailed).errors).toMatchObject([
        { _tag: "Overloaded", target: "openai/primary" },
        { _tag: "ServerError", target: "anthropic/backup" }
      ])
      expect(LlmError.userMessage(failure)).not.toMatch(/openai|anthropic|primary|backup|50\d/)
    }).pipe(
      Effect.provide(ResilientLanguageModel.layer({ targets: [primary, backup] })),
      Effect.provide(policies()),
      Effect.provide(
        providerLayer({
          models: { primary: Script.always(Step.overloaded()), backup: Script.always(Step.serverError()) }
        })
      )
    )
  )
})

const Weather = Tool.make("weather", {
  description: "The weather in a city",
  parameters: { at: Schema.DateFromString },
  success: Schema.String
})

describe("tools", () => {
  it.live("a tool runs once although the model's turn is repeated, outside of the attempt's limit", () => {
    const ran: Array<Date> = []
    const Tools = Toolkit.make(Weather)
    const Handlers = Tools.toLayer({
      weather: ({ at }) =>
        Effect.delay(
          Effect.sync(() => {
            ran.push(at)
            return "sunny"
          }),
          "500 millis"
        )
    })
    return Effect.gen(function* () {
      const { exit, trail } = yield* Telemetry.withTrail(LanguageModel.generateText({ prompt: "?", toolkit: Tools }))
      const response = yield* exit
      expect(trail.map((entry) => entry.outcome)).toEqual(["Overloaded", "Success"])
      expect(Duration.toMillis(trail[1]!.duration)).toBeLessThan(500)
      expect(ran).toEqual([new Date("2026-01-02T03:04:05.000Z")])
      expect(response.toolResults.map((part) => [part.name, part.result])).toEqual([["weather", "sunny"]])
    }).pipe(
      Effect.provide(ResilientLanguageModel.layer({ targets: [primary] })),
      Effect.provide(policies()),
      Effect.provide(Handlers),
      Effect.provide(
        providerLayer({
          reply: { toolCalls: [{ name: "weather", arguments: { at: "2026-01-02T03:04:05.000Z" } }] },
          script: steps(Step.overloaded())
        })
      )
    )
  })
})
