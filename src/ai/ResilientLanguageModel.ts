/**
 * `@effect/ai`'s `LanguageModel` with the toolkit's policies around it. The code that uses the model stays unchanged.
 *
 * @since 0.1.0
 */
import * as AiError from "@effect/ai/AiError"
import * as LanguageModel from "@effect/ai/LanguageModel"
import type * as Response from "@effect/ai/Response"
import * as Tokenizer from "@effect/ai/Tokenizer"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Classifier from "../Classifier.js"
import type * as Fallback from "../Fallback.js"
import type * as Hedge from "../Hedge.js"
import { unwrap, wrap } from "../internal/errors/wrapped.js"
import { begin } from "../internal/fallback/nextTarget.js"
import { settingsOf } from "../internal/fallback/settings.js"
import { settingsOf as checkHedge } from "../internal/hedge/plan.js"
import { isReserving } from "../internal/load/reserving.js"
import { againOptions, refuseUnknown } from "../internal/options/names.js"
import * as underDeadline from "../internal/time/announcedDeadline.js"
import type { LlmError } from "../LlmError.js"
import { isLlmError } from "../LlmError.js"
import { isRejection, type Rejection } from "../Rejection.js"
import { Resilience } from "../Resilience.js"
import { ResilienceEvents } from "../ResilienceEvent.js"
import * as ResponseCache from "../ResponseCache.js"
import * as StreamDialect from "../StreamDialect.js"
import { type Asking, firstOf, firstStreamOf } from "./internal/asking.js"
import { cachedStream, cachedTurn, readOnce, type TurnCache, type TurnOptions } from "./internal/cached.js"
import * as cleanSpans from "./internal/cleanSpans.js"
import * as estimated from "./internal/estimate.js"
import { failureIn, tellingRefusals } from "./internal/refused.js"
import { streamWithTools } from "./internal/streamWithTools.js"
import { type Options, resolveToolCalls } from "./internal/toolCalls.js"

/**
 * One model that can answer. `name` is the key of its circuit, its metrics and its options; `contextWindow`, in tokens,
 * decides whether it may help with a prompt that was too long for another.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Target<E, R> {
  readonly name: string
  readonly model: Layer.Layer<LanguageModel.LanguageModel, E, R>
  readonly contextWindow?: number | undefined
}

type AnyTarget = Target<unknown, unknown>

/**
 * What holds for every turn of the model, besides the policies of its targets.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Policy extends Fallback.StreamOptions {
  /** What a stream does about a failure after its first content; see `Resilience.StreamOptions`. Default `incremental`. */
  readonly delivery?: "incremental" | "buffered" | undefined
  /**
   * Asks the next target as well when an answer is late, as `Hedge.across`; with one target, that one again. Default: the
   * next target is asked only after a failure.
   */
  readonly hedge?: Hedge.AgainOptions | undefined
  /**
   * Keeps the model's turns, and gives them again while they are fresh and in place of a failure. They are kept in the
   * `ResponseCache` that the layer finds, or else in a memory of its own. Default: none is kept.
   */
  readonly cache?: CachePolicy | undefined
}

/**
 * For how long turns are kept. What tells two turns apart is the prompt, the tools, the schema, the names of the targets,
 * and `add`; not what a provider's own configuration says, such as a temperature that is set for a part of a program.
 *
 * @since 0.1.0
 * @category Models
 */
export interface CachePolicy extends ResponseCache.TimeOptions {
  /** What else keeps answers apart: a tenant, a temperature. */
  readonly add?: unknown
}

