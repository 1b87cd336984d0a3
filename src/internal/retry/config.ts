import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import { make } from "./policy.js"
import type { RetryPolicy } from "./policyTypes.js"

/** A number from one variable, or nothing where it is not set. */
const numeric = (
  name: string,
  allowed: string,
  isAllowed: (value: number) => boolean
): Config.Config<number | undefined> =>
  Config.string(name).pipe(
    Config.mapOrFail((text) => {
      const value = text.trim() === "" ? Number.NaN : Number(text)
      return isAllowed(value) ? Either.right(value) : Either.left(invalid([], name, JSON.stringify(text), allowed))
    }),
    Config.withDefault(undefined)
  )

/** `Config.mapOrFail` puts the name of a single variable in front of `path` by itself. */
const invalid = (path: Array<string>, name: string, value: string, allowed: string): ConfigError.ConfigError =>
  ConfigError.InvalidData(path, `${name} is ${value}, and has to be ${allowed}`)

const isDelay = (value: number): boolean => value >= 0 && value < Number.POSITIVE_INFINITY

/** @internal */
export const config: Config.Config<RetryPolicy> = Config.all({
  maxAttempts: numeric(
    "LLM_MAX_RETRIES",
    "a whole number of attempts in all, at least 1",
    (value) => Number.isInteger(value) && value >= 1
  ),
  initial: numeric("LLM_RETRY_INITIAL_DELAY", "a number of seconds, at least 0", isDelay),
  max: numeric("LLM_RETRY_MAX_DELAY", "a number of seconds, at least 0", isDelay),
  factor: numeric(
    "LLM_RETRY_BACKOFF_FACTOR",
    "a number, at least 1",
    (value) => value >= 1 && value < Number.POSITIVE_INFINITY
  )
}).pipe(
  Config.mapOrFail(({ factor, initial, max, maxAttempts }) => {
    const first = initial ?? 1
    if (max !== undefined && max < first) {
      const least = `at least LLM_RETRY_INITIAL_DELAY, which is ${first}`
      return Either.left(invalid(["LLM_RETRY_MAX_DELAY"], "LLM_RETRY_MAX_DELAY", `${max}`, least))
    }
    return Either.right(make({ maxAttempts, initialDelay: seconds(initial), maxDelay: seconds(max), factor }))
  })
)

const seconds = (value: number | undefined): Duration.Duration | undefined =>
  value === undefined ? undefined : Duration.seconds(value)
