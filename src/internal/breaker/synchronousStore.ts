import type { Policy } from "./policy.js"
import type { Change, Circuit, Decision, Input } from "./state.js"
import type { Store } from "./types.js"

/**
 * A store that can answer without an effect says so under this key. It saves four steps of the fiber a call, half of
 * what a circuit costs. One that cannot answer a call's admission this time answers nothing, and is asked with an effect.
 *
 * @internal
 */
export const Immediate: unique symbol = Symbol.for("effect-resilience/CircuitBreakerStore/Immediate")

/** @internal */
export type Apply = (key: string, policy: Policy, input: Input, now: number) => Decision | undefined

/** @internal */
export const immediate = (store: Store): Apply | undefined => (store as { readonly [Immediate]?: Apply })[Immediate]

/**
 * A store that can be looked at without an effect, and whose changes are all made by the breakers of this process or told
 * to them, says so under this key.
 *
 * @internal
 */
export const Peek: unique symbol = Symbol.for("effect-resilience/CircuitBreakerStore/Peek")

/** @internal */
export type Look = (key: string) => Circuit | undefined

/** @internal */
export const peek = (store: Store): Look | undefined => (store as { readonly [Peek]?: Look })[Peek]

/**
 * Under this key a store takes a listener for what becomes of a circuit without a call of this process, and answers with
 * the way to listen no more. Without a change of its phase, whoever waits before it may still find a place.
 *
 * @internal
 */
export const Changes: unique symbol = Symbol.for("effect-resilience/CircuitBreakerStore/Changes")

/** @internal */
export type Listen = (listener: (key: string, change: Change | undefined) => void) => () => void

/** @internal */
export const changesOf = (store: Store): Listen | undefined => (store as { readonly [Changes]?: Listen })[Changes]
