/**
 * Coming back gradually: for a time after a circuit has closed, or after a target wanted to be left alone, only a part of
 * the calls that it is used to run at once. Of `usual` places, `usual * elapsed / duration` are open, and at least one.
 *
 * What is usual is the limit that the target has, as it is at that moment, or else as many as ran before.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Exit from "effect/Exit"
import { startTimer } from "../time/timer.js"
import type { Held, Place } from "./concurrencyGate.js"
import { holdOf } from "./hold.js"
import type { QueueReport } from "./queueReport.js"
import { type QueueSettings, Turnstile } from "./turnstile.js"

/** The places that are open after so long. @internal */
export const openAfter = (elapsed: number, usual: number, duration: number): number =>
  Math.max(1, Math.floor((usual * elapsed) / duration))

/** When one place more than these is open. @internal */
export const riseAfter = (places: number, usual: number, duration: number): number =>
  Math.ceil(((places + 1) * duration) / usual)

const longestWait = 30_000

/** @internal */
export class RampUp implements Place {
  readonly turnstile: Turnstile
  readonly maxWait: number
  private mostAtOnce = 1
  private parkedUntil = Number.NEGATIVE_INFINITY
  private ticking = false

  constructor(
    private readonly duration: number,
    private readonly closedAt: () => number | undefined,
    private readonly limitNow: (now: number) => number | undefined,
    report: QueueReport
  ) {
    const queue: QueueSettings = { maxQueued: 1_000, maxWait: longestWait, batchShare: 0.1 }
    this.maxWait = Math.max(longestWait, duration)
    this.turnstile = new Turnstile(Number.POSITIVE_INFINITY, queue, report)
  }

  readonly before = (clock: Clock.Clock, now: number): void => {
    const { turnstile } = this
    const wasLimited = turnstile.limit !== Number.POSITIVE_INFINITY
    const elapsed = now - this.from()
    const isOver = elapsed >= this.duration && (!wasLimited || turnstile.queued === 0)
    const places = isOver ? Number.POSITIVE_INFINITY : openAfter(elapsed, this.usual(now), this.duration)
    if (places !== turnstile.limit) turnstile.setLimit(places)
    if (places === Number.POSITIVE_INFINITY) {
      const { running } = turnstile
      this.mostAtOnce = wasLimited ? Math.max(1, running) : Math.max(this.mostAtOnce, running + 1)
    } else this.tick(clock, now)
  }

  readonly learn = (_: Held, exit: Exit.Exit<unknown, unknown>, now: number, longestHold: number): void => {
    const millis = Exit.isFailure(exit) ? holdOf(exit, now, longestHold) : 0
    if (millis > 0) this.parkedUntil = Math.max(this.parkedUntil, now + millis)
  }

  get idle(): boolean {
    return this.turnstile.idle
  }

  private from(): number {
    return Math.max(this.closedAt() ?? Number.NEGATIVE_INFINITY, this.parkedUntil)
  }

  private usual(now: number): number {
    const limit = this.limitNow(now)
    return limit === undefined || limit === Number.POSITIVE_INFINITY ? this.mostAtOnce : limit
  }

  /** Lets in who waits, as places open. Where nobody waits, nothing ticks. */
  private tick(clock: Clock.Clock, now: number): void {
    if (this.ticking) return
    this.ticking = true
    const at = this.from() + riseAfter(this.turnstile.limit, this.usual(now), this.duration)
    startTimer(clock, Math.max(1, at - now), () => {
      this.ticking = false
      if (this.turnstile.queued > 0) this.before(clock, clock.unsafeCurrentTimeMillis())
    })
  }
}
