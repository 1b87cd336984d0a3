/**
 * The options that can be set from the environment, or any other `ConfigProvider`: one row each.
 *
 * @internal
 */
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import type { TripPolicy } from "../breaker/policy.js"
import type { Options } from "../call/types.js"

/** How a text is read, and in which words it is told what may stand there. @internal */
export interface Kind {
  readonly allowed: string
  /** The value, or nothing where the text is none. */
  readonly read: (text: string) => unknown
}

/** @internal */
export interface Variable {
  readonly name: string
  /** Where in the options the value goes. */
  readonly option: string
  readonly kind: Kind
  readonly default: string
}

const numberIn = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text))

/** A duration in words, or a number of seconds. @internal */
export const durationIn = (text: string): Duration.Duration | undefined => {
  const seconds = numberIn(text)
  if (!Number.isNaN(seconds)) return seconds >= 0 && Number.isFinite(seconds) ? Duration.seconds(seconds) : undefined
  if (text.trimStart().startsWith("-")) return undefined
  const decoded = Duration.decodeUnknown(text.trim())
  return decoded._tag === "Some" ? decoded.value : undefined
}

const duration: Kind = { allowed: 'a duration such as "30 seconds", or a number of seconds', read: durationIn }

const durationOrOff: Kind = {
  allowed: `${duration.allowed}, or "off"`,
  read: (text) => (isOff(text) ? false : durationIn(text))
}

const isOff = (text: string): boolean => /^\s*(?:off|false|none)\s*$/i.test(text)

const whole = (least: number): Kind => ({
  allowed: `a whole number of at least ${least}`,
  read: (text) => {
    const value = numberIn(text)
    return Number.isInteger(value) && value >= least ? value : undefined
  }
})

const number = (least: number, most = Number.POSITIVE_INFINITY): Kind => ({
  allowed: most === Number.POSITIVE_INFINITY ? `a number of at least ${least}` : `a number from ${least} to ${most}`,
  read: (text) => {
    const value = numberIn(text)
    return value >= least && value <= most && Number.isFinite(value) ? value : undefined
  }
})

const oneOf = (...words: ReadonlyArray<string>): Kind => ({
  allowed: `one of ${words.join(", ")}`,
  read: (text) => words.find((word) => word.toLowerCase() === text.trim().toLowerCase())
})

const flag: Kind = {
  allowed: "true or false",
  read: (text) => {
    const word = text.trim().toLowerCase()
    if (["true", "yes", "on", "1"].includes(word)) return true
    return ["false", "no", "off", "0"].includes(word) ? false : undefined
  }
}

