/**
 * The policies in their recommended order, as one service.
 *
 * From the outside in: deadline, hedge, retry and budget, admission (circuit and parking looked at, bulkhead or adaptive
 * limit, rate limit and budget, permit of the circuit), attempt timeout, call. Each of them can
 * be left out, and each stands in a module of its own for those who would rather compose them by hand.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as AdaptiveLimit from "./AdaptiveLimit.js"
import type * as Bulkhead from "./Bulkhead.js"
import * as CircuitBreaker from "./CircuitBreaker.js"
import type * as Classifier from "./Classifier.js"
import * as Hedge from "./Hedge.js"
import { type CircuitGate, gateOf } from "./internal/breaker/gated.js"
import {
  type CallOptions,
  checked,
  classified,
  classifiedStream,
  PoliciesOfCalls
} from "./internal/call/callOptions.js"
import { circuitOptions, contradiction } from "./internal/call/circuitOptions.js"
import { compile, deadlineOf, makeTarget, type Policies } from "./internal/call/compileTarget.js"
import type { Rejections } from "./internal/call/failures.js"
import { differingOf, handle, type Target } from "./internal/call/handle.js"
import { mergeOptions } from "./internal/call/mergeOptions.js"
import { isWithin } from "./internal/call/nesting.js"
import { protectEffect } from "./internal/call/protectEffect.js"
import { isReady } from "./internal/call/ready.js"
import type { Target as Compiled } from "./internal/call/target.js"
import type { Options, TargetOptions } from "./internal/call/types.js"
import { type BoundsOptions, boundsOf } from "./internal/keyed/boundedMap.js"
import { RecentlyUsed } from "./internal/keyed/recentlyUsed.js"
import { checkLimits, limitsOf, loadPolicies, Ramps } from "./internal/load/ofTarget.js"
import { tellReserving } from "./internal/load/reserving.js"
import { observeEffect } from "./internal/observe/observeEffect.js"
import { ObserveOnly } from "./internal/observe/observeOnly.js"
import { observeStream } from "./internal/observe/observeStream.js"
import { given, invalid, refusals } from "./internal/options/check.js"
import { config as config_ } from "./internal/options/environment.js"
import { fromConfig } from "./internal/options/fromConfig.js"
import { tellIfMadeAgain } from "./internal/options/madeAgain.js"
import * as Known from "./internal/options/names.js"
import { known } from "./internal/stream/fromTake.js"
import { compile as compileStream, type StreamOptions } from "./internal/stream/options.js"
import { protectStream as protectStream_ } from "./internal/stream/protectStream.js"
import type { Restarted } from "./internal/stream/restarted.js"
import { madeUnder } from "./internal/telemetry/hubOf.js"
import { labelCapacity, reserveLabels } from "./internal/telemetry/targetMetrics.js"
import * as underDeadline from "./internal/time/announcedDeadline.js"
import type { LlmError, RequestTooLarge, TimedOut } from "./LlmError.js"
import type * as RateLimit from "./RateLimit.js"
import type { BufferExceeded } from "./Rejection.js"
import { ResilienceEvents } from "./ResilienceEvent.js"
import * as RetryBudget from "./RetryBudget.js"
import type * as SpendLimit from "./SpendLimit.js"
import type { StreamDialect } from "./StreamDialect.js"

export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  CallOptions
} from "./internal/call/callOptions.js"
export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  Failures,
  /**
   * @since 0.1.0
   * @category Models
   */
  Rejections,
  /**
   * @since 0.1.0
   * @category Models
   */
  StreamFailures
} from "./internal/call/failures.js"
export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  Target
} from "./internal/call/handle.js"
export type { CircuitBreakerOptions, Options, TargetOptions } from "./internal/call/types.js"
export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  StreamOptions,
  /**
   * @since 0.1.0
   * @category Models
   */
  StreamPolicy
} from "./internal/stream/options.js"
export {
  /**
   * @since 0.1.0
   * @category Models
   */
  Restarted
} from "./internal/stream/restarted.js"

