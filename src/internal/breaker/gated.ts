import type * as Effect from "effect/Effect"
import type { Gate } from "../admission/gate.js"
import type { RequestTooLarge } from "../errors/llmError.js"
import type { BulkheadFull } from "../errors/rejection.js"
import type { Rejected } from "./guard.js"
import type { Permit } from "./state.js"
import type { CircuitBreaker } from "./types.js"

/** A circuit as a gate, for a stack of policies that brackets the call only once. */
export type CircuitGate = Gate<Permit | undefined, unknown, unknown, Rejected>

/**
 * All gates of a target as one: its circuit, and the limits around it. A circuit alone is one too.
 *
 * @internal
 */
export type TargetGate = Gate<Passage | undefined, unknown, unknown, Rejected | BulkheadFull | RequestTooLarge>

/** What was got of a target's gates. Whoever holds it gives it back as it is. @internal */
export interface Passage {
  readonly passage: never
}

/**
 * Under this key a breaker gives out the gate of a circuit, which is what its `execute` puts a call behind.
 *
 * @internal
 */
export const Gated: unique symbol = Symbol.for("effect-resilience/CircuitBreaker/Gated")

/** @internal */
export type Gates = (key: string) => Effect.Effect<CircuitGate>

/** @internal */
export const gateOf = (breaker: CircuitBreaker, key: string): Effect.Effect<CircuitGate> =>
  (breaker as CircuitBreaker & { readonly [Gated]: Gates })[Gated](key)
