/**
 * Assertions for tests in virtual time: what was attempted and when, how long callers waited, that a program never waits
 * past its deadline, and that nothing is left behind. What fails shows the attempts as a timeline.
 *
 * They throw nothing of a test runner's, so any will do.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Supervisor from "effect/Supervisor"
import * as TestClock from "effect/TestClock"
import { finiteMillis } from "../internal/options/check.js"
import { Resilience } from "../Resilience.js"
import { type TrailEntry, TrailRecorder } from "../Telemetry.js"
import { countingClock } from "./assertions/countingClock.js"
import { type Attempt, recorder, timelineOf } from "./assertions/timeline.js"

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
    const within = finiteMillis("Assertions.runToEnd", "within", options.within ?? "1 day")
    const { clock, sleeping } = countingClock(yield* Effect.clock)
    const begun = clock.unsafeCurrentTimeMillis()
    const attempts = recorder(clock, yield* TrailRecorder)
    const fiber = yield* Effect.exit(Effect.provideService(self, TrailRecorder, attempts)).pipe(
      Effect.zip(Clock.currentTimeMillis),
      Effect.withClock(clock),
      Effect.fork
    )
    for (;;) {
      yield* settle
      const ended = fiber.unsafePoll()
      if (ended !== null) break
      const next = nextOf(sleeping())
      if (next === undefined || next - begun > within) {
        yield* Fiber.interrupt(fiber)
        const why =
          next === undefined ? "waits for something that no clock brings" : `has not ended within ${told(within)}`
        return yield* failed(`The program ${why}`, attempts)
      }
      yield* TestClock.setTime(next)
    }
    const [exit, at] = yield* Fiber.join(fiber)
    return { exit, attempts: [...attempts], took: Duration.millis(at - begun) }
  })

/** Lets every fiber come to where it waits. */
const settle = Effect.repeatN(Effect.yieldNow({ priority: 1 }), 20)

/** Nothing where nobody sleeps. A sleep that never ends is none. */
const nextOf = (sleeping: ReadonlyArray<number>): number | undefined => {
  const next = Math.min(...sleeping)
  return next < Number.MAX_SAFE_INTEGER ? next : undefined
}

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
 * adaptive limit of `Resilience`, and none of what `also` counts (a pool's connections in use), each of which is told by
 * its name. Dies of `AssertionFailed`.
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
    const exit = yield* Effect.exit(Effect.supervised(watched, supervisor))
    yield* settle
    const left = [
      ...(yield* supervisor.value).map((fiber) => `a fiber that is still under way (#${fiber.id().id})`),
      ...sleeping().map((at) => `a timer for ${told(at)} of the clock`),
      ...(yield* placesIn(yield* Effect.serviceOption(Resilience), new Set(attempts.map(({ target }) => target))))
    ]
    for (const [name, count] of Object.entries(also)) {
      const counted = yield* count
      if (counted !== 0) left.push(`${counted} of ${name}`)
    }
    return left.length === 0 ? yield* exit : yield* failed(`The program has left ${left.join(", ")}`, attempts)
  })

const placesIn = (
  resilience: Option.Option<Context.Tag.Service<typeof Resilience>>,
  targets: ReadonlySet<string>
): Effect.Effect<ReadonlyArray<string>> =>
  Option.match(resilience, {
    onNone: () => Effect.succeed([]),
    onSome: ({ adaptiveLimit, bulkhead }) =>
      Effect.map(
        Effect.forEach(targets, (target) =>
          Effect.zipWith(bulkhead.state(target), adaptiveLimit.state(target), (one, other) => {
            const running = one.running + other.running
            return running === 0 ? [] : [`${running} permits of "${target}"`]
          })
        ),
        (places) => places.flat()
      )
  })

/**
 * The attempts of a program as a timeline: when each began, whom it asked, how it ended and how long the call then waited.
 *
 * @since 0.1.0
 * @category Timelines
 */
export const timeline = (ended: Pick<Ended<unknown, unknown>, "attempts">): string => timelineOf(ended.attempts)

const told = (millis: number): string => Duration.format(Duration.millis(millis))

const failed = (what: string, attempts: ReadonlyArray<TrailEntry & { readonly at: number }>): Effect.Effect<never> =>
  Effect.die(new AssertionFailed(attempts.length === 0 ? `${what}.` : `${what}:\n\n${timelineOf(attempts)}\n`))
