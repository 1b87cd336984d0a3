/**
 * A store that gives no answer keeps a call waiting once, and not for long; then nobody asks it for a moment.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Restore } from "../admission/gate.js"
import { answerWithin } from "./answerWithin.js"

/** How long a call waits for a store that says nothing else, in milliseconds. @internal */
export const defaultPatience = 50

/** For so long, in milliseconds, a store that gave no answer is not asked. */
const pause = 1_000

/** @internal */
export class Patience<Failure> {
  #aloneSince = Number.NEGATIVE_INFINITY

  constructor(
    private readonly millis: number,
    private readonly tooLong: (millis: number) => Failure
  ) {}

  /**
   * The answer, or nothing where it is not asked. One that comes after its call has left, or has gone on without, goes to
   * `late`. It has to be run uninterruptibly.
   */
  ask<A, E>(
    asked: Effect.Effect<A, E>,
    restore: Restore,
    clock: Clock.Clock,
    late: (answer: A) => Effect.Effect<void>
  ): Effect.Effect<A | undefined, E | Failure> {
    return Effect.suspend(() => {
      const now = clock.unsafeCurrentTimeMillis()
      if (now - this.#aloneSince < pause && now >= this.#aloneSince) return Effect.succeed(undefined)
      return answerWithin(asked, {
        clock,
        restore,
        millis: this.millis,
        late,
        otherwise: () =>
          Effect.suspend(() => {
            this.#aloneSince = clock.unsafeCurrentTimeMillis()
            return Effect.fail(this.tooLong(this.millis))
          })
      })
    })
  }
}
