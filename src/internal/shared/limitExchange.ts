/**
 * What a process asks of a limit, and what it tells the others of it.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { type Amounts, granted, hold, observe, type Remaining, type Reserved, type Unit } from "../load/buckets.js"
import type { SharedStateError } from "./backend.js"
import { away, type Link, pauseAfter } from "./link.js"
import { rejoin } from "./rejoin.js"
import type { Slice } from "./slice.js"
import {
  add,
  decodeShares,
  encodeShares,
  giveBack,
  heldByAll,
  heldUntil,
  lifetime,
  newShares,
  type Shares,
  take,
  term
} from "./slices.js"

/** What others give back is found after so many milliseconds. */
const askAgainAfter = 1_000

/** Whoever always comes second leaves it at that. */
const mostAttempts = 20

/** Calls wait for it. Milliseconds. */
const longestPause = 10

/** @internal */
export const prefix = "limit/"

type Change<A> = (shares: Shares, at: number) => readonly [A, Shares]

/** @internal */
export class LimitExchange {
  constructor(
    private readonly link: Link,
    private readonly idleTimeToLive: number
  ) {}

  /** Asks for what a call has to have, and for the next slice. The slice has to be locked. */
  ask(slice: Slice, wanted: Amounts): Effect.Effect<Reserved, SharedStateError> {
    const { link } = this
    const request = () => {
      const { now } = link
      return { unused: slice.unused(now), alone: slice.alone?.used ?? {}, more: slice.more(now) }
    }
    let asked = request()
    const change: Change<ReturnType<typeof take>[0]> = (shares, at) => {
      asked = request()
      const { more, unused } = asked
      return take(this.withOwn(slice, shares, at), slice.limits, { by: link.id, unused, wanted, more }, at)
    }
    return Effect.map(this.commit(slice, change, slice.holds ? "all" : "nobody", 0), (given) => {
      const { now } = link
      slice.users = given.users
      slice.waitUntil = given.reserved._tag === "Wait" ? now + given.reserved.millis : 0
      slice.askAgainAt = Math.min(slice.waitUntil, now + askAgainAfter)
      // What was used meanwhile is missing from what was given.
      const meanwhile = add(slice.unused(now), asked.unused, -1)
      slice.rest = add(given.slice, add(meanwhile, add(slice.alone?.used ?? {}, asked.alone, -1), -1))
      slice.alone = undefined
      slice.given = given.slice
      slice.until = now + term
      slice.used = given.reserved === granted ? wanted : {}
      slice.since = now
      slice.holds = false
      this.watch(slice)
      return given.reserved
    })
  }

  /** Asks for the next slice, and for what a call wants that does not wait for it, unless somebody is asking. */
  topUp(slice: Slice, wanted: Amounts = {}): Effect.Effect<unknown, SharedStateError> {
    return Effect.suspend(() => {
      if (slice.asking) return Effect.void
      slice.asking = true
      const asked = Effect.tap(this.ask(slice, wanted), ({ _tag }) =>
        Effect.sync(() => {
          if (_tag === "Granted") slice.use(add({}, wanted, -1))
        })
      )
      const done = Effect.sync(() => {
        slice.asking = false
      })
      return Effect.ensuring(locked(slice, asked), done)
    })
  }

  /** The target wants to be left alone. */
  tellHold(slice: Slice): Effect.Effect<unknown, SharedStateError> {
    return locked(
      slice,
      Effect.tap(
        this.commit(slice, (shares, at) => [slice.alone, this.withOwn(slice, shares, at)], "all", 0),
        (alone) =>
          Effect.sync(() => {
            slice.holds = false
            if (slice.alone === alone) slice.alone = undefined
          })
      )
    )
  }

  /** What is shared, with what only this process knows so far: how it did alone, and that the target is to be left alone. */
  private withOwn(slice: Slice, shares: Shares, at: number): Shares {
    const { now, offset } = this.link
    const { alone, limits } = slice
    const joined =
      alone === undefined
        ? shares
        : rejoin(shares, limits, { since: alone.since + offset, share: alone.share, used: alone.used }, at)
    if (!slice.holds || slice.heldUntil <= now) return joined
    return { ...joined, buckets: hold(joined.buckets, limits, slice.heldUntil + offset, at) }
  }

