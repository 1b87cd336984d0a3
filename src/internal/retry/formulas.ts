/**
 * The arithmetic of backoff and jitter, in milliseconds. Nothing here knows of clocks, chance or schedules: `chance` is
 * a number from 0 up to, but not including, 1.
 *
 * @internal
 */

/**
 * The longest wait a timer of the platform can measure, about 24.8 days. Growth stops here, long before it could reach
 * `Infinity`.
 */
export const longest: number = 2 ** 31 - 1

const bounded = (millis: number): number => Math.min(millis, longest)

/** `initial * factor^(failure - 1)`; `failure` counts from 1. */
export const exponential = (initial: number, factor: number, failure: number): number =>
  initial === 0 ? 0 : bounded(initial * factor ** (failure - 1))

/** `initial + increment * (failure - 1)` */
export const linear = (initial: number, increment: number, failure: number): number =>
  bounded(initial + increment * (failure - 1))

/** `initial * Fibonacci(failure)`: 1, 1, 2, 3, 5, 8, ... times `initial`. */
export const fibonacci = (initial: number, failure: number): number => {
  let [current, next] = [bounded(initial), bounded(initial)]
  for (let n = 1; n < failure && current > 0 && current < longest; n++) {
    ;[current, next] = [next, bounded(current + next)]
  }
  return current
}

/** From `low` up to, but not including, `high`. Rounding of the product cannot carry it out of its bounds. */
const between = (low: number, high: number, chance: number): number =>
  Math.min(high, Math.max(low, low + (high - low) * chance))

/** Anything from 0 to `delay`; half of it on average. */
export const full = (delay: number, chance: number): number => between(0, delay, chance)

/** Half of `delay` and anything up to the other half; three quarters of it on average. */
export const equal = (delay: number, chance: number): number => between(delay / 2, delay, chance)

/** `delay` give or take a share of it; `delay` on average. */
export const proportional = (delay: number, ratio: number, chance: number): number =>
  bounded(between(delay * (1 - ratio), delay * (1 + ratio), chance))

/**
 * From `base` to three times the previous delay, which starts as `base`. The upper end is capped and not the result, so
 * that those at the cap still spread.
 */
export const decorrelated = (base: number, previous: number, cap: number, chance: number): number =>
  between(Math.min(base, cap), Math.min(3 * previous, cap), chance)

/** The server's hint is a floor: a longer `delay` stays, and `spread` (a share of the hint) is only ever added. */
export const withHint = (delay: number, hint: number, spread: number, chance: number): number =>
  Math.max(delay, bounded(hint * (1 + spread * chance)))
