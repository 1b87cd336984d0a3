/**
 * A `TestClock` that is moved on to whatever comes next.
 *
 * `TestClock.setTime` waits at each wake-up for all fibers of the test to be at rest, by several timers of the platform.
 * Here they are at rest already, so time is set as it does, and nothing is waited for.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Order from "effect/Order"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import { turn } from "../simulation/turn.js"
import type { Counting } from "./countingClock.js"

/** Lets everyone come to where they wait, promises included that are settled without a network. @internal */
export const settle: Effect.Effect<void> = Effect.promise(async () => {
  const own = begun++
  settling.add(own)
  do await turn()
  while (someLaterThan(own))
  settling.delete(own)
})

let begun = 0
const settling = new Set<number>()

/** An assertion within a program that is run to its end waits too, and is waited for. */
const someLaterThan = (own: number): boolean => {
  for (const other of settling) if (other > own) return true
  return false
}

/** @internal */
export const isTestClock = (clock: unknown): clock is TestClock.TestClock =>
  Predicate.hasProperty(clock, "setTime") && Predicate.hasProperty(clock, "sleeps")

/** What a `TestClock` keeps, where it is as we know it. */
interface Kept {
  readonly clockState: Ref.Ref<TestClock.Data>
  readonly warningDone: () => Effect.Effect<void>
}

const isKept = (clock: unknown): clock is Kept =>
  Predicate.hasProperty(clock, "clockState") &&
  Predicate.hasProperty(clock.clockState, Ref.RefTypeId) &&
  Predicate.hasProperty(clock, "warningDone") &&
  Predicate.isFunction(clock.warningDone)

/**
 * When somebody wakes up next: a sleeper under the counting clock, or one of the `TestClock` who is none of its own, such as
 * a promise of a client. Nothing where nobody sleeps; a sleep that never ends is none.
 *
 * @internal
 */
export const nextOf = (
  clock: TestClock.TestClock,
  { begunFor, sleeping }: Counting<unknown>
): Effect.Effect<number | undefined> =>
  Effect.map(clock.sleeps, (all) => {
    const now = clock.unsafeCurrentTimeMillis()
    let next = Math.min(...sleeping().map(({ at }) => at))
    const listed = new Map<number, number>()
    for (const at of all) listed.set(at, (listed.get(at) ?? 0) + 1)
    for (const [at, count] of listed) if (at > now && at < next && count > begunFor(at)) next = at
    return next < Number.MAX_SAFE_INTEGER ? next : undefined
  })

/** Sets the time of a clock whose fibers are at rest, and wakes whoever is due. @internal */
export const moveTo = (clock: TestClock.TestClock, time: number): Effect.Effect<void> =>
  isKept(clock)
    ? Effect.flatMap(
        Ref.modify(clock.clockState, ({ sleeps }) => {
          const [later, due] = Chunk.partition(sleeps, ([at]) => at <= time)
          return [Chunk.sort(due, byTime), TestClock.makeData(time, later)]
        }),
        Effect.forEach(([, wake]) => Deferred.succeed(wake, undefined), { discard: true })
      )
    : clock.setTime(time)

const byTime = Order.mapInput(Order.number, ([at]: readonly [number, unknown]) => at)

/** Nobody is to be told that the clock stands still. @internal */
export const quiet = (clock: TestClock.TestClock): Effect.Effect<void> =>
  isKept(clock) ? clock.warningDone() : Effect.void
