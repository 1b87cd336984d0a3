import type { Policy } from "../../../src/internal/breaker/policy.js"

/**
 * The circuit breaker once more, as simple as it can be: it keeps everything that ever happened and counts it anew each
 * time it is asked.
 */
export interface Call {
  readonly era: number
  readonly startedAt: number
  running: boolean
  /** Until when a probe holds its place. */
  readonly leaseEnds: number | undefined
}

interface Ended {
  readonly at: number
  readonly how: "success" | "failure" | "abandoned"
  readonly slow: boolean
}

export type End = "success" | "failure" | "ignored" | "abandoned"

export type Verdict = Call | { readonly rejected: "CircuitOpen" | "CircuitHalfOpen" | "Parked"; readonly wait: number }

export class Reference {
  phase: "Closed" | "Open" | "HalfOpen" = "Closed"
  until = 0
  openings = 0
  isolations = 0
  parkedUntil = 0
  private era = 0
  private ended: Array<Ended> = []
  private readonly calls: Array<Call> = []

  constructor(private readonly policy: Policy) {}

  start(now: number): Verdict {
    if (this.isolations > 0) return { rejected: "CircuitOpen", wait: Number.POSITIVE_INFINITY }
    if (this.phase === "Closed" && this.slowCall && now >= this.parkedUntil) this.judge(now, 0)
    if (this.phase === "Open" && now < this.until) return { rejected: "CircuitOpen", wait: this.until - now }
    if (now < this.parkedUntil) return { rejected: "Parked", wait: this.parkedUntil - now }
    if (this.phase === "Open") this.enter("HalfOpen")
    if (this.phase === "HalfOpen" && this.probing(now) >= this.policy.halfOpen.probes) {
      return { rejected: "CircuitHalfOpen", wait: 0 }
    }
    const leaseEnds = this.phase === "HalfOpen" ? now + this.policy.halfOpen.probeTimeout : undefined
    const call = { era: this.era, startedAt: now, running: true, leaseEnds }
    this.calls.push(call)
    return call
  }

  end(call: Call, how: End, hint: number, now: number): void {
    call.running = false
    if (how === "ignored" && hint > 0) this.parkedUntil = Math.max(this.parkedUntil, now + hint)
    if (call.era === this.era && how !== "ignored") this.count(call, how, hint, now)
  }

  private count(call: Call, how: Ended["how"], hint: number, now: number): void {
    const slow = this.slowCall !== undefined && now - call.startedAt >= this.slowCall.threshold
    this.ended.push({ at: now, how, slow: slow && how !== "abandoned" })
    const { successes } = this.policy.halfOpen
    if (this.phase === "Closed") this.judge(now, how === "failure" ? hint : 0)
    else if (how === "failure") this.open(now, hint)
    else if (this.ended.filter((one) => one.how === "success").length >= successes) {
      this.enter("Closed")
      this.openings = 0
    } else if (this.abandonedInARow(this.ended) >= successes) this.open(now, 0)
  }

  reset(): void {
    this.enter("Closed")
    this.openings = 0
    this.parkedUntil = 0
  }

  probing(now: number): number {
    return this.calls.filter((call) => call.era === this.era && call.running && (call.leaseEnds ?? 0) > now).length
  }

  private get slowCall() {
    return this.policy.trip._tag === "Consecutive" ? undefined : this.policy.trip.slowCall
  }

  private enter(phase: "Closed" | "Open" | "HalfOpen"): void {
    this.phase = phase
    this.era++
    this.ended = []
  }

  private open(now: number, hint: number): void {
    this.enter("Open")
    this.openings++
    const times = this.policy.openFor
    this.until = now + Math.max(hint, times[this.openings - 1] ?? times[times.length - 1]!)
  }

  private abandonedInARow(ended: ReadonlyArray<Ended>): number {
    let count = 0
    while (count < ended.length && ended[ended.length - 1 - count]!.how === "abandoned") count++
    return count
  }

  private judge(now: number, hint: number): void {
    if (this.ill(now)) this.open(now, hint)
  }

  private ill(now: number): boolean {
    const trip = this.policy.trip
    const slot = (at: number, width: number): number => Math.floor(at / width)
    const seen =
      trip._tag === "RateOver"
        ? this.ended.filter((one) => slot(now, trip.window / 10) - slot(one.at, trip.window / 10) < 10)
        : this.ended
    const answered = seen.filter((one) => one.how !== "abandoned")
    const enough = trip._tag === "Consecutive" ? trip.failures : trip.minimumCalls
    if (this.abandonedInARow(seen) >= enough) return true
    if (trip._tag === "Consecutive") {
      const last = answered.slice(-trip.failures)
      return last.length === trip.failures && last.every((one) => one.how === "failure")
    }
    const window = trip._tag === "Rate" ? answered.slice(-trip.size) : answered
    const failures = window.filter((one) => one.how === "failure").length
    if (window.length >= enough && failures > 0 && failures / window.length >= trip.threshold) return true
    const limit = trip.slowCall
    if (limit === undefined) return false
    const width = limit.threshold / 10
    const overdue = this.calls.filter(
      (call) => call.era === this.era && call.running && slot(now, width) - slot(call.startedAt, width) > 10
    ).length
    const slow = window.filter((one) => one.slow).length + overdue
    const calls = window.length + overdue
    return calls >= enough && slow > 0 && slow / calls >= limit.rate
  }
}
