import type { IPolicy } from "cockatiel"
import { installed } from "./installed.js"

const {
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  fallback,
  handleAll,
  retry,
  TimeoutStrategy,
  timeout,
  wrap
} = installed("cockatiel") as typeof import("cockatiel")

export const retries = (): IPolicy => retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() })
export const retriesAtOnce = (): IPolicy => retry(handleAll, { maxAttempts: 3 })
export const breaker = () => circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(5) })
export const timeouts = (): IPolicy => timeout(30_000, TimeoutStrategy.Aggressive)
export const bulkheads = (limit = 1_000_000): IPolicy => bulkhead(limit, limit)

/** All five policies, with its defaults. */
export const five = (): IPolicy =>
  wrap(fallback(handleAll, 0), retries(), breaker(), bulkheads(), timeouts()) as unknown as IPolicy
