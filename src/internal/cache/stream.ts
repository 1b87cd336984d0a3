/**
 * A stream through the cache: kept when it was whole, and given again as a stream.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { DeadlineExceeded } from "../errors/rejection.js"
import { known as fromEffect } from "../stream/fromTake.js"
import { isRestarted } from "../stream/restarted.js"
import { type TrailEntry, TrailRecorder } from "../telemetry/trail.js"
import { decode, type Entry, encode } from "./entry.js"
import type { Cache } from "./make.js"
import type { NotKept } from "./report.js"
import { servable } from "./servable.js"
import { agesOf } from "./settings.js"
import { mostElements } from "./sharedStream.js"
import type { StreamOptions } from "./types.js"
import { type Flaw, flawOf } from "./whole.js"

/** @internal */
export const throughStream = <A, I, R2, E, R>(
  cache: Cache,
  options: StreamOptions<A, I, R2>,
  self: Stream.Stream<A, E, R>
): Stream.Stream<A, E | DeadlineExceeded, R | R2> => {
  const { report, store, streams } = cache
  const { name = "cache" } = options
  const key = `${options.key}/stream`
  const schema = Schema.Array(options.schema)
  const ages = agesOf(options, cache.ages)

  const lookUp: Effect.Effect<Entry<ReadonlyArray<A>> | undefined, never, R2> = Effect.flatMap(
    store.get(key),
    (text) => (text === undefined ? Effect.succeed(undefined) : decode(schema, text))
  )

  const keep = (received: Received<A>): Effect.Effect<void, never, R2> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const not = received.unwanted(options)
      if (not !== undefined) return Effect.sync(() => report.notKept(name, key, now, not))
      return Effect.matchCauseEffect(encode(schema, { value: received.elements, target: received.target, at: now }), {
        onFailure: () => Effect.sync(() => report.notKept(name, key, now, "unreadable")),
        onSuccess: (text) =>
          Effect.map(store.set(key, text, Duration.millis(ages.keep)), (kept) =>
            kept ? report.stored(name, key, now) : report.notKept(name, key, now, "store")
          )
      })
    })

  /** The stream itself, which is kept at its end. */
  const live: Stream.Stream<A, E, R | R2> = fromEffect(
    Effect.map(TrailRecorder, (outer) => {
      const received = new Received<A>(outer)
      const watched = Stream.mapChunks(Stream.provideService(self, TrailRecorder, received.trail), (chunk) =>
        received.take(chunk)
      )
      return Stream.concat(watched, Stream.execute(Effect.suspend(() => keep(received))))
    })
  )

  const ask = (
    looked: number,
    known: Entry<ReadonlyArray<A>> | undefined
  ): Stream.Stream<A, E | DeadlineExceeded, R | R2> => {
    // One that has ended since this caller looked may have been kept.
    const call = Stream.suspend(() => {
      if (streams.ended === looked) return live
      return fromEffect(
        Effect.map(Effect.zip(lookUp, Clock.currentTimeMillis), ([entry, now]) =>
          entry !== undefined && ages.isFresh(entry.at, now) ? Stream.fromIterable(entry.value) : live
        )
      )
    })
    const joined = Effect.flatMap(Effect.zip(Clock.currentTimeMillis, TrailRecorder), ([now, trail]) =>
      Effect.sync(() => report.joined(name, key, now, trail))
    )
    const asked = options.coalesce === false ? call : streams.shared(key, options.schema, call, joined)
    return known === undefined ? asked : orStale(asked, known)
  }

  /** A failure before the first element gets the one that is kept. */
  const orStale = (asked: Stream.Stream<A, E | DeadlineExceeded, R | R2>, known: Entry<ReadonlyArray<A>>) =>
    Stream.suspend(() => {
      let begun = false
      const watched = Stream.mapChunks(asked, (chunk) => {
        begun ||= Chunk.isNonEmpty(chunk)
        return chunk
      })
      return Stream.catchAll(watched, (failure) =>
        fromEffect(
          Effect.map(Effect.zip(Clock.currentTimeMillis, TrailRecorder), ([now, trail]) => {
            const may = options.staleOn?.(failure) ?? servable(failure)
            if (begun || !may || !ages.servesOnError(known.at, now)) return Stream.fail(failure)
            report.stale(name, key, now, now - known.at, known.target, trail, failure)
            return Stream.fromIterable(known.value)
          })
        )
      )
    })

  return fromEffect(
    Effect.suspend(() => {
      const looked = streams.ended
      return Effect.flatMap(lookUp, (entry) =>
        Effect.flatMap(Effect.zip(Clock.currentTimeMillis, TrailRecorder), ([now, trail]) => {
          if (entry !== undefined && ages.isFresh(entry.at, now)) {
            report.hit(name, key, now, now - entry.at, entry.target, trail)
            return Effect.succeed(Stream.fromIterable(entry.value))
          }
          if (entry !== undefined && ages.servesWhileAsking(entry.at, now)) {
            report.stale(name, key, now, now - entry.at, entry.target, trail)
            return Effect.as(streams.background(key, options.schema, live), Stream.fromIterable(entry.value))
          }
          report.missed(name, key, now)
          return Effect.succeed(ask(looked, entry))
        })
      )
    })
  )
}

/** What has come of a stream so far, and what its attempts have written down. */
class Received<A> {
  elements: Array<A> = []
  readonly trail: Array<TrailEntry> = []
  private flaw: Flaw | undefined
  private tooMany = false

  constructor(outer: Array<TrailEntry> | undefined) {
    if (outer === undefined) return
    const push = (...entries: Array<TrailEntry>): number => {
      outer.push(...entries)
      return Array.prototype.push.apply(this.trail, entries)
    }
    Object.defineProperty(this.trail, "push", { value: push })
  }

  get target(): string | undefined {
    return this.trail.findLast(({ outcome }) => outcome === "Success")?.target
  }

  readonly take = (chunk: Chunk.Chunk<A>): Chunk.Chunk<A> => {
    for (const element of chunk) {
      if (isRestarted(element)) {
        this.elements = []
        this.flaw = undefined
        continue
      }
      this.flaw ??= flawOf(element)
      if (this.elements.length < mostElements) this.elements.push(element)
      else this.tooMany = true
    }
    return chunk
  }

  unwanted<I, R>({ storeIf }: StreamOptions<A, I, R>): NotKept | undefined {
    if (this.tooMany) return "tooLarge"
    if (storeIf === undefined) return this.flaw
    return storeIf(this.elements, this.flaw) ? undefined : (this.flaw ?? "unwanted")
  }
}
