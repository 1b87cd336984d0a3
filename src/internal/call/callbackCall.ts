/**
 * One callback as an effect, for what needs neither a promise nor a signal.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { type CallbackEffect, CallbackTypeId, type Holder } from "../fiber/callback.js"
import type { AttemptTimeout } from "./attemptTimeout.js"

export type { CallbackEffect } from "../fiber/callback.js"

/** Runs a function that calls back once, and gives what cancels it. */
export const callbackCall = <A, E>(
  evaluate: (resume: (answer: Effect.Effect<A, E>) => void) => () => void
): CallbackEffect<A, E, never> => {
  const start = <E2>(
    resume: (answer: Effect.Effect<A, E | E2>) => void,
    limit: AttemptTimeout<E2> | undefined,
    holder: Holder | undefined
  ): Run => {
    const run = new Run(holder)
    if (limit !== undefined) {
      run.stopTimer = limit.signal(() => {
        resume(Effect.failSync(limit.onTimeout))
        run.cancel()
      })
    }
    run.stop = evaluate((answer) => {
      run.ended()
      resume(answer)
    })
    return run
  }
  const held = <E2>(holder: Holder, limit?: AttemptTimeout<E2>): Effect.Effect<A, E | E2> =>
    Effect.async((resume) => {
      start(resume, limit, holder)
    })
  const alone = Effect.async<A, E>((resume) => {
    const run = start(resume, undefined, undefined)
    return Effect.sync(() => run.cancel())
  })
  return Object.assign(alone, { [CallbackTypeId]: held })
}

class Run {
  stop: (() => void) | undefined = undefined
  stopTimer: (() => void) | undefined = undefined

  constructor(private readonly holder: Holder | undefined) {
    if (holder !== undefined) holder.running = this
  }

  /** What has ended is let go of at once; see `promiseCall`. */
  ended(): void {
    this.stopTimer?.()
    if (this.holder?.running === this) this.holder.running = undefined
  }

  cancel(): void {
    this.ended()
    this.stop?.()
  }
}
