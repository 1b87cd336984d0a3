import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import { durationIn } from "../options/environment.js"
import { make } from "./policy.js"
import type { RetryPolicy } from "./policyTypes.js"

/** What one variable says, or nothing where it is not set. `read` gives nothing for a text that says nothing. */
const variable = <A>(
  name: string,
  allowed: string,
  read: (text: string) => A | undefined
): Config.Config<A | undefined> =>
  Config.string(name).pipe(
    Config.mapOrFail((text) => {
      const value = read(text)
      return value === undefined ? Either.left(invalid([], name, JSON.stringify(text), allowed)) : Either.right(value)
    }),
    Config.withDefault(undefined)
  )

/** `Config.mapOrFail` puts the name of a single variable in front of `path` by itself. */
const invalid = (path: Array<string>, name: string, value: string, allowed: string): ConfigError.ConfigError =>
  ConfigError.InvalidData(path, `${name} is ${value}, and has to be ${allowed}`)

const numberThat =
  (isAllowed: (value: number) => boolean) =>
  (text: string): number | undefined => {
    const value = text.trim() === "" ? Number.NaN : Number(text)
    return isAllowed(value) ? value : undefined
  }

const delay = 'a number of seconds, at least 0, or a duration such as "2 seconds"'

const delayIn = (text: string): Duration.Duration | undefined => {
  const delay = durationIn(text)
  return delay !== undefined && Duration.isFinite(delay) ? delay : undefined
}

/** @internal */
export const config: Config.Config<RetryPolicy> = Config.all({
  maxAttempts: variable(
    "LLM_MAX_RETRIES",
    "a whole number of attempts in all, at least 1",
    numberThat((value) => Number.isInteger(value) && value >= 1)
  ),
  initialDelay: variable("LLM_RETRY_INITIAL_DELAY", delay, delayIn),
  maxDelay: variable("LLM_RETRY_MAX_DELAY", delay, delayIn),
  factor: variable(
    "LLM_RETRY_BACKOFF_FACTOR",
    "a number, at least 1",
    numberThat((value) => value >= 1 && value < Number.POSITIVE_INFINITY)
  )
}).pipe(
  Config.mapOrFail((options) => {
    const { initialDelay = oneSecond, maxDelay } = options
    if (maxDelay !== undefined && Duration.lessThan(maxDelay, initialDelay)) {
      const least = `at least LLM_RETRY_INITIAL_DELAY, which is ${inSeconds(initialDelay)}`
      return Either.left(invalid(["LLM_RETRY_MAX_DELAY"], "LLM_RETRY_MAX_DELAY", inSeconds(maxDelay), least))
    }
    return Either.right(make(options))
  })
)

const oneSecond = Duration.seconds(1)

const inSeconds = (delay: Duration.Duration): string => `${Duration.toSeconds(delay)} seconds`
