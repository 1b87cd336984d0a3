import { describe, expect, it } from "@effect/vitest"
import { Clock, Deferred, Duration, Effect, Fiber, FastCheck as fc, Schedule } from "effect"
import { CircuitBreaker, LlmError, Rejection } from "effect-resilience"
import { Abandonment } from "../../../src/internal/abandonment.js"
import { step } from "../../../src/internal/breaker/circuit.js"
import { Memory } from "../../../src/internal/breaker/memory.js"
import type { Policy, TripPolicy } from "../../../src/internal/breaker/policy.js"
import { fromMemory } from "../../../src/internal/breaker/store.js"
import { type Call, type End, Reference } from "./reference.js"

// Random sequences of what can happen to circuits, played to the breaker (real fibers, real interruptions, a clock that
// jumps) and to a reference that keeps everything and counts it anew each time. After every command both must have given
// the same answer and be in the same state.

type Ending =
  | "success"
  | "failure"
  | "hinted"
  | "refused"
  | "limited"
  | "defect"
  | "deadlyFailure"
  | "interrupt"
  | "abandon"

type Command =
  | { readonly _tag: "Start"; readonly key: number; readonly count: number }
  | { readonly _tag: "End"; readonly which: number; readonly count: number; readonly how: Ending }
  | { readonly _tag: "Wait"; readonly millis: number }
  | { readonly _tag: "Reset" | "Isolate" | "Rejoin"; readonly key: number }

const hint = 7_000

const endings: Readonly<Record<Ending, readonly [End, number]>> = {
  success: ["success", 0],
  failure: ["failure", 0],
  hinted: ["failure", hint],
  refused: ["ignored", 0],
  limited: ["ignored", hint],
  defect: ["ignored", 0],
  deadlyFailure: ["failure", 0],
  interrupt: ["ignored", 0],
  abandon: ["abandoned", 0]
}

const trip = fc.oneof(
  fc.record({ _tag: fc.constant("Consecutive" as const), failures: fc.integer({ min: 1, max: 4 }) }),
  fc
    .record({
      _tag: fc.constant("Rate" as const),
      threshold: fc.constantFrom(0.2, 0.5, 1),
      size: fc.constantFrom(1, 2, 3, 14, 15, 16, 40),
      minimumCalls: fc.integer({ min: 1, max: 5 }),
      slowCall: fc.option(fc.record({ threshold: fc.constantFrom(1_000, 5_000), rate: fc.constantFrom(0.3, 1) }), {
        nil: undefined
      })
    })
    .map((rate) => ({ ...rate, minimumCalls: Math.min(rate.minimumCalls, rate.size) })),
  fc.record({
    _tag: fc.constant("RateOver" as const),
    threshold: fc.constantFrom(0.2, 0.5, 1),
    window: fc.constantFrom(1_000, 10_000, 30_000),
    minimumCalls: fc.integer({ min: 1, max: 5 }),
    slowCall: fc.option(fc.record({ threshold: fc.constantFrom(1_000, 5_000), rate: fc.constantFrom(0.3, 1) }), {
      nil: undefined
    })
  })
) satisfies fc.Arbitrary<TripPolicy>

const policies: fc.Arbitrary<Policy> = fc.record({
  trip,
  openFor: fc.constantFrom([5_000], [1_000, 2_000, 4_000]),
  halfOpen: fc.record({
    probes: fc.integer({ min: 1, max: 3 }),
    successes: fc.integer({ min: 1, max: 3 }),
    probeTimeout: fc.constantFrom(500, 3_000)
  })
})

