/**
 * The limits in time of one attempt, under one timer.
 *
 * A timer per element costs more than the element. Here a sign of life is a number that is set; the one timer looks at
 * it when it rings, and sleeps on for what is left.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import { startTimer } from "../time/timer.js"
import type { Progress } from "./commit.js"

/** In milliseconds, infinite where there is no limit. */
export interface Limits {
  /** From the start of the attempt to the first content. */
  readonly firstToken: number
  /** The provider's silence between two pieces of content. */
  readonly idle: number
  /** From the start of the attempt to its end, the consumer's time included. */
  readonly total: number
  /** From the start of the attempt until the consumer gets something, while another target may still be asked. */
  readonly share: number
  /** How long a complete answer is waited upon for what may follow it. */
  readonly settle: number
}

/** Which limit an attempt ran into. */
export type Expired = "firstToken" | "idle" | "total" | "share" | "settle"

const nothing = (): void => {}

export class LimitTimer {
  private readonly endsAt: number
  private shareEndsAt: number
  private expires: Expired = "firstToken"
  private limit: number
  /** The provider's silence counts from here. The time in which nobody asked it is shifted out. */
  private silentSince: number
  private pausedAt: number | undefined
  private ringsAt = Number.POSITIVE_INFINITY
  private stopTimer = nothing

  constructor(
    private readonly clock: Clock.Clock,
    private readonly limits: Limits,
    private readonly onExpired: (expired: Expired) => void
  ) {
    const now = clock.unsafeCurrentTimeMillis()
    this.silentSince = now
    this.pausedAt = now
    this.limit = limits.firstToken
    this.endsAt = now + limits.total
    this.shareEndsAt = now + limits.share
  }

  /** The provider is asked for more. Answers with the limit that has passed already, if one has. */
  asks(): Expired | undefined {
    const now = this.clock.unsafeCurrentTimeMillis()
    if (this.pausedAt !== undefined) {
      this.silentSince += now - this.pausedAt
      this.pausedAt = undefined
    }
    if (this.dueAt() <= now) return this.passed(now)
    this.setTimer(now)
    return undefined
  }

  /** The provider sent something, and it is the consumer's turn. */
  answered(): void {
    this.pausedAt = this.clock.unsafeCurrentTimeMillis()
  }

  /** What came was a sign of life, or followed a complete answer. */
  alive(progress: Progress): void {
    this.silentSince = this.pausedAt ?? this.clock.unsafeCurrentTimeMillis()
    if (progress === "complete") {
      this.expires = "settle"
      this.limit = this.limits.settle
    } else if (progress === "content") {
      this.expires = "idle"
      this.limit = this.limits.idle
    } else {
      // The model thinks: as long as it goes on, only its silence counts.
      this.limit = Math.min(this.limits.idle, this.limits.firstToken)
    }
  }

  /** The consumer has got something. */
  handed(): void {
    this.shareEndsAt = Number.POSITIVE_INFINITY
  }

  stop(): void {
    this.stopTimer()
    this.stopTimer = nothing
    this.ringsAt = Number.POSITIVE_INFINITY
  }

  private dueAt(): number {
    return Math.min(this.silentSince + this.limit, this.endsAt, this.shareEndsAt)
  }

  private passed(now: number): Expired {
    if (this.shareEndsAt <= now && this.shareEndsAt <= Math.min(this.silentSince + this.limit, this.endsAt))
      return "share"
    return this.endsAt <= now && this.endsAt <= this.silentSince + this.limit ? "total" : this.expires
  }

  /** A timer that rings too early does no harm: it is set again. */
  private setTimer(now: number): void {
    const dueAt = this.dueAt()
    if (dueAt >= this.ringsAt || dueAt === Number.POSITIVE_INFINITY) return
    this.stop()
    this.ringsAt = dueAt
    this.stopTimer = startTimer(this.clock, dueAt - now, this.ring)
  }

  private readonly ring = (): void => {
    this.ringsAt = Number.POSITIVE_INFINITY
    this.stopTimer = nothing
    // Nobody waits for the provider. The next question sets the timer again.
    if (this.pausedAt !== undefined) return
    const now = this.clock.unsafeCurrentTimeMillis()
    if (now < this.dueAt()) this.setTimer(now)
    else this.onExpired(this.passed(now))
  }
}
