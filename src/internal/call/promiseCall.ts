/**
 * The one place where a promise becomes an effect and interruption becomes an `AbortSignal`.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { type CallbackEffect, CallbackTypeId, type Holder } from "../fiber/callback.js"
import type { AttemptTimeout } from "./attemptTimeout.js"

/**
 * Runs a function that returns a promise. The signal is made only for a function that takes one, since making it costs
 * as much as the rest of the call. `onThrown` is told whether the call had been given up by then, which no error says
 * reliably: clients call a timeout of their own an abort, and a caller aborts with any reason.
 */
export const promiseCall = <A, E>(
  evaluate: (signal: AbortSignal) => PromiseLike<A>,
  onThrown: (thrown: unknown, givenUp: boolean) => E,
  onAnswer: (value: A) => Effect.Effect<A, E> = Effect.succeed,
  callersSignal?: AbortSignal
): CallbackEffect<A, E, never> => {
  const start = <E2>(resume: Resume<A, E | E2>, limit?: AttemptTimeout<E2>, holder?: Holder): Run => {
    const run = new Run(evaluate.length > 0 ? new AbortController() : undefined, holder)
    if (callersSignal !== undefined) {
      const giveUp = (): void => {
        resume(Effect.failSync(() => onThrown(callersSignal.reason, true)))
        run.cancel()
      }
      if (callersSignal.aborted) {
        giveUp()
        return run
      }
      run.forget = onAbort(callersSignal, giveUp)
    }
    if (limit !== undefined) {
      run.stopTimer = limit.signal(() => {
        resume(Effect.failSync(limit.onTimeout))
        run.cancel()
      })
    }
    const fail = (thrown: unknown): void => {
      run.ended()
      const givenUp = run.controller?.signal.aborted === true
      resume(Effect.failSync(() => onThrown(thrown, givenUp)))
    }
    try {
      // A function without parameters never sees the missing signal.
      evaluate(run.controller?.signal as AbortSignal).then((value) => {
        run.ended()
        resume(onAnswer(value))
      }, fail)
    } catch (thrown) {
      fail(thrown)
    }
    return run
  }
  const held = <E2>(holder: Holder, limit?: AttemptTimeout<E2>): Effect.Effect<A, E | E2> =>
    Effect.async((resume) => {
      start(resume, limit, holder)
    })
  const alone = Effect.async<A, E>((resume) => {
    const run = start(resume)
    // With nothing to abort, an interruption has nothing to do, and the call needs no bracket.
    return run.controller === undefined ? undefined : Effect.sync(() => run.cancel())
  })
  return Object.assign(alone, { [CallbackTypeId]: held })
}

/**
 * Listens to a signal until the answer is called.
 */
export const onAbort = (signal: AbortSignal, run: () => void): (() => void) => {
  signal.addEventListener("abort", run, { once: true })
  return () => signal.removeEventListener("abort", run)
}

type Resume<A, E> = (answer: Effect.Effect<A, E>) => void

/** One call of the function, and what is to be stopped of it. */
class Run {
  stopTimer: (() => void) | undefined = undefined
  forget: (() => void) | undefined = undefined

  constructor(
    readonly controller: AbortController | undefined,
    private readonly holder: Holder | undefined
  ) {
    if (holder !== undefined) holder.running = this
  }

  ended(): void {
    this.stopTimer?.()
    this.forget?.()
    // A promise that has ended is let go of at once: what points at it, and so at its bracket, would survive the garbage
    // collector's first look and cost as much again as the call. One that ends after it was given up on may find the next
    // attempt in its place.
    if (this.holder?.running === this) this.holder.running = undefined
  }

  cancel(): void {
    this.ended()
    this.controller?.abort()
  }
}
