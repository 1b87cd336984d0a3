/**
 * How many steps of a fiber the streams of a call cost. A channel in between costs several for each element, and hundreds
 * to open, and shows in no other test.
 */
import { expect, it } from "@effect/vitest"
import { Chunk, Effect, type Fiber, RuntimeFlags, RuntimeFlagsPatch, Scope, type Stream, Supervisor } from "effect"
import { Fallback } from "effect-resilience"
import { fromTake, ofTakes, opened } from "../../../src/internal/stream/fromTake.js"

class Steps extends Supervisor.AbstractSupervisor<void> {
  count = 0
  override readonly value = Effect.void
  override onEffect(_: Fiber.RuntimeFiber<unknown, unknown>): void {
    this.count++
  }
}

const elements = 1_000

/** Steps for each element, to open the stream included. */
const stepsOf = <E>(stream: Stream.Stream<number, E>) => {
  const steps = new Steps()
  const all = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const take = yield* opened(stream, scope)
    const more: Effect.Effect<void, E> = Effect.flatMap(take, (chunk) => (chunk === undefined ? Effect.void : more))
    yield* more
  })
  return Effect.map(
    Effect.withRuntimeFlagsPatch(Effect.supervised(all, steps), RuntimeFlagsPatch.enable(RuntimeFlags.OpSupervision)),
    () => steps.count / elements
  )
}

const numbers = () => {
  let at = 0
  const take = Effect.sync(() => (at++ < elements ? Chunk.of(at) : undefined))
  return { taken: ofTakes(() => Effect.succeed(take)), pulled: fromTake(Effect.succeed(take)) }
}

it.effect("the first of several streams costs few steps more than itself, and a channel many", () =>
  Effect.gen(function* () {
    const alone = yield* stepsOf(numbers().taken)
    const first = yield* stepsOf(
      Fallback.firstStreamOf([
        { name: "a", run: numbers().taken },
        { name: "b", run: numbers().taken }
      ])
    )
    const pulled = yield* stepsOf(numbers().pulled)
    expect(first).toBeLessThan(alone + 8)
    expect(pulled).toBeGreaterThan(alone + 8)
  })
)