const count = fc.oneof(
  { weight: 300, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 1, arbitrary: fc.constant(300) }
)
const key = fc.integer({ min: 0, max: 2 })

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ _tag: fc.constant("Start" as const), key, count }) },
  {
    weight: 8,
    arbitrary: fc.record({
      _tag: fc.constant("End" as const),
      which: fc.nat(1_000),
      count,
      how: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom<Ending>("success", "failure") },
        { weight: 2, arbitrary: fc.constantFrom<Ending>(...(Object.keys(endings) as Array<Ending>)) }
      )
    })
  },
  {
    weight: 5,
    arbitrary: fc.record({
      _tag: fc.constant("Wait" as const),
      millis: fc.oneof(
        fc.constantFrom(1, 100, 500, 1_000, 2_000, 3_000, 5_000, hint),
        fc.integer({ min: 1, max: 40_000 }),
        fc.constantFrom(3_600_000, 7_777_777)
      )
    })
  },
  {
    weight: 1,
    arbitrary: fc.record({ _tag: fc.constantFrom("Reset" as const, "Isolate" as const, "Rejoin" as const), key })
  }
)

/** A clock that stands where it is put. Nothing here sleeps: parked calls are told to go. */
const clockAt = (time: { now: number }): Clock.Clock =>
  Object.assign(Object.create(Clock.make()), {
    unsafeCurrentTimeMillis: () => time.now,
    currentTimeMillis: Effect.sync(() => time.now)
  })

const serverError = Effect.fail(new LlmError.ServerError({}))

const exits: Readonly<Record<Ending, Effect.Effect<void, LlmError.LlmError>>> = {
  success: Effect.void,
  failure: serverError,
  hinted: Effect.fail(new LlmError.Overloaded({ retryAfter: Duration.millis(hint) })),
  refused: Effect.fail(new LlmError.InvalidRequest({})),
  limited: Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.millis(hint) })),
  defect: Effect.die("a bug of the caller's own"),
  deadlyFailure: Effect.orDie(serverError),
  interrupt: Effect.interrupt,
  abandon: Effect.interrupt
}

/** Half the sequences go through the store's effects, as they would with a store far away. */
const store = (memory: Memory, immediate: boolean): CircuitBreaker.Store => {
  const whole = fromMemory(memory)
  const { admit, all, amend, record, state } = whole
  return immediate ? whole : { admit, all, amend, record, state }
}

/** The first difference between the breaker and the reference, or nothing. */
const play = (policy: Policy, commands: ReadonlyArray<Command>, immediate: boolean, machine: typeof step) => {
  const time = { now: 1_000_000 }
  const memory = new Memory(Number.POSITIVE_INFINITY, machine)
  const references = [0, 1, 2].map(() => new Reference(policy))

  const sequence = Effect.gen(function* () {
    const breaker = yield* CircuitBreaker.make({
      tripPolicy: policy.trip,
      openDuration: Schedule.fromDelays(...(policy.openFor as [number])),
      parking: { whenParked: "reject" },
      halfOpen: policy.halfOpen
    }).pipe(Effect.provideService(CircuitBreaker.CircuitBreakerStore, store(memory, immediate)))
    const running: Array<{
      readonly key: number
      readonly call: Call
      readonly end: Deferred.Deferred<void, LlmError.LlmError>
      readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
      readonly given: { abandoned: boolean }
    }> = []

    for (const [index, command] of commands.entries()) {
      const where = `after command ${index}, ${JSON.stringify(command)}`
      if (command._tag === "Wait") time.now += command.millis
      if (command._tag === "Start") {
        for (let i = 0; i < command.count; i++) {
          const end = yield* Deferred.make<void, LlmError.LlmError>()
          const given = { abandoned: false }
          const call = Deferred.await(end).pipe(
            breaker.execute({ key: String(command.key) }),
            Effect.provideService(Abandonment, given)
          )
          const fiber = yield* Effect.forkDaemon(call)
          yield* Effect.yieldNow()
          const expected = references[command.key]!.start(time.now)
          const exit = fiber.unsafePoll()
          if ("rejected" in expected) {
            const seen = exit?._tag === "Failure" && exit.cause._tag === "Fail" ? exit.cause.error : undefined
            const got = describeRejection(seen)
            const wanted = `${expected.rejected} ${expected.rejected === "CircuitHalfOpen" ? 0 : expected.wait}`
            if (got !== wanted) return `${where}: ${got} instead of ${wanted}`
          } else {
            if (exit !== null) return `${where}: ${JSON.stringify(exit)} instead of running`
            running.push({ key: command.key, call: expected, end, fiber, given })
          }
        }
      }
      if (command._tag === "End") {
        for (let i = 0; i < command.count && running.length > 0; i++) {
          const [one] = running.splice(command.which % running.length, 1)
          if (one === undefined) break
          const [how, wait] = endings[command.how]
          one.given.abandoned = command.how === "abandon"
          if (command.how === "interrupt" || command.how === "abandon") yield* Fiber.interrupt(one.fiber)
          else yield* Effect.andThen(Deferred.complete(one.end, exits[command.how]), Fiber.await(one.fiber))
          references[one.key]!.end(one.call, how, wait, time.now)
        }
      }
      if (command._tag === "Reset") {
        yield* breaker.reset(String(command.key))
        references[command.key]!.reset()
      }
      if (command._tag === "Isolate" || command._tag === "Rejoin") {
        memory.apply(String(command.key), policy, { _tag: command._tag }, time.now)
        const reference = references[command.key]!
        reference.isolations = Math.max(0, reference.isolations + (command._tag === "Isolate" ? 1 : -1))
      }
      for (const [key, reference] of references.entries()) {
        const got = describeState(yield* breaker.state(String(key)))
        const wanted = describeReference(reference, time.now)
        if (got !== wanted) return `${where}: circuit ${key} is ${got} instead of ${wanted}`
      }
    }
    for (const one of running) yield* Fiber.interruptFork(one.fiber)
    return undefined
  })
  return Effect.runSync(sequence.pipe(Effect.scoped, Effect.withClock(clockAt(time))))
}

