/**
 * Buckets in the process, in one `Ref` for each key.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { StateRef } from "../breaker/stateRef.js"
import type { Bounds } from "../keyed/boundedMap.js"
import {
  type Amounts,
  type Buckets,
  full,
  hold,
  isReplaceable,
  type Limit,
  left,
  observe,
  type Remaining,
  type Reserved,
  reserve,
  settle,
  type Unit
} from "./buckets.js"
import { PerKey } from "./perKey.js"
import type { Store } from "./rateLimit.js"

/**
 * What a store that answers at once can be asked without an effect. One that cannot say this time whether there is enough
 * says nothing, and is asked with an effect.
 *
 * @internal
 */
export interface Immediate {
  readonly reserve: (
    key: string,
    limits: ReadonlyArray<Limit>,
    amounts: Amounts,
    ahead: Amounts,
    now: number
  ) => Reserved | undefined
  readonly settle: (key: string, limits: ReadonlyArray<Limit>, reserved: Amounts, used: Amounts, now: number) => void
  readonly hold: (key: string, limits: ReadonlyArray<Limit>, until: number, now: number) => void
  /** As far as the process knows. */
  readonly left: (key: string, limits: ReadonlyArray<Limit>, now: number) => Amounts | undefined
}

/** The buckets of a key. Other numbers are another limit of its own, as with what is shared. */
class Kept {
  readonly ref: StateRef<Buckets>
  private others: ReadonlyArray<Kept> = []

  constructor(
    readonly limits: ReadonlyArray<Limit>,
    now: number
  ) {
    this.ref = new StateRef(full(limits, now))
  }

  of(limits: ReadonlyArray<Limit>, now: number): StateRef<Buckets> {
    if (this.limits === limits) return this.ref
    const known = [this, ...this.others].find((one) => isSame(one.limits, limits))
    if (known !== undefined) return known.ref
    const made = new Kept(limits, now)
    this.others = [...this.others.filter((one) => !one.isReplaceable(now)), made]
    return made.ref
  }

  isReplaceable(now: number): boolean {
    return isReplaceable(this.ref.getNow(), this.limits, now) && this.others.every((one) => one.isReplaceable(now))
  }
}

const isSame = (some: ReadonlyArray<Limit>, others: ReadonlyArray<Limit>): boolean =>
  some.length === others.length &&
  some.every(({ burst, perMilli, unit }, at) => {
    const other = others[at]
    return other !== undefined && unit === other.unit && burst === other.burst && perMilli === other.perMilli
  })

/** @internal */
export const rateMemory = (bounds: Bounds): Store => {
  let limitsOfNew: ReadonlyArray<Limit> = []
  const kept = new PerKey<Kept>(
    bounds,
    (_, now) => new Kept(limitsOfNew, now),
    (kept, now) => kept.isReplaceable(now)
  )
  const refOf = (key: string, limits: ReadonlyArray<Limit>, now: number): StateRef<Buckets> => {
    limitsOfNew = limits
    return kept.get(key, now).of(limits, now)
  }
  const immediate = {
    reserve: (key: string, limits: ReadonlyArray<Limit>, amounts: Amounts, ahead: Amounts, now: number): Reserved =>
      refOf(key, limits, now).modifyNow((buckets) => reserve(buckets, limits, amounts, ahead, now)),
    settle: (key: string, limits: ReadonlyArray<Limit>, reserved: Amounts, used: Amounts, now: number): void =>
      refOf(key, limits, now).modifyNow((buckets) => [undefined, settle(buckets, limits, reserved, used, now)]),
    hold: (key: string, limits: ReadonlyArray<Limit>, until: number, now: number): void =>
      refOf(key, limits, now).modifyNow((buckets) => [undefined, hold(buckets, limits, until, now)]),
    left: (key: string, limits: ReadonlyArray<Limit>, now: number): Amounts =>
      left(refOf(key, limits, now).getNow(), limits, now)
  }
  const at = <A>(use: (now: number) => A): Effect.Effect<A> =>
    Effect.clockWith((clock) => Effect.sync(() => use(clock.unsafeCurrentTimeMillis())))
  return {
    immediate,
    reserve: (key, limits, amounts, ahead) => at((now) => immediate.reserve(key, limits, amounts, ahead, now)),
    settle: (key, limits, reserved, used) => at((now) => immediate.settle(key, limits, reserved, used, now)),
    hold: (key, limits, until) => at((now) => immediate.hold(key, limits, until, now)),
    observe: (key, limits, told: { readonly [unit in Unit]?: Remaining | undefined }) =>
      at((now) => refOf(key, limits, now).modifyNow((buckets) => [undefined, observe(buckets, limits, told, now)])),
    left: (key, limits) => at((now) => immediate.left(key, limits, now))
  }
}
