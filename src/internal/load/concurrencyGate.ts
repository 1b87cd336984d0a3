/**
 * The gate of a limit on what runs at once, which may be fixed, find itself, or rise for a while.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Observed } from "../admission/gate.js"
import { bulkheadFull } from "../breaker/rejected.js"
import type { BulkheadFull } from "../errors/rejection.js"
import type { LoadGate as GateName } from "../telemetry/events.js"
import { type Around, waitingOf } from "./around.js"
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
  readonly learn?:
    | ((held: Held, exit: Exit.Exit<unknown, unknown>, now: number, longestHold: number) => void)
    | undefined
}

/** @internal */
export const concurrencyGate = (
  name: GateName,
  scope: object,
  key: string,
  placeOf: (now: number) => Place,
  around: Around
): LoadGate<BulkheadFull> => {
  const held = (place: Place, startedAt: number): Held => ({
    place,
    startedAt,
    running: place.turnstile.running,
    firstAt: undefined
  })
  const full = ({ queued, running }: Turnstile): BulkheadFull => bulkheadFull(key, running, queued)

  /** Those who would have waited run too: as many as are too many are those whom the queue would have held. */
  const observed = (place: Place, now: number, mayWait: boolean): Observed<Held> => {
    const { turnstile } = place
    if (turnstile.enter()) return { permit: held(place, now), decision: undefined }
    if (mayWait && turnstile.enterBeyond()) {
      return { permit: held(place, now), decision: { policy: name, action: "wait" } }
    }
    return { permit: undefined, decision: { policy: name, action: "reject", error: full(turnstile) } }
  }

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
        const { most, spent } = waitingOf(context, now, maxWait, around)
        if (most <= 0) return Exit.fail(full(turnstile))
        return Effect.flatMap(turnstile.wait(restore, clock, context, most), (turn) => {
          const after = clock.unsafeCurrentTimeMillis()
          spent(after - now)
          return turn === "granted" ? Effect.succeed(held(place, after)) : Exit.fail(full(turnstile))
        })
      })
    },
    release: (held: Held, exit, clock) => {
      const { learn, turnstile } = held.place
      learn?.(held, exit, clock.unsafeCurrentTimeMillis(), around.longestHold)
      turnstile.leave()
      return undefined
    },
    observe: (clock, left) =>
      Effect.sync(() => {
        const now = clock.unsafeCurrentTimeMillis()
        const place = placeOf(now)
        place.before?.(clock, now)
        return observed(place, now, Math.min(left, place.maxWait) > 0)
      }),
    answered:
      name === "adaptiveLimit"
        ? (held: Held) =>
            Effect.map(Effect.clock, (clock) => {
              held.firstAt = clock.unsafeCurrentTimeMillis()
              return held
            })
        : undefined
  }
}
