/**
 * What hedged calls tell the outside.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import { type Hub, ResilienceEvent } from "../telemetry/events.js"
import { metricTable } from "../telemetry/metricTable.js"
import { outcomeCounters } from "../telemetry/outcomeCounters.js"
import { noteInSpan } from "../telemetry/spans.js"

/** Why an attempt is started: those under way are late, or one has failed. */
export type Because = "slow" | "failure"

/** What kept a hedge from being sent: the budget is dry, or no other target is ready. */
export type Withheld = "budget" | "notReady"

const count = outcomeCounters(metricTable.hedges)

/** @internal */
export class HedgeReport {
  private told = new Set<Withheld>()

  constructor(
    private readonly hub: Hub,
    private readonly labels: number,
    private readonly operation: number | undefined
  ) {}

  started(target: string, at: number, hedge: number, because: Because): void {
    count(target, "started", this.labels)
    noteInSpan("llm.hedge", at, () => ({ "llm.target": target, "llm.hedge": hedge, "llm.reason": because }))
    if (this.hub.listening())
      this.hub.publish(ResilienceEvent.HedgeStarted({ at, target, operation: this.operation, hedge, because }))
  }

  won(target: string, at: number, hedge: number, millis: number): void {
    if (hedge > 0) count(target, "won", this.labels)
    noteInSpan("llm.hedge_won", at, () => ({ "llm.target": target, "llm.hedge": hedge, "llm.duration_ms": millis }))
    if (!this.hub.listening()) return
    this.hub.publish(
      ResilienceEvent.HedgeWon({ at, target, operation: this.operation, hedge, duration: Duration.millis(millis) })
    )
  }

  lost(target: string, at: number, hedge: number, millis: number): void {
    if (hedge > 0) count(target, "lost", this.labels)
    if (!this.hub.listening()) return
    this.hub.publish(
      ResilienceEvent.HedgeLost({ at, target, operation: this.operation, hedge, duration: Duration.millis(millis) })
    )
  }

  /** Told once in a call, however often it is tried. */
  withheld(target: string, at: number, reason: Withheld): void {
    if (this.told.has(reason)) return
    this.told.add(reason)
    count(target, reason, this.labels)
    if (this.hub.listening())
      this.hub.publish(ResilienceEvent.HedgeWithheld({ at, target, operation: this.operation, reason }))
  }
}
