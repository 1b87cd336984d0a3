/**
 * A provider that plays a script in virtual time, for tests of code that uses a vendor's client: its `fetch` is handed to
 * the client, and nothing else changes.
 *
 * The script is that of the misbehaving provider, step for step, and so are the dialects. There is no socket and no
 * waiting. The provider remembers what it was asked. For Effect's own `LanguageModel` there is `ScriptedModel`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { LlmError } from "../LlmError.js"
import { check, type InvalidProviderOption } from "./misbehaving/Options.js"
import { answer, chunks } from "./scripted/direct.js"
import { scriptedFetch } from "./scripted/fetch.js"
import * as Player from "./scripted/player.js"

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
export const Options = Schema.Struct(Player.shared)

/**
 * @since 0.1.0
 * @category Models
 */
export type Options = typeof Options.Type

/**
 * A provider under a script.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ScriptedProvider {
  /**
   * For a client that takes a `fetch`. Which dialect is spoken is told by the path of the request, as with the misbehaving
   * provider; the host may be any. Its time is that of the `Clock` where the provider was made. `Step.fail` is here what
   * comes nearest to the error on the wire.
   */
  readonly fetch: typeof globalThis.fetch
  /**
   * What a client gives back for a request to a path (`/v1/chat/completions`), for code whose call is handed in: the JSON
   * of the answer. Fails as `LlmCall.tryPromise` around the client does that checks the answer, and with the error of
   * `Step.fail` itself.
   */
  readonly answer: <A = unknown>(path: string, body: Readonly<Record<string, unknown>>) => Effect.Effect<A, LlmError>
  /** The same for a stream: its elements are those of the client's own iterable. */
  readonly stream: <A = unknown>(path: string, body: Readonly<Record<string, unknown>>) => Stream.Stream<A, LlmError>
  /** What it was asked so far, oldest first, the prompts and bodies included. */
  readonly asked: Effect.Effect<ReadonlyArray<Player.Asked>>
  /** Replaces the script, from its first step on. Fails with `InvalidProviderOption` for one that makes no sense. */
  readonly script: Player.Player["script"]
  /** Forgets what it was asked, and begins with the script of the options anew. Calls under way go on. */
  readonly reset: Effect.Effect<void>
}

/**
 * Makes a provider that plays a script. Fails with `InvalidProviderOption`, which names the option, its value and what is
 * allowed.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmCall, Resilience } from "effect-resilience"
 * import * as Assertions from "effect-resilience/testing/Assertions"
 * import * as ScriptedProvider from "effect-resilience/testing/ScriptedProvider"
 * import OpenAI from "openai"
 *
 * const { Script, Step } = ScriptedProvider
 *
 * export const test = Effect.gen(function* () {
 *   const { fetch } = yield* ScriptedProvider.make({
 *     script: Script.inOrder([Step.rateLimited({ retryAfter: "20 seconds" })], { afterwards: "answer" })
 *   })
 *   const openai = new OpenAI({ apiKey: "none", maxRetries: 0, fetch })
 *   const asking = LlmCall.tryPromise({
 *     try: (signal) =>
 *       openai.chat.completions.create({ model: "gpt-5", messages: [{ role: "user", content: "Why?" }] }, { signal })
 *   }).pipe(Resilience.protect("openai/gpt-5"))
 *   const ended = yield* Assertions.runToEnd(asking)
 *   yield* Assertions.attempts(ended, [{ outcome: "RateLimited", wait: "20 seconds" }, { outcome: "Success" }])
 * }).pipe(Effect.provide(Resilience.layer({ retry: { jitter: "none" } })))
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options = {}): Effect.Effect<ScriptedProvider, InvalidProviderOption> =>
  Effect.gen(function* () {
    const player = yield* Player.make(yield* check(Options, undefined, "scripted provider")(options))
    const { asked, reset, script } = player
    return {
      fetch: scriptedFetch(player, yield* Effect.runtime<never>()),
      answer: <A>(path: string, body: Readonly<Record<string, unknown>>) =>
        answer(player, path, body) as Effect.Effect<A, LlmError>,
      stream: <A>(path: string, body: Readonly<Record<string, unknown>>) =>
        chunks(player, path, body) as Stream.Stream<A, LlmError>,
      asked,
      script,
      reset
    }
  })
