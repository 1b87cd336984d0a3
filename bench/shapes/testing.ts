/** What the test kit costs: where it is left in an application, and where it stands in for time. */
import { Effect, Fiber, Layer, ManagedRuntime, Random, Stream, TestClock, TestContext } from "effect"
import { LlmCall, LlmError, Resilience } from "effect-resilience"
import * as Chaos from "effect-resilience/testing/Chaos"
import * as Simulation from "effect-resilience/testing/Simulation"
import { inRuntime } from "../loop.js"
import { fewer, measure } from "../measure.js"
import * as ours from "../peers/resilience.js"
import { answers } from "../upstream.js"
import type { Shape } from "./shape.js"

const rules = [{ rate: 0.5, fault: Chaos.fail(new LlmError.ServerError({ status: 500 })) }]

/** Chaos that nobody has switched on. */
export const chaosOff: Shape = {
  title: "Chaos that is switched off",
  about:
    "A protected call to an async function that answers at once, and a stream of one element, with and without the place where faults are injected.",
  unit: "time",
  run: async (effort) => {
    const plain = ours.withDefaults()
    const off = ManagedRuntime.make(Layer.merge(Resilience.layer(), Chaos.layer({ rules })))
    const call = ours.call(answers)
    const stream = LlmCall.tryStream({
      target: ours.target,
      try: async function* () {
        for (let i = 0; i < 10; i++) yield i
      }
    })
    const drained = (self: Stream.Stream<unknown, unknown>) =>
      Stream.runDrain(Resilience.protectStream(self, ours.target))
    const inject = <A, E>(self: Effect.Effect<A, E>) => Chaos.inject(self, ours.target)
    const measured = await measure(
      [
        { name: "a protected call", batch: inRuntime(plain)(ours.protect(call)) },
        { name: "with Chaos.inject, no layer", batch: inRuntime(plain)(ours.protect(inject(call))) },
        { name: "with Chaos.inject, a layer that is off", batch: inRuntime(off)(ours.protect(inject(call))) },
        { name: "a protected stream", batch: inRuntime(plain)(drained(stream)), share: 0.1 },
        {
          name: "a protected stream with Chaos.injectStream, a layer that is off",
          batch: inRuntime(off)(drained(Chaos.injectStream(stream, ours.target))),
          share: 0.1
        }
      ],
      5_000,
      effort
    )
    await Promise.all([plain.dispose(), off.dispose()])
    return measured
  }
}

const pausing = Simulation.pause("20 seconds", "40 seconds")
const provider = Effect.flatMap(Random.next, (chance) => Effect.sleep(1_000 * chance))

/** So many calls by clients that pause in between, each of which sleeps twice. */
const asking = (clients: number, calls: number) =>
  Effect.forEach(
    Array.from({ length: clients }, (_, index) => index),
    (index) =>
      Effect.withRandom(
        Effect.repeatN(Effect.zipRight(pausing, provider), Math.max(0, Math.ceil(calls / clients) - 1)),
        Random.make(`0/${index}`)
      ),
    { concurrency: "unbounded", discard: true }
  )

const byTestClock = (clients: number) => (calls: number) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(asking(clients, calls))
      yield* TestClock.adjust("10 days")
      yield* Fiber.join(fiber)
    }).pipe(Effect.provide(TestContext.TestContext))
  )

const simulated = (clients: number) => (calls: number) =>
  Effect.runPromise(Simulation.virtually(asking(clients, calls), "10 days"))

export const simulatedCalls: Shape = {
  title: "A call in virtual time",
  about: "Clients that pause for half a minute and call something that takes up to a second.",
  unit: "time",
  run: (effort) =>
    measure(
      [
        { name: "TestClock, 100 clients", batch: byTestClock(100), share: 0.04 },
        { name: "Simulation, 100 clients", batch: simulated(100) },
        { name: "Simulation, 1 000 clients", batch: simulated(1_000) }
      ],
      5_000,
      fewer(effort)
    )
}
