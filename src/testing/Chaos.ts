/**
 * Faults on purpose, for tests and for staging: by rate, by the clock, and switched on and off while the application runs.
 *
 * Calls that may be disturbed pass `inject`, which does nothing until a layer of `Chaos` is provided and switched on, so it
 * can stay in the code. The same seed disturbs the same calls in the same way. Every fault is an event (`FaultInjected`),
 * and its error says that it was injected.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { unless } from "../internal/fiber/callback.js"
import { invalid, spanOf } from "../internal/options/check.js"
import { refuseUnknown } from "../internal/options/names.js"
import { unlessStream } from "../internal/stream/unless.js"
import { isLlmError, type LlmError } from "../LlmError.js"
import type { Plan } from "./chaos/draw.js"
import type { Fault, Rule } from "./chaos/faults.js"
import * as Service_ from "./chaos/service.js"

export type { Fault, Rule } from "./chaos/faults.js"
export type { Service } from "./chaos/service.js"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options {
  /** What happens to calls. Delays of several rules add up; of other faults the first counts. */
  readonly rules: ReadonlyArray<Rule>
  /** Where chance comes from. Default 0. */
  readonly seed?: string | number | undefined
  /** Whether it begins switched on. Default `false`. */
  readonly on?: boolean | undefined
}

/**
 * The chaos there is, or one that does nothing.
 *
 * @since 0.1.0
 * @category References
 */
export class Chaos extends Context.Reference<Chaos>()("effect-resilience/testing/Chaos", {
  defaultValue: (): Service_.Service => Service_.off
}) {}

/**
 * The call fails with this error, and nobody is asked.
 *
 * @since 0.1.0
 * @category Faults
 */
export const fail = (error: LlmError): Fault => {
  if (!isLlmError(error)) throw invalid("Chaos.fail", "error", error, "an LlmError, such as new LlmError.Overloaded()")
  return { _tag: "Fail", error }
}

/**
 * The call waits before it begins: for `from`, or for a time between `from` and `to`.
 *
 * @since 0.1.0
 * @category Faults
 */
export const delay = (from: Duration.DurationInput, to: Duration.DurationInput = from): Fault => {
  const [least, most] = spanOf("Chaos.delay", from, to)
  return { _tag: "Delay", from: least, to: most }
}

/**
 * The call never ends.
 *
 * @since 0.1.0
 * @category Faults
 */
export const stall: Fault = { _tag: "Stall" }

/**
 * The call is interrupted before it begins, as if its own fiber had been.
 *
 * @since 0.1.0
 * @category Faults
 */
export const interrupt: Fault = { _tag: "Interrupt" }

/**
 * A stream fails after so many elements; of an effect the answer is lost, once it is there. The error is a
 * `ConnectionFailed` unless another is given.
 *
 * @since 0.1.0
 * @category Faults
 */
export const cut = (options: { readonly after?: number; readonly error?: LlmError } = {}): Fault => {
  refuseUnknown("Chaos.cut", "", options, { after: true, error: true })
  const { after = 0, error } = options
  if (!Number.isInteger(after) || after < 0) throw invalid("Chaos.cut", "after", after, "a whole number of elements")
  return { _tag: "Cut", after, error }
}

/**
 * Chaos of its own, for those who hand it on themselves (`Effect.provideService`).
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options): Effect.Effect<Service_.Service> =>
  Effect.suspend(() => {
    refuseUnknown("Chaos", "", options, { rules: true, seed: true, on: true })
    const made = Service_.make(options.rules, options.seed ?? 0)
    return options.on === true ? Effect.tap(made, ({ on }) => on) : made
  })

/**
 * Chaos for everything below that passes `inject`.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmError, Resilience } from "effect-resilience"
 * import * as Chaos from "effect-resilience/testing/Chaos"
 *
 * declare const ask: Effect.Effect<string, LlmError.LlmError>
 *
 * // In the application, for good:
 * export const answer = ask.pipe(Chaos.inject("openai/gpt-5"), Resilience.protect("openai/gpt-5"))
 *
 * // In staging:
 * export const ARoughDay = Chaos.layer({
 *   seed: "a rough day",
 *   rules: [
 *     { rate: 0.05, fault: Chaos.fail(new LlmError.Overloaded({ status: 529 })) },
 *     { rate: 0.2, fault: Chaos.delay("1 second", "10 seconds") },
 *     { from: "3 minutes", to: "5 minutes", fault: Chaos.fail(new LlmError.ServerError({ status: 503 })) }
 *   ]
 * })
 * export const begin = Effect.flatMap(Chaos.Chaos, (chaos) => chaos.on)
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options: Options): Layer.Layer<never> => Layer.effect(Chaos, make(options)) as Layer.Layer<never>

/**
 * An effect that may be disturbed, as a call to `target`. It stands inside the policies, where the call itself is.
 *
 * @since 0.1.0
 * @category Operators
 */
