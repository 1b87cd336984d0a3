/**
 * What a process holds that should be given back: sockets, and fibers.
 */
import { Effect, Metric, MetricState, RuntimeFlags, RuntimeFlagsPatch } from "effect"

/** Lets the fibers of an effect, and of what it starts, be counted. */
export const counting = Effect.withRuntimeFlagsPatch(RuntimeFlagsPatch.enable(RuntimeFlags.RuntimeMetrics))

/** Sockets of this process, those of its children's channels aside. */
export const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length

/** Effect's own count of fibers that have begun and not ended. */
export const fibers = (): number => {
  const found = Metric.unsafeSnapshot().find(({ metricKey }) => metricKey.name === "effect_fiber_active")
  return found !== undefined && MetricState.isCounterState(found.metricState) ? Number(found.metricState.count) : 0
}
