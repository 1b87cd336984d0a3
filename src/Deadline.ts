/**
 * The one deadline of a call.
 *
 * It belongs to the fiber that makes the call and to all fibers forked from it. Everything in the toolkit that takes
 * time is clipped to what is left of it: attempt timeouts, backoff, the server's `Retry-After`, queueing, hedges and
 * fallbacks. A wait that would outlast it is not begun: the call fails at once, with the last real error.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { DeadlineExceeded } from "./internal/errors/rejection.js"
import { runUntilSignal } from "./internal/fiber/runUntil.js"
import { millis } from "./internal/options/check.js"
import { CurrentDeadline, millisLeft } from "./internal/time/deadline.js"
import type { Signal } from "./internal/time/signal.js"
import { startTimer } from "./internal/time/timer.js"
import { graceOf, isRunning, Running } from "./internal/time/watchedDeadline.js"

export { CurrentDeadline, type Deadline } from "./internal/time/deadline.js"

/**
 * The time left until the call's deadline, never below zero, or nothing where there is no deadline.
 *
 * @since 0.1.0
 * @category Reading
 */
export const remaining: Effect.Effect<Option.Option<Duration.Duration>> = Effect.map(millisLeft, (left) =>
  left === Number.POSITIVE_INFINITY ? Option.none() : Option.some(Duration.millis(left))
)

/**
 * Gives a call this much time in all, counted from the moment it starts.
 *
 * A deadline inside another one can only shorten it. When time is up the call is interrupted and its caller goes on at
 * once, even if the call is slow to stop. The error is then `DeadlineExceeded`, whose `lastError` is what a retry under
 * it last saw; `RetryPolicy.retry` ends with that error itself.
 *
 * @example
 * ```ts
 * import { Duration, Effect, Option } from "effect"
 * import { Deadline } from "effect-resilience"
 *
 * const left = Effect.map(Deadline.remaining, Option.map(Duration.toMillis))
 *
 * // Effect<Option<number>, DeadlineExceeded>
 * const program = left.pipe(Effect.delay("2 seconds"), Deadline.within("10 seconds"))
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const within: {
  (
    duration: Duration.DurationInput
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DeadlineExceeded, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, duration: Duration.DurationInput): Effect.Effect<A, E | DeadlineExceeded, R>
} = dual(
  2,
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    duration: Duration.DurationInput
  ): Effect.Effect<A, E | DeadlineExceeded, R> =>
    Effect.flatMap(begin(millis("Deadline.within", "duration", duration)), ({ deadline, left }) => {
      if (deadline === undefined) return self
      if (left <= 0) return Effect.fail(new DeadlineExceeded({ budget: deadline.budget }))
      const call = Effect.provideService(self, CurrentDeadline, deadline)
      return Effect.clockWith((clock) =>
        runUntilSignal(
          call,
          (passed) => startTimer(clock, left, passed),
          (child) => over(deadline, child)
        )
      )
    })
)

/**
 * Gives a stream this much time in all, from the moment it is run to its last element, the consumer's own time
 * included. Otherwise as `within`.
 *
 * @since 0.1.0
 * @category Operators
 */
export const withinStream: {
  (
    duration: Duration.DurationInput
  ): <A, E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E | DeadlineExceeded, R>
  <A, E, R>(self: Stream.Stream<A, E, R>, duration: Duration.DurationInput): Stream.Stream<A, E | DeadlineExceeded, R>
} = dual(
  2,
  <A, E, R>(
    self: Stream.Stream<A, E, R>,
    duration: Duration.DurationInput
  ): Stream.Stream<A, E | DeadlineExceeded, R> =>
    Stream.unwrap(
      Effect.map(begin(millis("Deadline.withinStream", "duration", duration)), ({ deadline, left }) => {
        if (deadline === undefined) return self
        if (left <= 0) return Stream.fail(new DeadlineExceeded({ budget: deadline.budget }))
        return Stream.fromPull(pullUntil(Stream.provideService(self, CurrentDeadline, deadline), deadline, left))
      })
    )
)

/** The deadline that holds from now on: the new one, or the one around it if that comes sooner. */
const begin = (millis: number): Effect.Effect<{ readonly deadline: Running | undefined; readonly left: number }> =>
  Effect.flatMap(CurrentDeadline, (outer) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const budget = Duration.millis(millis)
      const at = now + millis
      if (outer !== undefined && outer.at <= at) {
        return { deadline: isRunning(outer) ? outer : new Running(outer.at, outer.budget), left: outer.at - now }
      }
      return { deadline: at === Number.POSITIVE_INFINITY ? undefined : new Running(at, budget), left: at - now }
    })
  )

/** Time is up: a retry inside may end with the last real error, anything else ends with the deadline's own. */
const over = <A, E>(deadline: Running, child: Fiber.RuntimeFiber<A, E>): Effect.Effect<A, E | DeadlineExceeded> =>
  Effect.flatMap(
    graceOf(deadline, child),
    (exit): Effect.Effect<A, E | DeadlineExceeded> => exit ?? Effect.fail(exceeded(deadline))
  )

const exceeded = (deadline: Running): DeadlineExceeded =>
  new DeadlineExceeded({
    budget: deadline.budget,
    ...(Option.isSome(deadline.lastError) ? { lastError: deadline.lastError.value } : {})
  })

/**
 * Pulls a stream until its deadline. One timer serves all pulls, and a stream that is left behind closes its resources
 * in the background.
 */
const pullUntil = <A, E, R>(self: Stream.Stream<A, E, R>, deadline: Running, left: number) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    let isOver = false
    let onPassed: (() => void) | undefined
    const passed: Signal = (listener) => {
      onPassed = listener
      return () => {
        onPassed = undefined
      }
    }
    const timer = Effect.sync(() =>
      startTimer(clock, left, () => {
        isOver = true
        onPassed?.()
      })
    )
    yield* Effect.acquireRelease(timer, (stop) => Effect.sync(stop))
    const resources = yield* Effect.acquireRelease(Scope.make(), (scope, exit) =>
      isOver ? Effect.forkDaemon(Scope.close(scope, exit)) : Scope.close(scope, exit)
    )
    const pull = yield* Scope.extend(Stream.toPull(self), resources)
    return Effect.suspend(() =>
      isOver
        ? Effect.fail(Option.some(exceeded(deadline)))
        : runUntilSignal(pull, passed, (child) => overStream(deadline, child))
    )
  })

/** As `over`; the end of a stream and its own errors are wrapped already. */
const overStream = <A, E>(
  deadline: Running,
  child: Fiber.RuntimeFiber<A, Option.Option<E>>
): Effect.Effect<A, Option.Option<E | DeadlineExceeded>> =>
  Effect.flatMap(
    graceOf(deadline, child),
    (exit): Effect.Effect<A, Option.Option<E | DeadlineExceeded>> =>
      exit ?? Effect.fail(Option.some(exceeded(deadline)))
  )
