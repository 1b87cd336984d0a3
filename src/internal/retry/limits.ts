import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import type { LlmError, Tag } from "../errors/llmError.js"
import { isRejection, type Rejection } from "../errors/rejection.js"
import { traits } from "../errors/traits.js"
import { attempts, millis, number } from "../options/check.js"
import { CurrentDeadline } from "../time/deadline.js"
import { noteFailure } from "../time/watchedDeadline.js"
import * as formulas from "./formulas.js"
import type { ErrorSchedules, FailureRefinement, HintOptions, RetryableOptions } from "./policyTypes.js"
import { Reading, read } from "./reading.js"
import { refine } from "./refine.js"

type Refined<Out, R> = Schedule.Schedule<Out, unknown, R>

/** As many attempts in all as a failure allows. */
export const attemptsAllowedBy =
  (allowed: (failure: LlmError | Rejection) => number): FailureRefinement =>
  (self) =>
    refine(self, 1, ({ delay, input }, made) =>
      Effect.sync(() => [made < allowed(read(input)) ? delay : undefined, made + 1])
    )

/** @internal */
export const maxAttempts: {
  (count: number): <Out, In, R>(self: Schedule.Schedule<Out, In, R>) => Schedule.Schedule<Out, In, R>
  <Out, In, R>(self: Schedule.Schedule<Out, In, R>, count: number): Schedule.Schedule<Out, In, R>
} = dual(2, <Out, In, R>(self: Schedule.Schedule<Out, In, R>, count: number): Schedule.Schedule<Out, In, R> => {
  attempts("RetryPolicy.maxAttempts", "count", count)
  return refine(self, 1, ({ delay }, made) => Effect.succeed([made < count ? delay : undefined, made + 1]))
})

/** @internal */
export const maxElapsed: {
  (duration: Duration.DurationInput): <Out, In, R>(self: Schedule.Schedule<Out, In, R>) => Schedule.Schedule<Out, In, R>
  <Out, In, R>(self: Schedule.Schedule<Out, In, R>, duration: Duration.DurationInput): Schedule.Schedule<Out, In, R>
} = dual(
  2,
  <Out, In, R>(
    self: Schedule.Schedule<Out, In, R>,
    duration: Duration.DurationInput
  ): Schedule.Schedule<Out, In, R> => {
    const limit = millis("RetryPolicy.maxElapsed", "duration", duration)
    return refine(self, undefined as number | undefined, ({ delay, now }, start = now) =>
      Effect.succeed([now + delay - start <= limit ? delay : undefined, start])
    )
  }
)

/** @internal */
export const honorRetryAfter: {
  (options?: HintOptions): FailureRefinement
  <Out, R>(self: Refined<Out, R>, options?: HintOptions): Refined<Out, R>
} = dual(
  ([self]) => Schedule.isSchedule(self),
  <Out, R>(self: Refined<Out, R>, options: HintOptions = {}): Refined<Out, R> => {
    const { maxRetryAfter = "60 seconds", spread: share = 0 } = options
    const longest = millis("RetryPolicy.honorRetryAfter", "maxRetryAfter", maxRetryAfter)
    const spread = number("RetryPolicy.honorRetryAfter", "spread", share, 0)
    return refine(self, undefined, ({ delay, input }, state) => {
      const hint = hintOf(read(input))
      if (hint === undefined) return Effect.succeed([delay, state])
      if (hint > longest) return Effect.succeed([undefined, state])
      return spread === 0
        ? Effect.succeed([formulas.withHint(delay, hint, 0, 0), state])
        : Effect.map(Random.next, (chance) => [formulas.withHint(delay, hint, spread, chance), state])
    })
  }
)

const hintOf = (failure: LlmError | Rejection): number | undefined =>
  "retryAfter" in failure && failure.retryAfter !== undefined ? Duration.toMillis(failure.retryAfter) : undefined

