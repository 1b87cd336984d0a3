/**
 * Several targets for one call, tried in order as far as their failures allow.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { type AnyService, type Services, services as services_ } from "./internal/fallback/services.js"
import { makeSticky as makeSticky_ } from "./internal/fallback/sticky.js"
import { lastAnswerGiven } from "./internal/fallback/tell.js"
import type { Options, Sticky, StickyOptions, StreamOptions, StreamTarget, Target } from "./internal/fallback/types.js"
import * as walk from "./internal/fallback/walk.js"
import { asOperation } from "./internal/telemetry/operation.js"
import type { AllTargetsFailed } from "./Rejection.js"

export type { Services, ServiceTarget } from "./internal/fallback/services.js"
export type { Options, Sticky, StickyOptions, StreamOptions, StreamTarget, Target } from "./internal/fallback/types.js"

/**
 * A memory for `sticky`: for `keepFor` (default 5 minutes) after its last answer, the target that gave it is asked first.
 * It holds `capacity` keys (default 10 000).
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Fallback } from "effect-resilience"
 *
 * export const program = Effect.gen(function* () {
 *   const memory = yield* Fallback.makeSticky({ keepFor: "10 minutes" })
 *   const ask = (conversation: string) =>
 *     Fallback.firstOf(
 *       [
 *         { name: "a", run: Effect.succeed("a") },
 *         { name: "b", run: Effect.succeed("b") }
 *       ],
 *       { sticky: { memory, key: conversation } }
 *     )
 *   return yield* ask("conversation 7")
 * })
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const makeSticky = (options: StickyOptions = {}): Effect.Effect<Sticky> => makeSticky_(options)

const none: Options & StreamOptions = {}

type AnyTarget = Target<unknown, unknown, unknown>

type AnyStreamTarget = StreamTarget<unknown, unknown, unknown>

/**
 * Asks the targets one after the other until one answers.
 *
 * The next target is asked at once, and only if `LlmError.traits` says that another one may help, or `fallbackOn` names
 * the failure. A wrong key, an invalid request or a content filter ends the walk otherwise. Interruption and defects
 * end it as they are.
 *
 * After `ContextLengthExceeded` only a target is asked whose `contextWindow` is known to be large enough: at least what
 * was `requested`, if the failure tells, or else more than its `limit`, or else more than the window of the target that
 * failed. Where none of these is known, any stated window will do. The others are passed over, and reported as skipped.
 *
 * The first target's failure that no other one may help with comes through unchanged. Where several were tried or
 * passed over the error is `AllTargetsFailed`, with each target's own error in order, whatever ended the walk.
 *
 * Each target has the time that its own policies give it. `Deadline.within` around the walk gives all of them together
 * one deadline, and no target is asked when it has passed. While others stand ready, a target that is silent ends with
 * its share of the deadline as `TimedOut`, and waits for it are worth no more than `patience`.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Deadline, Fallback, LlmCall, Resilience } from "effect-resilience"
 *
 * const ask = (target: string) =>
 *   LlmCall.tryPromise({ target, try: async () => `answer of ${target}` }).pipe(Resilience.protect(target))
 *
 * const answer = Fallback.firstOf(
 *   [
 *     { name: "acme/large", run: ask("acme/large"), contextWindow: 400_000 },
 *     { name: "other/medium", run: ask("other/medium"), contextWindow: 128_000 },
 *     { name: "last resort", run: Effect.succeed("Please try again later.") }
 *   ],
 *   { fallbackOn: ["ContentFiltered", "AuthenticationFailed"] }
 * ).pipe(Deadline.within("1 minute"))
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const firstOf = <const Targets extends readonly [AnyTarget, ...ReadonlyArray<AnyTarget>]>(
  targets: Targets,
  options: Options = none
): Effect.Effect<
  Effect.Effect.Success<Targets[number]["run"]>,
  Effect.Effect.Error<Targets[number]["run"]> | AllTargetsFailed,
  Effect.Effect.Context<Targets[number]["run"]>
> => walk.firstOf(targets, options) as never

/**
 * The same for streams: the first stream that gives content, of targets asked in order.
 *
 * With its first content a stream has answered, and the walk is over: what fails later is that stream's own failure. It
 * is not followed by another target's, since that would join the texts of two models. Deliver a stream `buffered` to
 * have the next target asked instead. Without `Resilience.protectStream`, which tells content from what comes before
 * it, every element counts as content.
 *
 * `Deadline.withinStream` around the walk gives all targets together one deadline.
 *
 * @since 0.1.0
 * @category Operators
 */