interface Service {
  /** Makes a call to the named target under its policies. */
  readonly protect: <A, E, R>(
    target: string,
    self: Effect.Effect<A, E, R>,
    options?: CallOptions
  ) => Effect.Effect<A, E | TimedOut | RequestTooLarge | Rejections, R>
  /** Makes a stream of the named target under its policies. */
  readonly protectStream: <A, E, R>(
    target: string,
    options: StreamOptions<A>,
    self: Stream.Stream<A, E, R>
  ) => Stream.Stream<A | Restarted, E | LlmError | Rejections | BufferExceeded, R>
  /** The time a call has in all, whatever targets it asks; nothing where calls have no deadline. */
  readonly deadline: Duration.Duration | undefined
  /**
   * Switches between observing and acting, from the next call on: for one target, or, without one, for all of them,
   * whatever the options say and was said of each before. Calls under way go on as they began.
   */
  readonly observeOnly: (on: boolean, target?: string) => Effect.Effect<void>
  /**
   * Whether the target would let a call in now: its circuit is not open, and it has not asked to be left alone. A target
   * that is only observed always would.
   */
  readonly isReady: (target: string) => Effect.Effect<boolean>
  /** The circuits, by target: to look at, to isolate, to reset. */
  readonly circuitBreaker: CircuitBreaker.CircuitBreaker
  /** The budget of retries, by target: what is left, and to share with whatever else repeats calls. Only where options have one. */
  readonly retryBudget: RetryBudget.Budget | undefined
  /** The bulkheads, by target: how many calls run, and how many wait. */
  readonly bulkhead: Bulkhead.Bulkhead
  /** The adaptive limits, by target. */
  readonly adaptiveLimit: AdaptiveLimit.AdaptiveLimit
  /** The rate limits, by target: what is left, and what a provider says is left (`observe`). */
  readonly rateLimit: RateLimit.RateLimit
  /** The budgets, by target. */
  readonly spendLimit: SpendLimit.SpendLimit
}

/**
 * The policies of an application's calls to models.
 *
 * @since 0.1.0
 * @category Service
 */
export class Resilience extends Context.Tag("effect-resilience/Resilience")<Resilience, Service>() {}

