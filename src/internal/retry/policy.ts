import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import { LlmError, ServerError } from "../errors/llmError.js"
import { attempts, finiteMillis, flag, given, invalid, millis, number } from "../options/check.js"
import { errorOptions, refuseUnknown, retryOptions } from "../options/names.js"
import { cappedAt, decorrelatedJitter, equalJitter, exponential, fullJitter, proportionalJitter } from "./backoff.js"
import * as formulas from "./formulas.js"
import { attemptsAllowedBy, honorRetryAfter, maxElapsed, perError, whileRetryable, withinDeadline } from "./limits.js"
import type {
  Attempt,
  BackoffOptions,
  EndedBy,
  ErrorOptions,
  FailureRefinement,
  Jitter,
  Options,
  RetryPolicy
} from "./policyTypes.js"
import { Reading } from "./reading.js"
import { after, waitOf } from "./refine.js"

const jitters: ReadonlyArray<string> = ["none", "full", "equal", "decorrelated", "proportional"]

/** How one kind of failure is backed off, checked and in milliseconds. */
interface Backoff {
  readonly maxAttempts: number
  readonly initialDelay: number
  readonly factor: number
  readonly maxDelay: number
  readonly jitter: Jitter
}

const defaults: Backoff = { maxAttempts: 3, initialDelay: 1_000, factor: 2, maxDelay: 10_000, jitter: "equal" }

const whenOpen = (where: string, value: Options["whenOpen"]): Options["whenOpen"] => {
  if (value === undefined || value === "wait" || value === "reject") return value
  throw invalid(where, "whenOpen", value, '"wait" or "reject"')
}

const backoff = (where: string, options: BackoffOptions, inherited: Backoff): Backoff => {
  const given = <A, B>(value: A | undefined, otherwise: B, check: (value: A) => B): B =>
    value === undefined ? otherwise : check(value)
  const initialDelay = given(options.initialDelay, inherited.initialDelay, (value) =>
    finiteMillis(where, "initialDelay", value)
  )
  const maxDelay = given(options.maxDelay, Math.max(inherited.maxDelay, initialDelay), (value) =>
    millis(where, "maxDelay", value)
  )
  if (maxDelay < initialDelay) {
    const least = `at least the initialDelay of ${Duration.format(Duration.millis(initialDelay))}`
    throw invalid(where, "maxDelay", options.maxDelay, least)
  }
  const { jitter = inherited.jitter } = options
  if (!jitters.includes(jitter)) throw invalid(where, "jitter", jitter, `one of ${jitters.join(", ")}`)
  return {
    maxAttempts: given(options.maxAttempts, inherited.maxAttempts, (value) => attempts(where, "maxAttempts", value)),
    initialDelay,
    factor: given(options.factor, inherited.factor, (value) => number(where, "factor", value, 1)),
    maxDelay,
    jitter
  }
}

/** The cap comes before the jitter, so that those who are at the cap still spread. */
const waits = ({ factor, initialDelay, jitter, maxDelay }: Backoff): Schedule.Schedule<Duration.Duration> => {
  const capped = cappedAt(exponential(initialDelay, factor), maxDelay)
  switch (jitter) {
    case "none":
      return capped
    case "full":
      return fullJitter(capped)
    case "equal":
      return equalJitter(capped)
    case "proportional":
      return proportionalJitter(capped)
    case "decorrelated":
      return decorrelatedJitter(capped, maxDelay)
  }
}

/** How much of a hint is added to it by chance, where there is jitter at all. */
const hintSpread = 0.1

const tags = Object.fromEntries(LlmError.members.map(({ _tag }) => [_tag, true])) as {
  readonly [tag in LlmError["_tag"]]: true
}

