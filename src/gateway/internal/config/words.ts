/**
 * The kinds of values a configuration is written with, each with words for what is allowed.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { says, saysNot } from "../../../internal/options/allowed.js"
import { durationOf } from "../../../internal/options/check.js"

/** A field that may be left out, and has no other way of saying nothing. @internal */
export const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

type DurationInWords = Schema.Schema<Duration.DurationInput & string, string>

const duration = (words: string, isOne: (time: Duration.Duration) => boolean): DurationInWords =>
  Schema.String.pipe(
    Schema.filter((text) => Option.exists(durationOf(text), isOne), {
      jsonSchema: {
        type: "string",
        pattern: "^\\d+(\\.\\d+)? (nano|micro|milli|second|minute|hour|day|week)s?$"
      }
    }),
    Schema.annotations({ description: words, ...says(words) })
  ) as never

/** A duration in words. @internal */
export const Time: DurationInWords = duration('a duration, such as "30 seconds"', () => true)

/** A time in which something comes in or is counted, which is none without an extent. @internal */
export const Span: DurationInWords = duration(
  'a duration above 0, such as "1 minute"',
  (time) => Duration.toMillis(time) > 0
)

/** A duration, or `false` for none. @internal */
export const TimeOrNone = Schema.Union(Time, Schema.Literal(false)).annotations(
  says('a duration, such as "30 seconds", or false')
)

/** @internal */
export const Text = Schema.NonEmptyString.annotations(says("a text that is not empty"))

/** @internal */
export const Port = Schema.Int.pipe(Schema.between(0, 65_535)).annotations(says("a whole number from 0 to 65535"))

/** @internal */
export const Count = Schema.Number.pipe(Schema.int(), Schema.positive()).annotations(says("a whole number above 0"))

/** @internal */
export const Positive = Schema.Number.pipe(Schema.finite(), Schema.positive()).annotations(says("a number above 0"))

/** @internal */
export const Amount = Schema.Number.pipe(Schema.finite(), Schema.nonNegative()).annotations(
  says("a number of at least 0")
)

/** @internal */
export const CountOrNone = Schema.NonNegativeInt.annotations(says("a whole number of at least 0"))

/** @internal */
export const Factor = Schema.Number.pipe(Schema.greaterThanOrEqualTo(1)).annotations(says("a number of at least 1"))

/** @internal */
export const Share = Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThanOrEqualTo(1)).annotations(
  says("a number above 0 and at most 1")
)

/** So much in a time, a minute where nothing else is said. @internal */
export const Limit = Schema.Struct({ limit: Count, per: optional(Span) })

/** @internal */
export const names = "a name of letters, digits, points, hyphens and underscores"

/** @internal */
export const isName = (text: string): boolean => /^[A-Za-z0-9][\w.-]*$/.test(text)

/** @internal */
export const Name = Schema.String.pipe(Schema.filter(isName)).annotations(says(names))

/** As a browser writes it, or all of them. @internal */
export const Origin: Schema.Schema<string> = Schema.String.pipe(
  // Without the port that goes without saying.
  Schema.pattern(/^(?:\*|(?!https:.*:443$)(?!http:.*:80$)[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*A-Z]+)$/)
).annotations(says('an origin as browsers write it, such as "https://app.example", or "*" for all'))

const secretless = saysNot(
  "the name of an environment variable, in capital letters; the secret itself has no place here"
)

/** @internal */
export const EnvironmentVariable = Schema.String.pipe(Schema.pattern(/^[A-Z][A-Z0-9_]*$/)).annotations(secretless)

/** @internal */
export const EnvironmentVariables = Schema.Union(
  EnvironmentVariable,
  Schema.NonEmptyArray(EnvironmentVariable)
).annotations(secretless)
