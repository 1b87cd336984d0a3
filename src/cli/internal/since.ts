import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { durationOf } from "../../internal/options/check.js"

const units: Readonly<Record<string, string>> = { s: "seconds", m: "minutes", h: "hours", d: "days", w: "weeks" }

/** `24h`, `24 hours`. @internal */
export const duration = (words: string): Option.Option<Duration.Duration> => {
  const short = /^\s*(\d+)\s*([smhdw])\s*$/.exec(words)
  const long = short === null ? words.trim() : `${short[1]} ${units[short[2] ?? ""]}`
  return Option.filter(durationOf(long), (time) => Duration.isFinite(time) && Duration.toMillis(time) > 0)
}

/**
 * A moment, in milliseconds since 1970: so long ago, or a date.
 *
 * @internal
 */
export const moment =
  (option: string) =>
  (words: string): Effect.Effect<number, ValidationError.ValidationError> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const ago = Option.map(duration(words), (time) => now - Duration.toMillis(time))
      const date = Option.map(DateTime.make(words), DateTime.toEpochMillis)
      return Option.match(
        Option.orElse(ago, () => date),
        {
          onSome: Effect.succeed,
          onNone: () =>
            Effect.fail(
              ValidationError.invalidValue(
                HelpDoc.p(
                  `--${option} is ${words}; allowed are times such as 24h or "7 days", and dates such as 2026-11-28`
                )
              )
            )
        }
      )
    })
