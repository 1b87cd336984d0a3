/**
 * A call through the cache: what is kept, what is fresh enough, what is asked, and what is kept of it.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { DeadlineExceeded } from "../errors/rejection.js"
import { TrailRecorder, withTrail } from "../telemetry/trail.js"
import { acrossProcesses } from "./acrossProcesses.js"
import { decode, type Entry, encode } from "./entry.js"
import type { Flights } from "./flights.js"
import type { CacheReport, NotKept } from "./report.js"
import type { SafeStore } from "./safeStore.js"
import { servable } from "./servable.js"
import { type Ages, agesOf } from "./settings.js"
import type { StreamFlights } from "./streamFlights.js"
import type { Answer, Options } from "./types.js"
import { flawOf } from "./whole.js"

/** @internal */
export interface Cache {
  readonly store: SafeStore
  readonly flights: Flights
  readonly streams: StreamFlights
  readonly report: CacheReport
  readonly ages: Ages
}

/** @internal */
export const through = <A, I, R2, E, R>(
  cache: Cache,
  options: Options<A, I, R2>,
  self: Effect.Effect<A, E, R>
): Effect.Effect<Answer<A>, E | DeadlineExceeded, R | R2> => {
  const { flights, report, store } = cache
  const { key, name = "cache", schema } = options
  const ages = agesOf(options, cache.ages)

  const lookUp: Effect.Effect<Entry<A> | undefined, never, R2> = Effect.flatMap(store.get(key), (text) =>
    text === undefined ? Effect.succeed(undefined) : decode(schema, text)
  )

  const live: Effect.Effect<Answer<A>, E, R | R2> = Effect.flatMap(withTrail(self), ({ exit, trail }) => {
    if (Exit.isFailure(exit)) return Effect.failCause(exit.cause)
    const target = trail.findLast(({ outcome }) => outcome === "Success")?.target
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const entry: Entry<A> = { value: exit.value, target, at: now }
      return Effect.as(keep(entry), answer("live", entry))
    })
  })

  const keep = (entry: Entry<A>): Effect.Effect<void, never, R2> => {
    const not = unwanted(options, entry.value)
    if (not !== undefined) return Effect.sync(() => report.notKept(name, key, entry.at, not))
    return Effect.matchCauseEffect(encode(schema, entry), {
      onFailure: () => Effect.sync(() => report.notKept(name, key, entry.at, "unreadable")),
      onSuccess: (text) =>
        Effect.map(store.set(key, text, Duration.millis(ages.keep)), (kept) =>
          kept ? report.stored(name, key, entry.at) : report.notKept(name, key, entry.at, "store")
        )
    })
  }

  const ask = (looked: number, known: Entry<A> | undefined): Effect.Effect<Answer<A>, E | DeadlineExceeded, R | R2> => {
    const fresh = Effect.map(Effect.zip(lookUp, Clock.currentTimeMillis), ([entry, now]) =>
      entry !== undefined && ages.isFresh(entry.at, now) ? answer("fresh", entry) : undefined
    )
    const joined = Effect.flatMap(Effect.zip(Clock.currentTimeMillis, TrailRecorder), ([now, trail]) =>
      Effect.sync(() => report.joined(name, key, now, trail))
    )
    const alone = options.coalesce === false ? live : acrossProcesses(store, key, live, fresh, joined)
    // A call that has ended since this caller looked may have left its answer.
    const call = Effect.suspend(() =>
      flights.ended === looked
        ? alone
        : Effect.flatMap(fresh, (answer) => (answer === undefined ? alone : Effect.succeed(answer)))
    )
    const asked = options.coalesce === false ? call : flights.shared(key, schema, call, joined)
    if (known === undefined) return asked
    return Effect.catchAllCause(asked, (cause) => {
      const failure = Cause.failureOption(cause)
      if (Option.isNone(failure)) return Effect.failCause(cause)
      return Effect.flatMap(Effect.zip(Clock.currentTimeMillis, TrailRecorder), ([now, trail]) => {
        const may = options.staleOn?.(failure.value) ?? servable(failure.value)
        if (!may || !ages.servesOnError(known.at, now)) return Effect.failCause(cause)
        report.stale(name, key, now, now - known.at, known.target, trail, failure.value)
        return Effect.succeed(answer("stale", known))
      })
    })
  }

  return Effect.suspend(() => {
    const looked = flights.ended
    return Effect.flatMap(lookUp, (entry) =>
      Effect.flatMap(Effect.zip(Clock.currentTimeMillis, TrailRecorder), ([now, trail]) => {
        if (entry !== undefined && ages.isFresh(entry.at, now)) {
          report.hit(name, key, now, now - entry.at, entry.target, trail)
          return Effect.succeed(answer("fresh", entry))
        }
        if (entry !== undefined && ages.servesWhileAsking(entry.at, now)) {
          report.stale(name, key, now, now - entry.at, entry.target, trail)
          return Effect.as(flights.background(key, schema, live), answer("stale", entry))
        }
        report.missed(name, key, now)
        return ask(looked, entry)
      })
    )
  })
}

const answer = <A>(state: Answer<A>["state"], { at, target, value }: Entry<A>): Answer<A> => ({
  value,
  state,
  target,
  at: DateTime.unsafeMake(at)
})

const unwanted = <A, I, R>({ storeIf }: Options<A, I, R>, value: A): NotKept | undefined => {
  const flaw = flawOf(value)
  return storeIf === undefined ? flaw : storeIf(value, flaw) ? undefined : (flaw ?? "unwanted")
}
