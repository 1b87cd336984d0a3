/**
 * A language model provider for tests: an HTTP server on a loopback port that speaks the dialects of OpenAI, Anthropic,
 * Gemini, Cohere, Ollama and Bedrock, plain and streaming, and misbehaves on demand.
 *
 * It answers `POST /v1/chat/completions`, `/v1/responses`, `/v1/embeddings`, `/v1/messages`,
 * `/v1beta/models/{model}:generateContent` (and `:streamGenerateContent?alt=sse`), `/v2/chat`, `/api/chat`, the embeddings of
 * these three and Bedrock's `/model/{model}/converse` (and `/converse-stream`) well enough
 * for the vendors' own clients and for those of `@effect/ai-openai` and `@effect/ai-anthropic`. What happens to a call is decided by its
 * model, by a script, or by a seeded mix of faults; every attempt is in a log.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { defaultReply } from "./misbehaving/defaultReply.js"
import * as FaultModels from "./misbehaving/FaultModels.js"
import * as Handler from "./misbehaving/handler.js"
import * as Log from "./misbehaving/Log.js"
import { check, type InvalidProviderOption, Options } from "./misbehaving/Options.js"
import * as Script from "./misbehaving/Script.js"
import * as Scripts from "./misbehaving/Scripts.js"
import { type PortUnavailable, serve } from "./misbehaving/Server.js"

export type { Attempt } from "./misbehaving/Log.js"
export { InvalidProviderOption, Options } from "./misbehaving/Options.js"
export { Problem } from "./misbehaving/Problem.js"
export { type Dialect, type ProviderRequest, Reply, type ToolOffer } from "./misbehaving/Reply.js"
export * as Script from "./misbehaving/Script.js"
export { PortUnavailable } from "./misbehaving/Server.js"
export * as Step from "./misbehaving/Step.js"

/**
 * Why the provider did not start.
 *
 * @since 0.1.0
 * @category Errors
 */
export type StartError = InvalidProviderOption | PortUnavailable

/**
 * A running provider.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Service {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string
  /** The base URL for OpenAI's clients. */
  readonly openAiUrl: string
  /** The base URL for Anthropic's clients. */
  readonly anthropicUrl: string
  /**
   * The attempts so far, oldest first. An attempt is a request to one of its dialects or to a path that does not
   * exist.
   */
  readonly attempts: Effect.Effect<ReadonlyArray<Log.Attempt>>
  /** Every attempt so far and from now on: as it arrives, as it is read, and as it ends. */
  readonly changes: Stream.Stream<Log.Attempt>
  /** Waits until `count` attempts have arrived since the start or the last reset. */
  readonly awaitAttempts: (count: number) => Effect.Effect<ReadonlyArray<Log.Attempt>>
  /** Waits until no attempt is under way, so that the log has the end of each. */
  readonly awaitSettled: Effect.Effect<ReadonlyArray<Log.Attempt>>
  /** Replaces the script, from its first step on; with `model` that of one model only. */
  readonly script: (
    script: Script.Script,
    options?: { readonly model?: string }
  ) => Effect.Effect<void, InvalidProviderOption>
  /** Empties the log and starts anew with the scripts of the options. Calls under way go on. */
  readonly reset: Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category Tags
 */
export class MisbehavingProvider extends Context.Tag("effect-resilience/testing/MisbehavingProvider")<
  MisbehavingProvider,
  Service
>() {}

/**
 * Starts a provider. It ends with the scope: calls under way are cut off, all sockets are destroyed, and the port is
 * free again.
 *
 * Fails with `InvalidProviderOption` before anything is started, or with `PortUnavailable`.
 *
 * ```ts
 * import { Effect } from "effect"
 * import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
 *
 * const { Script, Step } = MisbehavingProvider
 *
 * const program = Effect.gen(function* () {
 *   const provider = yield* MisbehavingProvider.make({
 *     script: Script.inOrder([Step.rateLimited({ retryAfter: "2 seconds" }), Step.reset()], { afterwards: "answer" })
 *   })
 *   yield* Effect.log(`OpenAI's clients find it at ${provider.openAiUrl}`)
 *   const attempts = yield* provider.awaitAttempts(3)
 *   yield* Effect.log(attempts.map((attempt) => attempt.step?._tag))
 * })
 *
 * export const main = Effect.scoped(program)
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options = {}): Effect.Effect<Service, StartError, Scope.Scope> =>
  Effect.gen(function* () {
    const { cors, keepAttempts, maxBodyBytes, models, port, reply, script, seed } = yield* check(Options)(options)
    const log = yield* Log.make(keepAttempts ?? 10_000)
    const scripts = yield* Scripts.make(script, models)
    const url = yield* serve(
      port ?? 0,
      Handler.make({
        log,
        scripts,
        reply: Predicate.isFunction(reply) ? reply : reply === undefined ? defaultReply : () => reply,
        seed: seed ?? 0,
        maxBodyBytes: maxBodyBytes ?? 32 * 1024 * 1024,
        cors: cors ?? false,
        models: ["embedded", ...Object.keys(models ?? {}), ...FaultModels.names]
      })
    )
    return {
      url,
      openAiUrl: `${url}/v1`,
      anthropicUrl: url,
      attempts: log.attempts,
      changes: log.changes,
      awaitAttempts: log.awaitAttempts,
      awaitSettled: log.awaitSettled,
      script: (script, options) =>
        Effect.flatMap(check(Script.Script, "script")(script), (script) => scripts.set(script, options?.model)),
      reset: Effect.andThen(scripts.reset, log.clear)
    }
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options?: Options): Layer.Layer<MisbehavingProvider, StartError> =>
  Layer.scoped(MisbehavingProvider, make(options))
