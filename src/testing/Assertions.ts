/**
 * Assertions for tests in virtual time: what was attempted and when, how long callers waited, that a program never waits
 * past its deadline, and that nothing is left behind. What fails shows the attempts as a timeline.
 *
 * They throw nothing of a test runner's, so any will do.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Supervisor from "effect/Supervisor"
import * as TestServices from "effect/TestServices"
import { finiteMillis } from "../internal/options/check.js"
import { refuseUnknown } from "../internal/options/names.js"
import { Resilience } from "../Resilience.js"
import { type TrailEntry, TrailRecorder } from "../Telemetry.js"
import { countingClock } from "./assertions/countingClock.js"
import { askedBy, fibersLeft, placesLeft, timersLeft } from "./assertions/left.js"
import { isTestClock, moveTo, nextOf, quiet, settle } from "./assertions/moving.js"
import { type Attempt, recorder, timelineOf, told } from "./assertions/timeline.js"

export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  Attempt
} from "./assertions/timeline.js"

/**
 * What a test has found wrong. Its message is for people, and ends with the attempts as a timeline where there are any.
 *
 * @since 0.1.0
 * @category Errors
 */
export class AssertionFailed extends Error {
  override readonly name: string = "AssertionFailed"
}

/**
 * How a program ended in virtual time.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Ended<A, E> {
  readonly exit: Exit.Exit<A, E>
  /** Every attempt of the protected calls in it, in the order in which they ended. */
  readonly attempts: ReadonlyArray<Attempt>
  /** From its start to its end, by the `TestClock`. */
  readonly took: Duration.Duration
}

/**
 * Runs a program to its end in virtual time: the `TestClock` is moved on to whatever the program waits for next, as often
 * as it takes. Dies of `AssertionFailed` if it has not ended within that time (default 1 day), or waits for something that
 * no clock brings.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmError, Resilience } from "effect-resilience"
 * import * as Assertions from "effect-resilience/testing/Assertions"
 *
 * const call = Effect.fail(new LlmError.Overloaded())
 *
 * export const test = Effect.gen(function* () {
 *   const ended = yield* Assertions.runToEnd(Resilience.protect(call, "acme/large"))
 *   yield* Assertions.attempts(ended, [
 *     { target: "acme/large", outcome: "Overloaded", at: 0 },
 *     { target: "acme/large", outcome: "Overloaded" },
 *     { target: "acme/large", outcome: "Overloaded" }
 *   ])
 *   yield* Assertions.within(ended, "4 seconds")
 * }).pipe(Effect.provide(Resilience.layer()))
 * ```
 *
 * @since 0.1.0
 * @category Running
 */
export const runToEnd = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  options: { readonly within?: Duration.DurationInput } = {}
): Effect.Effect<Ended<A, E>, never, R> =>
  Effect.gen(function* () {
    refuseUnknown("Assertions.runToEnd", "", options, { within: true })
    const within = finiteMillis("Assertions.runToEnd", "within", options.within ?? "1 day")
    const testClock = yield* Effect.clock
    if (!isTestClock(testClock)) return yield* failed("There is no TestClock to move on: use it.effect", [])
    const counting = countingClock(testClock)
    const begun = testClock.unsafeCurrentTimeMillis()
    const attempts = recorder(testClock, yield* TrailRecorder)
    yield* quiet(testClock)
    const fiber = yield* Effect.exit(Effect.provideService(self, TrailRecorder, attempts)).pipe(
      Effect.zip(Clock.currentTimeMillis),
      Effect.withClock(counting.clock),
      Effect.fork
    )
    let patience = 50
    for (;;) {
      yield* settle
      const ended = fiber.unsafePoll()
      if (ended !== null) break
      const next = yield* nextOf(testClock, counting)
      if (next === undefined && patience-- > 0) {
        // What the platform does beside (reading a file, say) may be all that is waited for: half a second for it.
        yield* TestServices.provideLive(Effect.sleep(10))
        continue
      }
      if (next === undefined || next - begun > within) {
        yield* Fiber.interrupt(fiber)
        const why =
          next === undefined ? "waits for something that no clock brings" : `has not ended within ${told(within)}`
        return yield* failed(`The program ${why}`, attempts)
      }
      yield* moveTo(testClock, next)
    }
    const [exit, at] = yield* Fiber.join(fiber)
    return { exit, attempts: [...attempts], took: Duration.millis(at - begun) }
  })

