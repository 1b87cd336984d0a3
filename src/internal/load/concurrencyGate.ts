/**
 * The gate of a limit on what runs at once, which may be fixed, find itself, or rise for a while.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { bulkheadFull } from "../breaker/rejected.js"
import type { BulkheadFull } from "../errors/rejection.js"
import { leftOf } from "./caller.js"
import type { LoadGate } from "./operators.js"
import type { Turnstile } from "./turnstile.js"

/** What a permit was given for, and to whom it goes back. @internal */
export interface Held {
  readonly place: Place
  readonly startedAt: number
  /** How many were running then, itself included. */
  readonly running: number
  /** When the first element of a stream came. */
  firstAt: number | undefined
}

/** The places of one key. @internal */
export interface Place {
  readonly turnstile: Turnstile
  readonly maxWait: number
  /** Before each decision, for limits that change with time. */
  readonly before?: ((clock: Clock.Clock, now: number) => void) | undefined
  /** After each call, for limits that learn. */
  readonly learn?: ((held: Held, exit: Exit.Exit<unknown, unknown>, now: number) => void) | undefined
}

/** @internal */
export const concurrencyGate = (
  scope: object,
  key: string,
  placeOf: (now: number) => Place,
  answers: boolean
): LoadGate<BulkheadFull> => {
  const held = (place: Place, startedAt: number): Held => ({
    place,
    startedAt,
    running: place.turnstile.running,
    firstAt: undefined
  })
  return {
    circuit: { scope, key },
    acquire: (restore, clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      const place = placeOf(now)
      const { maxWait, turnstile } = place
      place.before?.(clock, now)
      if (turnstile.enter()) return held(place, now)
      return Effect.withFiberRuntime<Held, BulkheadFull>((fiber) => {
        const context = fiber.currentContext as Context.Context<never>
        const most = Math.min(maxWait, leftOf(context, now))
        if (most <= 0) return Exit.fail(bulkheadFull(key, turnstile.running, turnstile.queued))
        return Effect.flatMap(turnstile.wait(restore, clock, context, most), (turn) =>
          turn === "granted"
            ? Effect.succeed(held(place, clock.unsafeCurrentTimeMillis()))
            : Exit.fail(bulkheadFull(key, turnstile.running, turnstile.queued))
        )
      })
    },
    release: (held: Held, exit, clock) => {
      const { learn, turnstile } = held.place
      learn?.(held, exit, clock.unsafeCurrentTimeMillis())
      turnstile.leave()
      return undefined
    },
    answered: answers
      ? (held: Held) =>
          Effect.map(Effect.clock, (clock) => {
            held.firstAt = clock.unsafeCurrentTimeMillis()
            return held
          })
      : undefined
  }
}
