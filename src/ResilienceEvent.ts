/**
 * The one vocabulary of everything a policy does, and the hub it is published to.
 *
 * Metrics, spans, logs, the attempt trail and any dashboard are readers of these events. Publishing never waits, never
 * fails and costs one check while nobody listens; a reader that falls behind loses the oldest events.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import type * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** What every event says: when (milliseconds of the `Clock`) and about which target. */
interface About {
  readonly at: number
  readonly target: string
}

/** What an event about one call says besides. `call` numbers the calls of a process, `attempt` counts from 1. */
interface AboutAttempt extends About {
  readonly call: number
  readonly attempt: number
}

/**
 * The states a circuit can be in. `isolated` is open by somebody's decision.
 *
 * @since 0.1.0
 * @category Models
 */
export type CircuitState = "closed" | "open" | "halfOpen" | "isolated"

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
  RetryWithheld: AboutAttempt & { readonly reason: "budget" | "deadline" | "elapsed" | "hint"; readonly error: unknown }
  /** A policy did not let the call through. */
  CallRejected: About & { readonly call: number; readonly error: unknown }
  /** The call as a whole was answered. */
  CallSucceeded: About & { readonly call: number; readonly attempts: number; readonly duration: Duration.Duration }
  /** The call as a whole failed. */
  CallFailed: About & {
    readonly call: number
    readonly attempts: number
    readonly duration: Duration.Duration
    readonly error: unknown
  }
  /** A stream that had a commit point to lose was started again, as its delivery mode allows. */
  StreamRestarted: AboutAttempt & { readonly error: unknown }
  /** A circuit changed its state. */
  CircuitChanged: About & { readonly from: CircuitState; readonly to: CircuitState }
  /** A target asked to be left alone; callers wait or go elsewhere until `wait` is over. */
  TargetParked: About & { readonly wait: Duration.Duration; readonly error: unknown }
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
 * Where events go. Read it once, when a policy is made.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Hub {
  /** False while nobody listens, so that a policy need not even build the event. */
  readonly listening: () => boolean
  /** Never waits and never fails. */
  readonly publish: (event: ResilienceEvent) => void
  readonly subscribe: Effect.Effect<Queue.Dequeue<ResilienceEvent>, never, Scope.Scope>
}

const deaf: Hub = {
  listening: () => false,
  publish: () => {},
  subscribe: Effect.flatMap(PubSub.sliding<ResilienceEvent>(1), PubSub.subscribe)
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
 * A hub whose readers each keep up to `capacity` events they have not read yet (default 1024), newest last.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options?: { readonly capacity?: number }): Layer.Layer<never> =>
  Layer.scoped(
    ResilienceEvents,
    Effect.gen(function* () {
      const pubsub = yield* Effect.acquireRelease(
        PubSub.sliding<ResilienceEvent>(options?.capacity ?? 1024),
        PubSub.shutdown
      )
      let readers = 0
      return {
        listening: () => readers > 0,
        publish: (event) => {
          pubsub.unsafeOffer(event)
        },
        subscribe: Effect.acquireRelease(
          Effect.sync(() => {
            readers++
          }),
          () =>
            Effect.sync(() => {
              readers--
            })
        ).pipe(Effect.andThen(PubSub.subscribe(pubsub)))
      } satisfies Hub
    })
  )

/**
 * The events from now on, as a queue. Take it before the calls that are to be seen.
 *
 * @since 0.1.0
 * @category Readers
 */
export const subscribe: Effect.Effect<Queue.Dequeue<ResilienceEvent>, never, Scope.Scope> = Effect.flatMap(
  ResilienceEvents,
  (hub) => hub.subscribe
)

/**
 * Every event from the moment of subscription on.
 *
 * @since 0.1.0
 * @category Readers
 */
export const stream: Stream.Stream<ResilienceEvent> = Stream.unwrapScoped(
  Effect.map(subscribe, (queue) => Stream.fromQueue(queue))
)
