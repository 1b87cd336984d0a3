import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck as fc } from "effect"
import type { CircuitBreaker } from "effect-resilience"
import { step } from "../../../src/internal/breaker/circuit.js"
import { Memory } from "../../../src/internal/breaker/memory.js"
import { fromMemory } from "../../../src/internal/breaker/store.js"
import { sequences } from "./commands.js"
import { play } from "./play.js"

// Random sequences of what can happen to circuits, played to the breaker (real fibers, real interruptions, a clock that
// jumps) and to a reference that keeps everything and counts it anew each time. After every command both must have given
// the same answer and be in the same state.

/** One sequence in eight goes through the store's effects, as they would with a store far away. */
const store = (memory: Memory, immediate: boolean): CircuitBreaker.Store => {
  const whole = fromMemory(memory)
  const { admit, all, amend, record, state } = whole
  return immediate ? whole : { admit, all, amend, record, state }
}

const unbounded = { idleTimeToLive: Number.POSITIVE_INFINITY, capacity: Number.POSITIVE_INFINITY }

const firstDifference = (machine: typeof step, numRuns: number) => {
  let run = 0
  return fc.check(
    fc.property(sequences, ([policy, commands]) => {
      const immediate = run++ % 8 > 0
      const memory = new Memory(unbounded, machine)
      const instances = Effect.succeed([
        { store: store(memory, immediate), ...(!immediate && { settled: Effect.void }) }
      ])
      const difference = Effect.runSync(play(policy, commands, instances))
      if (difference !== undefined) throw new Error(difference)
    }),
    { numRuns, seed: 20_261_122, endOnFailure: true }
  )
}

/** The machine with one bug in it. */
const bugs: Readonly<Record<string, typeof step>> = {
  "no generation check": (policy, circuit, input, now) =>
    step(
      policy,
      circuit,
      input._tag === "Record" ? { ...input, permit: { ...input.permit, generation: circuit.generation } } : input,
      now
    ),
  "one probe too many": (policy, circuit, input, now) =>
    step({ ...policy, halfOpen: { ...policy.halfOpen, probes: policy.halfOpen.probes + 1 } }, circuit, input, now),
  "an interrupted probe keeps its place": (policy, circuit, input, now) => {
    const [decision, next] = step(policy, circuit, input, now)
    return [decision, input._tag === "Record" && input.outcome === "Ignored" ? circuit : next]
  },
  "a window that does not age": (policy, circuit, input, now) => {
    const phase = circuit.phase
    if (phase._tag !== "Closed" || phase.window._tag !== "Slots") return step(policy, circuit, input, now)
    const slot = Math.floor(now / (policy.trip._tag === "RateOver" ? policy.trip.window / 10 : 1))
    return step(policy, { ...circuit, phase: { ...phase, window: { ...phase.window, slot } } }, input, now)
  },
  "a window that forgets too soon": (policy, circuit, input, now) => {
    const phase = circuit.phase
    if (phase._tag !== "Closed" || phase.window._tag !== "Slots") return step(policy, circuit, input, now)
    const slot = phase.window.slot - 1
    return step(policy, { ...circuit, phase: { ...phase, window: { ...phase.window, slot } } }, input, now)
  },
  "a hung probe keeps its place for ever": (policy, circuit, input, now) =>
    step({ ...policy, halfOpen: { ...policy.halfOpen, probeTimeout: 1e12 } }, circuit, input, now),
  "a row of openings that ends with its close": (policy, circuit, input, now) => {
    const [decision, next] = step(policy, circuit, input, now)
    const { phase } = next
    return [decision, phase._tag === "Closed" ? { ...next, phase: { ...phase, row: undefined } } : next]
  },
  "a hint that may do anything to others": (policy, circuit, input, now) =>
    step({ ...policy, maxRetryAfter: Number.MAX_SAFE_INTEGER }, circuit, input, now),
  "a quota's date that is limited like a hint": (policy, circuit, input, now) =>
    step(
      policy,
      circuit,
      input._tag === "Record" ? { ...input, retryAfter: input.retryAfter + input.resetsIn, resetsIn: 0 } : input,
      now
    ),
  "everybody finds out at once": (policy, circuit, input, now) => {
    const [decision, next] = step(policy, circuit, input, now)
    return [decision, { ...next, parking: next.parking && { ...next.parking, finder: undefined } }]
  },
  "nobody is told that a finder was answered": (policy, circuit, input, now) =>
    step(policy, circuit, input._tag === "Record" ? { ...input, permit: { ...input.permit, finder: 0 } } : input, now),
  "an opening by hand that shortens": (policy, circuit, input, now) => {
    const { phase } = circuit
    const over = phase._tag === "Open" ? { ...circuit, phase: { ...phase, until: now } } : circuit
    return step(policy, input._tag === "Open" ? over : circuit, input, now)
  },
  "a late probe gives back another one's place": (policy, circuit, input, now) => {
    if (input._tag !== "Record" || circuit.phase._tag !== "HalfOpen") return step(policy, circuit, input, now)
    const lease = circuit.phase.leases[0]?.id ?? input.permit.lease
    return step(policy, circuit, { ...input, permit: { ...input.permit, lease } }, now)
  }
}

describe("the breaker and a simple reference", () => {
  it("B3 B4 B5: do the same over 10 000 random sequences", { timeout: 600_000 }, () => {
    const details = firstDifference(step, 10_000)
    expect(details.errorInstance, fc.defaultReportMessage(details) ?? "").toBe(null)
    expect(details.numRuns).toBe(10_000)
  })

  for (const [name, machine] of Object.entries(bugs)) {
    it(`find a planted bug: ${name}`, { timeout: 120_000 }, () => {
      expect(firstDifference(machine, 10_000).failed).toBe(true)
    })
  }
})