/**
 * What is expected of an attempt; what is not said is not looked at.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ExpectedAttempt {
  readonly target?: string | undefined
  /** `Success`, `Interrupted`, `Defect`, or the tag of the failure. */
  readonly outcome?: string | undefined
  /** When it began, counted from the start of the test's clock. */
  readonly at?: Duration.DurationInput | undefined
  /** How long the call waited after it. */
  readonly wait?: Duration.DurationInput | undefined
}

/**
 * The attempts were these, and no others, in the order in which they ended.
 *
 * @since 0.1.0
 * @category Assertions
 */
export const attempts = (
  ended: Pick<Ended<unknown, unknown>, "attempts">,
  expected: ReadonlyArray<ExpectedAttempt>
): Effect.Effect<void> => {
  const made = ended.attempts
  if (made.length !== expected.length) {
    return failed(`There were ${made.length} attempts, and not ${expected.length}`, made)
  }
  for (const [i, { at, outcome, target, wait }] of expected.entries()) {
    const attempt = made[i]!
    const differs = (what: string, is: unknown, wanted: unknown) =>
      failed(`Attempt ${i + 1}: ${what} is ${String(is)}, and not ${String(wanted)}`, made)
    if (target !== undefined && attempt.target !== target) return differs("the target", attempt.target, target)
    if (outcome !== undefined && attempt.outcome !== outcome) return differs("the outcome", attempt.outcome, outcome)
    if (at !== undefined && attempt.at !== Duration.toMillis(at)) {
      return differs("the time", told(attempt.at), told(Duration.toMillis(at)))
    }
    const waited = attempt.wait === undefined ? 0 : Duration.toMillis(attempt.wait)
    if (wait !== undefined && waited !== Duration.toMillis(wait)) {
      return differs("the wait", told(waited), told(Duration.toMillis(wait)))
    }
  }
  return Effect.void
}

/**
 * The program was done after so long at the latest.
 *
 * @since 0.1.0
 * @category Assertions
 */
export const within = (ended: Ended<unknown, unknown>, most: Duration.DurationInput): Effect.Effect<void> =>
  Duration.lessThanOrEqualTo(ended.took, most)
    ? Effect.void
    : failed(
        `The program took ${told(Duration.toMillis(ended.took))}, and had ${told(Duration.toMillis(most))}`,
        ended.attempts
      )

/**
 * Nothing is left when the program is over: no fiber of its own, no sleep under its clock, no place in a bulkhead or an
 * adaptive limit of `Resilience`, no probe of a circuit, and none of what `also` counts (a pool's connections in use), each
 * of which is told by its name: a fiber by its number and the span in which it is, if any. Dies of `AssertionFailed`.
 *
 * It looks from outside: the `Resilience` in whose context it stands is looked at, and one that the program provides to
 * itself is not.
 *
 * @since 0.1.0
 * @category Assertions
 */
export const noLeaks = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  also: Readonly<Record<string, Effect.Effect<number>>> = {}
): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const { clock, sleeping } = countingClock(yield* Effect.clock)
    const attempts = recorder(clock, yield* TrailRecorder)
    const supervisor = yield* Supervisor.track
    const watched = Effect.withClock(Effect.provideService(self, TrailRecorder, attempts), clock)
    const { asked, result } = yield* askedBy(Effect.supervised(watched, supervisor))
    yield* settle
    const sleepers = sleeping()
    const targets = new Set([...asked, ...attempts.map(({ target }) => target)])
    const left = [
      ...fibersLeft(yield* supervisor.value, sleepers),
      ...timersLeft(sleepers),
      ...(yield* placesLeft(yield* Effect.serviceOption(Resilience), targets))
    ]
    for (const [name, count] of Object.entries(also)) {
      const counted = yield* count
      if (counted !== 0) left.push(`${counted} of ${name}`)
    }
    return left.length === 0 ? yield* result : yield* failed(`The program has left ${left.join(", ")}`, attempts)
  })

/**
 * The attempts of a program as a timeline: when each began, whom it asked, how it ended and how long the call then waited.
 *
 * @since 0.1.0
 * @category Timelines
 */
export const timeline = (ended: Pick<Ended<unknown, unknown>, "attempts">): string => timelineOf(ended.attempts)

const failed = (what: string, attempts: ReadonlyArray<TrailEntry & { readonly at: number }>): Effect.Effect<never> =>
  Effect.die(new AssertionFailed(attempts.length === 0 ? `${what}.` : `${what}:\n\n${timelineOf(attempts)}\n`))
