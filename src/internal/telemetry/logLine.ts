/**
 * What is logged of each event: how loud, in what words, and with which annotations.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as LogLevel from "effect/LogLevel"
import { failureOf } from "../errors/failureOf.js"
import type { ResilienceEvent } from "./events.js"

/** @internal */
export interface LogLine {
  readonly level: LogLevel.LogLevel
  readonly message: string
}

type Tag = ResilienceEvent["_tag"]

type Lines = {
  readonly [tag in Tag]: (
    event: Extract<ResilienceEvent, { readonly _tag: tag }>
  ) => readonly [LogLevel.LogLevel, string]
}

const { Debug, Error, Info, Trace, Warning } = LogLevel

const of = (error: unknown): string => failureOf(error)._tag

const time = Duration.format

/** Every event has a line here, so that a new one does not compile without. */
const lines: Lines = {
  AttemptStarted: ({ attempt }) => [Trace, `attempt ${attempt} is sent`],
  AttemptSucceeded: ({ attempt, duration }) => [Debug, `attempt ${attempt} was answered after ${time(duration)}`],
  AttemptFailed: ({ attempt, duration, error }) => [Debug, `attempt ${attempt}: ${of(error)} after ${time(duration)}`],
  AttemptInterrupted: ({ attempt }) => [Debug, `attempt ${attempt} is not wanted any more`],
  RetryScheduled: ({ attempt, error, wait }) => [Warning, `${of(error)}; attempt ${attempt} follows in ${time(wait)}`],
  RetryWithheld: ({ error, reason }) => [Warning, `${of(error)}; not tried again because of ${whyNot[reason]}`],
  CallRejected: ({ error }) => [Warning, `not sent: ${of(error)}`],
  CallSucceeded: ({ attempts, duration }) =>
    attempts > 1
      ? [Info, `answered by attempt ${attempts}, after ${time(duration)}`]
      : [Debug, `answered after ${time(duration)}`],
  CallFailed: ({ attempts, duration, error }) => [
    Error,
    `failed with ${of(error)} after ${counted(attempts, "attempt")} in ${time(duration)}`
  ],
  CallInterrupted: () => [Debug, "the call is not wanted any more"],
  StreamRestarted: ({ error }) => [Warning, `${of(error)}; the stream starts again`],
  StreamEventSkipped: () => [Warning, "an element of the stream could not be read and was left out"],
  StreamFormatUnknown: () => [Warning, "the stream is of no known format: whatever comes is taken for content"],
  CircuitChanged: ({ from, reason, retryAfter, to }) => {
    if (to === "isolated") return [Warning, "the circuit is held open by hand"]
    if (to === "halfOpen") return [Info, "the circuit is half-open: probes find out"]
    if (to === "closed")
      return [Info, from === "isolated" ? "the circuit is released" : "the circuit is closed: recovered"]
    const until = retryAfter === undefined ? "" : ` for ${time(retryAfter)}`
    return [Error, `the circuit is open${until}${reason === undefined ? "" : ` (${reason})`}`]
  },
  FallbackTaken: ({ error, from }) => [Warning, `asked in place of ${from}, which failed with ${of(error)}`],
  FallbackSkipped: ({ error }) => [Warning, `passed over: ${of(error)}`],
  FallbackLastAnswer: ({ error }) => [Error, `given, since no target answered: ${of(error)}`],
  TargetParked: ({ error, wait }) => [Warning, `${of(error)}; left alone for ${time(wait)}`],
  CallQueued: ({ gate, queued }) => [Debug, `waits for its turn of the ${gate}, as one of ${queued}`],
  CallDequeued: ({ admitted, gate, wait }) => [
    Debug,
    `${admitted ? "has its turn" : "left the queue"} of the ${gate} after ${time(wait)}`
  ],
  HedgeStarted: ({ because, hedge }) => [
    Info,
    `hedge ${hedge} is sent: the answer is ${because === "slow" ? "late" : "a failure"}`
  ],
  HedgeWon: ({ duration, hedge }) =>
    hedge > 0
      ? [Info, `hedge ${hedge} answered first, after ${time(duration)}`]
      : [Debug, `the first attempt answered first`],
  HedgeLost: ({ duration, hedge }) => [
    Debug,
    `${hedge > 0 ? `hedge ${hedge}` : "the first attempt"} was cut off after ${time(duration)}; it cost at least that`
  ],
  HedgeWithheld: ({ reason }) => [
    Info,
    `no hedge is sent: ${reason === "budget" ? "the budget is dry" : "nobody is ready"}`
  ],
  DecisionObserved: ({ action, policy, wait }) => [
    Info,
    `${policy} would ${action}${wait === undefined ? "" : `, ${time(wait)}`}`
  ],
  CacheHit: ({ age }) => [Debug, `a kept answer is given, ${time(age)} old`],
  CacheStaleServed: ({ age, error }) =>
    error === undefined
      ? [Debug, `an old answer is given, ${time(age)} old`]
      : [Warning, `${of(error)}; an old answer is given instead, ${time(age)} old`],
  CacheMissed: () => [Debug, "no answer is kept"],
  CacheCoalesced: () => [Debug, "joins a call for the same answer"],
  CacheStored: () => [Debug, "the answer is kept"],
  CacheNotStored: ({ reason }) => [Debug, `the answer is not kept: ${reason}`],
  StoreFailed: ({ error, policy }) => [
    Warning,
    `the store of the ${policy} failed (${of(error)}); calls go on without`
  ],
  StoreRejoined: ({ away, policy }) => [Info, `the store of the ${policy} is used again, after ${time(away)}`],
  FaultInjected: ({ fault, wait }) => [
    Warning,
    `chaos has disturbed a call: ${fault}${wait === 0 ? "" : ` after ${Math.round(wait)}ms`}`
  ],
  // Whoever found it out has logged a warning.
  ClientRetries: ({ client, maxRetries }) => [Debug, `${client} retries too, ${maxRetries} times`]
}