  /** A provider that tells what is left does not know what processes hold and have not used. */
  observe(
    slice: Slice,
    told: { readonly [unit in Unit]?: Remaining | undefined }
  ): Effect.Effect<unknown, SharedStateError> {
    const change: Change<undefined> = (shares, at) => {
      const held = heldByAll(shares, at)
      const corrected: { [unit in Unit]?: Remaining } = {}
      for (const [unit, said] of Object.entries(told) as Array<[Unit, Remaining | undefined]>) {
        if (said !== undefined) corrected[unit] = { ...said, remaining: said.remaining - (held[unit] ?? 0) }
      }
      return [undefined, { ...shares, buckets: observe(shares.buckets, slice.limits, corrected, at) }]
    }
    return locked(slice, this.commit(slice, change, "nobody", 0))
  }

  /** A process that has nothing to do gives back what it holds. */
  return(slice: Slice): Effect.Effect<unknown, SharedStateError> {
    const returned = Effect.suspend(() => {
      const { id, now } = this.link
      const unused = slice.unused(now)
      // What is being given back is not used, and is lost where it does not arrive; a debt is not.
      slice.drop()
      slice.until = 0
      const { alone, rest } = slice
      const change: Change<undefined> = (shares, at) => [
        undefined,
        giveBack(this.withOwn(slice, shares, at), slice.limits, id, unused, at)
      ]
      return Effect.tap(this.commit(slice, change, "nobody", 0), () =>
        Effect.sync(() => {
          slice.rest = add(slice.rest, rest, -1)
          if (slice.alone === alone) slice.alone = undefined
        })
      )
    })
    return locked(slice, returned)
  }

  /** When its time is up and nobody has used it, what is left goes back. */
  watch(slice: Slice): void {
    const { now } = this.link
    slice.stopTimer?.()
    slice.stopTimer = this.link.later(Math.max(1, slice.until - now - term / 5), () => {
      slice.stopTimer = undefined
      const { now } = this.link
      if (!slice.owes(now)) return
      const isUsed = Object.values(slice.used).some((amount) => amount !== undefined && amount > 0)
      this.link.fork(isUsed ? this.topUp(slice) : this.return(slice))
    })
  }

  /** Whoever comes second begins again, from what the first has made. */
  private commit<A>(
    slice: Slice,
    change: Change<A>,
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
    // What was to be given back may have been, though nobody said so.
    const unanswered = (error: SharedStateError): Effect.Effect<void> =>
      Effect.sync(() => {
        if (error !== away) slice.drop()
      })
    return Effect.flatMap(Effect.tapError(swapped, unanswered), (kept) => {
      if (kept.done) {
        slice.base = { version: kept.version, shares }
        return Effect.succeed(answer)
      }
      if (kept.version !== base.version) this.adopt(slice, kept.version, kept.text)
      if (attempt >= mostAttempts) return Effect.fail(away)
      return Effect.zipRight(pauseAfter(attempt + 1, longestPause), this.commit(slice, change, tell, attempt + 1))
    })
  }

  private adopt(slice: Slice, version: string, text: string | undefined): void {
    const shares = text === undefined ? undefined : decodeShares(text, slice.limits)
    // What was lost is begun anew, but for what this process knows of who wants to be left alone.
    slice.holds ||= shares === undefined && slice.heldUntil > this.link.now
    slice.base = { version, shares: shares ?? newShares(slice.limits, this.link.now + this.link.offset) }
    if (shares !== undefined) this.heed(slice, shares)
  }

  heard(slice: Slice | undefined, version: string, text: string): void {
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
    slice.drop()
    slice.alone?.hold(until, this.link.now)
  }
}

const locked = <A, E>(slice: Slice, what: Effect.Effect<A, E>): Effect.Effect<A, E> => slice.lock.withPermits(1)(what)
