/**
 * `@effect/ai`'s `LanguageModel` with the toolkit's policies around it. The code that uses the model stays unchanged.
 *
 * @since 0.1.0
 */
import * as LanguageModel from "@effect/ai/LanguageModel"
import * as Tokenizer from "@effect/ai/Tokenizer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Fallback from "../Fallback.js"
import type * as Hedge from "../Hedge.js"
import { unwrap } from "../internal/errors/wrapped.js"
import { settingsOf } from "../internal/fallback/settings.js"
import { aLayer, checkTargets } from "../internal/fallback/targets.js"
import { settingsOf as checkHedge } from "../internal/hedge/plan.js"
import { isReserving } from "../internal/load/reserving.js"
import { invalid } from "../internal/options/check.js"
import { againOptions, refuseUnknown } from "../internal/options/names.js"
import type { LlmError } from "../LlmError.js"
import type { Rejection } from "../Rejection.js"
import { Resilience } from "../Resilience.js"
import { ResilienceEvents } from "../ResilienceEvent.js"
import { type CachePolicy, checkCache, turnCache } from "./internal/cached.js"
import * as estimated from "./internal/estimate.js"
import { type Model, make } from "./internal/service.js"

export type { CachePolicy } from "./internal/cached.js"
export { Needs } from "./internal/needs.js"

/**
 * One model that can answer. `name` is the key of its circuit, its metrics and its options; `contextWindow`, in tokens,
 * decides whether it may help with a prompt that was too long for another.
 *
 * One that states its `capabilities` is passed over by a turn that needs others: `tools`, `images`, `files` and
 * `structuredOutput`, as the turn itself shows, and what `Needs` and the policy's `needs` say in words of your own.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Target<E, R> extends Omit<Fallback.Target<never, never, never>, "run"> {
  readonly model: Layer.Layer<LanguageModel.LanguageModel, E, R>
}

type AnyTarget = Target<unknown, unknown>

const where = "ResilientLanguageModel"

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
 *     { name: "anthropic/claude", model: AnthropicLanguageModel.layer({ model: "claude-sonnet-5" }) }
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
  settingsOf(fallback as Fallback.Options)
  checkTargets(where, targets, aLayer("model"))
  if (hedge !== undefined) {
    refuseUnknown(where, "hedge", hedge, againOptions)
    checkHedge(hedge)
    if (fallback.shareOfDeadline !== undefined) {
      const { shareOfDeadline } = fallback
      throw invalid(where, "shareOfDeadline", shareOfDeadline, "left out with hedge: attempts run beside each other")
    }
  }
  if (cache !== undefined) checkCache(where, cache)
  return Layer.scoped(
    LanguageModel.LanguageModel,
    Effect.gen(function* () {
      const resilience = yield* Resilience
      const models = yield* Effect.forEach(targets, build)
      const asking = { fallback, hedge, hub: yield* ResilienceEvents, isReady: resilience.isReady }
      const turns =
        cache &&
        (yield* turnCache(
          cache,
          targets.map(({ name }) => name)
        ))
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
