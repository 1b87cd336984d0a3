/**
 * A retry budget that several processes share: a limit of retries, to which each call adds its share.
 *
 * A process adds what its calls have earned to its own slice, and gives that back with what else it does not need. By what
 * it was told last, a budget that must be full by now has no use for more: then nothing is added and nobody is told, so
 * that calls to a healthy target cost no command.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { Limit } from "../load/buckets.js"
import type { Budget, Settings } from "../retry/budgetTypes.js"
import type { SharedLimits } from "./limits.js"

const one = { retries: 1 }
const nothing = {}

/** @internal */
export const sharedBudget = (limits: SharedLimits, { burst, minimumPerSecond, share }: Settings): Budget => {
  // As after one idle second, so that whoever erases it hands out no retries.
  const initial = Math.min(burst, minimumPerSecond)
  const buckets: ReadonlyArray<Limit> = [{ unit: "retries", burst, perMilli: minimumPerSecond / 1_000, initial }]
  const earned = { retries: share }
  const { immediate, reserve, settle } = limits.store
  const now = <A>(use: (now: number) => A): Effect.Effect<A> =>
    Effect.clockWith((clock) => Effect.sync(() => use(clock.unsafeCurrentTimeMillis())))
  const known = (key: string, now: number): number | undefined => immediate.left(key, buckets, now)?.retries
  return {
    deposit: (key) =>
      now((now) => {
        if ((known(key, now) ?? 0) < burst) immediate.settle(key, buckets, earned, nothing, now)
      }),
    take: (key) => Effect.map(reserve(key, buckets, one, nothing), ({ _tag }) => _tag === "Granted"),
    giveBack: (key) => settle(key, buckets, one, nothing),
    available: (key) => now((now) => Math.max(0, Math.floor((known(key, now) ?? initial) + 1e-9)))
  }
}
