import { Effect, Fiber, Ref, TestClock } from "effect"
import type { LlmError } from "effect-resilience"

/**
 * Lets a call that fails with each error in turn, and then succeeds, run for as long as it likes. Tells how and when it
 * ended, and when each attempt was made: at its end, for calls that take time.
 */
export const timesOf = <E, E2>(
  failures: ReadonlyArray<E>,
  protect: (call: Effect.Effect<string, E>) => Effect.Effect<string, E2>
) =>
  Effect.gen(function* () {
    const start = yield* TestClock.currentTimeMillis
    const attempts = yield* Ref.make<ReadonlyArray<number>>([])
    const call = Effect.gen(function* () {
      const now = yield* TestClock.currentTimeMillis
      const made = yield* Ref.modify(attempts, (times) => [times.length, [...times, now - start]])
      const failure = failures[made]
      return failure === undefined ? "answer" : yield* Effect.fail(failure)
    })
    const fiber = yield* Effect.fork(Effect.zip(Effect.exit(protect(call)), TestClock.currentTimeMillis))
    yield* TestClock.adjust("7 days")
    const [exit, at] = yield* Fiber.join(fiber)
    return { exit, at: at - start, attempts: yield* Ref.get(attempts) }
  })

/** A failure of the given kind, with the fields it cannot do without. */
export class TestFailure {
  readonly error: LlmError.LlmError
  readonly tag: string
  constructor(member: (typeof LlmError.LlmError.members)[number]) {
    const Member = member as unknown as new (fields: object) => LlmError.LlmError
    this.error = new Member({ phase: "attempt", sent: "no", by: "prompt" })
    this.tag = this.error._tag
  }
}