/** @internal */
export const variables: ReadonlyArray<Variable> = [
  { name: "LLM_DEADLINE", option: "deadline", kind: durationOrOff, default: "5 minutes" },
  { name: "LLM_ATTEMPT_TIMEOUT", option: "attemptTimeout", kind: durationOrOff, default: "2 minutes" },
  { name: "LLM_OBSERVE_ONLY", option: "observeOnly", kind: flag, default: "false" },
  { name: "LLM_IDLE_TIME_TO_LIVE", option: "idleTimeToLive", kind: duration, default: "1 hour" },
  { name: "LLM_CAPACITY", option: "capacity", kind: whole(1), default: "10000" },

  { name: "LLM_MAX_RETRIES", option: "retry.maxAttempts", kind: whole(1), default: "3, the first attempt included" },
  { name: "LLM_RETRY_INITIAL_DELAY", option: "retry.initialDelay", kind: duration, default: "1 second" },
  { name: "LLM_RETRY_MAX_DELAY", option: "retry.maxDelay", kind: duration, default: "10 seconds" },
  { name: "LLM_RETRY_BACKOFF_FACTOR", option: "retry.factor", kind: number(1), default: "2" },
  {
    name: "LLM_RETRY_JITTER",
    option: "retry.jitter",
    kind: oneOf("equal", "full", "decorrelated", "proportional", "none"),
    default: "equal"
  },
  { name: "LLM_RETRY_MAX_ELAPSED", option: "retry.maxElapsed", kind: duration, default: "none" },
  { name: "LLM_RETRY_MAX_RETRY_AFTER", option: "retry.maxRetryAfter", kind: duration, default: "60 seconds" },
  { name: "LLM_RETRY_BUDGET", option: "retryBudget.share", kind: number(0, 1), default: "no budget" },
  { name: "LLM_RETRY_BUDGET_MINIMUM", option: "retryBudget.minimumPerSecond", kind: number(0), default: "1" },
  { name: "LLM_RETRY_BUDGET_BURST", option: "retryBudget.burst", kind: number(1), default: "100" },

  { name: "LLM_CIRCUIT", option: "circuitBreaker", kind: oneOf("on", "off"), default: "on" },
  {
    name: "LLM_CIRCUIT_COUNTS",
    option: "circuitBreaker.counts",
    kind: oneOf("attempts", "calls"),
    default: "attempts"
  },
  { name: "LLM_CIRCUIT_FAILURES", option: "trip.failures", kind: whole(1), default: "5 in a row" },
  { name: "LLM_CIRCUIT_FAILURE_RATE", option: "trip.threshold", kind: number(0, 1), default: "not used" },
  { name: "LLM_CIRCUIT_CALLS", option: "trip.size", kind: whole(1), default: "100, where a rate is used" },
  { name: "LLM_CIRCUIT_WINDOW", option: "trip.window", kind: duration, default: "the last calls instead of a time" },
  {
    name: "LLM_CIRCUIT_MINIMUM_CALLS",
    option: "trip.minimumCalls",
    kind: whole(1),
    default: "20, where a rate is used"
  },
  { name: "LLM_CIRCUIT_OPEN_DURATION", option: "circuitBreaker.openDuration", kind: duration, default: "60 seconds" },
  { name: "LLM_CIRCUIT_MAX_RETRY_AFTER", option: "circuitBreaker.maxRetryAfter", kind: duration, default: "1 hour" },
  {
    name: "LLM_CIRCUIT_WHEN_OPEN",
    option: "circuitBreaker.whenOpen",
    kind: oneOf("reject", "wait"),
    default: "reject"
  },
  { name: "LLM_CIRCUIT_PROBES", option: "circuitBreaker.halfOpen.probes", kind: whole(1), default: "1" },
  { name: "LLM_CIRCUIT_SUCCESSES", option: "circuitBreaker.halfOpen.successes", kind: whole(1), default: "2" },
  {
    name: "LLM_CIRCUIT_PROBE_TIMEOUT",
    option: "circuitBreaker.halfOpen.probeTimeout",
    kind: duration,
    default: "30 seconds"
  },
  { name: "LLM_PARKED", option: "circuitBreaker.parking.whenParked", kind: oneOf("wait", "reject"), default: "wait" },
  { name: "LLM_PARKED_MAX_WAIT", option: "circuitBreaker.parking.maxWait", kind: duration, default: "60 seconds" },

  { name: "LLM_MAX_CONCURRENT", option: "bulkhead.maxConcurrent", kind: whole(1), default: "any number" },
  { name: "LLM_MAX_QUEUED", option: "bulkhead.maxQueued", kind: whole(1), default: "1000" },
  { name: "LLM_QUEUE_MAX_WAIT", option: "bulkhead.maxWait", kind: duration, default: "30 seconds" },
  { name: "LLM_REQUESTS_PER_MINUTE", option: "rateLimit.requests.limit", kind: number(1), default: "no limit" },
  { name: "LLM_TOKENS_PER_MINUTE", option: "rateLimit.tokens.limit", kind: number(1), default: "no limit" },
  { name: "LLM_RATE_LIMITED", option: "rateLimit.whenExceeded", kind: oneOf("wait", "reject"), default: "wait" },
  { name: "LLM_SPEND_PER_DAY", option: "spendLimit.limit", kind: number(0), default: "no limit" },
  {
    name: "LLM_PRICE_INPUT",
    option: "spendLimit.prices.input",
    kind: number(0),
    default: "none; for a million tokens"
  },
  {
    name: "LLM_PRICE_OUTPUT",
    option: "spendLimit.prices.output",
    kind: number(0),
    default: "none; for a million tokens"
  },
  { name: "LLM_ADAPTIVE_LIMIT_MAX", option: "adaptiveLimit.max", kind: whole(1), default: "no adaptive limit" },
  { name: "LLM_ADAPTIVE_LIMIT_MIN", option: "adaptiveLimit.min", kind: whole(1), default: "1" },
  { name: "LLM_RAMP_UP", option: "rampUp", kind: durationOrOff, default: "none" },

  {
    name: "LLM_STREAM_FIRST_TOKEN",
    option: "stream.firstToken",
    kind: durationOrOff,
    default: "the attempt's timeout"
  },
  { name: "LLM_STREAM_IDLE", option: "stream.idle", kind: durationOrOff, default: "2 minutes" },
  { name: "LLM_STREAM_TOTAL", option: "stream.total", kind: durationOrOff, default: "none" },
  { name: "LLM_STREAM_SETTLE", option: "stream.settle", kind: duration, default: "1 second" },
  {
    name: "LLM_STREAM_REASONING",
    option: "stream.reasoning",
    kind: oneOf("ignored", "life", "content"),
    default: "life"
  },
  { name: "LLM_STREAM_MALFORMED", option: "stream.malformed", kind: oneOf("skip", "fail"), default: "fail" }
]

