/**
 * A limiter whose waiters are fibers: each is told when it has its turn, that it has to make room, or that its time is
 * over. A permit that was given to a fiber which was interrupted at that moment goes to the next one.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Restore } from "../admission/gate.js"
import { startTimer } from "../time/timer.js"
import { Priority, Tenant } from "./caller.js"
import { Limiter } from "./limiter.js"
import { type Priority as PriorityName, Waiter } from "./line.js"
import type { QueueReport } from "./queueReport.js"

export type Turn = "granted" | "full" | "late"

/** @internal */
export interface QueueSettings {
  readonly maxQueued: number
  /** Milliseconds. */
  readonly maxWait: number
  readonly batchShare: number
}

/** One fiber that waits. */
class Caller extends Waiter {
  turn: Turn | undefined = undefined
  private tell: (() => void) | undefined = undefined

  settle(turn: Turn): void {
    this.turn = turn
    this.tell?.()
  }

  readonly settled: Effect.Effect<void> = Effect.async((resume) => {
    this.tell = () => resume(Effect.void)
    if (this.turn !== undefined) this.tell()
  })
}

/** @internal */
export class Turnstile {
  private readonly limiter: Limiter<Caller>

  constructor(
    limit: number,
    { batchShare, maxQueued }: QueueSettings,
    private readonly report: QueueReport
  ) {
    this.limiter = new Limiter(limit, maxQueued, batchShare)
  }

  get running(): number {
    return this.limiter.running
  }

  get queued(): number {
    return this.limiter.queued
  }

  get limit(): number {
    return this.limiter.limit
  }

  /** Nobody runs and nobody waits. */
  get idle(): boolean {
    return this.limiter.running === 0 && this.limiter.queued === 0
  }

  /** Takes a place at once, or does not. */
  enter(): boolean {
    return this.limiter.enter()
  }

  /** Takes a place that there is not, as far as the queue would have had one. */
  enterBeyond(): boolean {
    return this.limiter.enterBeyond()
  }

  leave(): void {
    this.limiter.leave()
    this.admit()
  }

  setLimit(limit: number): void {
    this.limiter.limit = limit
    this.admit()
  }

  private admit(): void {
    for (let caller = this.limiter.next(); caller !== undefined; caller = this.limiter.next()) caller.settle("granted")
  }

  /** Waits for a place, for so many milliseconds at most. It has to be run uninterruptibly. */
  wait(
    restore: Restore,
    clock: Clock.Clock,
    context: Context.Context<never>,
    most: number,
    report: QueueReport = this.report
  ): Effect.Effect<Turn> {
    const caller = new Caller(priorityOf(context), Context.get(context, Tenant))
    const joined = this.limiter.join(caller)
    if (joined._tag === "Full") return Effect.succeed("full")
    joined.displaced?.settle("full")
    const since = clock.unsafeCurrentTimeMillis()
    report.queued(since, this.queued)
    const stop = most === Number.POSITIVE_INFINITY ? undefined : startTimer(clock, most, () => this.late(caller))
    const left = (): void => {
      stop?.()
      if (caller.turn === undefined) this.limiter.abandon(caller)
      const now = clock.unsafeCurrentTimeMillis()
      report.dequeued(now, now - since, this.queued, caller.turn === "granted")
    }
    return Effect.matchCauseEffect(restore(caller.settled), {
      onFailure: (cause) => {
        left()
        if (caller.turn === "granted") this.leave()
        return Effect.failCause(cause)
      },
      onSuccess: () => {
        left()
        return Effect.succeed(caller.turn ?? "late")
      }
    })
  }

  private late(caller: Caller): void {
    if (caller.turn !== undefined) return
    this.limiter.abandon(caller)
    caller.settle("late")
  }
}

const priorityOf = (context: Context.Context<never>): PriorityName =>
  Context.get(context, Priority) === "batch" ? "batch" : "interactive"
