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
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"

import * as Stream from "effect/Stream"
import { makeHub } from "./internal/telemetry/eventHub.js"
import { type EncodedEvent, encodeEvent, eventSchema } from "./internal/telemetry/eventSchema.js"
import { type ResilienceEvent, ResilienceEvents } from "./internal/telemetry/events.js"
import { subscribe } from "./internal/telemetry/subscribe.js"

export {
  type CircuitState,
  type Hub,
  type LoadGate,
  ResilienceEvent,
  ResilienceEvents
} from "./internal/telemetry/events.js"
export { subscribe } from "./internal/telemetry/subscribe.js"

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
 * Every event from the moment of subscription on.
 *
 * @since 0.1.0
 * @category Readers
 */
export const stream: Stream.Stream<ResilienceEvent> = Stream.unwrapScoped(
  Effect.map(subscribe, (queue) => Stream.fromQueue(queue))
)
