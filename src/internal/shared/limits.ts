/**
 * Limits that several processes share, without asking for each call: a process takes a slice of the limit, as large as what
 * it uses in a few seconds, and gives back what it does not need.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { Bounds } from "../keyed/boundedMap.js"
import {
  type Amounts,
  type Buckets,
  full,
  granted,
  hold,
  type Limit,
  left,
  observe,
  type Remaining,
  type Reserved,
  reserve,
  type Unit
} from "../load/buckets.js"
import { PerKey } from "../load/perKey.js"
import type { Store } from "../load/rateLimit.js"
import { answerWithin } from "../store/answerWithin.js"
import { startTimer } from "../time/timer.js"
import type { SharedStateError } from "./backend.js"
import { away, type Link, noAnswer } from "./link.js"
import {
  add,
  decodeShares,
  encodeShares,
  fingerprint,
  giveBack,
  heldByAll,
  heldUntil,
  newShares,
  type Shares,
  take,
  term
} from "./slices.js"

/** A slice is what a process uses in so many milliseconds. */
const sliceTime = 3_000

/** With less than this part of its slice left, a process asks for the next one. */
const low = 1 / 3

/** What others give back is found after so many milliseconds. */
const askAgainAfter = 1_000

const mostAttempts = 20

const prefix = "limit/"

/** What a process has of one limit. */
class Slice {
  /** What it may use by itself, until then. */
  rest: Amounts = {}
  until = 0
  /** How much it was given the last time. */
  given: Amounts = {}
  /** What it has used since it last asked. */
  used: Amounts = {}
  since: number
  /** When there is something for it again, as far as it knows, and when it asks whether that is still so. */
  waitUntil = 0
  askAgainAt = 0
  heldUntil = 0
  /** How many use the limit, as it was last told. */
  users: number | undefined = undefined
  base: { readonly version: string; readonly shares: Shares } | undefined = undefined
  /** What it goes by while there is nobody to ask. */
  alone: { buckets: Buckets; readonly limits: ReadonlyArray<Limit> } | undefined = undefined
  usedAlone: Amounts = {}
  asking = false
  stopTimer: (() => void) | undefined = undefined
  readonly lock: Effect.Semaphore = Effect.unsafeMakeSemaphore(1)

  constructor(
    readonly name: string,
    readonly limits: ReadonlyArray<Limit>,
    now: number
  ) {
    this.since = now
  }

  /** What was used while there was nobody to ask is owed to the others, as far as a bucket goes. */
  rejoin(): void {
    if (this.alone === undefined) return
    for (const { burst, unit } of this.limits) {
      const used = Math.max(0, Math.min(burst, this.usedAlone[unit] ?? 0))
      this.rest = { ...this.rest, [unit]: (this.rest[unit] ?? 0) - used }
    }
    this.alone = undefined
    this.usedAlone = {}
  }

  covers(amounts: Amounts, now: number): boolean {
    if (now >= this.until) return false
    return this.limits.every(({ unit }) => (this.rest[unit] ?? 0) >= (amounts[unit] ?? 0) - 1e-9)
  }

  use(amounts: Amounts): void {
    this.rest = add(this.rest, amounts, -1)
    this.used = add(this.used, amounts)
  }

  get isLow(): boolean {
    return this.limits.some(({ unit }) => (this.rest[unit] ?? 0) < (this.given[unit] ?? 0) * low)
  }

  /** What it would use in the time of a slice, going by the time since it last asked. */
  more(now: number): Amounts {
    const passed = Math.max(sliceTime / 10, now - this.since)
    const more: { [unit in Unit]?: number } = {}
    for (const { perMilli, unit } of this.limits) {
      // What does not come back is asked for call by call, so that nothing of it is lost with a process.
      more[unit] = perMilli > 0 ? (Math.max(0, this.used[unit] ?? 0) / passed) * sliceTime : 0
    }
    return more
  }

  /** Less than nothing counts however long ago it was; what was left over, until its time was up. */
  unused(now: number): Amounts {
    if (now < this.until) return this.rest
    const debts: { [unit in Unit]?: number } = {}
    for (const { unit } of this.limits) debts[unit] = Math.min(0, this.rest[unit] ?? 0)
    return debts
  }
}

/** @internal */
export class SharedLimits {
  private readonly slices: PerKey<Slice>
  private readonly byName = new Map<string, Slice>()
  private limitsOfNew: ReadonlyArray<Limit> = []

