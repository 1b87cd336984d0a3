/**
 * What every gate of this kind offers its users: effects and streams through the gate of a key.
 *
 * @internal
 */
import type * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Stream from "effect/Stream"
import * as Gate from "../admission/gate.js"
import type { Around } from "./around.js"

/** @internal */
// biome-ignore lint/suspicious/noExplicitAny: a gate looks at the ends of calls of any type, and at nothing else of them
export type LoadGate<Rejected> = Gate.Gate<any, any, any, Rejected>

/**
 * The operators of one policy, by the key whose limit holds; the key is the target's name.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Operators<Rejected> {
  /** Runs a call once it is let in, or fails with the rejection; the call's own errors pass through unchanged. */
  readonly protect: {
    (key: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Rejected, R>
    <A, E, R>(self: Effect.Effect<A, E, R>, key: string): Effect.Effect<A, E | Rejected, R>
  }
  /** As `protect`. The stream is one call, from its first pull until its resources are closed. */
  readonly protectStream: {
    (key: string): <A, E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E | Rejected, R>
    <A, E, R>(self: Stream.Stream<A, E, R>, key: string): Stream.Stream<A, E | Rejected, R>
  }
}

/** @internal */
export const operators = <Rejected>(gateOf: (key: string) => LoadGate<Rejected>): Operators<Rejected> => ({
  protect: dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, key: string) => Gate.effect(self, gateOf(key))),
  protectStream: dual(2, <A, E, R>(self: Stream.Stream<A, E, R>, key: string) => Gate.stream(self, gateOf(key)))
})

/**
 * Under this key a policy gives out the gate of a key, for a stack of policies that brackets the call only once.
 *
 * @internal
 */
export const Gated: unique symbol = Symbol.for("effect-resilience/load/Gated")

/** @internal */
export type GateOf<Rejected> = (key: string, around?: Around) => LoadGate<Rejected>

/**
 * Under this key a limit on what runs at once tells how much it is now, without an effect.
 *
 * @internal
 */
export const LimitNow: unique symbol = Symbol.for("effect-resilience/load/LimitNow")

/** @internal */
export type LimitOf = (key: string, now: number) => number
