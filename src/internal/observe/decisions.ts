/**
 * What the policies of a call that is only observed would have done, as events and counts.
 *
 * @internal
 */
import { type Hub, ResilienceEvent } from "../telemetry/events.js"
import { metricTable } from "../telemetry/metricTable.js"
import { outcomeCounters } from "../telemetry/outcomeCounters.js"
import type { ObservedDecision } from "./decision.js"

const count = outcomeCounters(metricTable.observedDecisions)

/** @internal */
export interface About {
  readonly name: string
  readonly call: number
  readonly hub: Hub
  readonly labels: number
}

/** @internal */
export const tell = ({ call, hub, labels, name }: About, at: number, decision: ObservedDecision): void => {
  count(name, `${decision.policy}:${decision.action}`, labels)
  if (hub.listening()) hub.publish(ResilienceEvent.DecisionObserved({ at, target: name, call, ...decision }))
}

/** The hub of a call that is not made: its decisions are told as what they would have been, and nothing else of it. */
export const shadowHub = (about: About): Hub => ({
  ...about.hub,
  listening: () => true,
  publish: (event) => {
    if (event._tag === "RetryScheduled") {
      tell(about, event.at, { policy: "retry", action: "retry", wait: event.wait, error: event.error })
    } else if (event._tag === "RetryWithheld") {
      tell(about, event.at, { policy: "retry", action: "withhold", reason: event.reason, error: event.error })
    }
  }
})
