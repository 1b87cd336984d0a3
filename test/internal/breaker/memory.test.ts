import { describe, expect, it } from "@effect/vitest"
import { step } from "../../../src/internal/breaker/circuit.js"
import { Memory } from "../../../src/internal/breaker/memory.js"

describe("the circuits of a process", () => {
  it("B18: a key that is idle and at rest is forgotten, one that is open, isolated or in use is not", () => {
    const memory = new Memory({ idleTimeToLive: 1_000, capacity: 10_000 })
    const policy = {
      trip: { _tag: "Consecutive" as const, failures: 1 },
      openFor: [10_000],
      maxRetryAfter: 3_600_000,
      halfOpen: { probes: 1, successes: 1, probeTimeout: 1_000 }
    }
    const admit = (key: string, now: number) => memory.apply(key, policy, { _tag: "Admit" }, now).permit!
    const fail = (key: string, now: number, permit = admit(key, now)) =>
      memory.apply(key, policy, { _tag: "Record", permit, outcome: "Failure", retryAfter: 0, resetsIn: 0 }, now)
    const end = (key: string, now: number, permit = admit(key, now)) =>
      memory.apply(key, policy, { _tag: "Record", permit, outcome: "Success", retryAfter: 0, resetsIn: 0 }, now)
    const once = admit("idle", 0)
    end("idle", 0, once)
    const running = admit("running", 0)
    fail("open", 0)
    memory.apply("isolated", policy, { _tag: "Isolate" }, 0)
    end("new", 1_000)
    expect(memory.all.map(([key]) => key)).toEqual(["running", "open", "isolated", "new"])
    end("idle", 1_500)
    // What comes late from a circuit that has been forgotten has no say in the one that took its place.
    expect(fail("idle", 1_600, once).change).toBeUndefined()
    end("other", 20_000)
    expect(memory.all.map(([key]) => key)).toEqual(["running", "isolated", "other"])
    end("running", 20_000, running)
    end("last", 21_000)
    expect(memory.all.map(([key]) => key)).toEqual(["isolated", "last"])
  })

  it("keys are looked through at most once in the time a key may be idle, and one in use is kept", () => {
    const memory = new Memory({ idleTimeToLive: 1_000, capacity: 10_000 })
    const policy = {
      trip: { _tag: "Consecutive" as const, failures: 1 },
      openFor: [10_000],
      maxRetryAfter: 3_600_000,
      halfOpen: { probes: 1, successes: 1, probeTimeout: 1_000 }
    }
    const use = (key: string, now: number) => {
      const permit = memory.apply(key, policy, { _tag: "Admit" }, now).permit!
      memory.apply(key, policy, { _tag: "Record", permit, outcome: "Ignored", retryAfter: 0, resetsIn: 0 }, now)
      return memory.all.map(([key]) => key)
    }
    expect(memory.get("a")).toBeUndefined()
    use("a", 0)
    use("b", 500)
    expect(use("c", 1_000)).toEqual(["b", "c"])
    expect(use("d", 1_600)).toEqual(["b", "c", "d"])
    expect(use("e", 1_999)).toEqual(["b", "c", "d", "e"])
    expect(use("f", 2_000)).toEqual(["d", "e", "f"])
  })

  it("what a circuit is made of survives JSON", () => {
    const policy = {
      trip: {
        _tag: "RateOver" as const,
        threshold: 0.5,
        window: 30_000,
        minimumCalls: 2,
        slowCall: { threshold: 1_000, rate: 1 }
      },
      openFor: [10_000],
      maxRetryAfter: 3_600_000,
      halfOpen: { probes: 2, successes: 2, probeTimeout: 1_000 }
    }
    const memory = new Memory({ idleTimeToLive: 1_000, capacity: 10_000 }, (policy, circuit, input, now) =>
      step(
        JSON.parse(JSON.stringify(policy)),
        JSON.parse(JSON.stringify(circuit)),
        JSON.parse(JSON.stringify(input)),
        now
      )
    )
    for (let now = 0; now < 40_000; now += 500) {
      const { permit } = memory.apply("a", policy, { _tag: "Admit" }, now)
      if (permit !== undefined) {
        const outcome = now % 3_000 === 0 ? "Success" : "Failure"
        memory.apply("a", policy, { _tag: "Record", permit, outcome, retryAfter: 0, resetsIn: 0 }, now + 100)
      }
      const circuit = memory.get("a")
      expect(JSON.parse(JSON.stringify(circuit))).toEqual(circuit)
    }
  })
})
