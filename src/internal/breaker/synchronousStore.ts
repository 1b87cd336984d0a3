import type { Policy } from "./policy.js"
import type { Circuit, Decision, Input } from "./state.js"
import type { Store } from "./types.js"

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

/**
 * A store that can be looked at without an effect, and whose changes are all made by the breakers of this process, says
 * so under this key.
 *
 * @internal
 */
export const Peek: unique symbol = Symbol.for("effect-resilience/CircuitBreakerStore/Peek")

/** @internal */
export type Look = (key: string) => Circuit | undefined

/** @internal */
export const peek = (store: Store): Look | undefined => (store as { readonly [Peek]?: Look })[Peek]
