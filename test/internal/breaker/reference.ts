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

const slot = (at: number, width: number): number => Math.floor(at / width)

export class Reference {
  phase: "Closed" | "Open" | "HalfOpen" = "Closed"
  until = 0
  openings = 0
  /** The circuit opened for slow calls, and slow probes do not close it. */
  openedSlow = false
  isolations = 0
  parkedUntil = 0
  /** Every change of state as it is seen from outside. */
  readonly changes: Array<string> = []
  private era = 0
  private ended: Array<Ended> = []
  private readonly calls: Array<Call> = []

  constructor(private readonly policy: Policy) {}

  start(now: number): Verdict {
    if (this.isolations > 0) return { rejected: "CircuitOpen", wait: Number.POSITIVE_INFINITY }
    if (this.phase === "Closed" && this.slowCall && now >= this.parkedUntil) this.judge(now, 0, ["slowCalls"])
    if (this.phase === "Open" && now < this.until) return { rejected: "CircuitOpen", wait: this.until - now }
    if (now < this.parkedUntil) return { rejected: "Parked", wait: this.parkedUntil - now }
    if (this.phase === "Open") this.enter("HalfOpen", 0, now)
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
    // What cannot have made the circuit ill does not open it.
    const suspects = {
      success: slow ? ["slowCalls"] : [],
      failure: ["failures", "slowCalls"],
      abandoned: ["abandoned"]
    }
    if (this.phase === "Closed") this.judge(now, how === "failure" ? hint : 0, suspects[how])
    else if (how === "failure") this.open(now, hint, "probe")
    else if (how === "success" && slow && this.openedSlow) this.open(now, 0, "slowCalls")
    else if (this.ended.filter((one) => one.how === "success").length >= successes) {
      this.close(now)
    } else if (this.abandonedInARow(this.ended) >= successes) this.open(now, 0, "abandoned")
  }

  reset(now: number): void {
    this.close(now)
    this.parkedUntil = 0
  }

  isolate(by: 1 | -1, now: number): void {
    const before = this.isolations
    this.isolations = Math.max(0, before + by)
    if (before === 0 && this.isolations === 1) this.changes.push(`${now} ${this.phase}>Isolated 0 0 undefined`)
    if (before === 1 && this.isolations === 0) this.changes.push(`${now} Isolated>${this.phase} 0 0 undefined`)
  }

  probing(now: number): number {
    return this.calls.filter((call) => call.era === this.era && call.running && (call.leaseEnds ?? 0) > now).length
  }

  private get slowCall() {
    return this.policy.trip._tag === "Consecutive" ? undefined : this.policy.trip.slowCall
  }

  private enter(phase: "Closed" | "Open" | "HalfOpen", openFor: number, now: number, reason?: string): void {
    if (this.isolations === 0 && phase !== this.phase) {
      this.changes.push(`${now} ${this.phase}>${phase} ${openFor} ${this.openings} ${reason}`)
    }
    this.phase = phase
    this.era++
    this.ended = []
  }

  private close(now: number): void {
    this.openings = 0
    this.enter("Closed", 0, now)
  }

  private open(now: number, hint: number, reason: string): void {
    this.openings++
    if (this.phase === "Closed") this.openedSlow = reason === "slowCalls"
    const times = this.policy.openFor
    const openFor = Math.max(hint, times[this.openings - 1] ?? times[times.length - 1]!)
    this.until = now + openFor
    this.enter("Open", openFor, now, reason)
  }

  private abandonedInARow(ended: ReadonlyArray<Ended>): number {
    let count = 0
    while (count < ended.length && ended[ended.length - 1 - count]!.how === "abandoned") count++
    return count
  }

  /** What the window of a closed circuit holds: calls with a verdict, and failures among them. */
  window(now: number): ReadonlyArray<Ended> {
    const trip = this.policy.trip
    const answered = this.inTime(now).filter((one) => one.how !== "abandoned")
    return trip._tag === "Rate" ? answered.slice(-trip.size) : answered
  }

  private inTime(now: number): ReadonlyArray<Ended> {
    const trip = this.policy.trip
    if (trip._tag !== "RateOver") return this.ended
    const width = trip.window / 10
    return this.ended.filter((one) => slot(now, width) - slot(one.at, width) < 10)
  }

  private judge(now: number, hint: number, suspects: ReadonlyArray<string>): void {
    const reason = this.ills(now).find((ill) => suspects.includes(ill))
    if (reason !== undefined) this.open(now, hint, reason)
  }

  private ills(now: number): ReadonlyArray<string> {
    const ills: Array<string> = []
    const trip = this.policy.trip
    const enough = trip._tag === "Consecutive" ? trip.failures : trip.minimumCalls
    if (this.abandonedInARow(this.inTime(now)) >= enough) ills.push("abandoned")
    if (trip._tag === "Consecutive") {
      const last = this.window(now).slice(-trip.failures)
      if (last.length === trip.failures && last.every((one) => one.how === "failure")) ills.push("failures")
      return ills
    }
    const window = this.window(now)
    const failures = window.filter((one) => one.how === "failure").length
    if (window.length >= enough && failures > 0 && failures / window.length >= trip.threshold) ills.push("failures")
    const limit = trip.slowCall
    if (limit === undefined) return ills
    const width = limit.threshold / 10
    const overdue = this.calls.filter(
      (call) => call.era === this.era && call.running && slot(now, width) - slot(call.startedAt, width) > 10
    ).length
    const slow = window.filter((one) => one.slow).length + overdue
    const calls = window.length + overdue
    if (calls >= enough && slow > 0 && slow / calls >= limit.rate) ills.push("slowCalls")
    return ills
  }
}
