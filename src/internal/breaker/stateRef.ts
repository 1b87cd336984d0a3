/**
 * A `Ref` whose `modify` can also be done at once, by code that is running in a fiber already and wants the answer
 * without another step of it.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Readable from "effect/Readable"
import * as Ref from "effect/Ref"

const variance: Ref.Ref.Variance<unknown>[Ref.RefTypeId] = { _A: (state) => state }

/** @internal */
export class StateRef<A> extends Effectable.Class<A> implements Ref.Ref<A> {
  #state: A

  constructor(state: A) {
    super()
    this.#state = state
  }

  get [Ref.RefTypeId](): Ref.Ref.Variance<A>[Ref.RefTypeId] {
    return variance as Ref.Ref.Variance<A>[Ref.RefTypeId]
  }

  get [Readable.TypeId](): Readable.TypeId {
    return Readable.TypeId
  }

  get get(): Effect.Effect<A> {
    return Effect.sync(() => this.#state)
  }

  commit(): Effect.Effect<A> {
    return this.get
  }

  modify<B>(step: (state: A) => readonly [B, A]): Effect.Effect<B> {
    return Effect.sync(() => this.modifyNow(step))
  }

  modifyNow<B>(step: (state: A) => readonly [B, A]): B {
    const [answer, next] = step(this.#state)
    this.#state = next
    return answer
  }

  getNow(): A {
    return this.#state
  }
}
