/**
 * The one vocabulary of everything a policy does, and the hub it is published to.
 *
 * A dashboard, a log of one's own or an alarm is a reader of these events (`stream`, `subscribe`). Publishing never waits,
 * never fails and costs one check while nobody listens; each reader has a buffer of its own, and one that falls behind
 * loses its oldest events. What the toolkit itself keeps on every call (metrics, spans, log annotations and the attempt
 * trail, see `Telemetry`) is written where the events are published and needs no reader, so that it costs little.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Counts, Reason } from "./internal/breaker/state.js"
import type { ObservedDecision } from "./internal/observe/decision.js"
import { type EventHub, makeHub } from "./internal/telemetry/eventHub.js"
import { type EncodedEvent, encodeEvent, eventSchema } from "./internal/telemetry/eventSchema.js"
import { hubOf } from "./internal/telemetry/hubOf.js"

/** What every event says: when (milliseconds of the `Clock`), about which target, and for whom, if `Telemetry.CorrelationId` says. */
interface About {
  readonly at: number
  readonly target: string
  readonly correlation?: string | undefined
}

/** What an event about one call says besides. `call` numbers the calls of a process, `attempt` counts from 1. */
interface AboutAttempt extends About {
  readonly call: number
  readonly attempt: number
}

interface AboutHedge extends About {
  readonly hedge: number
}

/** `key` is a hash. */
interface AboutCache extends About {
  readonly key: string
}

/**
 * The states a circuit can be in. `isolated` is open by somebody's decision.
 *
 * @since 0.1.0
 * @category Models
 */
export type CircuitState = "closed" | "open" | "halfOpen" | "isolated"

/**
 * What a call can wait for a turn of.
 *
 * @since 0.1.0
 * @category Models
 */
export type LoadGate = "bulkhead" | "adaptiveLimit" | "rateLimit" | "spendLimit"

/**
 * Everything a policy can report. `error` is the failure as the policy saw it: an `LlmError`, a rejection, or the
 * call's own error.
 *
 * @since 0.1.0
 * @category Models
 */
export type ResilienceEvent = Data.TaggedEnum<{
  /** An attempt was sent to the target. */
  AttemptStarted: AboutAttempt
  /** An attempt was answered. */
  AttemptSucceeded: AboutAttempt & { readonly duration: Duration.Duration }
  /** An attempt failed. */
  AttemptFailed: AboutAttempt & { readonly duration: Duration.Duration; readonly error: unknown }
  /** An attempt was interrupted by whoever asked for it. */
  AttemptInterrupted: AboutAttempt & { readonly duration: Duration.Duration }
  /** The next attempt, `attempt`, follows after `wait`. */
  RetryScheduled: AboutAttempt & { readonly wait: Duration.Duration; readonly error: unknown }
  /** A retry was wanted, and `reason` kept it from happening; the caller gets the upstream error. */
  RetryWithheld: AboutAttempt & {
    readonly reason: "budget" | "circuit" | "deadline" | "elapsed" | "hint" | "otherTarget"
    readonly error: unknown
  }
  /** A policy (an open circuit, a parked target) did not let an attempt through; `error` is the rejection. */
  CallRejected: About & { readonly call: number; readonly error: unknown }
  /** The call as a whole was answered. */
  CallSucceeded: About & { readonly call: number; readonly attempts: number; readonly duration: Duration.Duration }
  /** The call as a whole failed: with the last failure of its own, a rejection, or a defect. */
  CallFailed: About & {
    readonly call: number
    readonly attempts: number
    readonly duration: Duration.Duration
    readonly error: unknown
  }
  /** Whoever asked for the call did not want it any more. Neither a success nor a failure. */
  CallInterrupted: About & { readonly call: number; readonly attempts: number; readonly duration: Duration.Duration }
  /** A stream that had a commit point to lose was started again, as its delivery mode allows. */
  StreamRestarted: AboutAttempt & { readonly error: unknown }
  /** An element of a stream could not be read and was left out, as `malformed: "skip"` wants it. */
  StreamEventSkipped: AboutAttempt
  /** A stream without a dialect began with an object of no known format: everything is taken for content, and any end for the end. */
  StreamFormatUnknown: AboutAttempt
  /**
   * A circuit, whose key is `target`, changed its state. Where it opened: for how long, why, and what it had counted, if
   * calls were the reason.
   */
  CircuitChanged: About & {
    readonly from: CircuitState
    readonly to: CircuitState
    readonly retryAfter?: Duration.Duration | undefined
    readonly reason?: Reason | undefined
    readonly counts?: Counts | undefined
  }
  /** A target asked to be left alone; callers wait or go elsewhere until `wait` is over. */
  TargetParked: About & { readonly wait: Duration.Duration; readonly error: unknown }
  /** A call waits for its turn: `queued` wait, itself included. `gate` says what for. */
  CallQueued: About & { readonly gate: LoadGate; readonly queued: number }
  /** A call that waited has had its turn, or has left without one: rejected, or not wanted any more. */
  CallDequeued: About & { readonly gate: LoadGate; readonly wait: Duration.Duration; readonly admitted: boolean }
  /** Another attempt was started, since those under way are late or one has failed. `hedge` counts from 1 within the call. */
  HedgeStarted: AboutHedge & { readonly because: "slow" | "failure" }
  /** Of several attempts this one answered first, after `duration`. `hedge` is 0 for the first attempt. */
  HedgeWon: AboutHedge & { readonly duration: Duration.Duration }
  /** Another attempt answered first, and this one was cut off: it took at least `duration`, and cost nobody knows what. */
  HedgeLost: AboutHedge & { readonly duration: Duration.Duration }
  /** An attempt was due, and was not started: the budget is dry, or no other target is ready. Told once in a call. */
  HedgeWithheld: About & { readonly reason: "budget" | "notReady" }
  /** A policy of a call that is only observed would have done something. The call goes on as if it had not. */
  DecisionObserved: About & { readonly call: number } & ObservedDecision
  /** A kept answer was fresh enough. `target` is the name of the cache. */
  CacheHit: AboutCache & { readonly age: Duration.Duration }
  /** A kept answer that was not fresh any more was given: in place of `error`, or while it is asked for anew. */
  CacheStaleServed: AboutCache & { readonly age: Duration.Duration; readonly error?: unknown }
  /** Nothing was kept that is fresh enough. */
  CacheMissed: AboutCache
  /** The same was being asked for already. */
  CacheCoalesced: AboutCache
  /** An answer was kept. */
  CacheStored: AboutCache
  /** An answer was not kept. */
  CacheNotStored: AboutCache & {
    readonly reason: "failed" | "truncated" | "toolCalls" | "unwanted" | "unreadable" | "tooLarge" | "store"
  }
  /** A store behind a policy failed; calls go on as if the policy were not there. */
  StoreFailed: About & { readonly policy: string; readonly error: unknown }
  /** A client under the toolkit repeats calls on its own, which multiplies the attempts. */
  ClientRetries: About & { readonly client: string; readonly maxRetries: number }
}>

