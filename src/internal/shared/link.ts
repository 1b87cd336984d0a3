/**
 * The way of a process to where state is shared: whether it is there, what time it is there, and how long it is waited for.
 *
 * Where it answers, but not soon enough for calls to wait, they do not, and go by what the process knows; what is told and
 * asked besides goes on. Where it does not answer at all, nobody asks it but one fiber that finds out when it does again.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { answerWithin } from "../store/answerWithin.js"
import { startTimer } from "../time/timer.js"
import { type Backend, type Kept, SharedStateError } from "./backend.js"
import { ServerTime } from "./serverTime.js"

/** An answer that takes longer than this, and than calls wait for it, will not come. Milliseconds. */
const longest = 1_000

/** How long one waits before asking again whether it is back, at first and at last, in milliseconds. */
const firstPause = 50
const longestPause = 2_000

/** Of what there is to tell once it is back, so much is told at a time. */
const atOnce = 16

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

/** Who has state that is shared over a link. @internal */
export interface Sharing {
  readonly told: (key: string, version: string, text: string) => void
  /** Others may have told something that was not heard here. Answers with what there is to tell them, or to ask. */
  readonly missed: () => Iterable<Effect.Effect<unknown, SharedStateError>>
}

/** @internal */
export class Link {
  readonly time: ServerTime = new ServerTime()
  /** Whether it answers, however long that takes. */
  answers = false
  /** Whether it answers soon enough for calls to wait for it. */
  joined = false
  /** How often it was asked for something, and what was told here. */
  asked = 0
  told = 0
  /** When it last answered, or told something. */
  heardAt: number | undefined = undefined
  private readonly sharing = new Set<Sharing>()
  private finding = false
  /** Nothing is left for later any more. */
  private isEnding = false
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
          link.heardAt = link.now
          for (const one of link.sharing) one.told(key, version, text)
        },
        began: () => link.hasMissed()
      })
      yield* link.ping.pipe(Effect.ignore)
      // It has answered, but later than calls would wait.
      if (!link.joined) link.lose(noAnswer(link.patience))
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

  /** Since when calls have not waited for it, if they do not. */
  get awaySince(): number | undefined {
    return this.joined ? undefined : this.lostAt
  }

  listen(sharing: Sharing): void {
    this.sharing.add(sharing)
  }

  /** Asks, unless there is nobody to answer. Each answer tells the time. */
  ask<A extends Kept>(asked: Effect.Effect<A, SharedStateError>): Effect.Effect<A, SharedStateError> {
    return Effect.suspend(() => (this.answers ? this.askNow(asked) : Effect.fail(away)))
  }

  /**
   * What a call waits for: for `patience` at most, and not at all where others have waited in vain. It goes on with
   * `otherwise` then, and an answer that comes later goes to `late`.
   */
  within<A>(
    asked: Effect.Effect<A, SharedStateError>,
    otherwise: () => A,
    late: (answer: A) => Effect.Effect<void>
  ): Effect.Effect<A> {
    const { clock, patience } = this
    return Effect.uninterruptibleMask((restore) => {
      if (!this.joined) return Effect.sync(otherwise)
      const answer = answerWithin(asked, {
        clock,
        restore,
        millis: patience,
        late,
        otherwise: () =>
          Effect.suspend(() => {
            this.lose(noAnswer(patience))
            return Effect.fail(away)
          })
      })
      return Effect.catchAll(answer, () => Effect.sync(otherwise))
    })
  }

  /** Runs it after so many milliseconds, unless it is stopped before, or the process ends. */
  later(millis: number, run: () => void): () => void {
    return this.isEnding ? () => {} : startTimer(this.clock, millis, run)
  }

  /** Tells what is left to tell, when a process ends. It does not end later for it than a few calls would. */
  lastWords(words: Iterable<Effect.Effect<unknown, SharedStateError>>): Effect.Effect<void> {
    this.isEnding = true
    return Effect.ignore(Effect.timeout(allOf(words), this.patience * 4))
  }

  private askNow<A extends Kept>(asked: Effect.Effect<A, SharedStateError>): Effect.Effect<A, SharedStateError> {
    return Effect.suspend(() => {
      this.asked++
      const from = this.now
      const millis = Math.max(longest, this.patience)
      return asked.pipe(
        // A backend may take as long as it likes, and need not let itself be interrupted.
        Effect.disconnect,
        Effect.interruptible,
        Effect.timeoutFail({ duration: millis, onTimeout: () => noAnswer(millis) }),
        Effect.tap(({ now }) =>
          Effect.sync(() => {
            this.heardAt = this.now
            this.time.observe(from, this.now, now)
          })
        ),
        Effect.tapError((error) =>
          Effect.sync(() => {
            this.answers = false
            this.lose(error)
          })
        )
      )
    })
  }

  /** Calls do not wait for it, or not any more. */
  private lose(error: SharedStateError): void {
    if (this.lostAt !== undefined) return
    this.joined = false
    this.lostAt = this.now
    this.options.report.lost(this.now, error)
    this.findOut()
  }

  /** What can be written can be used: one that is full, or has become a replica, still answers questions. */
  private get ping(): Effect.Effect<void, SharedStateError> {
    const key = `joined/${this.id}`
    const { backend, patience } = this
    let longestWait = 0
    const timed = <A extends Kept>(asked: Effect.Effect<A, SharedStateError>): Effect.Effect<A, SharedStateError> =>
      Effect.suspend(() => {
        const from = this.now
        return Effect.tap(this.askNow(asked), () =>
          Effect.sync(() => {
            longestWait = Math.max(longestWait, this.now - from)
          })
        )
      })
    return timed(backend.read(key)).pipe(
      Effect.flatMap(({ now, version }) =>
        timed(backend.swap(key, { expected: version, text: "", timeToLive: 60_000, at: now, tell: "nobody" }))
      ),
      Effect.flatMap(({ done }) => Effect.sync(() => done && this.isBack(longestWait <= patience)))
    )
  }

  private isBack(quickly: boolean): void {
    const missed = !this.answers
    this.answers = true
    if (quickly && !this.joined) {
      this.joined = true
      const since = this.lostAt
      this.options.report.joined(this.now, since === undefined ? undefined : this.now - since)
      this.lostAt = undefined
    }
    if (missed) this.hasMissed()
  }

  /** What happened while there was nobody to tell is told now, a little at a time; the rest when calls come. */
  private hasMissed(): void {
    const owed = [...this.sharing].flatMap((one) => [...one.missed()])
    if (this.answers && owed.length > 0) this.fork(allOf(owed))
  }

  /** Each process asks at a time of its own, so that not all of them come back at once. */
  private findOut(): void {
    if (this.finding) return
    this.finding = true
    const again = (pause: number): Effect.Effect<void> =>
      Random.next.pipe(
        Effect.flatMap((chance) => Effect.sleep(Math.ceil(pause * (0.5 + chance / 2)))),
        Effect.zipRight(Effect.ignore(this.ping)),
        Effect.flatMap(() => (this.joined ? Effect.void : again(Math.min(longestPause, pause * 2))))
      )
    const found = Effect.sync(() => {
      this.finding = false
      // It may have been lost again before this was known to be over.
      if (!this.joined) this.findOut()
    })
    this.fork(Effect.ensuring(again(firstPause), found))
  }
}

const allOf = (owed: Iterable<Effect.Effect<unknown, SharedStateError>>): Effect.Effect<void> =>
  Effect.forEach(owed, Effect.ignore, { concurrency: atOnce, discard: true })

/** @internal */
export const away: SharedStateError = new SharedStateError({
  message: "There is no answer from where state is shared; the process goes on with its own"
})

const noAnswer = (millis: number): SharedStateError =>
  new SharedStateError({ message: `There was no answer from where state is shared within ${millis} ms` })

/** Whoever came second tries again: a little later each time, and not at the same time as the others. @internal */
export const pauseAfter = (attempt: number, longest = 50): Effect.Effect<void> =>
  attempt < 2
    ? Effect.void
    : Effect.flatMap(Random.next, (chance) => Effect.sleep(Math.ceil(chance * Math.min(longest, 2 ** attempt))))
