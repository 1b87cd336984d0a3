/**
 * What the cache tells the outside.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import { type Hub, ResilienceEvent } from "../telemetry/events.js"
import { metricTable } from "../telemetry/metricTable.js"
import { outcomeCounters } from "../telemetry/outcomeCounters.js"
import { noteInSpan } from "../telemetry/spans.js"
import { storeFailed } from "../telemetry/storeFailed.js"
import type { TrailEntry } from "../telemetry/trail.js"

/** Why an answer was not kept. */
export type NotKept = "failed" | "truncated" | "toolCalls" | "unwanted" | "unreadable" | "tooLarge" | "store"

const count = outcomeCounters(metricTable.cache)

/** @internal */
export class CacheReport {
  constructor(
    private readonly hub: Hub,
    private readonly labels: number
  ) {}

  hit(name: string, key: string, at: number, millis: number, target: string | undefined, trail: Trail): void {
    this.found(name, "fresh", at)
    trail?.push({ target: target ?? name, attempt: 0, outcome: "CacheFresh", duration: Duration.zero })
    if (this.hub.listening()) {
      this.hub.publish(ResilienceEvent.CacheHit({ at, target: name, key, age: Duration.millis(millis) }))
    }
  }

  stale(
    name: string,
    key: string,
    at: number,
    millis: number,
    target: string | undefined,
    trail: Trail,
    error?: unknown
  ): void {
    this.found(name, "stale", at)
    trail?.push({ target: target ?? name, attempt: 0, outcome: "CacheStale", duration: Duration.zero })
    if (!this.hub.listening()) return
    const age = Duration.millis(millis)
    this.hub.publish(
      ResilienceEvent.CacheStaleServed({ at, target: name, key, age, ...(error !== undefined && { error }) })
    )
  }

  missed(name: string, key: string, at: number): void {
    this.found(name, "miss", at)
    if (this.hub.listening()) this.hub.publish(ResilienceEvent.CacheMissed({ at, target: name, key }))
  }

  joined(name: string, key: string, at: number, trail: Trail): void {
    this.found(name, "coalesced", at)
    trail?.push({ target: name, attempt: 0, outcome: "Coalesced", duration: Duration.zero })
    if (this.hub.listening()) this.hub.publish(ResilienceEvent.CacheCoalesced({ at, target: name, key }))
  }

  stored(name: string, key: string, at: number): void {
    count(name, "stored", this.labels)
    if (this.hub.listening()) this.hub.publish(ResilienceEvent.CacheStored({ at, target: name, key }))
  }

  notKept(name: string, key: string, at: number, reason: NotKept): void {
    count(name, "notStored", this.labels)
    if (this.hub.listening()) this.hub.publish(ResilienceEvent.CacheNotStored({ at, target: name, key, reason }))
  }

  private found(name: string, outcome: "fresh" | "stale" | "miss" | "coalesced", at: number): void {
    count(name, outcome, this.labels)
    noteInSpan("llm.cache", at, () => ({ "llm.target": name, "llm.outcome": outcome }))
  }

  storeFailed(at: number, error: unknown): void {
    count("cache", "storeFailed", this.labels)
    storeFailed({ hub: this.hub, labels: this.labels }, { at, target: "cache", policy: "cache", error })
  }
}

type Trail = Array<TrailEntry> | undefined