  private constructor(
    private readonly link: Link,
    bounds: Bounds,
    private readonly idleTimeToLive: number,
    private readonly shareAlone: number
  ) {
    this.slices = new PerKey<Slice>(
      bounds,
      (name, now) => {
        const slice = new Slice(name, this.limitsOfNew, now)
        this.byName.set(name, slice)
        return slice
      },
      (slice, now) => {
        if (slice.asking || now < slice.until || now < slice.heldUntil || now < slice.askAgainAt) return false
        this.byName.delete(slice.name)
        return true
      }
    )
    link.listen(
      (key, version, text) => {
        if (key.startsWith(prefix)) this.told(key.slice(prefix.length), version, text)
      },
      () => {
        for (const slice of this.byName.values()) slice.rejoin()
      }
    )
  }

  static readonly make = (
    link: Link,
    bounds: Bounds,
    shareAlone: number
  ): Effect.Effect<SharedLimits, never, Scope.Scope> =>
    Effect.acquireRelease(
      Effect.sync(() => new SharedLimits(link, bounds, bounds.idleTimeToLive, shareAlone)),
      (limits) => limits.stop
    )

  /** What a limit asks. @internal */
  get store(): Store {
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
      observe: (key, limits, told) => Effect.sync(() => this.observe(this.sliceOf(key, limits, this.link.now), told)),
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
    if (!this.link.joined) return this.reserveAlone(slice, amounts, ahead, now)
    if (slice.limits.some(({ unit }) => (ahead[unit] ?? 0) > 0)) {
      return { _tag: "Wait", millis: Math.max(1, slice.waitUntil - now) }
    }
    if (slice.covers(amounts, now)) {
      slice.use(amounts)
      if (slice.isLow && !slice.asking) this.topUp(slice)
      return granted
    }
    return now < slice.askAgainAt ? { _tag: "Wait", millis: slice.waitUntil - now } : undefined
  }

  /** With nobody to ask, a process keeps to its part of the limit: one of those who used it last. */
  private reserveAlone(slice: Slice, amounts: Amounts, ahead: Amounts, now: number): Reserved {
    if (slice.alone === undefined) {
      const share = slice.users === undefined ? this.shareAlone : 1 / slice.users
      const limits = slice.limits.map(({ burst, perMilli, unit }) => ({
        unit,
        burst: burst * share,
        perMilli: perMilli * share
      }))
      // Nothing has been saved up by losing the others.
      const buckets = full(limits, now)
      slice.alone = { limits, buckets: slice.users === undefined ? buckets : hold(buckets, limits, now, now) }
    }
    // One call may need more than the part ever holds at once: it waits until that has come together.
    const { alone } = slice
    const limits = alone.limits.map((limit) => ({ ...limit, burst: Math.max(limit.burst, amounts[limit.unit] ?? 0) }))
    const [reserved, buckets] = reserve(alone.buckets, limits, amounts, ahead, now)
    alone.buckets = buckets
    if (reserved._tag === "Granted") slice.usedAlone = add(slice.usedAlone, amounts)
    return reserved
  }

  private settle(slice: Slice, reserved: Amounts, used: Amounts, now: number): void {
    const difference = add(used, reserved, -1)
    if (slice.alone !== undefined) {
      const { buckets, limits } = slice.alone
      slice.usedAlone = add(slice.usedAlone, difference)
      slice.alone.buckets = buckets.map((bucket, i) => ({
        ...bucket,
        level: bucket.level - (difference[limits[i]!.unit] ?? 0)
      }))
      return
    }
    // What a call did not need is there for the next one, for a while.
    if (now >= slice.until) {
      slice.rest = slice.unused(now)
      slice.until = now + term
      this.watch(slice)
    }
    slice.use(difference)
  }

  private hold(slice: Slice, until: number): void {
    slice.heldUntil = Math.max(slice.heldUntil, until)
    slice.rest = nothingLeft(slice.rest)
    if (slice.alone !== undefined) {
      slice.alone.buckets = hold(slice.alone.buckets, slice.alone.limits, until, this.link.now)
    }
    const { id, offset } = this.link
    this.change(
      slice,
      (shares, now) => {
        const rest = giveBack(shares, slice.limits, id, slice.unused(this.link.now), now)
        return { ...rest, buckets: hold(rest.buckets, slice.limits, until + offset, now) }
      },
      "all"
    )
  }

  /** A provider that tells what is left does not know what processes hold and have not used. */
  private observe(slice: Slice, told: { readonly [unit in Unit]?: Remaining | undefined }): void {
    this.change(
      slice,
      (shares, now) => {
        const held = heldByAll(shares, now)
        const corrected: { [unit in Unit]?: Remaining } = {}
        for (const [unit, said] of Object.entries(told) as Array<[Unit, Remaining | undefined]>) {
          if (said !== undefined) corrected[unit] = { ...said, remaining: said.remaining - (held[unit] ?? 0) }
        }
        return { ...shares, buckets: observe(shares.buckets, slice.limits, corrected, now) }
      },
      "nobody"
    )
  }