export const inject: {
  (target: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | LlmError, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, target: string): Effect.Effect<A, E | LlmError, R>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, target: string): Effect.Effect<A, E | LlmError, R> =>
    unless(self, (fiber) => {
      const plan = planFor(target, fiber)
      return plan && delayed(plan, disturbed(plan, self))
    })
)

/**
 * A stream that may be disturbed, as a call to `target`.
 *
 * @since 0.1.0
 * @category Operators
 */
export const injectStream: {
  (target: string): <A, E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E | LlmError, R>
  <A, E, R>(self: Stream.Stream<A, E, R>, target: string): Stream.Stream<A, E | LlmError, R>
} = dual(
  2,
  <A, E, R>(self: Stream.Stream<A, E, R>, target: string): Stream.Stream<A, E | LlmError, R> =>
    unlessStream(self, (fiber) => {
      const plan = planFor(target, fiber)
      return plan && Stream.unwrap(delayed(plan, Effect.succeed(disturbedStream(plan, self))))
    })
)

/**
 * A service whose methods may be disturbed: whatever they give back that is an effect or a stream. `error` makes of a
 * failure what the service's own users expect; without it they get the `LlmError` as it is.
 *
 * @example
 * ```ts
 * import { Context, Effect, Layer } from "effect"
 * import * as Chaos from "effect-resilience/testing/Chaos"
 *
 * class Search extends Context.Tag("Search")<Search, { readonly find: (text: string) => Effect.Effect<string, Error> }>() {}
 *
 * declare const SearchLive: Layer.Layer<Search>
 *
 * export const Disturbed = Chaos.layerService(Search, { target: "search", error: (error) => new Error(error.message) }).pipe(
 *   Layer.provide(SearchLive)
 * )
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerService = <I, S extends object>(
  tag: Context.Tag<I, S>,
  options: { readonly target: string; readonly error?: ((error: LlmError) => unknown) | undefined }
): Layer.Layer<I, never, I> => {
  refuseUnknown("Chaos.layerService", "", options, { target: true, error: true })
  const { error = (error: LlmError) => error, target } = options
  /** The service's own failures stay as they are. */
  const touched = (value: unknown): unknown => {
    if (Effect.isEffect(value)) {
      const own = Effect.mapError(value, (failure) => ({ failure }))
      return Effect.mapError(inject(own, target), (failed) => ("failure" in failed ? failed.failure : error(failed)))
    }
    if (isStream(value)) {
      const own = Stream.mapError(value, (failure) => ({ failure }))
      return Stream.mapError(injectStream(own, target), (failed) =>
        "failure" in failed ? failed.failure : error(failed)
      )
    }
    return value
  }
  return Layer.effect(
    tag,
    Effect.map(
      tag,
      (service) =>
        new Proxy(service, {
          get: (_, name) => {
            const value: unknown = Reflect.get(service, name, service)
            if (Effect.isEffect(value) || isStream(value)) return touched(value)
            if (!Predicate.isFunction(value)) return value
            return (...args: ReadonlyArray<unknown>) => touched(value.apply(service, args))
          }
        })
    )
  )
}

const planFor = (target: string, fiber: Fiber.RuntimeFiber<unknown, unknown>): Plan | undefined =>
  Context.get(fiber.currentContext as Context.Context<never>, Chaos).next(target, fiber)

const isStream = (u: unknown): u is Stream.Stream<unknown, unknown> => Predicate.hasProperty(u, Stream.StreamTypeId)

const delayed = <A, E, R>({ wait }: Plan, self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  wait === 0 ? self : Effect.delay(self, wait)

const disturbed = <A, E, R>({ fault }: Plan, self: Effect.Effect<A, E, R>): Effect.Effect<A, E | LlmError, R> => {
  switch (fault?._tag) {
    case undefined:
      return self
    case "Fail":
      return Effect.fail(fault.error)
    case "Cut":
      return Effect.zipRight(self, Effect.fail(fault.error!))
    case "Stall":
      return Effect.never
    case "Interrupt":
      return Effect.interrupt
  }
}

const disturbedStream = <A, E, R>({ fault }: Plan, self: Stream.Stream<A, E, R>): Stream.Stream<A, E | LlmError, R> => {
  switch (fault?._tag) {
    case undefined:
      return self
    case "Fail":
      return Stream.fail(fault.error)
    case "Cut":
      return Stream.concat(Stream.take(self, fault.after), Stream.fail(fault.error!))
    case "Stall":
      return Stream.never
    case "Interrupt":
      return Stream.fromEffect(Effect.interrupt)
  }
}