const read = ({ kind, name }: Variable): Config.Config<unknown> =>
  Config.string(name).pipe(
    Config.mapOrFail((text) => {
      const value = kind.read(text)
      if (value !== undefined) return Either.right(value)
      return Either.left(
        ConfigError.InvalidData([], `${name} is ${JSON.stringify(text)}, and has to be ${kind.allowed}`)
      )
    }),
    Config.withDefault(undefined)
  )

/** @internal */
export const config: Config.Config<Options> = Config.map(
  Config.all(Object.fromEntries(variables.map((variable) => [variable.option, read(variable)]))),
  (values) => optionsOf(values)
)

type Fields = Record<string, unknown>

const optionsOf = (values: Readonly<Fields>): Options => {
  const all: Fields = {}
  for (const [option, value] of Object.entries(values)) {
    if (value !== undefined && option !== "circuitBreaker") put(all, option.split("."), value)
  }
  const { trip, ...options } = all
  if (values.circuitBreaker === "off") return { ...options, circuitBreaker: false }
  if (trip !== undefined) put(options, ["circuitBreaker", "tripPolicy"], tripPolicyOf(trip as Trip))
  return options
}

const put = (fields: Fields, [first = "", ...rest]: ReadonlyArray<string>, value: unknown): void => {
  if (rest.length === 0) {
    fields[first] = value
    return
  }
  fields[first] ??= {}
  put(fields[first] as Fields, rest, value)
}

interface Trip {
  readonly failures?: number
  readonly threshold?: number
  readonly size?: number
  readonly window?: Duration.Duration
  readonly minimumCalls?: number
}

/** A rate where one is given, over a time where one is given; failures in a row otherwise. */
const tripPolicyOf = ({ failures = 5, threshold, size = 100, window, minimumCalls }: Trip): TripPolicy => {
  const slowCall = undefined
  if (threshold === undefined) return { _tag: "Consecutive", failures }
  return window === undefined
    ? { _tag: "Rate", threshold, size, minimumCalls: minimumCalls ?? Math.min(20, size), slowCall }
    : { _tag: "RateOver", threshold, window: Duration.toMillis(window), minimumCalls: minimumCalls ?? 20, slowCall }
}
