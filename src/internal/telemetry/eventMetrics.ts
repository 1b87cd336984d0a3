import type { ResilienceEvent } from "./events.js"
import type { MetricName } from "./metricTable.js"

/**
 * Which metrics count what an event tells of. They are written where the event is published, so that they need no reader;
 * an event that no metric would show does not compile.
 *
 * @internal
 */
export const eventMetrics: { readonly [tag in ResilienceEvent["_tag"]]: readonly [MetricName, ...Array<MetricName>] } =
  {
    // Counted when it ends.
    AttemptStarted: ["attempts"],
    AttemptSucceeded: ["attempts", "attemptDuration", "genAiDuration", "tokens"],
    AttemptFailed: ["attempts", "attemptDuration", "genAiDuration"],
    AttemptInterrupted: ["attempts", "attemptDuration", "genAiDuration"],
    RetryScheduled: ["retries", "retryWait"],
    RetryWithheld: ["retriesWithheld"],
    CallRejected: ["rejections"],
    CallSucceeded: ["calls", "callDuration"],
    CallFailed: ["calls", "callDuration"],
    CallInterrupted: ["calls", "callDuration"],
    StreamRestarted: ["streamIncidents"],
    StreamEventSkipped: ["streamIncidents"],
    StreamFormatUnknown: ["streamIncidents"],
    CircuitChanged: ["circuitState", "circuitOpenings"],
    TargetParked: ["parked"],
    CallQueued: ["queueLength"],
    CallDequeued: ["queueLength", "queueWait"],
    FallbackTaken: ["fallbacks"],
    FallbackSkipped: ["fallbacks"],
    FallbackLastAnswer: ["fallbacks"],
    HedgeStarted: ["hedges"],
    HedgeWon: ["hedges"],
    HedgeLost: ["hedges"],
    HedgeWithheld: ["hedges"],
    DecisionObserved: ["observedDecisions"],
    CacheHit: ["cache"],
    CacheStaleServed: ["cache"],
    CacheMissed: ["cache"],
    CacheCoalesced: ["cache"],
    CacheStored: ["cache"],
    CacheNotStored: ["cache"],
    StoreFailed: ["storeFailures"],
    StoreRejoined: ["sharedStateJoined"],
    FaultInjected: ["faultsInjected"],
    ClientRetries: ["clientRetries"]
  }
