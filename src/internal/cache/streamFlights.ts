/**
 * Streams under way, by key, as `Flights` has calls: who asks for what is being streamed already reads the same stream from
 * its beginning. It belongs to all who read it, and the last one to leave stops it.
 *
 * @internal
 */
import type * as Chunk from "effect/Chunk"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Stream from "effect/Stream"
import { DeadlineExceeded } from "../errors/rejection.js"
import { exitOf } from "../fiber/exitOf.js"
import { fromTake } from "../stream/fromTake.js"
import { CurrentDeadline, type Deadline } from "../time/deadline.js"
import { clockOf, startTimer } from "../time/timer.js"
import { isRunning } from "../time/watchedDeadline.js"
import { type Place, SharedStream } from "./sharedStream.js"
import { UnderWay } from "./underWay.js"

interface Flight<A = unknown, E = unknown> {
  /** What the elements are made of. Streams whose elements are read in different ways are not the same. */
  readonly kind: unknown
  /** Until when it may take, as far as whoever began it could say. */
  readonly endsAt: number
  readonly source: SharedStream<A, E>
}

/** @internal */
export class StreamFlights extends UnderWay<Flight> {
  /** The stream under way, or `stream`, which is under way from now on. `onJoin` is told of the former. */
  readonly shared = <A, E, R>(
    key: string,
    kind: unknown,
    stream: Stream.Stream<A, E, R>,
    onJoin: Effect.Effect<void>
  ): Stream.Stream<A, E | DeadlineExceeded, R> =>
    fromTake(
      Effect.uninterruptible(
        Effect.flatMap(CurrentDeadline, (deadline) =>
          Effect.withFiberRuntime((fiber) => {
            const reader = new FlightReader<A, E, R>(clockOf(fiber), deadline, () => {
              const known = this.flights.get(key) as Flight<A, E> | undefined
              const place = known?.kind === kind ? known?.source.enter() : undefined
              if (known !== undefined && place !== undefined) {
                return Effect.as(onJoin, { flight: known, place, joined: true })
              }
              const flight = this.#made<A, E>(key, kind, deadline?.at, false)
              const at = { flight, place: flight.source.enter()!, joined: false }
              return Effect.as(flight.source.begin(stream), at)
            })
            return Effect.as(
              Effect.zipRight(
                reader.open,
                Effect.addFinalizer(() => reader.close)
              ),
              reader.take
            )
          })
        )
      )
    )

  /** Begins a stream that nobody reads, and that is read to its end, unless it is under way. */
  readonly background = <A, E, R>(
    key: string,
    kind: unknown,
    stream: Stream.Stream<A, E, R>
  ): Effect.Effect<void, never, R> =>
    Effect.suspend(() =>
      this.flights.has(key)
        ? Effect.void
        : Effect.provideService(
            this.#made<A, E>(key, kind, undefined, true).source.begin(stream),
            CurrentDeadline,
            undefined
          )
    )

  /** Stops all of them, as when whoever owns the cache is done. */
  readonly stop: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach([...this.flights.values()], ({ source }) => source.stop, { discard: true })
  )

  #made<A, E>(key: string, kind: unknown, endsAt = Number.POSITIVE_INFINITY, eager: boolean): Flight<A, E> {
    const over = (): void => this.over(key, flight as Flight)
    const flight: Flight<A, E> = { kind, endsAt, source: new SharedStream<A, E>(eager, over) }
    // Another kind under the same key, or one that takes no more readers, has the place: this one is its reader's own.
    if (!this.flights.has(key)) this.flights.set(key, flight as Flight)
    return flight
  }
}

interface At<A, E> {
  readonly flight: Flight<A, E>
  readonly place: Place
  readonly joined: boolean
}

/** One who reads a stream under way, within its own time. */
class FlightReader<A, E, R> {
  private at: At<A, E> | undefined
  private isLate = false
  private stopTimer: () => void = () => {}
  private wake: (() => void) | undefined

  constructor(
    private readonly clock: Clock.Clock,
    private readonly deadline: Deadline | undefined,
    private readonly enter: () => Effect.Effect<At<A, E>, never, R>
  ) {}

  /** A deadline that somebody watches ends the reading by itself; one that is only announced has to be looked at. */
  get open(): Effect.Effect<void, never, R> {
    const { clock, deadline } = this
    if (deadline !== undefined && !isRunning(deadline)) {
      const left = Math.max(0, deadline.at - clock.unsafeCurrentTimeMillis())
      this.stopTimer = startTimer(clock, left, () => {
        this.isLate = true
        this.wake?.()
      })
    }
    return this.entered
  }

  private get entered(): Effect.Effect<void, never, R> {
    return Effect.map(Effect.suspend(this.enter), (at) => {
      this.at = at
    })
  }

  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.stopTimer()
    return this.leave
  })

  private get leave(): Effect.Effect<void> {
    const { at } = this
    this.at = undefined
    return at === undefined ? Effect.void : at.flight.source.leave(at.place)
  }

  readonly take: Effect.Effect<Chunk.Chunk<A> | undefined, E | DeadlineExceeded, R> = Effect.suspend(() => {
    const at = this.at!
    const { flight, joined, place } = at
    const next = flight.source.next(place)
    if (next !== undefined) {
      if (joined && place.next === 0 && this.hasMoreTime(flight) && hasFailed(next)) return this.again
      const changes = joined ? undefined : flight.source.changes()
      return changes === undefined ? next : Effect.zipRight(changes, next)
    }
    if (this.isLate) {
      const { budget } = this.deadline!
      return Effect.failSync(() => new DeadlineExceeded({ budget }))
    }
    return Effect.zipRight(this.more(flight.source), this.take)
  })

  private more(source: SharedStream<A, E>): Effect.Effect<void> {
    return Effect.async((resume) => {
      this.wake = () => {
        this.wake = undefined
        forget()
        resume(Effect.void)
      }
      const forget = source.onMore(this.wake)
      return Effect.sync(forget)
    })
  }

  /** It failed before it gave anything, for whoever began it, who had less time than this reader has. */
  private get again(): Effect.Effect<Chunk.Chunk<A> | undefined, E | DeadlineExceeded, R> {
    return Effect.zipRight(Effect.uninterruptible(Effect.zipRight(this.leave, this.entered)), this.take)
  }

  private hasMoreTime({ endsAt }: Flight<A, E>): boolean {
    return endsAt < (this.deadline?.at ?? Number.POSITIVE_INFINITY)
  }
}

const hasFailed = (next: Effect.Effect<unknown, unknown>): boolean => {
  const exit = exitOf(next)
  return exit !== undefined && Exit.isFailure(exit) && !Exit.isInterrupted(exit)
}
