/**
 * A `LanguageModel` over several others: its turns, with the policies around them, and the tools after them.
 *
 * @internal
 */
import * as AiError from "@effect/ai/AiError"
import * as LanguageModel from "@effect/ai/LanguageModel"
import type * as Response from "@effect/ai/Response"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Classifier from "../../Classifier.js"
import type * as Fallback from "../../Fallback.js"
import { wrap } from "../../internal/errors/wrapped.js"
import { known } from "../../internal/stream/fromTake.js"
import * as underDeadline from "../../internal/time/announcedDeadline.js"
import { isLlmError, type LlmError } from "../../LlmError.js"
import { isRejection, type Rejection } from "../../Rejection.js"
import type { Resilience } from "../../Resilience.js"
import * as StreamDialect from "../../StreamDialect.js"
import { type Asking, firstOf, firstStreamOf, needing } from "./asking.js"
import { cachedStream, cachedTurn, readOnce, type TurnCache, type TurnOptions } from "./cached.js"
import * as cleanSpans from "./cleanSpans.js"
import * as estimated from "./estimate.js"
import { Needs, needsOf as neededBy } from "./needs.js"
import { failureIn, tellingRefusals } from "./refused.js"
import { streamWithTools } from "./streamWithTools.js"
import { type Options, resolveToolCalls } from "./toolCalls.js"

/** A model that has been built. @internal */
export interface Model extends Omit<Fallback.Target<never, never, never>, "run"> {
  readonly service: LanguageModel.Service
}

/** @internal */
export const make = (
  resilience: Resilience["Type"],
  models: readonly [Model, ...ReadonlyArray<Model>],
  asking: Asking,
  delivery: "incremental" | "buffered" | undefined,
  turns: TurnCache | undefined,
  estimate: estimated.Estimator | undefined
): LanguageModel.Service => {
  /** Whether any model says what it can do; if none does, what a turn needs is nobody's question. */
  const choosy = models.some(({ capabilities }) => capabilities !== undefined)
  const needsOf = (options: TurnOptions, own: ReadonlyArray<string>) => [...own, ...neededBy(options)]

  /** The model's turn, on the first target that can give it. */
  const turn = <A, E, R>(
    method: string,
    options: TurnOptions,
    ask: (service: LanguageModel.Service) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, AiError.AiError | E, R> => {
    const target = ({ capabilities, contextWindow, name, service }: Model) => ({
      name,
      contextWindow,
      capabilities,
      // Read before the policies see it, so that what they report holds no key, no prompt and no body.
      run: resilience.protect(
        name,
        Effect.flatMap(
          Effect.mapError(cleanSpans.effect(name, ask(service)), (error) =>
            AiError.isAiError(error) ? read(name, error) : error
          ),
          (answer) => answered(name, answer)
        )
      )
    })
    const [first, ...others] = models
    const targets = [target(first), ...others.map(target)] as const
    const askFor = (needs: ReadonlyArray<string>): Effect.Effect<A, unknown, R> => {
      const asked = estimated.effect(estimate, options.prompt, firstOf(needing(asking, needs), targets))
      return turns === undefined ? asked : (cachedTurn(turns, method, options, needs, asked as never) as typeof asked)
    }
    const walk = choosy ? Effect.flatMap(Needs, (own) => askFor(needsOf(options, own))) : askFor([])
    return Effect.mapError(others.length === 0 ? walk : underDeadline.effect(walk, resilience.deadline), (error) =>
      isLlmError(error) || isRejection(error) ? folded(method, error) : (error as E)
    )
  }

  /** The turn, and then the tools it asked for. */
  const withTools = <Response extends { readonly content: ReadonlyArray<Part> }>(
    method: string,
    options: Options,
    ask: (service: LanguageModel.Service, options: Options) => Effect.Effect<Response, unknown, unknown>,
    join: (response: Response, content: ReadonlyArray<Part>) => Response
  ): Effect.Effect<Response, unknown, unknown> => {
    if (options.toolkit === undefined || options.disableToolCallResolution === true) {
      return turn(method, options, (service) => ask(service, options))
    }
    const resolved = Effect.isEffect(options.toolkit) ? options.toolkit : Effect.succeed(options.toolkit)
    return Effect.flatMap(resolved, (toolkit) => {
      const unresolved = { ...options, toolkit, disableToolCallResolution: true }
      return Effect.flatMap(
        turn(method, unresolved, (service) => ask(service, unresolved)),
        (response) =>
          Effect.map(resolveToolCalls(response.content, toolkit, options.concurrency), (results) =>
            results.length === 0 ? response : join(response, [...response.content, ...results])
          )
      )
    })
  }

  const turnStream = (options: TurnOptions): Stream.Stream<Part, AiError.AiError, unknown> => {
    const target = ({ capabilities, contextWindow, name, service }: Model) => {
      const asked = service.streamText<never>(options as never) as Stream.Stream<Part, AiError.AiError, unknown>
      const read_ = Stream.mapError(tellingRefusals(name, cleanSpans.stream(name, asked)), (error) => read(name, error))
      // The parts of this layer have no room for a marker, so a stream cannot be restarted here.
      const run = resilience.protectStream(name, { dialect, delivery }, read_) as typeof read_
      return { name, contextWindow, capabilities, run }
    }
    const [first, ...others] = models
    const targets = [target(first), ...others.map(target)] as const
    const askFor = (needs: ReadonlyArray<string>) => {
      const walked = firstStreamOf(needing(asking, needs), targets)
      const asked = estimated.stream(estimate, options.prompt, walked)
      return turns === undefined ? asked : cachedStream(turns, options, needs, asked)
    }
    const walk = choosy ? known(Effect.map(Needs, (own) => askFor(needsOf(options, own)))) : askFor([])
    return Stream.mapError(others.length === 0 ? walk : underDeadline.stream(walk, resilience.deadline), (error) =>
      folded("streamText", error as LlmError | Rejection)
    )
  }

  // What the service promises about the types of an answer is what the model behind it promises.
  return {
    generateText: (options: Options) =>
      withTools(
        "generateText",
        readOnce(options),
        (service, options) => service.generateText<never>(options as never),
        (_, content) => new LanguageModel.GenerateTextResponse(content as never)
      ),
    generateObject: (options: Options) =>
      withTools(
        "generateObject",
        readOnce(options),
        (service, options) => service.generateObject(options as never),
        (response, content) => new LanguageModel.GenerateObjectResponse(response.value, content as never)
      ),
    streamText: (options: Options) => streamWithTools(readOnce(options), turnStream)
  } as unknown as LanguageModel.Service
}

type Part = Response.AnyPart

const dialect = StreamDialect.ai

const read = (target: string, error: AiError.AiError): LlmError | Rejection => Classifier.fromUnknown(error, { target })

/** A filtered, refused or failed answer is no answer, whole as in a stream. */
const answered = <A>(target: string, answer: A): Effect.Effect<A, LlmError | Rejection> => {
  const error = failureIn(answer)
  return error === undefined ? Effect.succeed(answer) : Effect.fail(Classifier.fromUnknown(error, { target }))
}

/** Our failure in the one error type that `LanguageModel` knows. It carries our words only, never the provider's. */
const folded = (method: string, error: LlmError | Rejection): AiError.AiError =>
  wrap(
    new AiError.UnknownError({ module: "ResilientLanguageModel", method, description: error.message, cause: error }),
    error
  )
