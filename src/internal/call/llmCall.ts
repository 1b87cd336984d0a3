/**
 * Promises and async iterables as effects and streams that fail with an `LlmError`.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import { fromFinishedResponse } from "../../classifier/FinishedResponse.js"
import { orElse, type Reader } from "../../classifier/Reader.js"
import { fromThrown } from "../../classifier/Unknown.js"
import type { LlmError } from "../errors/llmError.js"
import { fromAsyncIterable } from "../stream/fromAsyncIterable.js"
import { examined, FailedResponse, failureOf } from "./fetchCall.js"
import { promiseCall } from "./promiseCall.js"

/**
 * How a call is made and how its failures are read.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Options<A> {
  /** The name of what is called, as the policies know it: `"openai/gpt-5"`. It is filled into every failure. */
  readonly target?: string | undefined
  /** Whose errors these are, for the classifier. Left out, they are recognised by their shape. */
  readonly provider?: string | undefined
  /**
   * Makes the call. Hand the signal on: it is aborted when the effect is interrupted or runs out of time. A function
   * that declares no parameter (its `length` is 0, as with `...args` or a default value) is not given one.
   *
   * Set the client's own retries to 0; otherwise they multiply with the ones made here.
   */
  readonly try: (signal: AbortSignal) => PromiseLike<A>
  /**
   * A signal of the caller's own, which `try` need not be handed: aborting it ends the call and aborts the one that `try`
   * is given, whatever the reason is. The call then fails as `Unclassified` with the code `ABORT_ERR`, which is neither
   * retried nor counted against the target. An abort that `try` reports while neither signal was aborted is a timeout of
   * the client's own: `TimedOut`.
   */
  readonly signal?: AbortSignal | undefined
  /** A reader of your own, asked before the toolkit's. */
  readonly classify?: Reader | undefined
  /**
   * Whether the promise gives a provider's response body, as the vendors' clients do, and is to be looked at: an error
   * body, an empty one, a refusal or a filtered answer that came with status 200 is then a failure, and so is anything
   * in which no answer of any known format is recognised. Of a `Response` of `fetch` the status is looked at, and a copy
   * of its JSON. Default `false`.
   */
  readonly checkAnswer?: boolean | undefined
}

/**
 * How a stream is asked for, and how its failures are read. As `Options`, except that `try` gives an async iterable.
 *
 * @since 0.1.0
 * @category Models
 */
export interface StreamOptions<A> extends Omit<Options<never>, "try" | "checkAnswer"> {
  readonly try: (signal: AbortSignal) => AsyncIterable<A> | PromiseLike<AsyncIterable<A>>
}

/**
 * Makes an effect of a function that returns a promise.
 *
 * Whatever the promise rejects with, or the function throws, becomes an `LlmError` through the `Classifier`.
 * Interruption aborts the signal and does not wait for the promise.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmCall } from "effect-resilience"
 * import OpenAI from "openai"
 *
 * const client = new OpenAI({ apiKey: "...", maxRetries: 0 })
 *
 * const answer = LlmCall.tryPromise({
 *   target: "openai/gpt-5",
 *   try: (signal) => client.chat.completions.create({ model: "gpt-5", messages: [] }, { signal })
 * })
 *
 * const program = answer.pipe(Effect.catchTag("RateLimited", (error) => Effect.fail(`busy: ${error.message}`)))
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const tryPromise = <A>(options: Options<A>): Effect.Effect<A, LlmError> =>
  promiseCall(
    options.checkAnswer === true ? examined(options.try) : options.try,
    (thrown, givenUp) => readThrown(options, thrown, givenUp),
    options.checkAnswer === true ? (value) => readAnswer(options, value) : undefined,
    options.signal
  )

export const readAnswer = <A>({ provider, target }: Options<A>, body: A): Effect.Effect<A, LlmError> =>
  Option.match(fromFinishedResponse({ body, target, provider }), {
    onNone: () => Effect.succeed(body),
    onSome: Effect.fail
  })

/**
 * Makes a stream of an SDK's async iterable, or of the promise of one.
 *
 * The iterable is asked when the consumer wants something, and then for what one read brought and one element ahead.
 * Whatever is thrown becomes an `LlmError` through the `Classifier`. What the elements say (an error within a 200, a
 * missing end) is read by `Resilience.protectStream`.
 *
 * A consumer that leaves, an interruption and a failure abort the signal and close the iterator. A source that is waiting
 * for its provider at that moment ends at once if it listens to the signal, or is a `ReadableStream`, a stream of Node or
 * a stream of the clients of OpenAI or Anthropic. An async generator that ignores the signal cannot be ended from
 * outside: it closes when what it waits for has come, and the consumer does not wait for that. One that waits for nothing is
 * closed before the consumer goes on, or left after 5 seconds.
 *
 * @example
 * ```ts
 * import { LlmCall } from "effect-resilience"
 * import OpenAI from "openai"
 *
 * const client = new OpenAI({ apiKey: "...", maxRetries: 0 })
 *
 * const chunks = LlmCall.tryStream({
 *   target: "openai/gpt-5",
 *   try: (signal) =>
 *     client.chat.completions.create(
 *       { model: "gpt-5", messages: [{ role: "user", content: "Hello" }], stream: true },
 *       { signal }
 *     )
 * })
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const tryStream = <A>(options: StreamOptions<A>): Stream.Stream<A, LlmError> =>
  fromAsyncIterable(options.try, (thrown, givenUp) => readThrown(options, thrown, givenUp), options.signal)

export const readThrown = (
  { classify, provider, target }: Omit<Options<never>, "try">,
  thrown: unknown,
  givenUp: boolean
): LlmError => {
  const own = classify === undefined || givenUp ? Option.none() : orElse(classify, Option.none)(thrown)
  return Option.getOrElse(own, () =>
    thrown instanceof FailedResponse && !givenUp
      ? failureOf(thrown, { target, provider })
      : fromThrown(thrown, { target, provider }, givenUp)
  )
}