/**
 * A `LanguageModel` that asks its targets in order, each under the policies of `Resilience`, as `Fallback` does.
 *
 * The general `deadline` of the policies is the time that the model's turn has over all its targets together. A target's
 * own `deadline` can shorten its share of it and ends the turn; its `attemptTimeout` leads on to the next target.
 *
 * A failure has the type that `LanguageModel` demands, `AiError`; `failure` gives back what it stands for, and so does
 * `Classifier.fromUnknown`. With tools, the model's turn is what is repeated, never a tool: tool handlers run once,
 * after the turn has succeeded, outside of all limits and permits. So it is with a stream, which gives its `finish` part
 * after the results of the tools. A stream that has begun is not repeated, unless it is delivered `buffered`.
 *
 * Where a target reserves tokens or money (`rateLimit`, `spendLimit`), the prompt is counted first, by the `Tokenizer`
 * that the layer finds or else by `RateLimit.estimateTokens`, unless the caller has said how long it is.
 *
 * @example
 * ```ts
 * import { AnthropicLanguageModel } from "@effect/ai-anthropic"
 * import { OpenAiLanguageModel } from "@effect/ai-openai"
 * import { Resilience } from "effect-resilience"
 * import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
 * import { Layer } from "effect"
 *
 * // Layer<LanguageModel, never, OpenAiClient | AnthropicClient>
 * const Model = ResilientLanguageModel.layer({
 *   targets: [
 *     { name: "openai/gpt-5", model: OpenAiLanguageModel.layer({ model: "gpt-5" }), contextWindow: 400_000 },
 *     { name: "anthropic/claude", model: AnthropicLanguageModel.layer({ model: "claude-sonnet-4-5" }) }
 *   ]
 * }).pipe(Layer.provide(Resilience.layer({ deadline: "2 minutes", attemptTimeout: "30 seconds" })))
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = <const Targets extends readonly [AnyTarget, ...ReadonlyArray<AnyTarget>]>(
  options: Policy & { readonly targets: Targets }
): Layer.Layer<
  LanguageModel.LanguageModel,
  Layer.Layer.Error<Targets[number]["model"]>,
  Resilience | Layer.Layer.Context<Targets[number]["model"]>
> => {
  // Here, where the mistake is, and not at the first call.
  const { cache, delivery, hedge, targets, ...fallback } = options
  begin(targets, settingsOf(fallback as Fallback.Options))
  if (hedge !== undefined) {
    refuseUnknown("ResilientLanguageModel", "hedge", hedge, againOptions)
    checkHedge(hedge)
  }
  if (cache !== undefined) refuseUnknown("ResilientLanguageModel", "cache", cache, cachePolicy)
  return Layer.scoped(
    LanguageModel.LanguageModel,
    Effect.gen(function* () {
      const resilience = yield* Resilience
      const models = yield* Effect.forEach(targets, build)
      const asking = { fallback, hedge, hub: yield* ResilienceEvents, isReady: isReady(resilience) }
      const turns = cache && (yield* turnCache(cache, targets))
      const reserves = targets.some(({ name }) => isReserving(resilience, name))
      const estimate = reserves
        ? estimated.estimator(Option.getOrUndefined(yield* Effect.serviceOption(Tokenizer.Tokenizer)))
        : undefined
      return make(resilience, models as [Model, ...ReadonlyArray<Model>], asking, delivery, turns, estimate)
    }) as Effect.Effect<
      LanguageModel.Service,
      Layer.Layer.Error<Targets[number]["model"]>,
      Scope.Scope | Resilience | Layer.Layer.Context<Targets[number]["model"]>
    >
  )
}

const turnCache = (
  { add, ...times }: CachePolicy,
  targets: ReadonlyArray<AnyTarget>
): Effect.Effect<TurnCache, never, Scope.Scope> =>
  Effect.gen(function* () {
    const found = yield* Effect.serviceOption(ResponseCache.ResponseCache)
    const cache = Option.isSome(found)
      ? found.value
      : yield* Effect.provide(ResponseCache.make(times), ResponseCache.layerStoreMemory())
    return { cache, times, about: { targets: targets.map(({ name }) => name), add } }
  })

/** A target whose circuit is open would only reject. */
const isReady =
  ({ circuitBreaker }: Resilience["Type"]) =>
  (name: string): Effect.Effect<boolean> =>
    Effect.map(
      Effect.option(circuitBreaker.state(name)),
      Option.match({
        onNone: () => true,
        onSome: (state) =>
          state._tag === "Open" ? Duration.toMillis(state.retryAfter) === 0 : state._tag !== "Isolated"
      })
    )

const build = (target: AnyTarget): Effect.Effect<Model, unknown, unknown> =>
  Effect.map(Layer.build(target.model), (context) => ({
    ...target,
    service: Context.get(context, LanguageModel.LanguageModel)
  }))

/**
 * What an `AiError` of a resilient model stands for: the very failure or rejection that ended the call, or nothing if
 * the error came from elsewhere.
 *
 * @since 0.1.0
 * @category Errors
 */
export const failure = (error: unknown): Option.Option<LlmError | Rejection> => Option.fromNullable(unwrap(error))

const cachePolicy: Readonly<Record<keyof CachePolicy, true>> = {
  fresh: true,
  staleIfError: true,
  staleWhileRevalidate: true,
  add: true
}

interface Model {
  readonly name: string
  readonly contextWindow?: number | undefined
  readonly service: LanguageModel.Service
}

const make = (
  resilience: Resilience["Type"],
  models: readonly [Model, ...ReadonlyArray<Model>],
  asking: Asking,
  delivery: Policy["delivery"],
  turns: TurnCache | undefined,
  estimate: estimated.Estimator | undefined
): LanguageModel.Service => {
  /** The model's turn, on the first target that can give it. */
  const turn = <A, E, R>(
    method: string,
    options: TurnOptions,
    ask: (service: LanguageModel.Service) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, AiError.AiError | E, R> => {
    const target = ({ contextWindow, name, service }: Model) => ({
      name,
      contextWindow,
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
    const asked = estimated.effect(estimate, options.prompt, firstOf(asking, [target(first), ...others.map(target)]))
    const walk = turns === undefined ? asked : (cachedTurn(turns, method, options, asked as never) as typeof asked)
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
    const target = ({ contextWindow, name, service }: Model) => {
      const asked = service.streamText<never>(options as never) as Stream.Stream<Part, AiError.AiError, unknown>
      const read_ = Stream.mapError(tellingRefusals(name, cleanSpans.stream(name, asked)), (error) => read(name, error))
      // The parts of this layer have no room for a marker, so a stream cannot be restarted here.
      const run = resilience.protectStream(name, { dialect, delivery }, read_) as typeof read_
      return { name, contextWindow, run }
    }
    const [first, ...others] = models
    const walked = firstStreamOf(asking, [target(first), ...others.map(target)])
    const asked = estimated.stream(estimate, options.prompt, walked)
    const walk = turns === undefined ? asked : cachedStream(turns, options, asked)
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
