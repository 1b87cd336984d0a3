/**
 * A store of buckets, and how it is asked: at once where it knows, and otherwise for a moment, after which calls go on
 * without.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Restore } from "../admission/gate.js"
import { millis } from "../options/check.js"
import { defaultPatience, Patience } from "../store/patience.js"
import type { Amounts, Limit, Reserved } from "./buckets.js"
import type { Store } from "./rateLimit.js"
import type { Immediate } from "./rateMemory.js"
import { RateLimitStoreError } from "./rateStoreError.js"

/** @internal */
export class RateStoreAccess {
  readonly immediate: Immediate | undefined
  readonly #patience: Patience<RateLimitStoreError>

  constructor(readonly store: Store) {
    this.immediate = store.immediate
    this.#patience = new Patience(millis("RateLimitStore", "patience", store.patience ?? defaultPatience), noAnswer)
  }

  /** What is granted too late for its call goes back. */
  reserve(
    key: string,
    limits: ReadonlyArray<Limit>,
    amounts: Amounts,
    ahead: Amounts,
    restore: Restore,
    clock: Clock.Clock
  ): Effect.Effect<Reserved | undefined, RateLimitStoreError> {
    return this.#patience.ask(this.store.reserve(key, limits, amounts, ahead), restore, clock, ({ _tag }) =>
      _tag === "Granted" ? Effect.ignore(this.store.settle(key, limits, amounts, {})) : Effect.void
    )
  }

  change(
    changed: Effect.Effect<void, RateLimitStoreError>,
    clock: Clock.Clock
  ): Effect.Effect<void | undefined, RateLimitStoreError> {
    return this.#patience.ask(changed, asItIs, clock, nothing)
  }
}

const asItIs: Restore = (effect) => effect

const nothing = (): Effect.Effect<void> => Effect.void

const noAnswer = (millis: number): RateLimitStoreError =>
  new RateLimitStoreError({ message: `The store gave no answer within ${Duration.format(Duration.millis(millis))}` })
