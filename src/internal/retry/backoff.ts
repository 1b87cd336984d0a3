import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import { finiteMillis, millis, number } from "../options/check.js"
import * as formulas from "./formulas.js"
import type { Refinement } from "./policyTypes.js"
import { after, refine } from "./refine.js"

type AnySchedule<Out, In, R> = Schedule.Schedule<Out, In, R>

/** The wait after each failure as a formula of its number, for ever. */
const growing = (delay: (failure: number) => number): Schedule.Schedule<Duration.Duration> =>
  Schedule.makeWithState(1, (now, _: unknown, failure) => {
    const wait = Math.min(delay(failure), formulas.longest)
    return Effect.succeed([failure + 1, Duration.millis(wait), after(now, wait)])
  })

/** @internal */
export const exponential = (initialDelay: Duration.DurationInput, factor = 2): Schedule.Schedule<Duration.Duration> => {
  const initial = finiteMillis("RetryPolicy.exponential", "initialDelay", initialDelay)
  number("RetryPolicy.exponential", "factor", factor, 1)
  return growing((failure) => formulas.exponential(initial, factor, failure))
}

/** @internal */
export const linear = (
  initialDelay: Duration.DurationInput,
  increment: Duration.DurationInput = initialDelay
): Schedule.Schedule<Duration.Duration> => {
  const initial = finiteMillis("RetryPolicy.linear", "initialDelay", initialDelay)
  const step = finiteMillis("RetryPolicy.linear", "increment", increment)
  return growing((failure) => formulas.linear(initial, step, failure))
}

/** @internal */
export const fixed = (delay: Duration.DurationInput): Schedule.Schedule<Duration.Duration> => {
  const wait = finiteMillis("RetryPolicy.fixed", "delay", delay)
  return growing(() => wait)
}

/** @internal */
export const fibonacci = (initialDelay: Duration.DurationInput): Schedule.Schedule<Duration.Duration> => {
  const initial = finiteMillis("RetryPolicy.fibonacci", "initialDelay", initialDelay)
  return growing((failure) => formulas.fibonacci(initial, failure))
}

/** A combinator whose new wait depends on the old one and on chance only. */
const mapped = <Out, In, R>(
  self: AnySchedule<Out, In, R>,
  wait: (delay: number, chance: number) => number
): AnySchedule<Out, In, R> =>
  refine(self, undefined, ({ delay }: { readonly delay: number; readonly input: In; readonly now: number }, state) =>
    Effect.map(Random.next, (chance) => [wait(delay, chance), state])
  )

/** @internal */
export const cappedAt: {
  (maxDelay: Duration.DurationInput): Refinement
  <Out, In, R>(self: AnySchedule<Out, In, R>, maxDelay: Duration.DurationInput): AnySchedule<Out, In, R>
} = dual(2, <Out, In, R>(self: AnySchedule<Out, In, R>, maxDelay: Duration.DurationInput): AnySchedule<Out, In, R> => {
  const cap = millis("RetryPolicy.cappedAt", "maxDelay", maxDelay)
  return refine(self, undefined, ({ delay }, state) => Effect.succeed([Math.min(delay, cap), state]))
})

/** @internal */
export const fullJitter: Refinement = (self) => mapped(self, formulas.full)

/** @internal */
export const equalJitter: Refinement = (self) => mapped(self, formulas.equal)

/** @internal */
export const proportionalJitter: {
  (ratio?: number): Refinement
  <Out, In, R>(self: AnySchedule<Out, In, R>, ratio?: number): AnySchedule<Out, In, R>
} = dual(
  ([self]) => Schedule.isSchedule(self),
  <Out, In, R>(self: AnySchedule<Out, In, R>, ratio = 0.2): AnySchedule<Out, In, R> => {
    number("RetryPolicy.proportionalJitter", "ratio", ratio, 0, 1)
    return mapped(self, (delay, chance) => formulas.proportional(delay, ratio, chance))
  }
)

/** @internal */
export const decorrelatedJitter: {
  (maxDelay?: Duration.DurationInput): Refinement
  <Out, In, R>(self: AnySchedule<Out, In, R>, maxDelay?: Duration.DurationInput): AnySchedule<Out, In, R>
} = dual(
  ([self]) => Schedule.isSchedule(self),
  <Out, In, R>(
    self: AnySchedule<Out, In, R>,
    maxDelay: Duration.DurationInput = Duration.millis(formulas.longest)
  ): AnySchedule<Out, In, R> => {
    const cap = millis("RetryPolicy.decorrelatedJitter", "maxDelay", maxDelay)
    type Previous = { readonly base: number; readonly wait: number } | undefined
    return refine(self, undefined as Previous, ({ delay }, previous = { base: delay, wait: delay }) =>
      Effect.map(Random.next, (chance) => {
        const wait = formulas.decorrelated(previous.base, previous.wait, cap, chance)
        return [wait, { base: previous.base, wait }]
      })
    )
  }
)
