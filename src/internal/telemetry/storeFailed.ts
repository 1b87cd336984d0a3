import { type Hub, ResilienceEvent } from "./events.js"
import { metricTable } from "./metricTable.js"
import { outcomeCounters } from "./outcomeCounters.js"

const count = outcomeCounters(metricTable.storeFailures)

/**
 * Tells that the store behind a policy has failed, and that the policy was passed over.
 *
 * @internal
 */
export const storeFailed = (
  { hub, labels }: { readonly hub: Hub; readonly labels: number },
  about: { readonly at: number; readonly target: string; readonly policy: string; readonly error: unknown }
): void => {
  count(about.target, about.policy, labels)
  if (hub.listening()) hub.publish(ResilienceEvent.StoreFailed(about))
}
