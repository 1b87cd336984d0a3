/**
 * The names of all options, so that one that is spelled wrong is refused instead of passed over.
 *
 * The compiler sees to it that none is missing here.
 *
 * @internal
 */
import type * as CircuitBreaker from "../breaker/types.js"
import type * as ResponseCache from "../cache/types.js"
import type { CallOptions } from "../call/callOptions.js"
import type { CircuitBreakerOptions, Options, TargetOptions } from "../call/types.js"
import type * as Fallback from "../fallback/types.js"
import type * as Hedge from "../hedge/types.js"
import type { BoundsOptions } from "../keyed/boundedMap.js"
import type * as AdaptiveLimit from "../load/adaptiveLimit.js"
import type * as Bulkhead from "../load/bulkhead.js"
import type * as RateLimit from "../load/rateLimit.js"
import type * as SpendLimit from "../load/spendLimit.js"
import type * as RetryBudget from "../retry/budgetTypes.js"
import type * as RetryPolicy from "../retry/policyTypes.js"
import type * as SharedState from "../shared/options.js"
import type { StreamOptions, StreamPolicy } from "../stream/options.js"
import type { MetricsOptions } from "../telemetry/answerMetrics.js"
import { invalid } from "./check.js"

/** @internal */
export type Names<A> = { readonly [name in keyof A]-?: true }

/** Refuses what is no object with options in it, and options of other names. @internal */
export const refuseUnknown = <A extends object>(
  where: string,
  field: string,
  options: unknown,
  names: Names<A>
): void => {
  const at = field === "" ? where : `${where}: ${field}`
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalid(where, field === "" ? "the argument" : field, options, "an object with options")
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name))
  if (unknown === undefined) return
  throw new RangeError(`${at} has no option "${unknown}"; there are ${Object.keys(names).join(", ")}`)
}

/** @internal */
export const backoffOptions: Names<RetryPolicy.BackoffOptions> = {
  maxAttempts: true,
  initialDelay: true,
  factor: true,
  maxDelay: true,
  jitter: true
}

/** @internal */
export const retryOptions: Names<RetryPolicy.Options> = {
  ...backoffOptions,
  maxElapsed: true,
  maxRetryAfter: true,
  lastTarget: true,
  whenOpen: true,
  perError: true
}

/** @internal */
export const errorOptions: Names<RetryPolicy.ErrorOptions> = { ...backoffOptions, retry: true }

/** @internal */
export const sharedStateOptions: Names<SharedState.Options> = {
  idleTimeToLive: true,
  capacity: true,
  patience: true,
  flushEvery: true,
  flushSuccessesEvery: true,
  shareAlone: true,
  name: true
}

/** @internal */
export const boundsOptions: Names<BoundsOptions> = { idleTimeToLive: true, capacity: true }

/** @internal */
export const budgetOptions: Names<RetryBudget.Options> = {
  ...boundsOptions,
  share: true,
  minimumPerSecond: true,
  burst: true
}

/** @internal */
export const breakerOptions: Names<CircuitBreaker.Options> = {
  tripPolicy: true,
  openDuration: true,
  maxRetryAfter: true,
  whenOpen: true,
  halfOpen: true,
  parking: true
}

/** @internal */
export const circuitOptions: Names<CircuitBreakerOptions> = { ...breakerOptions, counts: true }

/** @internal */
export const rateOptions: Names<CircuitBreaker.RateOptions> = {
  threshold: true,
  size: true,
  minimumCalls: true,
  slowCall: true
}

/** @internal */
export const rateOverOptions: Names<CircuitBreaker.RateOverOptions> = {
  threshold: true,
  window: true,
  minimumCalls: true,
  slowCall: true
}

/** @internal */
export const slowCallOptions: Names<CircuitBreaker.SlowCallOptions> = { threshold: true, rate: true }

/** @internal */
export const halfOpenOptions: Names<CircuitBreaker.HalfOpenOptions> = {
  probes: true,
  successes: true,
  probeTimeout: true
}

/** @internal */
export const parkingOptions: Names<CircuitBreaker.ParkingOptions> = { whenParked: true, maxWait: true, stagger: true }