  private change(slice: Slice, change: (shares: Shares, now: number) => Shares, tell: "all" | "nobody"): void {
    if (!this.link.joined) return
    this.link.fork(
      slice.lock.withPermits(1)(this.commit(slice, (shares, now) => [undefined, change(shares, now)] as const, tell, 0))
    )
  }

  private reserve(slice: Slice, amounts: Amounts, ahead: Amounts): Effect.Effect<Reserved> {
    const asked = slice.lock.withPermits(1)(
      Effect.suspend(() => {
        const known = this.reserveHere(slice, amounts, ahead, this.link.now)
        return known === undefined ? this.ask(slice, amounts) : Effect.succeed(known)
      })
    )
    const { clock, patience } = this.link
    return Effect.uninterruptibleMask((restore) =>
      Effect.catchAll(
        answerWithin(asked, {
          clock,
          restore,
          millis: patience,
          late: ({ _tag }) =>
            Effect.sync(() => {
              if (_tag === "Granted") this.settle(slice, amounts, {}, this.link.now)
            }),
          otherwise: () => {
            this.link.lost(noAnswer(patience))
            return Effect.fail(away)
          }
        }),
        () => Effect.sync(() => this.reserveAlone(slice, amounts, ahead, this.link.now))
      )
    )
  }

  private topUp(slice: Slice): void {
    slice.asking = true
    const done = Effect.sync(() => {
      slice.asking = false
    })
    this.link.fork(Effect.ensuring(slice.lock.withPermits(1)(Effect.suspend(() => this.ask(slice, {}))), done))
  }

  /** Asks for what a call has to have, and for the next slice. */
  private ask(slice: Slice, wanted: Amounts): Effect.Effect<Reserved, SharedStateError> {
    const request = (now: number) => {
      const unused = slice.unused(now)
      return { by: this.link.id, unused, wanted, more: add(slice.more(now), {}) }
    }
    let asked = request(this.link.now)
    const change = (shares: Shares, at: number) => {
      asked = request(this.link.now)
      const [given, next] = take(shares, slice.limits, asked, at)
      return [given, next] as const
    }
    return Effect.map(this.commit(slice, change, "nobody", 0), (given) => {
      const { now } = this.link
      slice.users = given.users
      if (given.reserved._tag === "Wait") slice.waitUntil = now + given.reserved.millis
      else slice.waitUntil = 0
      slice.askAgainAt = Math.min(slice.waitUntil, now + askAgainAfter)
      // What was used meanwhile is missing from what was given.
      slice.rest = add(given.slice, add(slice.unused(now), asked.unused, -1))
      slice.given = given.slice
      slice.until = now + term
      slice.used = given.reserved._tag === "Granted" ? wanted : {}
      slice.since = now
      this.watch(slice)
      return given.reserved
    })
  }

  /** When its time is up and nobody has used it, what is left goes back. */
  private watch(slice: Slice): void {
    slice.stopTimer?.()
    slice.stopTimer = undefined
    const millis = Math.max(1, slice.until - this.link.now - term / 5)
    slice.stopTimer = startTimer(this.link.clock, millis, () => {
      slice.stopTimer = undefined
      const { now } = this.link
      if (!slice.limits.some(({ unit }) => (slice.unused(now)[unit] ?? 0) !== 0)) return
      const isUsed = Object.values(slice.used).some((amount) => amount !== undefined && amount > 0)
      if (isUsed) this.topUp(slice)
      else this.link.fork(this.returned(slice))
    })
  }

  private returned(slice: Slice): Effect.Effect<unknown, SharedStateError> {
    return slice.lock.withPermits(1)(
      Effect.suspend(() => {
        const { now } = this.link
        const unused = slice.unused(now)
        slice.rest = {}
        slice.until = 0
        const change = (shares: Shares, at: number) =>
          [undefined, giveBack(shares, slice.limits, this.link.id, unused, at)] as const
        return this.commit(slice, change, "nobody", 0)
      })
    )
  }

  private left(slice: Slice): Effect.Effect<Amounts> {
    const { link } = this
    const read = Effect.map(link.ask(link.backend.read(prefix + slice.name)), ({ now, text }) => {
      const shares = (text === undefined ? undefined : decodeShares(text, slice.limits)) ?? newShares(slice.limits, now)
      return this.leftOf(slice, shares, now)
    })
    return Effect.uninterruptibleMask((restore) =>
      Effect.catchAll(
        answerWithin(read, {
          clock: link.clock,
          restore,
          millis: link.patience,
          late: () => Effect.void,
          otherwise: () => Effect.fail(away)
        }),
        () => Effect.sync(() => this.leftAlone(slice) ?? slice.rest)
      )
    )
  }

  /** By what this process was told last, which nobody is asked for. */
  private leftAsKnown(slice: Slice): Amounts | undefined {
    const { base } = slice
    return this.leftAlone(slice) ?? (base && this.leftOf(slice, base.shares, this.link.now + this.link.offset))
  }