/** @internal */
export const make = (options: Options = {}): RetryPolicy => {
  const where = "RetryPolicy.make"
  refuseUnknown(where, "", options, retryOptions)
  if (options.perError !== undefined) refuseUnknown(where, "perError", options.perError, tags)
  if (options.lastTarget !== undefined) flag(where, "lastTarget", options.lastTarget)
  const general = backoff(where, options, defaults)
  const special = Object.entries(given(options.perError)).map(
    ([tag, given]): readonly [string, Backoff, ErrorOptions] => {
      refuseUnknown(where, `perError.${tag}`, given, errorOptions)
      if (given.retry !== undefined) flag(where, `perError.${tag}.retry`, given.retry)
      return [tag, backoff(`${where}: perError.${tag}`, given, general), given]
    }
  )
  const limits = new Map(special.map(([tag, { maxAttempts }]) => [tag, maxAttempts]))
  const schedule = perError(waits(general), Object.fromEntries(special.map(([tag, own]) => [tag, waits(own)]))).pipe(
    Schedule.map((): EndedBy | undefined => undefined),
    endedBy(
      "notRetryable",
      whileRetryable({
        lastTarget: options.lastTarget,
        whenOpen: whenOpen(where, options.whenOpen),
        retry: Object.fromEntries(special.flatMap(([tag, , { retry }]) => (retry === undefined ? [] : [[tag, retry]])))
      })
    ),
    endedBy(
      "attempts",
      attemptsAllowedBy(({ _tag }) => limits.get(_tag) ?? general.maxAttempts)
    ),
    endedBy(
      "hint",
      honorRetryAfter({ maxRetryAfter: options.maxRetryAfter, spread: general.jitter === "none" ? 0 : hintSpread })
    ),
    endedBy("elapsed", options.maxElapsed === undefined ? (self) => self : maxElapsed(options.maxElapsed)),
    endedBy("deadline", withinDeadline)
  )
  return Object.assign(reporting(schedule), { options })
}

/** Puts a name to the end that a combinator adds. */
const endedBy =
  (name: EndedBy, limit: FailureRefinement) =>
  (self: Schedule.Schedule<EndedBy | undefined>): Schedule.Schedule<EndedBy | undefined> => {
    const limited = limit(self)
    return Schedule.makeWithState(limited.initial, (now, input: unknown, state) =>
      Effect.map(limited.step(now, input, state), ([next, ended, decision]) => [
        next,
        ScheduleDecision.isDone(decision) ? (ended ?? name) : ended,
        decision
      ])
    )
  }

/** What has happened in one run of a policy so far. */
interface Run {
  readonly inside: unknown
  readonly made: number
  readonly start: number | undefined
  readonly waited: number
}

/** Tells with each decision what it was made of. Waits are whole milliseconds, as timers are, and never too short. */
const reporting = (self: Schedule.Schedule<EndedBy | undefined>): Schedule.Schedule<Attempt> => {
  const initial: Run = { inside: self.initial, made: 1, start: undefined, waited: 0 }
  return Schedule.makeWithState(initial, (now, input: unknown, run) => {
    const reading = new Reading(input)
    return Effect.map(self.step(now, reading, run.inside), ([inside, ended, decision]) => {
      const delay = ScheduleDecision.isDone(decision) ? 0 : wholeMillis(waitOf(now, decision))
      const start = run.start ?? now
      const waited = run.waited + delay
      const attempt: Attempt = {
        attempt: run.made + 1,
        delay: Duration.millis(delay),
        error: reading.error,
        failure: reading.failure,
        elapsed: Duration.millis(now - start),
        waited: Duration.millis(waited),
        ended
      }
      return [
        { inside, made: run.made + 1, start, waited },
        attempt,
        ScheduleDecision.isDone(decision) ? decision : after(now, delay)
      ]
    })
  })
}

/** Rounds up, but for the noise of adding a fraction to the time of day. */
const wholeMillis = (delay: number): number => Math.min(Math.ceil(delay - 0.001), formulas.longest)

/** @internal */
export const delays = <Out, In, R>(
  policy: Schedule.Schedule<Out, In, R>,
  failures: number | ReadonlyArray<In>
): Effect.Effect<ReadonlyArray<Duration.Duration>, never, R> =>
  Effect.gen(function* () {
    const inputs = typeof failures === "number" ? Array.from({ length: failures }, () => example as In) : failures
    const found: Array<Duration.Duration> = []
    let now = yield* Clock.currentTimeMillis
    let state: unknown = policy.initial
    for (const input of inputs) {
      const [next, , decision] = yield* policy.step(now, input, state)
      if (ScheduleDecision.isDone(decision)) break
      const wait = waitOf(now, decision)
      found.push(Duration.millis(wait))
      now += wait
      state = next
    }
    return found
  })

const example: LlmError = new ServerError({})
