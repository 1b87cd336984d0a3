/**
 * A part of a fiber's work in another context. As `Effect.mapInputContext` and `Effect.provideService`, which do it by way
 * of a resource that is acquired, used and released, at three times the cost.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"

/** What every fiber can do, and its public type does not show. */
interface Movable {
  readonly setFiberRef: <A>(ref: FiberRef.FiberRef<A>, value: A) => void
}

/** @internal */
export const inContext = <A, E, R, R2>(
  self: Effect.Effect<A, E, R>,
  change: (outside: Context.Context<R2>) => Context.Context<R>
): Effect.Effect<A, E, R2> =>
  Effect.withFiberRuntime((fiber) => {
    const outside = fiber.currentContext
    const inside: Context.Context<never> = change(outside as Context.Context<R2>) as Context.Context<never>
    return inside === outside
      ? (self as Effect.Effect<A, E>)
      : moved(fiber, outside, inside, self as Effect.Effect<A, E>)
  })

/** Going back runs through any interruption that comes meanwhile, so that what follows is in its own context again. */
const moved = <A, E>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  outside: Context.Context<never>,
  inside: Context.Context<never>,
  self: Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  const move = (to: Context.Context<never>): void =>
    (fiber as unknown as Movable).setFiberRef(FiberRef.currentContext, to)
  return Effect.uninterruptibleMask((restore) => {
    move(inside)
    return Effect.matchCauseEffect(restore(self), {
      onFailure: (cause) => {
        move(outside)
        return Exit.failCause(cause)
      },
      onSuccess: (value) => {
        move(outside)
        return Exit.succeed(value)
      }
    })
  })
}

/** @internal */
export const withService = <A, E, R, I, S>(
  self: Effect.Effect<A, E, R>,
  tag: Context.Tag<I, S>,
  service: S
): Effect.Effect<A, E, Exclude<R, I>> =>
  inContext(self, (outside: Context.Context<Exclude<R, I>>) => Context.add(outside, tag, service) as Context.Context<R>)

/** The same for whoever has the fiber at hand, with a step less. @internal */
export const inContextOn = <A, E, R, R2>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  self: Effect.Effect<A, E, R>,
  inside: Context.Context<R>
): Effect.Effect<A, E, R2> =>
  moved(
    fiber,
    fiber.currentContext as Context.Context<never>,
    inside as Context.Context<never>,
    self as Effect.Effect<A, E>
  )

/** @internal */
export const withServiceOn = <A, E, R, I, S>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  self: Effect.Effect<A, E, R>,
  tag: Context.Tag<I, S>,
  service: S
): Effect.Effect<A, E, Exclude<R, I>> =>
  inContextOn(fiber, self, Context.add(fiber.currentContext, tag, service) as unknown as Context.Context<R>)
