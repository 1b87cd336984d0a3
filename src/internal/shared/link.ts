/**
 * The way of a process to where state is shared: whether it is there, what time it is there, and how long it is waited for.
 *
 * As long as it does not answer, nobody asks it but one fiber that finds out when it does again.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { type Backend, type Kept, SharedStateError } from "./backend.js"
import { ServerTime } from "./serverTime.js"

/** An answer that takes longer than this will not come, in milliseconds. */
const longest = 1_000

/** How long one waits before asking again whether it is back, at first and at last, in milliseconds. */
const firstPause = 50
const longestPause = 2_000

/** What a link tells the outside. @internal */
export interface LinkReport {
  readonly lost: (now: number, error: SharedStateError) => void
  readonly joined: (now: number, away: number | undefined) => void
}

/** @internal */
export interface LinkOptions {
  readonly backend: Backend
  /** Milliseconds that a call may wait for an answer. */
  readonly patience: number
  readonly report: LinkReport
}

/** @internal */
export class Link {
  readonly time: ServerTime = new ServerTime()
  joined = false
  /** How often it was asked for something, and what was told here. */
  asked = 0
  told = 0
  private readonly onTold = new Set<(key: string, version: string, text: string) => void>()
  private readonly onJoined = new Set<() => void>()
  private finding = false
  private lostAt: number | undefined = undefined

  private constructor(
    /** Another one for each process, and each time it starts. */
    readonly id: string,
    readonly clock: Clock.Clock,
    readonly fork: (effect: Effect.Effect<unknown, unknown>) => void,
    readonly settled: Effect.Effect<void>,
    private readonly options: LinkOptions
  ) {}

  static readonly make = (options: LinkOptions): Effect.Effect<Link, never, Scope.Scope> =>
    Effect.gen(function* () {
      const clock = yield* Effect.clock
      const id = (yield* Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER)).toString(36)
      const fibers = yield* FiberSet.make<unknown>()
      const run = yield* FiberSet.runtime(fibers)<never>()
      const fork = (effect: Effect.Effect<unknown, unknown>): void => void run(Effect.exit(effect))
      const link = new Link(id, clock, fork, FiberSet.awaitEmpty(fibers), options)
      yield* options.backend.listen({
        told: (key, version, text) => {
          link.told++
          for (const listener of link.onTold) listener(key, version, text)
        },
        began: () => link.hasMissed()
      })
      yield* link.ping(longest).pipe(Effect.ignore)
      if (!link.joined) link.findOut()
      return link
    })

  get now(): number {
    return this.clock.unsafeCurrentTimeMillis()
  }

  /** What to add to the time here for the time there. */
  get offset(): number {
    return this.time.offset
  }

  get backend(): Backend {
    return this.options.backend
  }

  get patience(): number {
    return this.options.patience
  }

  /** Since when it has not answered, if it does not. */
  get awaySince(): number | undefined {
    return this.joined ? undefined : this.lostAt
  }

  listen(told: (key: string, version: string, text: string) => void, joined: () => void): void {
    this.onTold.add(told)
    this.onJoined.add(joined)
  }

  /** Asks, unless there is nobody to answer. Each answer tells the time. */
  ask<A extends Kept>(asked: Effect.Effect<A, SharedStateError>): Effect.Effect<A, SharedStateError> {
    return Effect.suspend(() => (this.joined ? this.askNow(asked, longest) : Effect.fail(away)))
  }

  /** Somebody has waited in vain. */
  lost(error: SharedStateError): void {
    if (!this.joined) return
    this.joined = false
    this.lostAt = this.now
    this.options.report.lost(this.now, error)
    this.findOut()
  }

  private askNow<A extends Kept>(
    asked: Effect.Effect<A, SharedStateError>,
    millis: number
  ): Effect.Effect<A, SharedStateError> {
    return Effect.suspend(() => {
      this.asked++
      const from = this.now
      return asked.pipe(
        Effect.timeoutFail({ duration: millis, onTimeout: () => noAnswer(millis) }),
        Effect.tap(({ now }) => Effect.sync(() => this.time.observe(from, this.now, now))),
        Effect.tapError((error) => Effect.sync(() => this.lost(error)))
      )
    })
  }

  /** What can be written can be used: one that is full, or has become a replica, still answers questions. */
  private ping(millis: number): Effect.Effect<void, SharedStateError> {
    const key = `joined/${this.id}`
    const { backend } = this
    return this.askNow(backend.read(key), millis).pipe(
      Effect.flatMap(({ now, version }) =>
        this.askNow(
          backend.swap(key, { expected: version, text: "", timeToLive: 60_000, at: now, tell: "nobody" }),
          millis
        )
      ),
      Effect.flatMap(({ done }) => Effect.sync(() => this.isBack(done)))
    )
  }

  private isBack(done: boolean): void {
    if (!done || this.joined) return
    this.joined = true
    const since = this.lostAt
    this.options.report.joined(this.now, since === undefined ? undefined : this.now - since)
    this.lostAt = undefined
    this.hasMissed()
  }

  private hasMissed(): void {
    for (const listener of this.onJoined) listener()
  }

  /** Each process asks at a time of its own, so that not all of them come back at once. */
  private findOut(): void {
    if (this.finding) return
    this.finding = true
    this.lostAt ??= this.now
    const again = (pause: number): Effect.Effect<void> =>
      Random.next.pipe(
        Effect.flatMap((chance) => Effect.sleep(pause * (0.5 + chance / 2))),
        Effect.zipRight(Effect.ignore(this.ping(longest))),
        Effect.flatMap(() => (this.joined ? Effect.void : again(Math.min(longestPause, pause * 2))))
      )
    const found = Effect.sync(() => {
      this.finding = false
    })
    this.fork(Effect.ensuring(again(firstPause), found))
  }
}

/** @internal */
export const away: SharedStateError = new SharedStateError({
  message: "There is no answer from where state is shared; the process goes on with its own"
})

/** @internal */
export const noAnswer = (millis: number): SharedStateError =>
  new SharedStateError({ message: `There was no answer from where state is shared within ${millis} ms` })
