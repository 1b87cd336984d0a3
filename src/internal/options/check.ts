import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/**
 * Says what is wrong with an option: its name, its value, and what is allowed.
 *
 * @internal
 */
export const invalid = (where: string, field: string, value: unknown, allowed: string): RangeError =>
  new RangeError(`${where}: ${field} is ${shown(value)}, and has to be ${allowed}`)

/**
 * A value as somebody may have written it: `"3"` is no number, and looks like none. Of an object or a list only that it is
 * one, since what it holds may be nobody else's to read.
 *
 * @internal
 */
export const shown = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value === "function") return "a function"
  if (Array.isArray(value)) return value.length === 0 ? "empty" : "a list"
  const isPlain = typeof value !== "object" || value === null || Duration.isDuration(value) || value instanceof Date
  return isPlain ? String(value) : "an object"
}

/**
 * A duration, where this is one. `Duration.decode` reads NaN and negative numbers as zero; here they are mistakes.
 *
 * @internal
 */
export const durationOf = (input: unknown): Option.Option<Duration.Duration> => {
  const bad =
    typeof input === "string"
      ? input.trimStart().startsWith("-")
      : (Array.isArray(input) ? input : [input]).some(
          (part) => (typeof part === "number" && !(part >= 0)) || (typeof part === "bigint" && part < 0n)
        )
  return bad ? Option.none() : Duration.decodeUnknown(input)
}

/** A duration in milliseconds. @internal */
export const millis = (where: string, field: string, input: Duration.DurationInput): number => {
  const decoded = durationOf(input)
  if (Option.isNone(decoded)) throw invalid(where, field, input, 'a duration of zero or more, such as "2 seconds"')
  return Duration.toMillis(decoded.value)
}

/** @internal */
export const finiteMillis = (where: string, field: string, input: Duration.DurationInput): number => {
  const value = millis(where, field, input)
  if (value === Number.POSITIVE_INFINITY) throw invalid(where, field, input, "a finite duration")
  return value
}

/** Two times in milliseconds, the shorter one first. @internal */
export const spanOf = (
  where: string,
  from: Duration.DurationInput,
  to: Duration.DurationInput
): readonly [least: number, most: number] => {
  const [least, most] = [finiteMillis(where, "from", from), finiteMillis(where, "to", to)]
  if (most < least) throw invalid(where, "to", to, "no shorter than from")
  return [least, most]
}

/**
 * Says whose options were refused.
 *
 * @internal
 */
export const refusals = <A, E, R>(whose: string, self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.catchSomeDefect(self, (defect) =>
    defect instanceof RangeError
      ? Option.some(Effect.die(new RangeError(`${whose}: ${defect.message}`)))
      : Option.none()
  )

/** @internal */
export const number = (where: string, field: string, value: number, least: number, most?: number): number => {
  if (typeof value === "number" && value >= least && (most === undefined || value <= most)) return value
  const range = most === undefined ? `a number of at least ${least}` : `a number from ${least} to ${most}`
  throw invalid(where, field, value, range)
}

/** @internal */
export const count = (
  where: string,
  field: string,
  value: number,
  allowed = "a whole number of at least 1, or Infinity"
): number => {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= 1)) return value
  throw invalid(where, field, value, allowed)
}

/** @internal */
export const attempts = (where: string, field: string, value: number): number =>
  count(where, field, value, "a whole number of attempts, at least 1, the first one included")

/** @internal */
export const flag = (where: string, field: string, value: unknown): boolean => {
  if (typeof value === "boolean") return value
  throw invalid(where, field, value, "true or false")
}

/** @internal */
export const word = (where: string, field: string, value: unknown): string => {
  if (typeof value === "string") return value
  throw invalid(where, field, value, "a text")
}

/** Nothing, or a function. @internal */
export const reader = <F>(where: string, field: string, value: F, of: string): F => {
  if (value === undefined || typeof value === "function") return value
  throw invalid(where, field, value, `a function of ${of}`)
}

/** @internal */
export const list = (
  where: string,
  field: string,
  value: unknown,
  isOne: (item: unknown) => boolean,
  allowed: string
): void => {
  if (!Array.isArray(value)) throw invalid(where, field, value, allowed)
  for (const item of value) if (!isOne(item)) throw invalid(where, field, item, allowed)
}

/**
 * What was given, without what is only there as `undefined`.
 *
 * @internal
 */
export const given = <A extends object>(options: A | undefined): Partial<A> =>
  Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as Partial<A>
