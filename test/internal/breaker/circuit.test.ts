import { describe, expect, it } from "@effect/vitest"
import * as Circuit from "../../../src/internal/breaker/circuit.js"
import type { Policy } from "../../../src/internal/breaker/policy.js"

const slow: Policy = {
  trip: {
    _tag: "Rate",
    threshold: 1,
    size: 10,
    minimumCalls: 2,
    slowCall: { threshold: 1_000, rate: 0.5 }
  },
  openFor: [10_000],
  maxRetryAfter: 3_600_000,
  halfOpen: { probes: 1, successes: 1, probeTimeout: 5_000 }
}

const plain: Policy = { ...slow, trip: { _tag: "Consecutive", failures: 2 } }

const asKept: Circuit.Restore = {
  _tag: "Restore",
  openFor: 0,
  openings: 0,
  slow: false,
  reason: undefined,
  lastFailure: undefined,
  parkedFor: 0,
  askedFor: 0,
  stated: false
}

/** A circuit that inputs are played to, one after another. */
const played = (policy: Policy) => {
  let circuit = Circuit.initial(policy, 1, 0)
  return {
    get circuit() {
      return circuit
    },
    play(input: Circuit.Input, now: number): Circuit.Decision {
      const [decision, next] = Circuit.step(policy, circuit, input, now)
      circuit = next
      return decision
    },
    admit(now: number): Circuit.Permit {
      return this.play({ _tag: "Admit" }, now).permit!
    },
    end(permit: Circuit.Permit, outcome: Circuit.Result["outcome"], now: number, retryAfter = 0) {
      return this.play({ _tag: "Record", permit, outcome, retryAfter, resetsIn: 0 }, now)
    }
  }
}

