/**
 * The events as data: what may leave the process of each. A failure is its encoded fields, as the policies have read it;
 * what is no failure of the toolkit is read by the classifier first, so that no foreign words are in it.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { Wait } from "../errors/errorClass.js"
import { failureOf } from "../errors/failureOf.js"
import { LlmError, Usage } from "../errors/llmError.js"
import * as Rejections from "../errors/rejection.js"
import type { ResilienceEvent } from "./events.js"

const Failure = Schema.Union(
  ...LlmError.members,
  Rejections.CircuitOpen,
  Rejections.CircuitHalfOpen,
  Rejections.BulkheadFull,
  Rejections.RateLimitExceeded,
  Rejections.DeadlineExceeded,
  Rejections.BufferExceeded,
  Rejections.CredentialsExhausted,
  Rejections.AllTargetsFailed
)

/** Whatever a call has failed with. */
const FailureAsRead: Schema.Schema<unknown, typeof Failure.Encoded> = Schema.transform(Failure, Schema.Unknown, {
  strict: true,
  decode: (failure): unknown => failure,
  encode: (error) => failureOf(error)
})

const { Boolean, Literal, Number, String, TaggedStruct, optional } = Schema

const about = {
  at: Number,
  target: String,
  correlation: optional(String),
  operation: optional(Number),
  call: optional(Number)
}
const aboutCall = { ...about, call: Number }
const aboutAttempt = { ...aboutCall, attempt: Number, provider: optional(String), model: optional(String) }
const aboutEnd = {
  ...aboutAttempt,
  duration: Wait,
  firstContent: optional(Wait),
  usage: optional(Usage),
  answeredBy: optional(String)
}
const aboutHedge = { ...about, hedge: Number }
const aboutCache = { ...about, key: String }
const ended = { ...aboutCall, attempts: Number, duration: Wait, provider: optional(String) }
const error = FailureAsRead
const gate = Literal("rampUp", "bulkhead", "adaptiveLimit", "rateLimit", "spendLimit")
const state = Literal("closed", "open", "halfOpen", "isolated")

/** One schema for each event; a new event without one does not compile. */
const members = {
  AttemptStarted: TaggedStruct("AttemptStarted", aboutAttempt),
  AttemptSucceeded: TaggedStruct("AttemptSucceeded", aboutEnd),
  AttemptFailed: TaggedStruct("AttemptFailed", { ...aboutEnd, error }),
  AttemptInterrupted: TaggedStruct("AttemptInterrupted", aboutEnd),
  RetryScheduled: TaggedStruct("RetryScheduled", { ...aboutAttempt, wait: Wait, error }),
  RetryWithheld: TaggedStruct("RetryWithheld", {
    ...aboutAttempt,
    reason: Literal("budget", "circuit", "deadline", "elapsed", "hint", "otherTarget"),
    error
  }),
  CallRejected: TaggedStruct("CallRejected", { ...aboutCall, error }),
  CallSucceeded: TaggedStruct("CallSucceeded", ended),
  CallFailed: TaggedStruct("CallFailed", { ...ended, error }),
  CallInterrupted: TaggedStruct("CallInterrupted", ended),
  StreamRestarted: TaggedStruct("StreamRestarted", { ...aboutAttempt, error }),
  StreamEventSkipped: TaggedStruct("StreamEventSkipped", aboutAttempt),
  StreamFormatUnknown: TaggedStruct("StreamFormatUnknown", aboutAttempt),
  CircuitChanged: TaggedStruct("CircuitChanged", {
    ...about,
    from: state,
    to: state,
    retryAfter: optional(Wait),
    reason: optional(Literal("failures", "slowCalls", "abandoned", "probe", "manual")),
    counts: optional(Schema.Struct({ calls: Number, failures: Number, slow: Number, abandoned: Number }))
  }),
  TargetParked: TaggedStruct("TargetParked", { ...about, wait: Wait, error }),
  CallQueued: TaggedStruct("CallQueued", { ...about, gate, queued: Number }),
  CallDequeued: TaggedStruct("CallDequeued", { ...about, gate, wait: Wait, admitted: Boolean }),
  FallbackTaken: TaggedStruct("FallbackTaken", { ...about, from: String, error }),
  FallbackSkipped: TaggedStruct("FallbackSkipped", { ...about, error }),
  FallbackLastAnswer: TaggedStruct("FallbackLastAnswer", { ...about, error }),
  HedgeStarted: TaggedStruct("HedgeStarted", { ...aboutHedge, because: Literal("slow", "failure") }),
  HedgeWon: TaggedStruct("HedgeWon", { ...aboutHedge, duration: Wait }),
  HedgeLost: TaggedStruct("HedgeLost", { ...aboutHedge, duration: Wait }),
  HedgeWithheld: TaggedStruct("HedgeWithheld", { ...about, reason: Literal("budget", "notReady") }),
  DecisionObserved: TaggedStruct("DecisionObserved", {
    ...aboutCall,
    policy: Literal(
      "circuitBreaker",
      "parking",
      "rampUp",
      "bulkhead",
      "adaptiveLimit",
      "rateLimit",
      "spendLimit",
      "retry",
      "attemptTimeout",
      "deadline",
      "stream"
    ),
    action: Literal("reject", "wait", "end", "retry", "withhold"),
    wait: optional(Wait),
    reason: optional(String),
    error: optional(error)
  }),
  CacheHit: TaggedStruct("CacheHit", { ...aboutCache, age: Wait }),
  CacheStaleServed: TaggedStruct("CacheStaleServed", { ...aboutCache, age: Wait, error: optional(error) }),
  CacheMissed: TaggedStruct("CacheMissed", aboutCache),
  CacheCoalesced: TaggedStruct("CacheCoalesced", aboutCache),
  CacheStored: TaggedStruct("CacheStored", aboutCache),
  CacheNotStored: TaggedStruct("CacheNotStored", {
    ...aboutCache,
    reason: Literal("failed", "truncated", "toolCalls", "unwanted", "unreadable", "tooLarge", "store")
  }),
  StoreFailed: TaggedStruct("StoreFailed", { ...about, policy: String, error }),
  StoreRejoined: TaggedStruct("StoreRejoined", { ...about, policy: String, away: Wait }),
  FaultInjected: TaggedStruct("FaultInjected", {
    ...about,
    fault: Literal("Fail", "Cut", "Delay", "Stall", "Interrupt"),
    wait: Number,
    error: optional(error)
  }),
  ClientRetries: TaggedStruct("ClientRetries", { ...about, client: String, maxRetries: Number })
} satisfies { readonly [Tag in ResilienceEvent["_tag"]]: Schema.Schema.AnyNoContext }

/** Every event there is, by name. @internal */
export const tags: ReadonlyArray<ResilienceEvent["_tag"]> = Object.keys(members) as Array<ResilienceEvent["_tag"]>

/** Plain data, with the fields of its event. @internal */
export interface EncodedEvent {
  readonly _tag: ResilienceEvent["_tag"]
  readonly at: number
  readonly [field: string]: unknown
}

/** @internal */
export const eventSchema: Schema.Schema<ResilienceEvent, EncodedEvent> = Schema.Union(
  ...Object.values(members)
) as unknown as Schema.Schema<ResilienceEvent, EncodedEvent>

const encode = Schema.encodeSync(eventSchema)

/** @internal */
export const encodeEvent = (event: ResilienceEvent): EncodedEvent => encode(event)
