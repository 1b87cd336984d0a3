/**
 * A language model that plays a script in virtual time, for tests without sockets and without waiting.
 *
 * The script is that of the misbehaving provider, step for step: answers after a while, statuses with what providers really
 * send, streams at a pace that break off, tool calls, outages by the clock. What a step does here is what a client of
 * `@effect/ai` makes of it on the wire. The model remembers what it was asked.
 *
 * @since 0.1.0
 */
import type * as AiError from "@effect/ai/AiError"
import * as LanguageModel from "@effect/ai/LanguageModel"
import type * as Response from "@effect/ai/Response"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { isLlmError } from "../LlmError.js"
import { Anthropic } from "./misbehaving/Anthropic.js"
import type { Received } from "./misbehaving/memory.js"
import { OpenAiResponses } from "./misbehaving/OpenAiResponses.js"
import { check, type InvalidProviderOption } from "./misbehaving/Options.js"
import type { Wire } from "./misbehaving/Wire.js"
import * as failures from "./scripted/failures.js"
import * as Player from "./scripted/player.js"
import { requestOf } from "./scripted/request.js"
import { wire as partsOf } from "./scripted/wire.js"

export { InvalidProviderOption } from "./misbehaving/Options.js"
export { Problem } from "./misbehaving/Problem.js"
export { type Dialect, type ProviderRequest, Reply, type ToolOffer } from "./misbehaving/Reply.js"
export * as Script from "./misbehaving/Script.js"
export * as Step from "./misbehaving/Step.js"
export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  Asked
} from "./scripted/player.js"

/**
 * @since 0.1.0
 * @category Models
 */
export const Options = Schema.Struct({
  ...Player.shared,
  /** The name it is asked by. Default `scripted`. */
  name: Schema.optional(Schema.NonEmptyString),
  /** Whose words its complaints are in. Default `openai`. */
  provider: Schema.optional(Schema.Literal("openai", "anthropic"))
})

/**
 * @since 0.1.0
 * @category Models
 */
export type Options = typeof Options.Type

/**
 * A model under a script.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ScriptedModel {
  /** The model itself, for `Effect.provide` or as the `model` of a target. */
  readonly layer: Layer.Layer<LanguageModel.LanguageModel>
  /** What it was asked so far, oldest first, the prompts included. */
  readonly asked: Effect.Effect<ReadonlyArray<Player.Asked>>
  /** Replaces the script, from its first step on. Fails with `InvalidProviderOption` for one that makes no sense. */
  readonly script: Player.Player["script"]
  /** Forgets what it was asked, and begins with the script of the options anew. Calls under way go on. */
  readonly reset: Effect.Effect<void>
}

const providers: Readonly<Record<NonNullable<Options["provider"]>, Wire>> = {
  openai: OpenAiResponses,
  anthropic: Anthropic
}

