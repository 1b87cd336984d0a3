/**
 * A store that can neither fail nor keep a call waiting. One that has just failed is left alone for a moment, so that the
 * calls of that moment do not each wait for it.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { MemoryStore } from "./memoryStore.js"
import type { Store, Turns } from "./types.js"

/** For so long a store that has failed is not asked. */
const pause = 1_000

/** @internal */
export class SafeStore {
  #failedAt = Number.NEGATIVE_INFINITY

  constructor(
    private readonly store: Store,
    private readonly timeout: Duration.Duration,
    private readonly onFailure: (error: unknown, now: number) => void
  ) {}

  readonly get = (key: string): Effect.Effect<string | undefined> => this.#ask(() => this.store.get(key))

  readonly set = (key: string, text: string, timeToLive: Duration.Duration): Effect.Effect<boolean> =>
    Effect.map(
      this.#ask(() => Effect.as(this.store.set(key, text, timeToLive), true)),
      (kept) => kept === true
    )

  readonly remove = (key: string): Effect.Effect<void> => Effect.asVoid(this.#ask(() => this.store.remove(key)))

  get turns(): Turns | undefined {
    return this.store.turns
  }

  /** Nothing, where the store does not say. */
  readonly claim = (key: string, holder: string): Effect.Effect<boolean | undefined> =>
    this.#ask(() => this.store.turns?.claim(key, holder) ?? Effect.succeed(true))

  readonly release = (key: string, holder: string): Effect.Effect<void> =>
    Effect.asVoid(this.#ask(() => this.store.turns?.release(key, holder) ?? Effect.void))

  #ask<A>(question: () => Effect.Effect<A, unknown>): Effect.Effect<A | undefined> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (now - this.#failedAt < pause && now >= this.#failedAt) return Effect.succeed(undefined)
      return Effect.matchCauseEffect(this.#bounded(Effect.suspend(question)), {
        onFailure: (cause) =>
          Cause.isInterruptedOnly(cause)
            ? Effect.failCause(cause as Cause.Cause<never>)
            : Effect.map(Clock.currentTimeMillis, (at) => {
                this.#failedAt = at
                this.onFailure(Cause.squash(cause), at)
                return undefined
              }),
        onSuccess: (answer) => Effect.succeed(answer)
      })
    })
  }

  #bounded<A>(asked: Effect.Effect<A, unknown>): Effect.Effect<A, unknown> {
    // Memory answers at once, and needs no timer.
    if (this.store instanceof MemoryStore) return asked
    return Effect.disconnect(asked).pipe(
      Effect.timeoutFail({
        duration: this.timeout,
        onTimeout: () => new Error(`the store gave no answer within ${Duration.format(this.timeout)}`)
      })
    )
  }
}
