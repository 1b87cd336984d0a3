/**
 * Everything a policy can report, and where it goes.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { Counts, Reason } from "../breaker/state.js"
import type { Usage } from "../errors/llmError.js"
import type { ObservedDecision } from "../observe/decision.js"
import type { EventHub } from "./eventHub.js"

/** What every event says: when (milliseconds of the `Clock`), about which target, and whose doing it was. */
interface About {
  readonly at: number
  readonly target: string
  /** For whom, if `Telemetry.CorrelationId` says. */
  readonly correlation?: string | undefined
  /** What the calls made for one answer have in common: a walk over several targets, a hedge, a call through a cache. */
  readonly operation?: number | undefined
  /** The call that it happened to, or that brought it about. Numbers the calls of a process. */
  readonly call?: number | undefined
}

/** What an event about one call says besides. `attempt` counts from 1. @internal */
export interface AboutAttempt extends About {
  readonly call: number
  readonly attempt: number
  /** Who was asked for which model, where the target's options say. */
  readonly provider?: string | undefined
  readonly model?: string | undefined
}

/** What the end of an attempt says besides. @internal */
export interface AboutEnd extends AboutAttempt {
  readonly duration: Duration.Duration
  /** Of a stream: how long its first content took. */
  readonly firstContent?: Duration.Duration | undefined
  /** The tokens it has used, as far as the answer said so. */
  readonly usage?: Usage | undefined
  /** The model that answered, if the answer says. */
  readonly answeredBy?: string | undefined
}

/** What the end of a call says besides. */
interface AboutCall extends About {
  readonly call: number
  readonly attempts: number
  readonly duration: Duration.Duration
  /** As of an attempt. */
  readonly provider?: string | undefined
}

interface AboutHedge extends About {
  readonly hedge: number
}

/** `key` is a hash. */
interface AboutCache extends About {
  readonly key: string
}

/**
 * The states a circuit can be in. `isolated` is open by somebody's decision.
 *
 * @since 0.1.0
 * @category Models
 */
export type CircuitState = "closed" | "open" | "halfOpen" | "isolated"

/**
 * What a call can wait for a turn of.
 *
 * @since 0.1.0
 * @category Models
 */
export type LoadGate = "rampUp" | "bulkhead" | "adaptiveLimit" | "rateLimit" | "spendLimit"

/**
 * Everything a policy can report. `error` is the failure as the policy saw it: an `LlmError`, a rejection, or the
 * call's own error.
 *
 * @since 0.1.0
 * @category Models
 */