/**
 * Makes a model that plays a script. Fails with `InvalidProviderOption`, which names the option, its value and what is
 * allowed.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@effect/ai"
 * import { Effect, Fiber, TestClock } from "effect"
 * import { Resilience } from "effect-resilience"
 * import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
 * import * as ScriptedModel from "effect-resilience/testing/ScriptedModel"
 *
 * const { Script, Step } = ScriptedModel
 *
 * export const test = Effect.gen(function* () {
 *   const gpt = yield* ScriptedModel.make({
 *     script: Script.inOrder([Step.rateLimited({ retryAfter: "20 seconds" })], { afterwards: "answer" })
 *   })
 *   const Model = ResilientLanguageModel.layer({ targets: [{ name: "openai/gpt-5", model: gpt.layer }] })
 *   const asking = yield* LanguageModel.generateText({ prompt: "Why?" }).pipe(
 *     Effect.provide(Model),
 *     Effect.provide(Resilience.layer()),
 *     Effect.fork
 *   )
 *   yield* TestClock.adjust("25 seconds")
 *   return [yield* Fiber.join(asking), (yield* gpt.asked).map(({ at }) => at)]
 * })
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options = {}): Effect.Effect<ScriptedModel, InvalidProviderOption> =>
  Effect.gen(function* () {
    const {
      name = "scripted",
      provider = "openai",
      ...shared
    } = yield* check(Options, undefined, "scripted model")(options)
    const { asked, play, reset, script } = yield* Player.make(shared)
    const wire = partsOf(providers[provider])
    const played = (
      method: string,
      options: LanguageModel.ProviderOptions,
      streaming: boolean
    ): Effect.Effect<Received, AiError.AiError, Scope.Scope> =>
      Effect.gen(function* () {
        const request = requestOf(options, { dialect: wire.dialect, model: name, streaming })
        const response = yield* play(request, wire)
        const received = yield* Effect.mapError(response, (failure) =>
          isLlmError(failure) ? failures.asScripted(method, failure) : failures.noResponse(method, failure)
        )
        if (received.status < 400) return received
        return yield* failures.refused(method, received, yield* wholeBody(method, received))
      })
    return {
      asked,
      script,
      reset,
      layer: Layer.effect(
        LanguageModel.LanguageModel,
        LanguageModel.make({
          generateText: (options) =>
            Effect.scoped(
              Effect.flatMap(played("generateText", options, false), (received) =>
                Effect.flatMap(wholeBody("generateText", received), (body) => partsIn("generateText", received, body))
              )
            ),
          streamText: (options) =>
            Stream.unwrapScoped(
              Effect.map(played("streamText", options, true), (received) => partsOfStream(received, provider))
            )
        })
      )
    }
  })

const wholeBody = (method: string, received: Received): Effect.Effect<string, AiError.AiError> =>
  received.body.pipe(
    Stream.decodeText(),
    Stream.mkString,
    Effect.mapError(() => failures.unreadable(method, received, "terminated"))
  )

/** What is JSON and no answer is told as a client tells it whose schema it does not fit. */
const partsIn = (
  method: string,
  received: Received,
  text: string
): Effect.Effect<Array<Response.PartEncoded>, AiError.AiError> =>
  Effect.flatMap(parsed(method, received, text), (body) =>
    Effect.mapError(
      Schema.decodeUnknown(Parts)(body) as Effect.Effect<unknown, ParseResult.ParseError> as Effect.Effect<
        Array<Response.PartEncoded>,
        ParseResult.ParseError
      >,
      (error) => failures.noAnswer(method, error)
    )
  )

const Parts = Schema.Array(Schema.Struct({ type: Schema.String }, { key: Schema.String, value: Schema.Unknown }))

/** Of OpenAI's clients that of Effect passes over an event that it cannot read; Anthropic's fails. */
const partsOfStream = (
  received: Received,
  provider: NonNullable<Options["provider"]>
): Stream.Stream<Response.StreamPartEncoded, AiError.AiError> =>
  received.body.pipe(
    Stream.mapError(() => failures.unreadable("streamText", received, "terminated")),
    Stream.decodeText(),
    // What comes after the last end of an event is none.
    Stream.mapAccum("", (before, text) => {
      const events = (before + text).split("\n\n")
      return [events.pop() ?? "", events]
    }),
    Stream.mapConcat((events) => events),
    Stream.filter((event) => event.startsWith(prefix)),
    Stream.mapEffect((event) => {
      const part = parsed("streamText", received, event.slice(prefix.length)) as Effect.Effect<
        Response.StreamPartEncoded,
        AiError.AiError
      >
      return provider === "openai" ? Effect.option(part) : Effect.asSome(part)
    }),
    Stream.filterMap((part) => part)
  )

const prefix = "data: "

const parsed = (method: string, received: Received, text: string): Effect.Effect<unknown, AiError.AiError> =>
  Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: () => failures.unreadable(method, received, "what came is no JSON")
  })
