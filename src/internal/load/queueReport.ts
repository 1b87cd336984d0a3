/**
 * What queues tell: events to whoever listens, their lengths and waits to the metrics.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import type * as Metric from "effect/Metric"
import { type Hub, type LoadGate, ResilienceEvent } from "../telemetry/events.js"
import { labelOf, shared } from "../telemetry/labels.js"
import { metricTable } from "../telemetry/metricTable.js"
import { gauge, histogram } from "../telemetry/series.js"
import { noteInSpan } from "../telemetry/spans.js"

/** @internal */
export interface QueueReport {
  /** A call has joined the queue, in which so many wait now. */
  readonly queued: (at: number, queued: number) => void
  readonly dequeued: (at: number, wait: number, queued: number, admitted: boolean) => void
}

interface Series {
  readonly length: Metric.Metric.Gauge<number>
  readonly waits: Metric.Metric.Histogram<number>
}

/** Made with the first call that waits, since most never have to. @internal */
export const queueReport = (gate: LoadGate, target: string, hub: Hub, capacity: number): QueueReport => {
  let series: Series | undefined
  let isShared = false
  const seriesOf = (): Series => {
    if (series !== undefined) return series
    const label = labelOf("queues", target, capacity)
    isShared = label === shared
    series = {
      length: gauge(metricTable.queueLength, label, gate),
      waits: histogram(metricTable.queueWait, label, gate)
    }
    return series
  }
  return {
    queued: (at, queued) => {
      const { length } = seriesOf()
      if (!isShared) length.unsafeUpdate(queued, [])
      if (hub.listening()) hub.publish(ResilienceEvent.CallQueued({ at, target, gate, queued }))
    },
    dequeued: (at, wait, queued, admitted) => {
      const { length, waits } = seriesOf()
      if (!isShared) length.unsafeUpdate(queued, [])
      waits.unsafeUpdate(wait / 1000, [])
      noteInSpan("llm.queued", at, () => ({ "llm.target": target, "llm.gate": gate, "llm.wait_ms": wait }))
      if (!hub.listening()) return
      hub.publish(ResilienceEvent.CallDequeued({ at, target, gate, wait: Duration.millis(wait), admitted }))
    }
  }
}

/** The gauge of a limit that changes; a label that several share has none. @internal */
export const limitGauge = (target: string, capacity: number): ((limit: number) => void) => {
  const label = labelOf("limits", target, capacity)
  if (label === shared) return () => {}
  const now = gauge(metricTable.concurrencyLimit, label)
  return (limit) => now.unsafeUpdate(limit, [])
}
