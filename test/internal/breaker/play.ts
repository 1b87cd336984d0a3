/** Plays random sequences of what can happen to circuits to a breaker and to the reference, and finds the first difference. */
import { Clock, DateTime, Deferred, Duration, Effect, Fiber, Schedule, type Scope } from "effect"
import { CircuitBreaker, LlmError, Rejection } from "effect-resilience"
import { Abandonment } from "../../../src/internal/breaker/abandoned.js"
import type { Policy } from "../../../src/internal/breaker/policy.js"
import { type Command, type Ending, endings, hint, tooLong } from "./commands.js"
import { type Call, Reference } from "./reference.js"

/** One process: its store, and what waits until it has told and heard everything. */
export interface Instance {
  readonly store: CircuitBreaker.Store
  readonly settled?: Effect.Effect<void>
}

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

/** The first difference between the breaker and the reference, or nothing. */
export const play = <E>(
  policy: Policy,
  commands: ReadonlyArray<Command>,
  instances: Effect.Effect<ReadonlyArray<Instance>, E, Scope.Scope>
): Effect.Effect<string | undefined, E> => {
  const time = { now: 1_000_000 }
  const references = [0, 1, 2].map(() => new Reference(policy))

  const sequence = Effect.gen(function* () {
    const fleet = yield* Effect.forEach(yield* instances, ({ settled, store }) =>
      Effect.map(
        CircuitBreaker.make({
          tripPolicy: policy.trip,
          maxRetryAfter: Duration.millis(policy.maxRetryAfter),
          openDuration: Schedule.fromDelays(...(policy.openFor as [number])),
          parking: { whenParked: "reject" },
          halfOpen: policy.halfOpen
        }).pipe(Effect.provideService(CircuitBreaker.CircuitBreakerStore, store)),
        (breaker) => ({ breaker, settled, store })
      )
    )
    // Whoever has something to tell tells it, and then everybody has heard it.
    const settle = fleet.some(({ settled }) => settled !== undefined)
      ? Effect.forEach(fleet, ({ settled }) => settled ?? Effect.void, { discard: true })
      : Effect.void
    const running: Array<{
      readonly key: number
      readonly call: Call
      readonly settled: Effect.Effect<void> | undefined
      readonly end: Deferred.Deferred<void, LlmError.LlmError>
      readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
      readonly given: { abandoned: boolean }
    }> = []

    for (const [index, command] of commands.entries()) {
      const { breaker, settled } = fleet[index % fleet.length]!
      const where = `after command ${index}, ${JSON.stringify(command)}`
      if (command._tag === "Wait") time.now += command.millis
      if (command._tag === "Start") {
        for (let i = 0; i < command.count; i++) {
          const end = yield* Deferred.make<void, LlmError.LlmError>()
          const given = { abandoned: false }
          const entry = { entered: false }
          const call = Effect.suspend(() => {
            entry.entered = true
            return Deferred.await(end)
          }).pipe(breaker.execute({ key: String(command.key) }), Effect.provideService(Abandonment, given))
          const fiber = yield* Effect.forkDaemon(call)
          yield* answered(entry, fiber)
          if (settled !== undefined) yield* settle
          const expected = references[command.key]!.start(time.now)
          const exit = fiber.unsafePoll()
          if ("rejected" in expected) {
            const seen = exit?._tag === "Failure" && exit.cause._tag === "Fail" ? exit.cause.error : undefined
            const got = describeRejection(seen)
            const wanted = `${expected.rejected} ${expected.rejected === "CircuitHalfOpen" ? 0 : expected.wait}`
            if (got !== wanted) return `${where}: ${got} instead of ${wanted}`
          } else {
            if (exit !== null) return `${where}: ${JSON.stringify(exit)} instead of running`
            running.push({ key: command.key, call: expected, settled, end, fiber, given })
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
          yield* settle
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
        // Whoever holds it open by hand is the one to let go.
        yield* fleet[0]!.store.amend(String(command.key), policy, { _tag: command._tag })
        references[command.key]!.isolate(command._tag === "Isolate" ? 1 : -1, time.now)
      }
      yield* settle
      for (const [key, reference] of references.entries()) {
        for (const [which, one] of fleet.entries()) {
          const got = describeState(yield* one.breaker.state(String(key)))
          const wanted = describeReference(reference, time.now)
          if (got !== wanted) return `${where}: circuit ${key} of ${which} is ${got} instead of ${wanted}`
        }
      }
    }
    for (const one of running) yield* Fiber.interruptFork(one.fiber)
    return undefined
  })
  return sequence.pipe(Effect.scoped, Effect.withClock(clockAt(time))) as Effect.Effect<string | undefined, E>
}

/** A call that has been let in, or has its rejection. */
const answered = (entry: { entered: boolean }, fiber: Fiber.RuntimeFiber<unknown, unknown>): Effect.Effect<void> =>
  Effect.suspend(() =>
    entry.entered || fiber.unsafePoll() !== null
      ? Effect.void
      : Effect.zipRight(Effect.yieldNow(), answered(entry, fiber))
  )

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