/**
 * Makes the policies. Circuits, budgets and metrics are shared by all calls that go through the same instance. Equal
 * options that are made ten times within a minute, as by a layer provided beside each call, are warned of once.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options = {}): Effect.Effect<Service, never, Scope.Scope> =>
  Effect.gen(function* () {
    const hub = yield* ResilienceEvents
    Known.refuseUnknown("Resilience", "", options, Known.allOptions)
    const { capacity, idleTimeToLive, retryBudget, targets: theirs, ...general } = options
    const differing = differingOf(theirs)
    const limits: BoundsOptions = { capacity, idleTimeToLive }
    const bounds = boundsOf("Resilience", limits)
    const optionsOf = (name: string): TargetOptions => mergeOptions(general, ownOf(differing, name))
    const breaker = CircuitBreaker.layer((name) => circuitOptions(optionsOf(name)))
    const shared = yield* Effect.serviceOption(CircuitBreaker.CircuitBreakerStore)
    const store = Option.match(shared, {
      onNone: () => CircuitBreaker.layerStoreMemory(limits),
      onSome: (store) => Layer.succeed(CircuitBreaker.CircuitBreakerStore, store)
    })
    const context = yield* Layer.build(Layer.provide(breaker, store))
    const circuitBreaker = Context.get(context, CircuitBreaker.CircuitBreaker)

    const budget: RetryBudget.Budget | undefined =
      retryBudget === undefined || retryBudget === false
        ? undefined
        : yield* RetryBudget.make(budgetOf(retryBudget, limits))

    const scope = {}
    const labels = yield* labelCapacity
    // Most names have the general options, and share what is made of them.
    const same = compile(general)
    const policiesOf = (name: string): Policies =>
      ownOf(differing, name) === undefined ? same : compile(optionsOf(name))
    const load = yield* loadPolicies(optionsOf, bounds)
    const ramps = new Ramps(optionsOf, bounds, load, hub, labels)
    const make = (name: string, circuit: CircuitGate): Compiled => {
      const limits = limitsOf(name, optionsOf(name), load, ramps, circuit)
      return makeTarget(name, policiesOf(name), { scope, budget, circuit, limits, hub, labels })
    }
    const targets = new RecentlyUsed<Compiled>(bounds)
    const targetOf = (name: string): Effect.Effect<Compiled> =>
      Effect.suspend(() => {
        const known = targets.known(name)
        if (known !== undefined) return Effect.succeed(known)
        if (typeof name !== "string") throw invalid("Resilience", "the target", name, "a name")
        return Effect.zipWith(gateOf(circuitBreaker, name), Clock.currentTimeMillis, (circuit, now) =>
          targets.get(name, now, () => make(name, circuit))
        )
      })
    const ofCalls = new PoliciesOfCalls(optionsOf)
    const streamOf = <A>(
      { attemptMillis, stream }: Pick<Compiled, "attemptMillis" | "stream">,
      own: StreamOptions<A>
    ) => compileStream({ ...stream, ...own }, attemptMillis)

    // A mistake in the options shows when the policies are made, not when the first call fails.
    const check = (name: string): Effect.Effect<void> =>
      Effect.flatMap(gateOf(circuitBreaker, name), () => {
        streamOf(policiesOf(name), {})
        return checkLimits(optionsOf(name))
      })
    yield* check("")
    const contradicts = contradiction(general)
    if (contradicts !== undefined) yield* Effect.logWarning(`Resilience: ${contradicts}`)
    for (const [name, own] of Object.entries(differing)) {
      const checked = Effect.suspend(() => {
        Known.refuseUnknown("Resilience", "the target", own, Known.targetOptions)
        return check(name)
      })
      yield* refusals(`target "${name}"`, checked)
      const its = contradiction(optionsOf(name))
      if (its !== undefined && its !== contradicts) yield* Effect.logWarning(`Resilience: target "${name}": ${its}`)
      reserveLabels(name, labels)
    }

    const observes = new ObserveOnly()
    const protectIt = <A, E, R>(target: Compiled, self: Effect.Effect<A, E, R>) => {
      if (observes.of(target)) return observeEffect(target, self)
      return target.hedge === undefined ? protectEffect(target, self) : hedgeEffect(target, target.hedge, self)
    }

    const deadline = deadlineOf(options)
    const service: Service = {
      get deadline() {
        return observes.of({ name: "", observeOnly: same.observeOnly }) ? undefined : deadline
      },
      isReady: (name) =>
        Effect.flatMap(targetOf(name), (target) =>
          observes.of(target) ? Effect.succeed(true) : isReady(circuitBreaker, name)
        ),
      circuitBreaker,
      retryBudget: budget,
      ...load,
      observeOnly: (on, target) => Effect.sync(() => observes.set(on, target)),
      protect: (name, self, own) => {
        const known = targets.known(name)
        if (known !== undefined && own === undefined) return protectIt(known, self)
        return Effect.flatMap(targetOf(name), (target) =>
          own === undefined
            ? protectIt(target, self)
            : protectIt(ofCalls.target(target, checked(own)), classified(self, own.classify) as typeof self)
        )
      },
      protectStream: (name, own, self) =>
        known(
          Effect.flatMap(targetOf(name), (compiled) =>
            Effect.map(Effect.context<never>(), (context) => {
              const target = ofCalls.target(compiled, own)
              const read = classifiedStream(self, own.classify) as typeof self
              const entered = notEntered(target, context)
              const reading = streamOf(target, own)
              if (observes.of(target)) return observeStream(entered, reading, read)
              const once = protectStream_(entered, reading, read)
              const isHedged = target.hedge !== undefined && !isWithin(context, target.scope, target.name)
              return isHedged ? hedgeStream(entered, target.hedge, once) : once
            })
          )
        )
    }
    yield* tellIfMadeAgain("Resilience", options)
    toldOf.set(service, new Set(Object.values(differing)))
    tellReserving(service, optionsOf, Object.keys(differing))
    return madeUnder(service, hub)
  })

/** Anything but an object is refused by the budget itself. */
const budgetOf = (own: RetryBudget.Options, limits: BoundsOptions): RetryBudget.Options =>
  typeof own === "object" && own !== null && !Array.isArray(own) ? { ...limits, ...given(own) } : own