describe("the machine, input by input", () => {
  it("a permit says when it was given and where it belongs", () => {
    const circuit = played(plain)
    expect(circuit.admit(250)).toEqual({ generation: 1, lease: 0, finder: 0, startedAt: 250, answeredAt: 0, slot: 0 })
    const timed = played(slow)
    expect(timed.admit(250)).toEqual({ generation: 1, lease: 0, finder: 0, startedAt: 250, answeredAt: 0, slot: 2 })
    circuit.end(circuit.admit(300), "Failure", 400)
    circuit.end(circuit.admit(300), "Failure", 400)
    expect(circuit.admit(10_400)).toEqual({
      generation: 3,
      lease: 1,
      finder: 0,
      startedAt: 10_400,
      answeredAt: 0,
      slot: 0
    })
    expect(circuit.admit(15_400)).toMatchObject({ generation: 3, lease: 2 })
  })

  it("a stream that has answered is neither overdue nor slow, and leaves no trace of its being under way", () => {
    const circuit = played(slow)
    const permit = circuit.admit(0)
    const { permit: answered } = circuit.play({ _tag: "Answer", permit }, 900)
    expect(answered).toEqual({ ...permit, answeredAt: 900 })
    const phase = circuit.circuit.phase
    expect(phase._tag === "Closed" && phase.inFlight?.starts.every((count) => count === 0)).toBe(true)
    circuit.end(answered!, "Success", 50_000)
    const after = circuit.circuit.phase
    expect(after._tag === "Closed" && [after.window.calls, after.window.slow]).toEqual([1, 0])
    expect(after._tag === "Closed" && [after.inFlight?.overdue, Math.min(...after.inFlight!.starts)]).toEqual([0, 0])

    const late = circuit.admit(50_000)
    circuit.end(circuit.play({ _tag: "Answer", permit: late }, 51_000).permit!, "Success", 51_001)
    expect(circuit.circuit.phase._tag).toBe("Open")
  })

  it("an answer changes nothing in another generation or in half-open", () => {
    const circuit = played(slow)
    const early = circuit.admit(0)
    for (let i = 0; i < 2; i++) circuit.end(circuit.admit(0), "Failure", 0)
    const open = circuit.circuit
    expect(circuit.play({ _tag: "Answer", permit: early }, 10).permit).toEqual({ ...early, answeredAt: 10 })
    expect(circuit.circuit).toBe(open)
    const probe = circuit.admit(10_000)
    const halfOpen = circuit.circuit
    circuit.play({ _tag: "Answer", permit: probe }, 10_001)
    expect(circuit.circuit).toBe(halfOpen)
    circuit.end(probe, "Success", 10_002)
    const closed = circuit.circuit
    circuit.play({ _tag: "Answer", permit: probe }, 10_003)
    expect(circuit.circuit).toBe(closed)
  })

  it("an ignored call leaves the calls under way", () => {
    const circuit = played(slow)
    const permits = [circuit.admit(0), circuit.admit(0), circuit.admit(0)]
    for (const permit of permits) circuit.end(permit, "Ignored", 500)
    expect(circuit.play({ _tag: "Admit" }, 50_000).rejection).toBeUndefined()
    const untouched = played(plain)
    const permit = untouched.admit(0)
    const before = untouched.circuit
    untouched.end(permit, "Ignored", 10)
    expect(untouched.circuit).toBe(before)
  })

  it("a success of a healthy circuit makes nothing new", () => {
    const circuit = played(plain)
    const before = circuit.circuit
    circuit.end(circuit.admit(0), "Success", 10)
    expect(circuit.circuit).toBe(before)
  })

  it("only an ignored result parks, for as long as the longest wait, whatever its generation", () => {
    const circuit = played(plain)
    const early = circuit.admit(0)
    circuit.end(circuit.admit(0), "Failure", 0, 5_000)
    circuit.end(circuit.admit(0), "Abandoned", 0, 5_000)
    circuit.end(circuit.admit(0), "Success", 0, 5_000)
    circuit.end(circuit.admit(0), "Ignored", 0, 0)
    expect(circuit.circuit.parking).toBeUndefined()
    circuit.end(circuit.admit(0), "Ignored", 0, 3_000)
    circuit.play({ _tag: "Reset" }, 0)
    expect(circuit.circuit.parking).toBeUndefined()
    circuit.end(early, "Ignored", 100, 4_000)
    circuit.end(early, "Ignored", 200, 1_000)
    expect(circuit.circuit.parking?.until).toBe(4_100)
    expect(circuit.play({ _tag: "Admit" }, 4_099).rejection).toEqual({ _tag: "Parked", retryAfter: 1 })
    expect(circuit.play({ _tag: "Admit" }, 4_100).rejection).toBeUndefined()
  })

  it("an open circuit says so before it says that the target is parked, and parking holds back the probes", () => {
    const circuit = played(plain)
    const early = circuit.admit(0)
    for (let i = 0; i < 2; i++) circuit.end(circuit.admit(0), "Failure", 0)
    circuit.end(early, "Ignored", 0, 20_000)
    expect(circuit.play({ _tag: "Admit" }, 9_999).rejection).toMatchObject({ _tag: "Open", retryAfter: 1 })
    expect(circuit.play({ _tag: "Admit" }, 10_000).rejection).toMatchObject({ _tag: "Parked", retryAfter: 10_000 })
    expect(circuit.circuit.phase._tag).toBe("Open")
    expect(circuit.play({ _tag: "Admit" }, 20_000)).toMatchObject({
      permit: { lease: 1 },
      change: { at: 20_000, from: "Open", to: "HalfOpen", openFor: 0, openings: 1, reason: undefined }
    })
  })

  it("a restored circuit is open for what is left, unless it is open for longer already", () => {
    const restore = { ...asKept, openFor: 6_000, openings: 3 }
    const circuit = played(plain)
    const early = circuit.admit(0)
    expect(circuit.play(restore, 1_000).change).toEqual({
      at: 1_000,
      from: "Closed",
      to: "Open",
      openFor: 6_000,
      openings: 3,
      reason: undefined
    })
    expect(circuit.circuit).toMatchObject({ generation: 2, phase: { until: 7_000, openings: 3 }, parking: undefined })
    for (let i = 0; i < 2; i++) circuit.end(early, "Failure", 1_000)
    const restored = circuit.circuit
    for (const openFor of [5_000, 5_999]) {
      expect(circuit.play({ ...restore, openFor }, 1_001).change).toBeUndefined()
      expect(circuit.circuit).toEqual(restored)
    }
    circuit.play({ ...restore, openFor: 7_000, openings: 4 }, 1_001)
    expect(circuit.circuit.phase).toEqual({
      _tag: "Open",
      until: 8_001,
      openings: 4,
      slow: false,
      since: 1_001,
      reason: undefined
    })
  })

  it("a call that was given up opens it for the open time, whatever comes with it", () => {
    const circuit = played(plain)
    circuit.end(circuit.admit(0), "Abandoned", 0, 50_000)
    expect(circuit.end(circuit.admit(0), "Abandoned", 0, 50_000).change).toMatchObject({
      openFor: 10_000,
      reason: "abandoned"
    })
  })

  it("opens again when as many probes in a row are given up as have to succeed, and an answer starts the count anew", () => {
    const circuit = played({ ...plain, halfOpen: { probes: 1, successes: 3, probeTimeout: 5_000 } })
    for (let i = 0; i < 2; i++) circuit.end(circuit.admit(0), "Failure", 0)
    const ends = ["Abandoned", "Abandoned", "Success", "Abandoned", "Ignored", "Abandoned"] as const
    for (const outcome of ends) expect(circuit.end(circuit.admit(10_000), outcome, 10_000).change).toBeUndefined()
    expect(circuit.end(circuit.admit(10_000), "Abandoned", 10_000).change).toMatchObject({
      to: "Open",
      openings: 2,
      reason: "abandoned"
    })
  })

  it("isolations are counted: only the first begins one, only the last ends it", () => {
    const circuit = played(plain)
    const change = (input: "Isolate" | "Rejoin") => circuit.play({ _tag: input }, 5).change
    const seen = { at: 5, openFor: 0, openings: 0 }
    expect(change("Isolate")).toEqual({ ...seen, from: "Closed", to: "Isolated" })
    expect(change("Isolate")).toBeUndefined()
    expect(change("Rejoin")).toBeUndefined()
    expect(circuit.play({ _tag: "Admit" }, 5).rejection?._tag).toBe("Isolated")
    expect(change("Rejoin")).toEqual({ ...seen, from: "Isolated", to: "Closed" })
    expect(change("Rejoin")).toBeUndefined()
    expect(circuit.circuit.isolations).toBe(0)
  })

  it("an open circuit has given out no permits, and does not listen to one that says so", () => {
    const circuit = played(plain)
    const permit = circuit.admit(0)
    for (let i = 0; i < 2; i++) circuit.end(circuit.admit(0), "Failure", 0)
    const open = circuit.circuit
    const forged = { ...permit, generation: open.generation }
    expect(circuit.end(forged, "Success", 10)).toEqual({ permit: undefined, rejection: undefined, change: undefined })
    expect(circuit.circuit).toBe(open)
  })

  it("a circuit that was only parked is restored as parked, and the longer wait holds", () => {
    const circuit = played(plain)
    const restore = { ...asKept, parkedFor: 500 }
    expect(circuit.play(restore, 100).change).toBeUndefined()
    expect(circuit.circuit).toMatchObject({ generation: 1, phase: { _tag: "Closed" }, parking: { until: 600 } })
    circuit.play({ ...restore, parkedFor: 100 }, 100)
    expect(circuit.circuit.parking?.until).toBe(600)
    circuit.play({ ...restore, parkedFor: 0 }, 10_000)
    expect(circuit.circuit.parking?.until).toBe(600)
  })

  it("is at rest when it holds nobody back and nobody probes", () => {
    const rest = (circuit: Circuit.Circuit, now: number) => Circuit.atRest(circuit, now)
    const circuit = played(plain)
    expect(rest(circuit.circuit, 0)).toBe(true)
    circuit.end(circuit.admit(0), "Ignored", 0, 100)
    expect([rest(circuit.circuit, 99), rest(circuit.circuit, 100)]).toEqual([false, true])
    circuit.play({ _tag: "Isolate" }, 100)
    expect(rest(circuit.circuit, 100)).toBe(false)
    circuit.play({ _tag: "Rejoin" }, 100)
    for (let i = 0; i < 2; i++) circuit.end(circuit.admit(100), "Failure", 100)
    expect([rest(circuit.circuit, 10_099), rest(circuit.circuit, 10_100)]).toEqual([false, true])
    circuit.admit(10_100)
    expect([rest(circuit.circuit, 15_099), rest(circuit.circuit, 15_100)]).toEqual([false, true])

    const two = played({ ...plain, halfOpen: { ...plain.halfOpen, probes: 2 } })
    for (let i = 0; i < 2; i++) two.end(two.admit(0), "Failure", 0)
    two.admit(10_000)
    two.admit(12_000)
    expect([rest(two.circuit, 15_000), rest(two.circuit, 17_000)]).toEqual([false, true])
  })
})
