/**
 * Calls under way, by key: who asks for what is being asked already waits for that. The call belongs to all who wait for
 * it; whoever leaves leaves the others their answer, and the last one stops it.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { DeadlineExceeded } from "../errors/rejection.js"
import { keepingLevel, quietly } from "../fiber/quietly.js"
import { runUntilSignal } from "../fiber/runUntil.js"
import { CurrentDeadline, type Deadline } from "../time/deadline.js"
import { clockOf, startTimer } from "../time/timer.js"
import { isRunning } from "../time/watchedDeadline.js"
import { UnderWay } from "./underWay.js"

interface Flight {
  /** What the answers are made of. Calls whose answers are read in different ways are not the same. */
  readonly kind: unknown
  readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
  /** Until when it may take, as far as whoever began it could say. */
  readonly endsAt: number
  /** How many want the answer. One that nobody asked for (a refresh in the background) counts itself. */
  waiting: number
}

/** @internal */
export class Flights extends UnderWay<Flight> {
  /** The answer of the call under way, or of `call`, which is under way from now on. `onJoin` is told of the former. */
  readonly shared = <A, E, R>(
    key: string,
    kind: unknown,
    call: Effect.Effect<A, E, R>,
    onJoin: Effect.Effect<void>
  ): Effect.Effect<A, E | DeadlineExceeded, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(CurrentDeadline, (deadline) => {
        const known = this.flights.get(key)
        // Another kind of answer under the same key is a call of its own.
        if (known !== undefined && known.kind !== kind) return restore(call)
        if (known === undefined) {
          return Effect.flatMap(this.#begin(key, kind, call, 1, deadline?.at), (flight) =>
            Effect.flatMap(this.#wait(key, flight, restore(Fiber.await(flight.fiber))), (exit) =>
              Effect.zipRight(keepingLevel(Fiber.inheritAll(flight.fiber)), exit as Exit.Exit<A, E>)
            )
          )
        }
        known.waiting++
        const awaited = restore(untilDeadline(Fiber.await(known.fiber), deadline))
        return Effect.flatMap(Effect.zipRight(onJoin, this.#wait(key, known, awaited)), (exit) => {
          // It had less time than this caller has.
          const again = Exit.isFailure(exit) && known.endsAt < (deadline?.at ?? Number.POSITIVE_INFINITY)
          return again && !Cause.isInterruptedOnly(exit.cause)
            ? restore(this.shared(key, kind, call, onJoin))
            : (exit as Exit.Exit<A, E>)
        })
      })
    )

  /** Begins a call that nobody waits for, unless it is under way. */
  readonly background = <A, E, R>(
    key: string,
    kind: unknown,
    call: Effect.Effect<A, E, R>
  ): Effect.Effect<void, never, R> =>
    Effect.suspend(() =>
      this.flights.has(key)
        ? Effect.void
        : Effect.asVoid(this.#begin(key, kind, Effect.provideService(call, CurrentDeadline, undefined), 1))
    )

  /** Stops all of them, as when whoever owns the cache is done. */
  readonly stop: Effect.Effect<void> = Effect.suspend(() =>
    Fiber.interruptAll([...this.flights.values()].map(({ fiber }) => fiber))
  )

  #begin<A, E, R>(
    key: string,
    kind: unknown,
    call: Effect.Effect<A, E, R>,
    waiting: number,
    endsAt = Number.POSITIVE_INFINITY
  ): Effect.Effect<Flight, never, R> {
    const quiet = Effect.withFiberRuntime<A, E, R>((fiber) => quietly(call, fiber))
    return Effect.map(Effect.forkDaemon(Effect.interruptible(quiet)), (fiber) => {
      const flight: Flight = { kind, fiber, endsAt, waiting }
      this.flights.set(key, flight)
      fiber.addObserver(() => this.over(key, flight))
      return flight
    })
  }

  /** Whoever leaves last takes the call with it. */
  #wait<A, E>(key: string, flight: Flight, awaited: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.onExit(awaited, (exit) => {
      flight.waiting--
      if (Exit.isSuccess(exit) || flight.waiting > 0) return Effect.void
      this.forgotten(key, flight)
      return Cause.isInterrupted(exit.cause) ? Fiber.interrupt(flight.fiber) : Fiber.interruptFork(flight.fiber)
    })
  }
}

/** A deadline that somebody watches ends the waiting by itself; one that is only announced has to be looked at. @internal */
export const untilDeadline = <A, E>(
  awaited: Effect.Effect<A, E>,
  deadline: Deadline | undefined
): Effect.Effect<A, E | DeadlineExceeded> => {
  if (deadline === undefined || isRunning(deadline)) return awaited
  return Effect.withFiberRuntime((fiber) => {
    const clock = clockOf(fiber)
    const left = Math.max(0, deadline.at - clock.unsafeCurrentTimeMillis())
    return runUntilSignal(
      awaited,
      (listener) => startTimer(clock, left, listener),
      () => Effect.fail(new DeadlineExceeded({ budget: deadline.budget }))
    )
  })
}