/** @internal */
export const withinDeadline: FailureRefinement = (self) =>
  refine(self, unknownPace, ({ delay, input, now }, pace) =>
    Effect.map(CurrentDeadline, (deadline) => {
      const quickest = paceOf(pace, now, read(input))
      const starts = now + delay
      if (deadline === undefined) return [delay, { starts, quickest }]
      noteFailure(deadline, Reading.is(input) ? input.error : input)
      const inTime = starts < deadline.at && starts + (quickest ?? 0) <= deadline.at
      return [inTime ? delay : undefined, { starts, quickest }]
    })
  )

/** When the attempt under way has started, if that is known, and what the quickest attempt so far has taken. */
interface Pace {
  readonly starts: number | undefined
  readonly quickest: number | undefined
}

const unknownPace: Pace = { starts: undefined, quickest: undefined }

/** An attempt that was cut off says nothing about the time that one needs. */
const paceOf = ({ quickest, starts }: Pace, now: number, failure: LlmError | Rejection): number | undefined => {
  if (starts === undefined || failure._tag === "TimedOut") return quickest
  return Math.min(quickest ?? Number.POSITIVE_INFINITY, now - starts)
}

/** @internal */
export const whileRetryable: {
  (options?: RetryableOptions): FailureRefinement
  <Out, R>(self: Refined<Out, R>, options?: RetryableOptions): Refined<Out, R>
} = dual(
  ([self]) => Schedule.isSchedule(self),
  <Out, R>(self: Refined<Out, R>, options?: RetryableOptions): Refined<Out, R> =>
    refine(self, noneYet, ({ delay, input }, retried) =>
      Effect.sync(() => {
        const failure = read(input)
        return retryable(failure, retried, options)
          ? [delay, retried.has(failure._tag) ? retried : new Set(retried).add(failure._tag)]
          : [undefined, retried]
      })
    )
)

const noneYet: ReadonlySet<string> = new Set()

/** One that is held open by hand may stay so for any time. */
const opensAgain = (failure: Rejection): boolean =>
  failure._tag === "CircuitHalfOpen" || (failure._tag === "CircuitOpen" && Duration.isFinite(failure.retryAfter))

const retryable = (
  failure: LlmError | Rejection,
  retried: ReadonlySet<string>,
  options: RetryableOptions | undefined
): boolean => {
  if (isRejection(failure)) return options?.whenOpen === "wait" && opensAgain(failure)
  const asked = options?.retry?.[failure._tag]
  if (asked === false || failure.retryable === false) return false
  switch (traits(failure).sameTarget) {
    case "always":
      return true
    case "once":
      return asked === true || !retried.has(failure._tag)
    case "lastResort":
      return asked === true || (options?.lastTarget ?? true)
    case "never":
      return asked === true
  }
}

/** @internal */
export const perError: {
  <Out2, R2 = never>(
    schedules: ErrorSchedules<Out2, R2>
  ): <Out, R>(self: Schedule.Schedule<Out, unknown, R>) => Schedule.Schedule<Out | Out2, unknown, R | R2>
  <Out, R, Out2, R2 = never>(
    self: Schedule.Schedule<Out, unknown, R>,
    schedules: ErrorSchedules<Out2, R2>
  ): Schedule.Schedule<Out | Out2, unknown, R | R2>
} = dual(
  2,
  <Out, R, Out2, R2>(
    self: Schedule.Schedule<Out, unknown, R>,
    schedules: ErrorSchedules<Out2, R2>
  ): Schedule.Schedule<Out | Out2, unknown, R | R2> => {
    const start: ReadonlyMap<string, unknown> = new Map()
    return Schedule.makeWithState(start, (now, input: unknown, states) => {
      const tag = read(input)._tag
      const own = schedules[tag as Tag]
      const schedule: Schedule.Schedule<Out | Out2, unknown, R | R2> = own ?? self
      const key = own === undefined ? "" : tag
      const state = states.has(key) ? states.get(key) : schedule.initial
      return Effect.map(schedule.step(now, input, state), ([next, out, decision]) => [
        new Map(states).set(key, next),
        out,
        decision
      ])
    })
  }
)
