/**
 * A timer without a fiber of its own.
 *
 * `Effect.timeout` forks two fibers a call, which costs more than all the other policies together. On the live clock a
 * timer of the platform does the same, which is what `Clock.sleep` itself stands on; on any other clock, a `TestClock`
 * above all, the clock is asked, so that the time is the one the caller sees.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import { liveServices } from "effect/DefaultServices"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

const liveClock = Context.get(liveServices, Clock.Clock)

/** The platform's timers fire at once beyond this many milliseconds; such a timer is as good as none. */
const longest = 2 ** 31 - 1

const nothing = (): void => {}

/** Calls `fire` after `millis`, unless the returned function is called first. */
export const startTimer = (clock: Clock.Clock, millis: number, fire: () => void): (() => void) => {
  if (millis > longest) return nothing
  if (clock === liveClock) {
    const handle = setTimeout(fire, millis)
    return () => clearTimeout(handle)
  }
  const fiber = Effect.runFork(Effect.andThen(clock.sleep(Duration.millis(millis)), Effect.sync(fire)))
  return () => fiber.unsafeInterruptAsFork(fiber.id())
}

/** The clock of a running fiber, without an effect to get it. */
export const clockOf = (fiber: Fiber.RuntimeFiber<unknown, unknown>): Clock.Clock =>
  Context.get(fiber.currentDefaultServices, Clock.Clock)
