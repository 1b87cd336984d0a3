/**
 * The policies of a configuration, as `Resilience` takes them.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as CircuitBreaker from "../../CircuitBreaker.js"
import { mergeOptions } from "../../internal/call/mergeOptions.js"
import * as Resilience from "../../Resilience.js"
import { InvalidConfig } from "./config/invalid.js"
import type { RoutePolicy, TargetPolicy } from "./config/policy.js"
import type { Config, Target, Upstream } from "./config/schema.js"

/** @internal */
export const policyOf = ({ circuitBreaker, ...rest }: TargetPolicy): Resilience.TargetOptions => ({
  ...rest,
  ...(circuitBreaker !== undefined && { circuitBreaker: circuitBreaker && circuitOf(circuitBreaker) })
})

const circuitOf = ({
  counts,
  failures,
  openDuration,
  probes,
  rate,
  successes
}: Exclude<TargetPolicy["circuitBreaker"], false | undefined>): Resilience.CircuitBreakerOptions => ({
  counts,
  openDuration,
  tripPolicy:
    rate !== undefined
      ? CircuitBreaker.rateOver(rate)
      : failures === undefined
        ? undefined
        : CircuitBreaker.consecutive(failures),
  halfOpen: { probes, successes }
})

/** What a target's own policy and that of its upstream say, the target's first. @internal */
export const targetPolicy = (upstream: Upstream, target: Target): Resilience.TargetOptions =>
  mergeOptions(policyOf(upstream.policy ?? {}), policyOf(target.policy ?? {}))

/**
 * The upstreams' keys are the gateway's own, not the caller's: one that is refused is no reason not to ask the next.
 *
 * @internal
 */
export const fallbackOn = ({
  fallbackOn = []
}: RoutePolicy): ReadonlyArray<NonNullable<RoutePolicy["fallbackOn"]>[number]> => [
  ...new Set([...fallbackOn, "AuthenticationFailed", "PermissionDenied"] as const)
]

/**
 * Requests come all the time, and there is somebody else to ask: looking often whether a target is back costs next to
 * nothing, and its return shows within half a minute.
 */
const looksAgainAfter = "20 seconds"

/**
 * What holds for all targets: the configuration's, and what the environment says instead.
 *
 * @internal
 */
export const generalPolicy = ({ policy = {} }: Config): Effect.Effect<Resilience.TargetOptions, InvalidConfig> => {
  const { circuitBreaker } = policy
  const written = policyOf({
    ...policy,
    circuitBreaker: circuitBreaker !== false && { openDuration: looksAgainAfter, ...circuitBreaker }
  })
  return Effect.mapBoth(Resilience.config, {
    onFailure: (error) => new InvalidConfig({ mistakes: [{ path: "", message: `the environment: ${error.message}` }] }),
    onSuccess: (environment) => mergeOptions(written, environment)
  })
}
