/**
 * Policies as they are written in a configuration: those of `Resilience`, as plain data.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import {
  Amount,
  Count,
  CountOrNone,
  Factor,
  Limit,
  optional,
  Positive,
  Share,
  Span,
  Time,
  TimeOrNone
} from "./words.js"

const off = Schema.Literal(false)

const Retry = Schema.Struct({
  maxAttempts: optional(Count),
  initialDelay: optional(Time),
  factor: optional(Factor),
  maxDelay: optional(Time),
  jitter: optional(Schema.Literal("none", "full", "equal", "decorrelated", "proportional")),
  maxElapsed: optional(Time),
  maxRetryAfter: optional(Time)
})

const CircuitBreaker = Schema.Struct({
  failures: optional(Count.annotations({ description: "So many failures in a row open the circuit (default 5)." })),
  rate: optional(
    Schema.Struct({
      threshold: Share,
      window: Span,
      minimumCalls: optional(Count)
    }).annotations({ description: "In place of failures in a row: a share of the calls of a time." })
  ),
  openDuration: optional(Time),
  probes: optional(Count),
  successes: optional(Count),
  counts: optional(Schema.Literal("attempts", "calls"))
})

const Bulkhead = Schema.Struct({
  maxConcurrent: Count,
  maxQueued: optional(CountOrNone),
  maxWait: optional(Time)
})

const RateLimit = Schema.Struct({
  requests: optional(Limit),
  tokens: optional(Limit),
  inputTokens: optional(Limit),
  outputTokens: optional(Limit),
  whenExceeded: optional(Schema.Literal("wait", "reject"))
})

/** @internal */
export const Prices = Schema.Struct({
  input: Amount,
  output: Amount,
  cachedInput: optional(Amount),
  cacheCreationInput: optional(Amount)
}).annotations({
  description: "What a million tokens cost."
})

const SpendLimit = Schema.Struct({ limit: Positive, per: optional(Span), prices: Prices })

/** @internal */
export const Budget = Schema.Struct({
  limit: Positive,
  per: optional(Span),
  prices: optional(Prices.annotations({ description: "What a million tokens cost of targets that have no `prices`." }))
})

const StreamLimits = Schema.Struct({
  firstToken: optional(TimeOrNone),
  idle: optional(TimeOrNone),
  total: optional(TimeOrNone),
  malformed: optional(Schema.Literal("fail", "skip")),
  reasoning: optional(Schema.Literal("ignored", "life", "content"))
})

/** Failures that are taken for nothing another target could help with, unless it is asked for. */
const nobodyElsesConcern = [
  "AuthenticationFailed",
  "PermissionDenied",
  "ContentFiltered",
  "InvalidRequest",
  "RequestTooLarge",
  "Conflict",
  "Unclassified"
] as const

/** What one call may differ in from its targets. @internal */
export const RoutePolicy = Schema.Struct({
  deadline: optional(TimeOrNone),
  attemptTimeout: optional(TimeOrNone),
  retry: optional(Schema.Union(Retry, off)),
  patience: optional(
    Time.annotations({
      description: "What waiting for one target is worth while others stand ready (default 5 seconds)."
    })
  ),
  fallbackOn: optional(
    Schema.Array(Schema.Literal(...nobodyElsesConcern)).annotations({
      description:
        "Failures after which the next target is asked although they are nothing another one could help with."
    })
  )
})

/** @internal */
export type RoutePolicy = typeof RoutePolicy.Type

/** The policies of a target. @internal */
export const TargetPolicy = Schema.Struct({
  deadline: optional(TimeOrNone),
  attemptTimeout: optional(TimeOrNone),
  retry: optional(Schema.Union(Retry, off)),
  circuitBreaker: optional(Schema.Union(CircuitBreaker, off)),
  bulkhead: optional(Schema.Union(Bulkhead, off)),
  rateLimit: optional(Schema.Union(RateLimit, off)),
  spendLimit: optional(Schema.Union(SpendLimit, off)),
  stream: optional(StreamLimits),
  observeOnly: optional(Schema.Boolean)
})

/** @internal */
export type TargetPolicy = typeof TargetPolicy.Type
