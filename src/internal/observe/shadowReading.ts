/**
 * A stream as it would have been read: when it would have been ended, and with what. Its elements are looked at and go to
 * the consumer as they are.
 *
 * @internal
 */
import type * as Chunk from "effect/Chunk"
import type * as Clock from "effect/Clock"
import { MalformedResponse, TimedOut } from "../errors/llmError.js"
import { afterFailure } from "../stream/commit.js"
import { interrupted } from "../stream/interrupted.js"
import type { StreamOptions } from "../stream/protectStream.js"
import { Received } from "../stream/received.js"
import { type Expired, LimitTimer } from "../stream/timeLimits.js"
import type { Shadow } from "./shadow.js"

/** @internal */
export class ShadowReading<A> {
  private readonly received: Received<A>
  private readonly watch: LimitTimer
  private readonly byDeadline: boolean
  private done = false

  constructor(
    private readonly shadow: Shadow,
    private readonly target: string,
    private readonly options: StreamOptions<A>,
    clock: Clock.Clock
  ) {
    this.received = new Received({ ...options, target })
    const remaining = shadow.call.remaining()
    const { limits } = options
    this.byDeadline = remaining <= limits.total
    this.watch = new LimitTimer(
      clock,
      { ...limits, total: Math.min(remaining, limits.total), share: shadow.call.ofShare() },
      this.expired
    )
  }

  asks(): void {
    if (this.done) return
    const expired = this.watch.asks()
    if (expired !== undefined) this.expired(expired)
  }

  took(chunk: Chunk.Chunk<A>): void {
    if (this.done) return
    this.watch.answered()
    this.received.accept(chunk)
    if (this.received.handed) this.watch.handed()
    if (this.received.alive) this.watch.alive(this.received.progress)
    if (this.received.failure !== undefined) this.fails(this.received.failure)
  }

  /** The source is over, without a failure of its own. */
  completed(): void {
    if (this.done) return
    const { ending } = this.received.end()
    if (ending === "complete") {
      this.stop()
      return
    }
    const what = ending === "empty" ? "without an answer" : "before its answer was complete"
    this.fails(new MalformedResponse({ target: this.target, message: `${this.target} ended its stream ${what}` }))
  }

  /** The source has failed by itself, which what was delivered makes another failure. */
  failed(error: unknown): void {
    if (this.done) return
    const { handed, progress } = this.received
    if (handed && progress !== "complete") this.fails(error)
    else this.stop()
  }

  stop(): void {
    this.done = true
    this.watch.stop()
  }

  private readonly expired = (expired: Expired): void => {
    if (this.done) return
    if (expired === "settle") {
      this.stop()
      return
    }
    const { limits } = this.options
    if (expired === "total" && this.byDeadline) {
      this.stop()
      this.shadow.ends({ policy: "deadline", error: this.shadow.call.restOfTime().onTimeout(), repeatable: false })
      return
    }
    if (expired === "share") {
      this.stop()
      this.shadow.ends({ policy: "deadline", error: this.shadow.call.shareIsOver(), repeatable: true })
      return
    }
    const phase = expired === "total" ? "attempt" : expired
    const message = `${this.target} would have been given up on after ${limits[expired]} ms (${expired})`
    this.fails(new TimedOut({ target: this.target, phase, message }))
  }

  private fails(error: unknown): void {
    this.stop()
    const { handed, toolCalls } = this.received
    const after = afterFailure(this.options.delivery, { content: handed, toolCalls: toolCalls.length })
    const broken = handed && after === "interrupt" ? interrupted(this.target, this.received, error) : error
    this.shadow.ends({ policy: "stream", error: broken, repeatable: after !== "interrupt" })
  }
}