  private leftAlone({ alone }: Slice): Amounts | undefined {
    return alone && left(alone.buckets, alone.limits, this.link.now)
  }

  private leftOf(slice: Slice, shares: Shares, now: number): Amounts {
    const others = { ...shares, holders: shares.holders.filter(({ by }) => by !== this.link.id) }
    return add(add(left(shares.buckets, slice.limits, now), heldByAll(others, now)), slice.unused(this.link.now))
  }

  /** Whoever comes second begins again, from what the first has made. */
  private commit<A>(
    slice: Slice,
    change: (shares: Shares, at: number) => readonly [A, Shares],
    tell: "all" | "nobody",
    attempt: number
  ): Effect.Effect<A, SharedStateError> {
    const { link } = this
    const key = prefix + slice.name
    if (slice.base === undefined) {
      return Effect.flatMap(link.ask(link.backend.read(key)), (kept) => {
        this.adopt(slice, kept.version, kept.text)
        return this.commit(slice, change, tell, attempt)
      })
    }
    const { base } = slice
    const at = link.now + link.offset
    const [answer, shares] = change(base.shares, at)
    const swapped = link.ask(
      link.backend.swap(key, {
        expected: base.version,
        text: encodeShares(shares),
        timeToLive: lifetime(shares, slice.limits, this.idleTimeToLive, at),
        at,
        tell
      })
    )
    return Effect.flatMap(swapped, (kept) => {
      if (kept.done) {
        slice.base = { version: kept.version, shares }
        return Effect.succeed(answer)
      }
      if (kept.version !== base.version) this.adopt(slice, kept.version, kept.text)
      if (attempt >= mostAttempts) return Effect.fail(away)
      const pause =
        attempt < 1
          ? Effect.void
          : Effect.flatMap(Random.next, (chance) => Effect.sleep(Math.ceil(chance * Math.min(10, 2 ** attempt))))
      return Effect.zipRight(pause, this.commit(slice, change, tell, attempt + 1))
    })
  }

  private adopt(slice: Slice, version: string, text: string | undefined): void {
    const at = this.link.now + this.link.offset
    const shares = text === undefined ? undefined : decodeShares(text, slice.limits)
    // What was lost is begun anew, but for what this process knows of who wants to be left alone.
    const anew = (): Shares => {
      const fresh = newShares(slice.limits, at)
      return slice.heldUntil > this.link.now
        ? { ...fresh, buckets: hold(fresh.buckets, slice.limits, slice.heldUntil + this.link.offset, at) }
        : fresh
    }
    slice.base = { version, shares: shares ?? anew() }
    if (shares !== undefined) this.heed(slice, shares)
  }

  private told(name: string, version: string, text: string): void {
    const slice = this.byName.get(name)
    const shares = slice && decodeShares(text, slice.limits)
    if (slice === undefined || shares === undefined) return
    slice.base = { version, shares }
    this.heed(slice, shares)
  }

  /** A target that one was told to leave alone is left alone by all. */
  private heed(slice: Slice, shares: Shares): void {
    const until = heldUntil(shares) - this.link.offset
    if (until <= this.link.now || until <= slice.heldUntil) return
    slice.heldUntil = until
    slice.rest = nothingLeft(slice.rest)
  }

  private get stop(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { now } = this.link
      const slices = [...this.byName.values()]
      for (const slice of slices) slice.stopTimer?.()
      const holding = slices.filter((slice) => Object.values(slice.unused(now)).some((amount) => amount !== 0))
      return Effect.forEach(holding, (slice) => Effect.ignore(this.returned(slice)), { concurrency: 16 }).pipe(
        Effect.timeout(this.link.patience * 4),
        Effect.ignore
      )
    })
  }
}

/** Debts stay. */
const nothingLeft = (rest: Amounts): Amounts => {
  const debts: { [unit in Unit]?: number } = {}
  for (const unit of Object.keys(rest) as Array<Unit>) debts[unit] = Math.min(0, rest[unit] ?? 0)
  return debts
}

/** Buckets that would be full again may be forgotten, and those that never are may not. */
const lifetime = (shares: Shares, limits: ReadonlyArray<Limit>, idle: number, at: number): number => {
  const fillsIn = Math.max(...limits.map(({ burst, perMilli }) => burst / perMilli))
  return Math.min(idle + fillsIn + Math.max(0, heldUntil(shares) - at), longest)
}

/** A year. */
const longest = 365 * 86_400_000

/** The same limits are the same array, call after call. */
const names = new WeakMap<ReadonlyArray<Limit>, string>()

const nameOf = (limits: ReadonlyArray<Limit>): string => {
  const known = names.get(limits)
  if (known !== undefined) return known
  const name = fingerprint(limits)
  names.set(limits, name)
  return name
}
