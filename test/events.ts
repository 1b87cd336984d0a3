/** One of every event there is, as a program would meet it: with failures that hold what nobody else may read. */
import { Duration, Redacted } from "effect"
import { LlmError, Rejection, ResilienceEvent } from "effect-resilience"

export const secret = "sk-SECRET"

export const rateLimited = new LlmError.RateLimited({
  message: "The provider asks for fewer requests",
  target: "acme/large",
  model: "large-2",
  status: 429,
  requestId: "req_7",
  retryAfter: Duration.seconds(3),
  providerMessage: Redacted.make(`you said ${secret}`),
  cause: Redacted.make({ headers: { authorization: secret } })
})

/** As an HTTP client throws it: with the headers and the body in plain sight. */
const thrown = Object.assign(new Error(`503 for ${secret}`), {
  status: 503,
  headers: { authorization: `Bearer ${secret}` },
  body: secret
})

const open = new Rejection.CircuitOpen({ key: "acme/large", retryAfter: Duration.infinity, reason: "manual" })
const failed = new Rejection.AllTargetsFailed({ errors: [rateLimited, thrown] })

const event = ResilienceEvent.ResilienceEvent
const about = { at: 1_000, target: "acme/large" }
const aboutCall = { ...about, call: 7 }
const attempt = { ...aboutCall, attempt: 2 }
const cached = { ...about, target: "cache", key: "0f3a" }
const wait = Duration.seconds(1)
const duration = Duration.millis(250)

type Tag = ResilienceEvent.ResilienceEvent["_tag"]

/** By name, so that a new event does not compile before it has a sample here. */
export const samples: { readonly [tag in Tag]: Extract<ResilienceEvent.ResilienceEvent, { readonly _tag: tag }> } = {
  AttemptStarted: event.AttemptStarted({ ...attempt, correlation: "job-1", operation: 6, model: "large" }),
  AttemptSucceeded: event.AttemptSucceeded({
    ...attempt,
    duration,
    firstContent: duration,
    usage: { inputTokens: 10, outputTokens: 5 },
    answeredBy: "large-2025-01"
  }),
  AttemptFailed: event.AttemptFailed({ ...attempt, duration, error: thrown }),
  AttemptInterrupted: event.AttemptInterrupted({ ...attempt, duration }),
  RetryScheduled: event.RetryScheduled({ ...attempt, wait, error: rateLimited }),
  RetryWithheld: event.RetryWithheld({ ...attempt, reason: "budget", error: rateLimited }),
  CallRejected: event.CallRejected({ ...aboutCall, error: open }),
  CallSucceeded: event.CallSucceeded({ ...aboutCall, attempts: 3, duration }),
  CallFailed: event.CallFailed({ ...aboutCall, attempts: 3, duration, error: failed }),
  CallInterrupted: event.CallInterrupted({ ...aboutCall, attempts: 1, duration }),
  StreamRestarted: event.StreamRestarted({ ...attempt, error: thrown }),
  StreamEventSkipped: event.StreamEventSkipped(attempt),
  StreamFormatUnknown: event.StreamFormatUnknown(attempt),
  CircuitChanged: event.CircuitChanged({
    ...about,
    from: "closed",
    to: "open",
    retryAfter: wait,
    reason: "failures",
    counts: { calls: 10, failures: 6, slow: 0, abandoned: 0 }
  }),
  TargetParked: event.TargetParked({ ...about, wait, error: rateLimited }),
  CallQueued: event.CallQueued({ ...about, gate: "bulkhead", queued: 2 }),
  CallDequeued: event.CallDequeued({ ...about, gate: "bulkhead", wait, admitted: true }),
  FallbackTaken: event.FallbackTaken({ ...about, from: "b", error: thrown }),
  FallbackSkipped: event.FallbackSkipped({ ...about, error: thrown }),
  FallbackLastAnswer: event.FallbackLastAnswer({ ...about, error: failed }),
  HedgeStarted: event.HedgeStarted({ ...about, hedge: 1, because: "slow" }),
  HedgeWon: event.HedgeWon({ ...about, hedge: 1, duration }),
  HedgeLost: event.HedgeLost({ ...about, hedge: 0, duration }),
  HedgeWithheld: event.HedgeWithheld({ ...about, reason: "budget" }),
  DecisionObserved: event.DecisionObserved({ ...aboutCall, policy: "retry", action: "retry", wait, error: thrown }),
  CacheHit: event.CacheHit({ ...cached, age: wait }),
  CacheStaleServed: event.CacheStaleServed({ ...cached, age: wait, error: thrown }),
  CacheMissed: event.CacheMissed(cached),
  CacheCoalesced: event.CacheCoalesced(cached),
  CacheStored: event.CacheStored(cached),
  CacheNotStored: event.CacheNotStored({ ...cached, reason: "truncated" }),
  StoreFailed: event.StoreFailed({ ...about, policy: "rateLimit", error: thrown }),
  StoreRejoined: event.StoreRejoined({ ...about, policy: "sharedState", away: wait }),
  FaultInjected: event.FaultInjected({ ...about, fault: "Fail", wait: 20, error: thrown }),
  ClientRetries: event.ClientRetries({ ...about, client: "openai", maxRetries: 2 })
}

export const everyEvent: ReadonlyArray<ResilienceEvent.ResilienceEvent> = Object.values(samples)
