import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * Says what is wrong with an option: its name, its value, and what is allowed.
 *
 * @internal
 */
export const invalid = (where: string, field: string, value: unknown, allowed: string): RangeError =>
  new RangeError(`${where}: ${field} is ${String(value)}, and has to be ${allowed}`)

/**
 * A duration in milliseconds. `Duration.decode` reads NaN and negative numbers as zero; here they are mistakes.
 *
 * @internal
 */
export const millis = (where: string, field: string, input: Duration.DurationInput): number => {
  const bad =
    typeof input === "number"
      ? Number.isNaN(input) || input < 0
      : typeof input === "bigint"
        ? input < 0n
        : typeof input === "string" && input.trimStart().startsWith("-")
  const decoded = bad ? Option.none() : Duration.decodeUnknown(input)
  if (Option.isNone(decoded)) throw invalid(where, field, input, 'a duration of zero or more, such as "2 seconds"')
  return Duration.toMillis(decoded.value)
}

/** @internal */
export const finiteMillis = (where: string, field: string, input: Duration.DurationInput): number => {
  const value = millis(where, field, input)
  if (value === Number.POSITIVE_INFINITY) throw invalid(where, field, input, "a finite duration")
  return value
}

/** @internal */
export const number = (where: string, field: string, value: number, least: number, most?: number): number => {
  if (typeof value === "number" && value >= least && (most === undefined || value <= most)) return value
  const range = most === undefined ? `a number of at least ${least}` : `a number from ${least} to ${most}`
  throw invalid(where, field, value, range)
}

/** @internal */
export const attempts = (where: string, field: string, value: number): number => {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= 1)) return value
  throw invalid(where, field, value, "a whole number of attempts, at least 1, the first one included")
}