/** All attempts of a hedged call have its one deadline. A call from within the target's own attempt is no call of its own. */
const hedgeEffect = <A, E, R>(
  target: Compiled,
  hedge: Hedge.AgainOptions,
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | TimedOut | RequestTooLarge | Rejections, R> => {
  const once = protectEffect(target, self)
  const hedged = Effect.provideService(Hedge.again(once, target.name, hedge), ResilienceEvents, target.hub)
  return Effect.flatMap(Effect.context<never>(), (context) =>
    isWithin(context, target.scope, target.name) ? once : underDeadline.effect(hedged, target.deadline)
  )
}

const hedgeStream = <A, E, R>(
  target: Compiled,
  hedge: Hedge.AgainOptions,
  once: Stream.Stream<A, E, R>
): Stream.Stream<A, E, R> => {
  const hedged = Stream.provideService(Hedge.againStream(once, target.name, hedge), ResilienceEvents, target.hub)
  return underDeadline.stream(hedged, target.deadline)
}

/** A stream from within its target's own attempt is read as any other, and that is all; so with a circuit alone. */
const notEntered = (target: Compiled, context: Context.Context<never>): Compiled => {
  const { attemptCircuit, callCircuit } = target
  const circuit = attemptCircuit?.circuit ?? callCircuit?.circuit
  const open = { attemptCircuit: undefined, callCircuit: undefined }
  if (isWithin(context, target.scope, target.name)) {
    return { ...target, ...open, retry: undefined, retryWithOthers: undefined, budget: undefined }
  }
  return circuit !== undefined && isWithin(context, circuit.scope, circuit.key)
    ? { ...target, ...open, attemptCircuit: attemptCircuit?.withinCircuit }
    : target
}

/** The targets that each of the policies was told of, by their options. */
const toldOf = new WeakMap<object, ReadonlySet<TargetOptions>>()

/** What a target's name finds, and not what any object has. */
const ownOf = (differing: Readonly<Record<string, TargetOptions>>, name: string): TargetOptions | undefined =>
  Object.hasOwn(differing, name) ? differing[name] : undefined

/**
 * The policies as a layer.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmCall, Resilience } from "effect-resilience"
 *
 * const Policies = Resilience.layer({
 *   deadline: "2 minutes",
 *   attemptTimeout: "30 seconds",
 *   retry: { maxAttempts: 4 },
 *   targets: { "acme/small": { retry: false } }
 * })
 *
 * const answer = LlmCall.tryPromise({ target: "acme/large", try: async () => "42" }).pipe(
 *   Resilience.protect("acme/large"),
 *   Effect.provide(Policies)
 * )
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options?: Options): Layer.Layer<Resilience> => Layer.scoped(Resilience, make(options))

/**
 * The policies as a layer, with options from the environment or any other `ConfigProvider`. Options that make no sense
 * are a `ConfigError`, as are those that cannot be read.
 *
 * @example
 * ```ts
 * import { Config } from "effect"
 * import { Resilience, RetryPolicy } from "effect-resilience"
 *
 * const Policies = Resilience.layerConfig(
 *   Config.all({
 *     retry: RetryPolicy.config,
 *     deadline: Config.duration("LLM_DEADLINE").pipe(Config.withDefault("2 minutes" as const))
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerConfig = (config: Config.Config<Options>): Layer.Layer<Resilience, ConfigError.ConfigError> =>
  Layer.scoped(Resilience, fromConfig(config, make))

/**
 * The options from the environment, or any other `ConfigProvider`: one variable each, all of them optional, durations in
 * words (`"30 seconds"`) or as a number of seconds. A value that is wrong is a `ConfigError` that names the variable, the
 * value and what is allowed. The table is in `docs/resilience.md`.
 *
 * @example
 * ```ts
 * import { Config } from "effect"
 * import { Resilience } from "effect-resilience"
 *
 * // From the environment, and what differs for one target from the code.
 * const Policies = Resilience.layerConfig(
 *   Config.map(Resilience.config, (options) => ({ ...options, targets: { "acme/small": { retry: false } } }) as const)
 * )
 * ```
 *
 * @since 0.1.0
 * @category Config
 */
export const config: Config.Config<Options> = config_

/**
 * The policies as a layer, with the options of `config`.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmCall, Resilience } from "effect-resilience"
 *
 * const answer = LlmCall.tryPromise({ target: "acme/large", try: async () => "42" }).pipe(
 *   Resilience.protect("acme/large")
 * )
 *
 * // LLM_DEADLINE="90 seconds" LLM_MAX_RETRIES=5 node main.js
 * export const main = Effect.provide(answer, Resilience.layerEnv)
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerEnv: Layer.Layer<Resilience, ConfigError.ConfigError> = /* @__PURE__ */ layerConfig(config)

/**
 * Makes a call under the policies of the named target.
 *
 * The call may fail with any error. An `LlmError` is used as it is; anything else is classified to decide what to do,
 * and comes through unchanged. What the policies add to the failures: `TimedOut`, `CircuitOpen`, `CircuitHalfOpen`,
 * `BulkheadFull`, `RateLimitExceeded` (the target is parked, or its limit used up, for longer than the call can wait),
 * `RequestTooLarge` (more than its limits ever have) and `DeadlineExceeded`. When the retrying
 * ends, the caller gets the last failure of the call's own.
 *
 * `options` are what is different for this one call: less time, another policy of retries, a reader of its own.
 *
 * A call to a target from within that target's own attempt (a turn of an agent that asks the same model something on the
 * way) is part of that attempt: its policies have been entered, and are not stacked. It needs no permit of its own, is
 * not repeated by itself, and what fails counts once, if it makes the attempt fail.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmCall, Resilience } from "effect-resilience"
 *
 * // Effect<string, LlmError | Resilience.Failures, Resilience>
 * const answer = LlmCall.tryPromise({ target: "acme/large", try: async () => "42" }).pipe(
 *   Resilience.protect("acme/large")
 * )
 *
 * const program = answer.pipe(
 *   Effect.catchTag("CircuitOpen", (error) => Effect.succeed(`Try again in ${error.retryAfter}`))
 * )
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const protect: {
  <const Own extends CallOptions = {}>(
    target: string,
    options?: Own
  ): <A, E, R>(
    self: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | ReadBy<Own> | TimedOut | RequestTooLarge | Rejections, R | Resilience>
  <A, E, R, const Own extends CallOptions = {}>(
    self: Effect.Effect<A, E, R>,
    target: string,
    options?: Own
  ): Effect.Effect<A, E | ReadBy<Own> | TimedOut | RequestTooLarge | Rejections, R | Resilience>
} = dual(
  (args) => Effect.isEffect(args[0]),
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    target: string,
    options?: CallOptions
  ): Effect.Effect<A, E | TimedOut | RequestTooLarge | Rejections, R | Resilience> =>
    Effect.flatMap(Resilience, (resilience) => resilience.protect(target, self, options))
)

/**
 * A target as a constant: its name is typed once, a misspelt one does not compile, and what is different for it stands
 * beside its name. It makes calls (`call`), streams (`stream`), calls of any effect (`protect`) and streams of any stream
 * (`protectStream`).
 *
 * Policies are shared, so it is their layer that has to be told of the options, once: `targets: [gpt, claude]`, or
 * `gpt.layer` where there is no other target. A call to a target whose options the layer was not told of is a defect that
 * says so. A target without options needs no telling. Throws a `RangeError` for options that do not exist.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Fallback, Resilience, StreamDialect } from "effect-resilience"
 * import OpenAI from "openai"
 *
 * const openai = new OpenAI({ maxRetries: 0 })
 *
 * const gpt = Resilience.target("openai/gpt-5", { attemptTimeout: "30 seconds" })
 * const mini = Resilience.target("openai/gpt-5-mini", { retry: false })
 *
 * const Policies = Resilience.layer({ deadline: "2 minutes", targets: [gpt, mini] })
 *
 * // Effect<string, LlmError | Resilience.Rejections, Resilience>
 * const ask = (model: typeof gpt | typeof mini, input: string) =>
 *   model
 *     .call({
 *       checkAnswer: true,
 *       try: (signal) => openai.responses.create({ model: model.name.slice("openai/".length), input }, { signal })
 *     })
 *     .pipe(Effect.map((response) => response.output_text))
 *
 * export const answer = Fallback.firstOf([
 *   { name: gpt.name, run: ask(gpt, "Why is the sky blue?") },
 *   { name: mini.name, run: ask(mini, "Why is the sky blue?") }
 * ]).pipe(Effect.provide(Policies))
 *
 * export const words = gpt.stream(
 *   (signal) => openai.responses.create({ model: "gpt-5", input: "Why?", stream: true }, { signal }),
 *   { dialect: StreamDialect.openAiResponses, idle: "10 seconds" }
 * )
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const target = <const Name extends string>(name: Name, options?: TargetOptions): Target<Name> =>
  handle(name, options, { protect, protectStream, layer, told })

const told = ({ name, options }: Target): Effect.Effect<void, never, Resilience> =>
  Effect.flatMap(Resilience, (policies) => {
    const known = toldOf.get(policies)
    return options === undefined || known === undefined || known.has(options)
      ? Effect.void
      : Effect.die(
          new RangeError(
            `Resilience: target "${name}" has options of its own, and the layer was not told of them; make it with Resilience.layer({ targets: [...] }) and this target among them`
          )
        )
  })

/**
 * What a reader of one's own adds to the failures of a call.
 *
 * @since 0.1.0
 * @category Types
 */
export type ReadBy<Own> = Own extends { readonly classify: Classifier.Reader } ? LlmError : never

/**
 * Makes a stream under the policies of the named target.
 *
 * Until the first content has come, a failure is retried like that of any call, and the consumer sees one clean stream.
 * What happens to a failure after it is the choice of `delivery`. In no mode are the texts of two attempts joined.
 *
 * Besides the stream's own failures and the rejections: `TimedOut` (`firstToken`, `idle`, or `attempt` for the total),
 * `MalformedResponse` for a stream that ends before its answer is complete, whatever the provider reports as an error
 * within a 200, `StreamInterrupted` for any of these once content has been delivered, and `BufferExceeded`. A consumer
 * that stops early is a success.
 *
 * @example
 * ```ts
 * import { Console, Stream } from "effect"
 * import { LlmCall, Resilience, StreamDialect } from "effect-resilience"
 * import OpenAI from "openai"
 *
 * const client = new OpenAI({ apiKey: "...", maxRetries: 0 })
 *
 * const answer = LlmCall.tryStream({
 *   target: "openai/gpt-5",
 *   try: (signal) =>
 *     client.chat.completions.create(
 *       { model: "gpt-5", messages: [{ role: "user", content: "Hello" }], stream: true },
 *       { signal }
 *     )
 * }).pipe(
 *   Resilience.protectStream("openai/gpt-5", {
 *     dialect: StreamDialect.openAiChat,
 *     firstToken: "20 seconds",
 *     idle: "10 seconds"
 *   }),
 *   Stream.catchTag("StreamInterrupted", (error) =>
 *     Stream.drain(Stream.fromEffect(Console.log(`cut after ${error.emittedToolCalls.length} tool calls`)))
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const protectStream: {
  <const Options extends StreamOptions<never>>(
    target: string,
    options?: Options
  ): <A extends ElementOf<Options>, E, R>(
    self: Stream.Stream<A, E, R>
  ) => Stream.Stream<A | MarkerOf<Options>, E | LlmError | Rejections | BufferExceeded, R | Resilience>
  <A, E, R, const Options extends StreamOptions<A>>(
    self: Stream.Stream<A, E, R>,
    target: string,
    options?: Options
  ): Stream.Stream<A | MarkerOf<Options>, E | LlmError | Rejections | BufferExceeded, R | Resilience>
} = dual(
  (args) => Predicate.hasProperty(args[0], Stream.StreamTypeId),
  <A, E, R>(
    self: Stream.Stream<A, E, R>,
    target: string,
    options: StreamOptions<A> = {}
  ): Stream.Stream<A, E | LlmError | Rejections | BufferExceeded, R | Resilience> =>
    known(
      Effect.map(
        Resilience,
        (resilience) =>
          resilience.protectStream(target, options, self) as Stream.Stream<
            A,
            E | LlmError | Rejections | BufferExceeded,
            R
          >
      )
    )
)

/**
 * The elements that the dialect of these options reads.
 *
 * @since 0.1.0
 * @category Types
 */
export type ElementOf<Options> = Options extends { readonly dialect: StreamDialect<infer A> } ? A : unknown

/**
 * What these options put between the elements: a `Restarted` in a `restartable` stream, nothing otherwise.
 *
 * @since 0.1.0
 * @category Types
 */
export type MarkerOf<Options> = Options extends { readonly delivery: infer D }
  ? "restartable" extends D
    ? Restarted
    : never
  : never