export const firstStreamOf = <const Targets extends readonly [AnyStreamTarget, ...ReadonlyArray<AnyStreamTarget>]>(
  targets: Targets,
  options: StreamOptions = none
): Stream.Stream<
  Stream.Stream.Success<Targets[number]["run"]>,
  Stream.Stream.Error<Targets[number]["run"]> | AllTargetsFailed,
  Stream.Stream.Context<Targets[number]["run"]>
> => walk.firstStreamOf(targets, options as Options) as never

/**
 * An answer that no model made, given since none answered: what it is, and why it was given.
 *
 * @since 0.1.0
 * @category Last answer
 */
export class LastAnswer<out A, out E = unknown> extends Data.TaggedClass("LastAnswer")<{
  readonly value: A
  readonly because: E
}> {}

/**
 * Gives a fixed or computed answer, marked as such, where a call fails. Interruption and defects are as they were.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Fallback, LlmCall, LlmError } from "effect-resilience"
 *
 * const answer = LlmCall.tryPromise({ try: async () => "42" }).pipe(
 *   Fallback.orLastAnswer((error) => Effect.succeed(LlmError.userMessage(error)))
 * )
 *
 * export const program = Effect.map(answer, (answer) =>
 *   answer instanceof Fallback.LastAnswer ? `(no model) ${answer.value}` : answer
 * )
 * ```
 *
 * @since 0.1.0
 * @category Last answer
 */
export const orLastAnswer =
  <E, B, E2, R2>(answer: (error: E) => Effect.Effect<B, E2, R2>) =>
  <A, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A | LastAnswer<B, E>, E2, R | R2> =>
    asOperation(
      Effect.catchAll(self, (error) =>
        Effect.flatMap(answer(error), (value) =>
          Effect.as(lastAnswerGiven(error), new LastAnswer<B, E>({ value, because: error }))
        )
      )
    )

/**
 * Several layers of one service, of any kind: embeddings, images, a service of one's own. Each is built once, in the scope
 * of the effect.
 *
 * @example
 * ```ts
 * import { Context, Effect, Layer } from "effect"
 * import { Fallback, type LlmError, Resilience } from "effect-resilience"
 *
 * class Embeddings extends Context.Tag("Embeddings")<
 *   Embeddings,
 *   { readonly embed: (text: string) => Effect.Effect<ReadonlyArray<number>, LlmError.LlmError> }
 * >() {}
 *
 * declare const OpenAi: Layer.Layer<Embeddings>
 * declare const Voyage: Layer.Layer<Embeddings>
 *
 * export const program = Effect.gen(function* () {
 *   const embeddings = yield* Fallback.services(Embeddings, [
 *     { name: "openai/embeddings", layer: OpenAi },
 *     { name: "voyage/embeddings", layer: Voyage }
 *   ])
 *   return yield* embeddings.ask((service, target) => service.embed("hello").pipe(Resilience.protect(target)))
 * })
 * ```
 *
 * @since 0.1.0
 * @category Services
 */
export const services = <I, S, const Targets extends readonly [AnyService<I>, ...ReadonlyArray<AnyService<I>>]>(
  tag: Context.Tag<I, S>,
  targets: Targets
): Effect.Effect<
  Services<S>,
  Layer.Layer.Error<Targets[number]["layer"]>,
  Scope.Scope | Layer.Layer.Context<Targets[number]["layer"]>
> => services_(tag, targets) as never