export type ResilienceEvent = Data.TaggedEnum<{
  /** An attempt was sent to the target. */
  AttemptStarted: AboutAttempt
  /** An attempt was answered. */
  AttemptSucceeded: AboutEnd
  /** An attempt failed. */
  AttemptFailed: AboutEnd & { readonly error: unknown }
  /** An attempt was interrupted by whoever asked for it. */
  AttemptInterrupted: AboutEnd
  /** The next attempt, `attempt`, follows after `wait`. */
  RetryScheduled: AboutAttempt & { readonly wait: Duration.Duration; readonly error: unknown }
  /** A retry was wanted, and `reason` kept it from happening; the caller gets the upstream error. */
  RetryWithheld: AboutAttempt & {
    readonly reason: "budget" | "circuit" | "deadline" | "elapsed" | "hint" | "otherTarget"
    readonly error: unknown
  }
  /** A policy (an open circuit, a parked target) did not let an attempt through; `error` is the rejection. */
  CallRejected: About & { readonly call: number; readonly error: unknown }
  /** The call as a whole was answered. */
  CallSucceeded: AboutCall
  /** The call as a whole failed: with the last failure of its own, a rejection, or a defect. */
  CallFailed: AboutCall & { readonly error: unknown }
  /** Whoever asked for the call did not want it any more. Neither a success nor a failure. */
  CallInterrupted: AboutCall
  /** A stream that had a commit point to lose was started again, as its delivery mode allows. */
  StreamRestarted: AboutAttempt & { readonly error: unknown }
  /** An element of a stream could not be read and was left out, as `malformed: "skip"` wants it. */
  StreamEventSkipped: AboutAttempt
  /** A stream without a dialect began with an object of no known format: everything is taken for content, and any end for the end. */
  StreamFormatUnknown: AboutAttempt
  /**
   * A circuit, whose key is `target`, changed its state. Where it opened: for how long, why, and what it had counted, if
   * calls were the reason.
   */
  CircuitChanged: About & {
    readonly from: CircuitState
    readonly to: CircuitState
    readonly retryAfter?: Duration.Duration | undefined
    readonly reason?: Reason | undefined
    readonly counts?: Counts | undefined
  }
  /** A target asked to be left alone; callers wait or go elsewhere until `wait` is over. */
  TargetParked: About & { readonly wait: Duration.Duration; readonly error: unknown }
  /** A call waits for its turn: `queued` wait, itself included. `gate` says what for. */
  CallQueued: About & { readonly gate: LoadGate; readonly queued: number }
  /** A call that waited has had its turn, or has left without one: rejected, or not wanted any more. */
  CallDequeued: About & { readonly gate: LoadGate; readonly wait: Duration.Duration; readonly admitted: boolean }
  /** The target `from` failed with `error`, and this one is asked in its place. */
  FallbackTaken: About & { readonly from: string; readonly error: unknown }
  /** A target was passed over; `error` says why. */
  FallbackSkipped: About & { readonly error: unknown }
  /** No target answered, and a last answer was given that no model made. `target` is always `last answer`. */
  FallbackLastAnswer: About & { readonly error: unknown }
  /** Another attempt was started, since those under way are late or one has failed. `hedge` counts from 1 within the call. */
  HedgeStarted: AboutHedge & { readonly because: "slow" | "failure" }
  /** Of several attempts this one answered first, after `duration`. `hedge` is 0 for the first attempt. */
  HedgeWon: AboutHedge & { readonly duration: Duration.Duration }
  /** Another attempt answered first, and this one was cut off: it took at least `duration`, and cost nobody knows what. */
  HedgeLost: AboutHedge & { readonly duration: Duration.Duration }
  /** An attempt was due, and was not started: the budget is dry, or no other target is ready. Told once in a call. */
  HedgeWithheld: About & { readonly reason: "budget" | "notReady" }
  /** A policy of a call that is only observed would have done something. The call goes on as if it had not. */
  DecisionObserved: About & { readonly call: number } & ObservedDecision
  /** A kept answer was fresh enough. `target` is the name of the cache. */
  CacheHit: AboutCache & { readonly age: Duration.Duration }
  /** A kept answer that was not fresh any more was given: in place of `error`, or while it is asked for anew. */
  CacheStaleServed: AboutCache & { readonly age: Duration.Duration; readonly error?: unknown }
  /** Nothing was kept that is fresh enough. */
  CacheMissed: AboutCache
  /** The same was being asked for already. */
  CacheCoalesced: AboutCache
  /** An answer was kept. */
  CacheStored: AboutCache
  /** An answer was not kept. */
  CacheNotStored: AboutCache & {
    readonly reason: "failed" | "truncated" | "toolCalls" | "unwanted" | "unreadable" | "tooLarge" | "store"
  }
  /** A store behind a policy failed; calls go on as if the policy were not there. */
  StoreFailed: About & { readonly policy: string; readonly error: unknown }
  /** A store that had failed is used again. */
  StoreRejoined: About & { readonly policy: string; readonly away: Duration.Duration }
  /** `Chaos` has disturbed a call: a failure that follows is not real. `wait`, in milliseconds, is by how long it was delayed. */
  FaultInjected: About & {
    readonly fault: "Fail" | "Cut" | "Delay" | "Stall" | "Interrupt"
    readonly wait: number
    readonly error?: unknown
  }
  /** A client under the toolkit repeats calls on its own, which multiplies the attempts. */
  ClientRetries: About & { readonly client: string; readonly maxRetries: number }
}>

/**
 * Constructors and matchers of the events.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const ResilienceEvent: Data.TaggedEnum.Constructor<ResilienceEvent> = Data.taggedEnum<ResilienceEvent>()

/**
 * Where events go. Read it once, when a policy is made.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Hub extends EventHub<ResilienceEvent> {}

/** Nobody can listen. @internal */
export const deaf: Hub = {
  listening: () => false,
  publish: () => {},
  subscribe: Effect.acquireRelease(Queue.sliding<ResilienceEvent>(1), Queue.shutdown),
  listen: () => Effect.void
}

/**
 * The hub of the policies made under it. Without `layer` nothing is published.
 *
 * @since 0.1.0
 * @category Hub
 */
export class ResilienceEvents extends Context.Reference<ResilienceEvents>()("effect-resilience/ResilienceEvents", {
  defaultValue: (): Hub => deaf
}) {}
