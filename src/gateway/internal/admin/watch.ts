/**
 * What is seen of the targets, from the events of the policies: what is under way, what has failed, who answers.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import { failureOf } from "../../../internal/errors/failureOf.js"
import type { ResilienceEvent } from "../../../ResilienceEvent.js"

/** @internal */
export interface Failure {
  readonly at: number
  readonly tag: string
  readonly status: number | undefined
  readonly requestId: string | undefined
}

/** @internal */
export interface Seen {
  inFlight: number
  queued: number
  attempts: number
  answers: number
  failures: number
  /** The latest last. */
  readonly recent: Array<Failure>
}

/** One line of what has happened. @internal */
export interface Happening {
  readonly number: number
  readonly at: number
  readonly target: string
  readonly what: string
  readonly tag: string | undefined
  readonly waitMillis: number | undefined
  readonly durationMillis: number | undefined
}

const mostRecent = 20
const mostHappenings = 200

const told = new Set<ResilienceEvent["_tag"]>([
  "AttemptSucceeded",
  "AttemptFailed",
  "RetryScheduled",
  "CircuitChanged",
  "TargetParked",
  "FallbackTaken",
  "FallbackSkipped",
  "CallRejected",
  "HedgeStarted",
  "DecisionObserved"
])

interface Fields {
  readonly error?: unknown
  readonly wait?: unknown
  readonly duration?: unknown
  readonly to?: string
  readonly from?: string
}

/** @internal */
export class Watch {
  private readonly targets = new Map<string, Seen>()
  readonly happenings: Array<Happening> = []
  private last = 0

  of(target: string): Seen {
    const known = this.targets.get(target)
    if (known !== undefined) return known
    const made: Seen = { inFlight: 0, queued: 0, attempts: 0, answers: 0, failures: 0, recent: [] }
    this.targets.set(target, made)
    return made
  }

  readonly hear = (event: ResilienceEvent): void => {
    const seen = this.of(event.target)
    switch (event._tag) {
      case "AttemptStarted":
        seen.inFlight++
        seen.attempts++
        break
      case "AttemptSucceeded":
        seen.inFlight--
        seen.answers++
        break
      case "AttemptInterrupted":
        seen.inFlight--
        break
      case "AttemptFailed": {
        seen.inFlight--
        seen.failures++
        const failure = failureOf(event.error)
        seen.recent.push({
          at: event.at,
          tag: failure._tag,
          status: "status" in failure ? failure.status : undefined,
          requestId: "requestId" in failure ? failure.requestId : undefined
        })
        if (seen.recent.length > mostRecent) seen.recent.shift()
        break
      }
      case "CallQueued":
        seen.queued++
        break
      case "CallDequeued":
        seen.queued--
        break
    }
    if (told.has(event._tag)) this.note(event)
  }

  private note(event: ResilienceEvent): void {
    const { duration, error, from, to, wait } = event as Fields
    this.happenings.push({
      number: ++this.last,
      at: event.at,
      target: event.target,
      what: event._tag === "CircuitChanged" ? `${event._tag}: ${from} to ${to}` : event._tag,
      tag: error === undefined ? undefined : failureOf(error)._tag,
      waitMillis: millis(wait),
      durationMillis: millis(duration)
    })
    if (this.happenings.length > mostHappenings) this.happenings.shift()
  }
}

const millis = (value: unknown): number | undefined => {
  if (value === undefined) return undefined
  const found = Duration.toMillis(value as Duration.Duration)
  return Number.isFinite(found) ? Math.round(found) : undefined
}
