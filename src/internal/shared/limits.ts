/**
 * Limits that several processes share, without asking for each call: a process takes a slice of the limit, as large as what
 * it uses in a few seconds, and gives back what it does not need.
 *
 * Where it is not answered soon enough, it goes on with its part of the limit, and owes the others what it uses so.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Bounds } from "../keyed/boundedMap.js"
import { type Amounts, granted, type Limit, left, type Reserved } from "../load/buckets.js"
import { PerKey } from "../load/perKey.js"
import type { Store } from "../load/rateLimit.js"
import type { Immediate } from "../load/rateMemory.js"
import type { SharedStateError } from "./backend.js"
import { LimitExchange, prefix } from "./limitExchange.js"
import type { Link } from "./link.js"
import { Slice } from "./slice.js"
import { add, decodeShares, fingerprint, heldByAll, newShares, type Shares, term } from "./slices.js"

/** It answers at once where it can, and never fails. @internal */
export interface SharedStore extends Store {
  readonly immediate: Immediate
  readonly reserve: (...asked: Parameters<Store["reserve"]>) => Effect.Effect<Reserved>
  readonly settle: (...asked: Parameters<Store["settle"]>) => Effect.Effect<void>
}

/** @internal */
export class SharedLimits {
  private readonly slices: PerKey<Slice>
  private readonly byName = new Map<string, Slice>()
  private readonly exchange: LimitExchange
  private limitsOfNew: ReadonlyArray<Limit> = []

  private constructor(
    private readonly link: Link,
    bounds: Bounds,
    private readonly shareAlone: number
  ) {
    this.exchange = new LimitExchange(link, bounds.idleTimeToLive)
    this.slices = new PerKey<Slice>(
      bounds,
      (name, now) => {
        const slice = new Slice(name, this.limitsOfNew, now)
        this.byName.set(name, slice)
        return slice
      },
      (slice, now) => {
        const owes = slice.asking || slice.holds || slice.alone !== undefined
        if (owes || now < slice.until || now < slice.heldUntil || now < slice.askAgainAt) return false
        this.byName.delete(slice.name)
        return true
      }
    )
    link.listen({
      told: (key, version, text) => {
        if (key.startsWith(prefix)) this.exchange.heard(this.byName.get(key.slice(prefix.length)), version, text)
      },
      missed: () => this.missed()
    })
  }

  static readonly make = (
    link: Link,
    bounds: Bounds,
    shareAlone: number
  ): Effect.Effect<SharedLimits, never, Scope.Scope> =>
    Effect.acquireRelease(
      Effect.sync(() => new SharedLimits(link, bounds, shareAlone)),
      (limits) => limits.stop
    )

  /** What a limit asks. @internal */
  get store(): SharedStore {
    return {
      immediate: {
        reserve: (key, limits, amounts, ahead, now) =>
          this.reserveHere(this.sliceOf(key, limits, now), amounts, ahead, now),
        settle: (key, limits, reserved, used, now) => this.settle(this.sliceOf(key, limits, now), reserved, used, now),
        hold: (key, limits, until, now) => this.hold(this.sliceOf(key, limits, now), until),
        left: (key, limits, now) => this.leftAsKnown(this.sliceOf(key, limits, now))
      },
      reserve: (key, limits, amounts, ahead) => this.reserve(this.sliceOf(key, limits, this.link.now), amounts, ahead),
      settle: (key, limits, reserved, used) =>
        Effect.sync(() => this.settle(this.sliceOf(key, limits, this.link.now), reserved, used, this.link.now)),
      hold: (key, limits, until) => Effect.sync(() => this.hold(this.sliceOf(key, limits, this.link.now), until)),
      observe: (key, limits, told) =>
        Effect.sync(() => this.link.fork(this.exchange.observe(this.sliceOf(key, limits, this.link.now), told))),
      left: (key, limits) => this.left(this.sliceOf(key, limits, this.link.now)),
      patience: Number.POSITIVE_INFINITY
    }
  }

  private sliceOf(key: string, limits: ReadonlyArray<Limit>, now: number): Slice {
    this.limitsOfNew = limits
    return this.slices.get(`${key}/${nameOf(limits)}`, now)
  }

  /** Nothing, if it has to ask. */
  private reserveHere(slice: Slice, amounts: Amounts, ahead: Amounts, now: number): Reserved | undefined {
    for (const { burst, unit } of slice.limits) {
      const amount = amounts[unit] ?? 0
      if (amount > burst) return { _tag: "TooLarge", unit, most: burst, amount }
    }
    if (now < slice.heldUntil) return { _tag: "Wait", millis: slice.heldUntil - now }
    const inLine = slice.limits.some(({ unit }) => (ahead[unit] ?? 0) > 0)
    if (!inLine && slice.covers(amounts, now)) {
      slice.use(amounts)
      if (slice.isLow && !slice.asking) this.link.fork(this.exchange.topUp(slice))
      return granted
    }
    if (!this.link.joined) return this.reserveAlone(slice, amounts, ahead, now)
    return inLine || now < slice.askAgainAt ? waitFor(slice.waitUntil - now) : undefined
  }

