/**
 * Calls of the same key in several processes are one call: whoever has the turn asks, and the others wait for what it keeps.
 *
 * A turn is a lease, which its holder renews. Where the holder dies, or fails, another one has the next turn. A store that
 * does not say whose turn it is makes nobody wait.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import type { DeadlineExceeded } from "../errors/rejection.js"
import { CurrentDeadline } from "../time/deadline.js"
import { untilDeadline } from "./flights.js"
import type { SafeStore } from "./safeStore.js"

/** How often whoever waits looks whether there is an answer, at first and at last, in milliseconds. */
const firstPause = 20
const longestPause = 200

/**
 * The answer that somebody else keeps meanwhile, or that of `live`, when it is this caller's turn. `onWait` is told once of
 * one who has to wait.
 *
 * @internal
 */
export const acrossProcesses = <A, E, R, R2>(
  store: SafeStore,
  key: string,
  live: Effect.Effect<A, E, R>,
  kept: Effect.Effect<A | undefined, never, R2>,
  onWait: Effect.Effect<void>
): Effect.Effect<A, E | DeadlineExceeded, R | R2> => {
  const { turns } = store
  if (turns === undefined) return live
  return Effect.flatMap(Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER), (chance) => {
    const holder = chance.toString(36)
    const claim = Effect.map(store.claim(key, holder), (claimed) => claimed !== false)
    const renewal = Effect.forever(Effect.delay(claim, Duration.times(turns.lease, 1 / 3)))
    const asked = Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.fork(Effect.interruptible(renewal)), (renewing) =>
        Effect.ensuring(restore(live), Fiber.interrupt(renewing))
      )
    )
    const wait = (pause: number): Effect.Effect<A | undefined, never, R2> =>
      Effect.zipRight(
        Effect.sleep(pause),
        Effect.flatMap(kept, (answer) =>
          answer !== undefined
            ? Effect.succeed(answer as A | undefined)
            : Effect.flatMap(claim, (mine) =>
                mine ? Effect.succeed(undefined) : wait(Math.min(longestPause, pause * 2))
              )
        )
      )
    const turn = Effect.flatMap(claim, (mine) =>
      mine
        ? Effect.succeed(undefined)
        : Effect.flatMap(Effect.zip(CurrentDeadline, Effect.context<R2>()), ([deadline, context]) =>
            Effect.zipRight(onWait, untilDeadline(Effect.provide(wait(firstPause), context), deadline))
          )
    )
    // Whoever leaves gives up the turn, if it has it.
    return Effect.ensuring(
      Effect.flatMap(turn, (answer) => (answer === undefined ? asked : Effect.succeed(answer))),
      store.release(key, holder)
    )
  })
}
