/**
 * A store, and how it is asked: at once where it knows, and otherwise for a moment, after which calls go on without.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Restore } from "../admission/gate.js"
import { millis } from "../options/check.js"
import { defaultPatience, Patience } from "../store/patience.js"
import type { Policy } from "./policy.js"
import type { Decision, Permit, Result } from "./state.js"
import { type Apply, immediate, type Look, peek } from "./synchronousStore.js"
import { CircuitBreakerStoreError, type Store } from "./types.js"

type Asked = Effect.Effect<Decision | undefined, CircuitBreakerStoreError>

/** @internal */
export class StoreAccess {
  readonly apply: Apply | undefined
  readonly circuit: Look | undefined
  readonly #patience: Patience<CircuitBreakerStoreError>

  constructor(readonly store: Store) {
    this.apply = immediate(store)
    this.circuit = peek(store)
    const patience = millis("CircuitBreakerStore", "patience", store.patience ?? defaultPatience)
    this.#patience = new Patience(patience, noAnswer)
  }

  /** A permit that comes too late for its call is given back. */
  admit(key: string, policy: Policy, restore: Restore, clock: Clock.Clock): Asked {
    return this.#patience.ask(this.store.admit(key, policy), restore, clock, ({ permit }) =>
      permit === undefined ? Effect.void : Effect.ignore(this.store.record(key, policy, unused(permit)))
    )
  }

  record(key: string, policy: Policy, result: Result, clock: Clock.Clock): Asked {
    return this.#patience.ask(this.store.record(key, policy, result), asItIs, clock, nothing)
  }

  answer(key: string, policy: Policy, permit: Permit): Asked {
    return Effect.clockWith((clock) =>
      Effect.uninterruptibleMask((restore) =>
        this.#patience.ask(this.store.amend(key, policy, { _tag: "Answer", permit }), restore, clock, nothing)
      )
    )
  }
}

const asItIs: Restore = (effect) => effect

const nothing = (): Effect.Effect<void> => Effect.void

const unused = (permit: Permit): Result => ({
  _tag: "Record",
  permit,
  outcome: "Ignored",
  retryAfter: 0,
  resetsIn: 0
})

const noAnswer = (millis: number): CircuitBreakerStoreError =>
  new CircuitBreakerStoreError({
    message: `The store gave no answer within ${Duration.format(Duration.millis(millis))}`
  })