const whyNot = {
  budget: "the retry budget",
  circuit: "the circuit",
  deadline: "the deadline",
  elapsed: "the time it has taken",
  hint: "how long the target asked to be left alone",
  otherTarget: "another target that can be asked sooner"
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

/** @internal */
export const lineOf = (event: ResilienceEvent): LogLine => {
  const [level, words] = (lines[event._tag] as (event: ResilienceEvent) => ReturnType<Lines[Tag]>)(event)
  return { level, message: `${event.target}: ${words}` }
}

/** The fields of an event that have an annotation of the same meaning, and its name. */
const annotated = {
  target: "llm.target",
  from: "llm.from",
  call: "llm.call",
  operation: "llm.operation",
  correlation: "llm.correlation",
  attempt: "llm.attempt",
  attempts: "llm.attempts",
  hedge: "llm.hedge",
  answeredBy: "llm.answered_by",
  gate: "llm.gate",
  policy: "llm.policy",
  reason: "llm.reason"
} as const

const times = {
  wait: "llm.wait_ms",
  duration: "llm.duration_ms",
  firstContent: "llm.first_content_ms",
  retryAfter: "llm.retry_after_ms",
  age: "llm.age_ms",
  away: "llm.away_ms"
} as const

const ofFailure = { model: "llm.model", status: "llm.status", requestId: "llm.request_id" } as const

/** @internal */
export const annotationsOf = (event: ResilienceEvent): Record<string, unknown> => {
  const fields: Readonly<Record<string, unknown>> = { ...event }
  const annotations: Record<string, unknown> = { "llm.event": event._tag }
  for (const [field, name] of Object.entries(annotated))
    if (fields[field] !== undefined) annotations[name] = fields[field]
  for (const [field, name] of Object.entries(times)) {
    const value = fields[field]
    if (Duration.isDuration(value)) annotations[name] = Duration.toMillis(value)
  }
  if (fields.error === undefined) return annotations
  const failure = failureOf(fields.error)
  annotations["llm.error"] = failure._tag
  const known: Readonly<Record<string, unknown>> = failure as never
  for (const [field, name] of Object.entries(ofFailure))
    if (known[field] !== undefined) annotations[name] = known[field]
  return annotations
}