/** @internal */
export const streamPolicy: Names<StreamPolicy> = {
  firstToken: true,
  idle: true,
  total: true,
  settle: true,
  reasoning: true,
  malformed: true,
  buffer: true
}

/** @internal */
export const callOptions: Names<CallOptions> = {
  deadline: true,
  attemptTimeout: true,
  retry: true,
  hedge: true,
  classify: true
}

/** @internal */
export const streamOptions: Names<StreamOptions<never>> = {
  ...streamPolicy,
  ...callOptions,
  dialect: true,
  delivery: true
}

/** @internal */
export const targetOptions: Names<TargetOptions> = {
  deadline: true,
  attemptTimeout: true,
  retry: true,
  circuitBreaker: true,
  bulkhead: true,
  adaptiveLimit: true,
  rampUp: true,
  rateLimit: true,
  spendLimit: true,
  stream: true,
  hedge: true,
  observeOnly: true,
  provider: true,
  model: true
}

/** @internal */
export const allOptions: Names<Options> = { ...targetOptions, ...boundsOptions, retryBudget: true, targets: true }

/** @internal */
export const fallbackOptions: Names<Fallback.Options> = {
  fallbackOn: true,
  patience: true,
  shareOfDeadline: true,
  needs: true,
  sticky: true
}

/** @internal */
export const stickyOptions: Names<Fallback.StickyOptions> = { keepFor: true, capacity: true }

/** @internal */
export const againOptions: Names<Hedge.AgainOptions> = { after: true, hedges: true, budget: true }

/** @internal */
export const hedgeOptions: Names<Hedge.Options> = {
  ...againOptions,
  fallbackOn: true,
  needs: true,
  sticky: true,
  patience: true,
  name: true
}

/** @internal */
export const memoryOptions: Names<Hedge.MemoryOptions> = { ...boundsOptions, halfLife: true, budget: true }

/** @internal */
export const metricsOptions: Names<MetricsOptions> = { prices: true }

const cacheTimes: Names<ResponseCache.TimeOptions> = { fresh: true, staleIfError: true, staleWhileRevalidate: true }

/** @internal */
export const cacheOptions: Names<ResponseCache.CacheOptions> = { ...cacheTimes, storeTimeout: true }

/** @internal */
export const cacheCallOptions: Names<ResponseCache.Options<unknown, unknown, unknown>> = {
  ...cacheTimes,
  key: true,
  schema: true,
  storeIf: true,
  staleOn: true,
  coalesce: true,
  name: true
}

/** @internal */
export const memoryStoreOptions: Names<ResponseCache.MemoryOptions> = { entries: true, bytes: true }

const queueOptions = { maxQueued: true, maxWait: true, batchShare: true } as const

/** @internal */
export const bulkheadOptions: Names<Bulkhead.Options> = { ...boundsOptions, ...queueOptions, maxConcurrent: true }

/** @internal */
export const adaptiveOptions: Names<AdaptiveLimit.Options> = {
  ...boundsOptions,
  ...queueOptions,
  algorithm: true,
  initial: true,
  min: true,
  max: true,
  backoff: true,
  tolerance: true
}

/** @internal */
export const rateLimitOptions: Names<RateLimit.Options> = {
  ...queueOptions,
  requests: true,
  tokens: true,
  inputTokens: true,
  outputTokens: true,
  whenExceeded: true,
  estimate: true
}

/** @internal */
export const limitOptions: Names<RateLimit.Limit> = { limit: true, per: true, burst: true }

/** @internal */
export const estimateOptions: Names<RateLimit.Estimate> = { inputTokens: true, outputTokens: true, cost: true }

/** @internal */
export const spendOptions: Names<SpendLimit.Options> = {
  ...queueOptions,
  limit: true,
  per: true,
  burst: true,
  prices: true,
  whenExceeded: true,
  estimate: true
}

/** @internal */
export const priceOptions: Names<SpendLimit.Price> = {
  input: true,
  output: true,
  cachedInput: true,
  cacheCreationInput: true
}