const describeRejection = (error: unknown): string => {
  if (error instanceof Rejection.CircuitOpen) return `CircuitOpen ${Duration.toMillis(error.retryAfter)}`
  if (error instanceof Rejection.CircuitHalfOpen) return "CircuitHalfOpen 0"
  if (error instanceof Rejection.RateLimitExceeded) return `Parked ${Duration.toMillis(error.retryAfter)}`
  return String(error)
}

const describeState = (state: CircuitBreaker.State): string => {
  switch (state._tag) {
    case "Open":
      return `Open ${Duration.toMillis(state.retryAfter)} ${state.consecutiveOpenings}`
    case "HalfOpen":
      return `HalfOpen ${state.probing} ${state.consecutiveOpenings}`
    default:
      return state._tag
  }
}

const describeReference = (reference: Reference, now: number): string => {
  if (reference.isolations > 0) return "Isolated"
  switch (reference.phase) {
    case "Open":
      return `Open ${Math.max(0, reference.until - now)} ${reference.openings}`
    case "HalfOpen":
      return `HalfOpen ${reference.probing(now) > 0} ${reference.openings}`
    case "Closed":
      return "Closed"
  }
}

const sequences = fc.tuple(policies, fc.array(command, { minLength: 1, maxLength: 30, size: "max" }), fc.boolean())

const firstDifference = (machine: typeof step, numRuns: number) =>
  fc.check(
    fc.property(sequences, ([policy, commands, immediate]) => {
      const difference = play(policy, commands, immediate, machine)
      if (difference !== undefined) throw new Error(difference)
    }),
    { numRuns, seed: 20_261_122, endOnFailure: true }
  )

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
  "a late probe gives back another one's place": (policy, circuit, input, now) => {
    if (input._tag !== "Record" || circuit.phase._tag !== "HalfOpen") return step(policy, circuit, input, now)
    const lease = circuit.phase.leases[0]?.id ?? input.permit.lease
    return step(policy, circuit, { ...input, permit: { ...input.permit, lease } }, now)
  }
}

describe("the breaker and a simple reference", () => {
  it("B3 B4 B5: do the same over 10 000 random sequences", { timeout: 300_000 }, () => {
    const details = firstDifference(step, 10_000)
    expect(details.errorInstance, fc.defaultReportMessage(details) ?? "").toBe(null)
    expect(details.numRuns).toBe(10_000)
  })

  for (const [name, machine] of Object.entries(bugs)) {
    it(`find a planted bug: ${name}`, { timeout: 60_000 }, () => {
      expect(firstDifference(machine, 10_000).failed).toBe(true)
    })
  }
})
