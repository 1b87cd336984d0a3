/**
 * One place behind a gate, for something that is opened and closed rather than run: taken, and given back exactly once.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { CircuitGate } from "../breaker/gated.js"
import type { Rejected } from "../breaker/guard.js"
import type { Permit } from "../breaker/state.js"
import type { Restore } from "./gate.js"

/** @internal */
export class HeldPermit {
  private held: Held | undefined

  constructor(
    private readonly gate: CircuitGate | undefined,
    private readonly clock: Clock.Clock
  ) {}

  /** Takes a permit, unless it is held already. It has to be run uninterruptibly. */
  enter(restore: Restore): Effect.Effect<void, Rejected> {
    const { gate } = this
    if (gate === undefined || this.held !== undefined) return Effect.void
    return Effect.suspend(() => {
      const hold = (permit: Permit | undefined): void => {
        this.held = { gate, permit, answered: gate.answered === undefined }
      }
      const acquired = gate.acquire(restore, this.clock)
      return Effect.isEffect(acquired) ? Effect.map(acquired, hold) : Effect.sync(() => hold(acquired))
    })
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

  leave(exit: Exit.Exit<void, unknown>): Effect.Effect<void> {
    const { held } = this
    this.held = undefined
    return held?.gate.release(held.permit, exit, this.clock) ?? Effect.void
  }
}

interface Held {
  readonly gate: CircuitGate
  permit: Permit | undefined
  answered: boolean
}
