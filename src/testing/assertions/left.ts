/**
 * What a program has left behind, by name.
 *
 * @internal
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { ResilienceEvents } from "../../internal/telemetry/events.js"
import type { Resilience } from "../../Resilience.js"
import type { Sleeper } from "./countingClock.js"
import { told } from "./timeline.js"

type AnyFiber = Fiber.RuntimeFiber<unknown, unknown>

/** Runs a program, and tells whom it has asked: the trail has an attempt only once it is over. @internal */
export const askedBy = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<{ readonly result: Exit.Exit<A, E>; readonly asked: ReadonlySet<string> }, never, R> =>
  Effect.scoped(
    Effect.gen(function* () {
      const asked = new Set<string>()
      yield* (yield* ResilienceEvents).listen((event) => {
        if ("target" in event && typeof event.target === "string") asked.add(event.target)
      })
      return { result: yield* Effect.exit(self), asked }
    })
  ) as Effect.Effect<{ readonly result: Exit.Exit<A, E>; readonly asked: ReadonlySet<string> }, never, R>

/** A sleeping fiber is told by its timer. @internal */
export const fibersLeft = (
  fibers: ReadonlyArray<AnyFiber>,
  sleepers: ReadonlyArray<Sleeper>
): ReadonlyArray<string> => {
  const asleep = new Set(sleepers.map(({ fiber }) => fiber))
  return fibers
    .filter((fiber) => !asleep.has(fiber))
    .map((fiber) => `a fiber that is still under way (${named(fiber)})`)
}

/** @internal */
export const timersLeft = (sleepers: ReadonlyArray<Sleeper>): ReadonlyArray<string> =>
  sleepers.map(({ at, fiber }) => `a timer for ${told(at)} of the clock (${named(fiber)})`)

const named = (fiber: AnyFiber): string => {
  const span = fiber.currentSpan
  return `#${fiber.id().id}${span?._tag === "Span" ? `, in the span "${span.name}"` : ""}`
}

/** @internal */
export const placesLeft = (
  resilience: Option.Option<Context.Tag.Service<typeof Resilience>>,
  targets: ReadonlySet<string>
): Effect.Effect<ReadonlyArray<string>> =>
  Option.match(resilience, {
    onNone: () => Effect.succeed([]),
    onSome: ({ adaptiveLimit, bulkhead, circuitBreaker }) =>
      Effect.map(
        Effect.forEach(targets, (target) =>
          Effect.gen(function* () {
            const circuit = yield* Effect.option(circuitBreaker.state(target))
            const probing = Option.exists(circuit, (state) => state._tag === "HalfOpen" && state.probing)
            return [
              ...held("the bulkhead", target, yield* bulkhead.state(target)),
              ...held("the adaptive limit", target, yield* adaptiveLimit.state(target)),
              ...(probing ? [`a probe of the circuit of "${target}"`] : [])
            ]
          })
        ),
        (places) => places.flat()
      )
  })

const held = (
  where: string,
  target: string,
  { queued, running }: { readonly queued: number; readonly running: number }
): ReadonlyArray<string> => [
  ...(running === 0 ? [] : [`${running} ${running === 1 ? "permit" : "permits"} of ${where} of "${target}"`]),
  ...(queued === 0 ? [] : [`${queued} waiting for a permit of ${where} of "${target}"`])
]
