import { describe, expect, it } from "@effect/vitest"
import { Clock, DateTime, Deferred, Duration, Effect, Fiber, FastCheck as fc, Schedule } from "effect"
import { CircuitBreaker, LlmError, Rejection } from "effect-resilience"
import { Abandonment } from "../../../src/internal/breaker/abandoned.js"
import { step } from "../../../src/internal/breaker/circuit.js"
import { Memory } from "../../../src/internal/breaker/memory.js"
import type { Policy } from "../../../src/internal/breaker/policy.js"
import { fromMemory } from "../../../src/internal/breaker/store.js"
import { type Command, type Ending, endings, hint, sequences, tooLong } from "./commands.js"
import { type Call, Reference } from "./reference.js"

// Random sequences of what can happen to circuits, played to the breaker (real fibers, real interruptions, a clock that
// jumps) and to a reference that keeps everything and counts it anew each time. After every command both must have given
// the same answer and be in the same state.

/** A clock that stands where it is put. Nothing here sleeps: parked calls are told to go. */
const clockAt = (time: { now: number }): Clock.Clock =>
  Object.assign(Object.create(Clock.make()), {
    unsafeCurrentTimeMillis: () => time.now,
    currentTimeMillis: Effect.sync(() => time.now)
  })

const serverError = Effect.fail(new LlmError.ServerError({}))

const exits = (ending: Ending, now: number): Effect.Effect<void, LlmError.LlmError> =>
  ending === "quota"
    ? Effect.fail(new LlmError.QuotaExhausted({ resetsAt: DateTime.unsafeMake(now + tooLong) }))
    : exit[ending]

const exit: Readonly<Record<Exclude<Ending, "quota">, Effect.Effect<void, LlmError.LlmError>>> = {
  success: Effect.void,
  failure: serverError,
  hinted: Effect.fail(new LlmError.Overloaded({ retryAfter: Duration.millis(hint) })),
  refused: Effect.fail(new LlmError.InvalidRequest({})),
  limited: Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.millis(hint) })),
  tooLong: Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.millis(tooLong) })),
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
  const memory = new Memory({ idleTimeToLive: Number.POSITIVE_INFINITY, capacity: Number.POSITIVE_INFINITY }, machine)
  const references = [0, 1, 2].map(() => new Reference(policy))

  const sequence = Effect.gen(function* () {
    const breaker = yield* CircuitBreaker.make({
      tripPolicy: policy.trip,
      maxRetryAfter: Duration.millis(policy.maxRetryAfter),
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
          const [how, wait, resetsIn] = endings[command.how]
          one.given.abandoned = command.how === "abandon"
          if (command.how === "interrupt" || command.how === "abandon") yield* Fiber.interrupt(one.fiber)
          else yield* Effect.andThen(Deferred.complete(one.end, exits(command.how, time.now)), Fiber.await(one.fiber))
          references[one.key]!.end(one.call, how, wait, time.now, resetsIn)
        }
      }
      if (command._tag === "Reset") {
        yield* breaker.reset(String(command.key))
        references[command.key]!.reset(time.now)
      }
      if (command._tag === "Open") {
        yield* breaker.open(String(command.key), Duration.millis(command.millis))
        references[command.key]!.openByHand(command.millis, time.now)
      }
      if (command._tag === "Isolate" || command._tag === "Rejoin") {
        memory.apply(String(command.key), policy, { _tag: command._tag }, time.now)
        references[command.key]!.isolate(command._tag === "Isolate" ? 1 : -1, time.now)
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