  /** Nobody waits for an answer, but where there is one to come, it may come before there is enough here. */
  private reserveAlone(slice: Slice, amounts: Amounts, ahead: Amounts, now: number): Reserved {
    const reserved = slice.aloneFrom(this.shareAlone, now).reserve(amounts, ahead, now)
    if (!this.link.answers) return reserved
    if (now >= slice.askAgainAt) this.link.fork(this.exchange.topUp(slice, amounts))
    if (reserved._tag !== "Wait") return reserved
    const answeredIn = Math.max(10, slice.asking ? 2 * this.link.patience : slice.waitUntil - now)
    return waitFor(Math.min(reserved.millis, answeredIn))
  }

  private reserve(slice: Slice, amounts: Amounts, ahead: Amounts): Effect.Effect<Reserved> {
    const asked = slice.lock.withPermits(1)(
      Effect.suspend(() => {
        const known = this.reserveHere(slice, amounts, ahead, this.link.now)
        return known === undefined ? this.exchange.ask(slice, amounts) : Effect.succeed(known)
      })
    )
    return this.link.within(
      asked,
      () => this.reserveAlone(slice, amounts, ahead, this.link.now),
      ({ _tag }) =>
        Effect.sync(() => {
          if (_tag === "Granted") this.settle(slice, amounts, {}, this.link.now)
        })
    )
  }

  private settle(slice: Slice, reserved: Amounts, used: Amounts, now: number): void {
    const difference = add(used, reserved, -1)
    if (slice.alone !== undefined) {
      slice.alone.settle(difference, now)
      return
    }
    // What a call did not need is there for the next one, for a while.
    if (now >= slice.until) {
      slice.drop()
      slice.until = now + term
      this.exchange.watch(slice)
    }
    slice.use(difference)
  }

  private hold(slice: Slice, until: number): void {
    slice.heldUntil = Math.max(slice.heldUntil, until)
    slice.holds = true
    slice.alone?.hold(until, this.link.now)
    slice.drop()
    this.link.fork(this.exchange.tellHold(slice))
  }

  private left(slice: Slice): Effect.Effect<Amounts> {
    const { link } = this
    const read = Effect.map(link.ask(link.backend.read(prefix + slice.name)), ({ now, text }) => {
      const shares = (text === undefined ? undefined : decodeShares(text, slice.limits)) ?? newShares(slice.limits, now)
      return this.leftOf(slice, shares, now)
    })
    return link.within(
      read,
      () => slice.alone?.left(link.now) ?? slice.rest,
      () => Effect.void
    )
  }

  /** By what this process was told last, which nobody is asked for. */
  private leftAsKnown(slice: Slice): Amounts | undefined {
    const { alone, base } = slice
    const { now, offset } = this.link
    return alone?.left(now) ?? (base && this.leftOf(slice, base.shares, now + offset))
  }

  private leftOf(slice: Slice, shares: Shares, now: number): Amounts {
    const others = { ...shares, holders: shares.holders.filter(({ by }) => by !== this.link.id) }
    return add(add(left(shares.buckets, slice.limits, now), heldByAll(others, now)), slice.unused(this.link.now))
  }

  /** What was used while nobody answered is told, and whoever still has a slice asks what it may have missed. */
  private missed(): ReadonlyArray<Effect.Effect<unknown, SharedStateError>> {
    const { now } = this.link
    return [...this.byName.values()]
      .filter((slice) => slice.holds || slice.alone !== undefined || now < slice.until)
      .map((slice) => this.exchange.topUp(slice))
  }

  private get stop(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { now } = this.link
      const slices = [...this.byName.values()]
      for (const slice of slices) slice.stopTimer?.()
      return this.link.lastWords(slices.filter((slice) => slice.owes(now)).map((slice) => this.exchange.return(slice)))
    })
  }
}

const waitFor = (millis: number): Reserved => ({ _tag: "Wait", millis: Math.max(1, Math.ceil(millis)) })

/** The same limits are the same array, call after call. */
const names = new WeakMap<ReadonlyArray<Limit>, string>()

const nameOf = (limits: ReadonlyArray<Limit>): string => {
  const known = names.get(limits)
  if (known !== undefined) return known
  const name = fingerprint(limits)
  names.set(limits, name)
  return name
}