/**
 * Constructors and matchers of the events.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const ResilienceEvent: Data.TaggedEnum.Constructor<ResilienceEvent> = Data.taggedEnum<ResilienceEvent>()

/**
 * An event as plain data: durations in milliseconds (an infinite one is `"Infinity"`), an `error` as its encoded fields.
 *
 * @since 0.1.0
 * @category Data
 */
export type Encoded = EncodedEvent

/**
 * The events as data, to be stored or sent elsewhere. An `error` is encoded as the policies have read it, an `LlmError` or
 * a rejection: without its cause, the provider's own words and what a stream had delivered. It comes back as that.
 *
 * @since 0.1.0
 * @category Data
 */
export const schema: Schema.Schema<ResilienceEvent, Encoded> = eventSchema

/**
 * An event as plain data, by `schema`.
 *
 * @example
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { ResilienceEvent } from "effect-resilience"
 *
 * export const write = (line: (json: string) => Effect.Effect<void>) =>
 *   ResilienceEvent.stream.pipe(
 *     Stream.map(ResilienceEvent.encode),
 *     Stream.runForEach((event) => line(JSON.stringify(event)))
 *   )
 * ```
 *
 * @since 0.1.0
 * @category Data
 */
export const encode: (event: ResilienceEvent) => Encoded = encodeEvent

/**
 * Where events go. Read it once, when a policy is made.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Hub extends EventHub<ResilienceEvent> {}

const deaf: Hub = {
  listening: () => false,
  publish: () => {},
  subscribe: Effect.acquireRelease(Queue.sliding<ResilienceEvent>(1), Queue.shutdown)
}

/**
 * The hub of the policies made under it. Without `layer` nothing is published.
 *
 * @since 0.1.0
 * @category Hub
 */
export class ResilienceEvents extends Context.Reference<ResilienceEvents>()("effect-resilience/ResilienceEvents", {
  defaultValue: (): Hub => deaf
}) {}

/**
 * A hub whose readers each keep up to `capacity` events they have not read yet (default 1024), and lose the oldest ones
 * beyond that. A `capacity` that is not a whole number of at least 1 is a defect.
 *
 * @example
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { LlmCall, Resilience, ResilienceEvent } from "effect-resilience"
 *
 * const answer = LlmCall.tryPromise({ try: async () => "42" }).pipe(Resilience.protect("acme/large"))
 *
 * const watch = ResilienceEvent.stream.pipe(
 *   Stream.filter((event) => event._tag === "CircuitChanged"),
 *   Stream.runForEach((event) => Effect.logWarning(`${event.target}: ${event.from} -> ${event.to}`))
 * )
 *
 * const program = Effect.forkScoped(watch).pipe(
 *   Effect.andThen(answer),
 *   Effect.scoped,
 *   Effect.provide(Resilience.layer()),
 *   // Below the policies, which look for the hub when they are made.
 *   Effect.provide(ResilienceEvent.layer())
 * )
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options?: { readonly capacity?: number }): Layer.Layer<never> =>
  Layer.scoped(ResilienceEvents, makeHub(options?.capacity ?? 1024))

/**
 * The events from now on, as a queue. Take it before the calls that are to be seen.
 *
 * Where none can come, since `layer` is missing or was not provided to the policies, a warning is logged that says so.
 *
 * @since 0.1.0
 * @category Readers
 */
export const subscribe: Effect.Effect<Queue.Dequeue<ResilienceEvent>, never, Scope.Scope> = Effect.contextWithEffect(
  (context: Context.Context<Scope.Scope>) => {
    const hub = Context.get(context, ResilienceEvents)
    const why = silence(hub, hubOf(context.unsafeMap.get("effect-resilience/Resilience")))
    return why === undefined ? hub.subscribe : Effect.zipRight(Effect.logWarning(why), hub.subscribe)
  }
)

/** Why no event will come, if that can be told. */
const silence = (hub: Hub, policies: object | undefined): string | undefined => {
  if (hub === deaf) return "No events will come: ResilienceEvent.layer is not provided to their reader"
  return policies === undefined || policies === hub
    ? undefined
    : "No events of Resilience will come: its layer was made without this ResilienceEvent.layer, which has to be provided to it"
}

/**
 * Every event from the moment of subscription on.
 *
 * @since 0.1.0
 * @category Readers
 */
export const stream: Stream.Stream<ResilienceEvent> = Stream.unwrapScoped(
  Effect.map(subscribe, (queue) => Stream.fromQueue(queue))
)
