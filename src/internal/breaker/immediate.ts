import type { Store } from "../../CircuitBreaker.js"
import type { Policy } from "./policy.js"
import type { Decision, Input } from "./state.js"

/**
 * A store that can answer without an effect says so under this key. It saves four steps of the fiber a call, half of
 * what a circuit costs.
 *
 * @internal
 */
export const Immediate: unique symbol = Symbol.for("effect-resilience/CircuitBreakerStore/Immediate")

/** @internal */
export type Apply = (key: string, policy: Policy, input: Input, now: number) => Decision

/** @internal */
export const immediate = (store: Store): Apply | undefined => (store as { readonly [Immediate]?: Apply })[Immediate]
