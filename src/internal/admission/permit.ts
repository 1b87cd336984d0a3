/**
 * One place behind a gate, for something that is opened and closed rather than run: taken, and given back exactly once.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { Passage, TargetGate } from "../breaker/gated.js"
import type { Gate, Restore } from "./gate.js"

/** What a call to a target can be kept from being sent with. */
type Rejected = TargetGate extends Gate<infer _, infer _A, infer _E, infer R> ? R : never

/** @internal */
export class HeldPermit {
  private held: Held | undefined

  constructor(
    private readonly gate: TargetGate | undefined,
    private readonly clock: Clock.Clock,
    /** Around what the gate decides. */
    private readonly deciding: <Decision>(decide: () => Decision) => Decision
  ) {}

  /**
   * Takes a permit, unless it is held already: at once where the gate can tell at once. What is left to do is to be run
   * uninterruptibly.
   */
  enter(restore: Restore): Effect.Effect<void, Rejected> {
    const { gate } = this
    if (gate === undefined || this.held !== undefined) return Effect.void
    const hold = (permit: Passage | undefined): void => {
      this.held = { gate, permit, answered: gate.answered === undefined }
    }
    const acquired = this.deciding(() => gate.acquire(restore, this.clock))
    if (Effect.isEffect(acquired)) return Effect.map(acquired, hold)
    hold(acquired)
    return Effect.void
  }

  /** To be run when the first element has come; nothing, if the gate need not know or knows. */
  answered(): Effect.Effect<void> | undefined {
    const { held } = this
    if (held === undefined || held.answered) return undefined
    held.answered = true
    return Effect.map(held.gate.answered!(held.permit), (permit) => {
      held.permit = permit
    })
  }

  leave(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    const { held } = this
    this.held = undefined
    if (held === undefined) return Effect.void
    return this.deciding(() => held.gate.release(held.permit, exit, this.clock)) ?? Effect.void
  }
}

interface Held {
  readonly gate: TargetGate
  permit: Passage | undefined
  answered: boolean
}
