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
  /** It was sent to find out whether a parked target still wants to be left alone. */
  readonly findsOut: boolean
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
  /** The target asked for more than a hint may do to others: until then one at a time finds out. */
  askedUntil = 0
  private finder: { readonly call: Call; readonly until: number } | undefined
  /** Every change of state as it is seen from outside. */
  readonly changes: Array<string> = []
  private era = 0
  /** When the circuit last opened and last closed, and how long it was open. */
  private openedFor = 0
  private closedAt = Number.NEGATIVE_INFINITY
  private ended: Array<Ended> = []
  private readonly calls: Array<Call> = []

  constructor(private readonly policy: Policy) {}

  start(now: number): Verdict {
    if (this.isolations > 0) return { rejected: "CircuitOpen", wait: Number.POSITIVE_INFINITY }
    if (this.phase === "Closed" && this.slowCall && now >= this.parkedUntil) this.judge(now, 0, ["slowCalls"])
    if (this.phase === "Open" && now < this.until) return { rejected: "CircuitOpen", wait: this.until - now }
    if (now < this.parkedUntil) return { rejected: "Parked", wait: this.parkedUntil - now }
    if (now < this.askedUntil && this.finder !== undefined && now < this.finder.until) {
      return { rejected: "Parked", wait: this.finder.until - now }
    }
    if (this.phase === "Open") this.enter("HalfOpen", 0, now)
    if (this.phase === "HalfOpen" && this.probing(now) >= this.policy.halfOpen.probes) {
      return { rejected: "CircuitHalfOpen", wait: 0 }
    }
    const leaseEnds = this.phase === "HalfOpen" ? now + this.policy.halfOpen.probeTimeout : undefined
    const findsOut = now < this.askedUntil
    const call = { era: this.era, startedAt: now, running: true, leaseEnds, findsOut }
    this.calls.push(call)
    if (findsOut) this.finder = { call, until: now + this.policy.halfOpen.probeTimeout }
    return call
  }

  end(call: Call, how: End, hint: number, now: number, resetsIn = 0): void {
    call.running = false
    const news = call.findsOut && now >= this.parkedUntil
    if (how === "ignored" && hint + resetsIn > 0) {
      const allowed = Math.max(resetsIn, Math.min(hint, this.policy.maxRetryAfter))
      this.parkedUntil = Math.max(this.parkedUntil, now + allowed)
      this.askedUntil = Math.max(news ? 0 : this.askedUntil, now + hint, now + resetsIn)
      if (news) this.finder = undefined
    } else if (how === "success" && news) {
      this.askedUntil = 0
    }
    if (this.finder?.call === call) this.finder = undefined
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
    this.openings = 0
    this.enter("Closed", 0, now)
    this.closedAt = Number.NEGATIVE_INFINITY
    this.parkedUntil = 0
    this.askedUntil = 0
    this.finder = undefined
  }

  openByHand(millis: number, now: number): void {
    if (this.phase === "Open" && this.until >= now + millis) return
    this.endRow(now)
    if (this.phase === "Closed") this.openedSlow = false
    this.until = now + millis
    this.openedFor = millis
    if (this.isolations === 0) this.changes.push(`${now} ${this.phase}>Open ${millis} ${this.openings} manual`)
    this.phase = "Open"
    this.era++
    this.ended = []
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
      const openings = phase === "Closed" ? 0 : this.openings
      this.changes.push(`${now} ${this.phase}>${phase} ${openFor} ${openings} ${reason}`)
    }
    this.phase = phase
    this.era++
    this.ended = []
  }

  private close(now: number): void {
    this.closedAt = now
    this.enter("Closed", 0, now)
  }

  /** A row of openings is over when the circuit has been closed for as long as it was last open. */
  private endRow(now: number): void {
    if (this.phase === "Closed" && now - this.closedAt >= this.openedFor) this.openings = 0
  }

  private open(now: number, hint: number, reason: string): void {
    this.endRow(now)
    this.openings++
    if (this.phase === "Closed") this.openedSlow = reason === "slowCalls"
    const times = this.policy.openFor
    const openFor = Math.max(
      Math.min(hint, this.policy.maxRetryAfter),
      times[this.openings - 1] ?? times[times.length - 1]!
    )
    this.until = now + openFor
    this.openedFor = openFor
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
