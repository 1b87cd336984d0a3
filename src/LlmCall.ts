/**
 * Promises and SDK calls as effects that fail with an `LlmError`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Attempt, CurrentAttempt } from "./internal/call/currentAttempt.js"
import { ask } from "./internal/call/fetchCall.js"
import { type Options, readThrown } from "./internal/call/llmCall.js"
import { promiseCall } from "./internal/call/promiseCall.js"
import type { LlmError } from "./LlmError.js"

export { type Attempt, CurrentAttempt } from "./internal/call/currentAttempt.js"
export { type Options, type StreamOptions, tryPromise, tryStream } from "./internal/call/llmCall.js"

/**
 * How a request is made with `fetch`, and how its response is read.
 *
 * @since 0.1.0
 * @category Models
 */
export interface FetchOptions extends Omit<Options<never>, "try"> {
  readonly url: Parameters<typeof globalThis.fetch>[0]
  /** What `fetch` takes besides the address. The signal is the effect's own; `signal` takes the caller's. */
  readonly init?: Omit<NonNullable<Parameters<typeof globalThis.fetch>[1]>, "signal"> | undefined
  /** In place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** What the answer is: JSON, unless said otherwise. JSON that cannot be read is a `MalformedResponse`. */
  readonly read?: "json" | "text" | undefined
}

/**
 * Makes an effect of a request with `fetch`.
 *
 * A response whose status is none of 200 to 299 is a failure that is read with its headers and its body: `fetch` alone
 * takes it for an answer, and what is thrown instead of it mostly has no body, so that a spent quota looks like a limit
 * per minute. Interruption aborts the request.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmCall, Resilience } from "effect-resilience"
 *
 * const answer = LlmCall.fetch({
 *   target: "acme/large",
 *   url: "https://llm.acme.example/v1/chat/completions",
 *   init: {
 *     method: "POST",
 *     headers: { "content-type": "application/json" },
 *     body: JSON.stringify({ model: "large", messages: [{ role: "user", content: "Hello" }] })
 *   },
 *   checkAnswer: true
 * }).pipe(Resilience.protect("acme/large"))
 *
 * export const program = answer.pipe(Effect.catchTag("QuotaExhausted", () => Effect.succeed("out of credit")))
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const fetch = <A = unknown>(options: FetchOptions): Effect.Effect<A, LlmError> =>
  promiseCall(
    (signal) => ask(options, signal) as Promise<A>,
    (thrown, givenUp) => readThrown(options, thrown, givenUp),
    undefined,
    options.signal
  )

/**
 * The attempt that is under way, if any.
 *
 * @example
 * ```ts
 * import { Effect, Option } from "effect"
 * import { LlmCall } from "effect-resilience"
 *
 * const program = Effect.gen(function* () {
 *   const attempt = yield* LlmCall.currentAttempt
 *   if (Option.isSome(attempt) && attempt.value.attempt > 1) yield* Effect.log("asking again")
 * })
 * ```
 *
 * @since 0.1.0
 * @category Attempt
 */
export const currentAttempt: Effect.Effect<Option.Option<Attempt>> = Effect.map(CurrentAttempt, Option.fromNullable)
