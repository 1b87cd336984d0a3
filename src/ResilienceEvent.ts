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
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Queue from "effect/Queue"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { makeHub } from "./internal/telemetry/eventHub.js"
import { type EncodedEvent, encodeEvent, eventSchema } from "./internal/telemetry/eventSchema.js"
import { deaf, type Hub, type ResilienceEvent, ResilienceEvents } from "./internal/telemetry/events.js"
import { hubOf } from "./internal/telemetry/hubOf.js"

export {
  type CircuitState,
  type Hub,
  type LoadGate,
  ResilienceEvent,
  ResilienceEvents
} from "./internal/telemetry/events.js"

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
 * // Once, where the application starts: all calls share its circuits and budgets.
 * const Policies = Resilience.layer()
 *
 * const program = Effect.forkScoped(watch).pipe(
 *   Effect.andThen(answer),
 *   Effect.scoped,
 *   Effect.provide(Policies),
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
