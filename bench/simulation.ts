/**
 * What a simulated call costs, beside the same program under plain `TestClock`. Run it with `npx tsx bench/simulation.ts`;
 * with a number it is the one with so many clients.
 */
import { Effect, Fiber, Random, TestClock, TestContext } from "effect"
import { LlmError, Resilience } from "effect-resilience"
import * as Simulation from "effect-resilience/testing/Simulation"

const provider = Effect.flatMap(Random.next, (chance) =>
  Effect.delay(chance < 0.05 ? Effect.fail(new LlmError.ServerError({ status: 500 })) : Effect.void, 1_000 * chance)
)

const minutes = 10

const cpu = async (title: string, run: () => Promise<number>): Promise<void> => {
  const start = process.cpuUsage()
  const from = performance.now()
  const calls = await run()
  const { system, user } = process.cpuUsage(start)
  const spent = (system + user) / 1e6
  const seconds = ((performance.now() - from) / 1e3).toFixed(1)
  console.log(
    `${title}: ${calls} calls, ${spent.toFixed(1)} s of the processor (${seconds} s by the wall), ${Math.round((spent * 1e6) / calls)} µs a call`
  )
}

const simulated = (clients: number, protect: boolean) => async (): Promise<number> => {
  const result = await Effect.runPromise(
    Simulation.run({
      clients,
      duration: `${minutes} minutes`,
      client: ({ attempt, call }) =>
        Effect.forever(
          Effect.zipRight(
            Simulation.pause("20 seconds", "40 seconds"),
            Effect.ignore(
              call(protect ? Resilience.protect(attempt("acme")(provider), "acme") : attempt("acme")(provider))
            )
          )
        )
    }).pipe(Effect.provide(Resilience.layer()))
  )
  return result.calls.total
}

/** The same without a record, since what is measured is the clock. */
const byTestClock = (clients: number) => async (): Promise<number> => {
  let calls = 0
  const client = (index: number) =>
    Effect.forever(
      Effect.zipRight(
        Simulation.pause("20 seconds", "40 seconds"),
        Effect.zipRight(
          Effect.sync(() => calls++),
          Effect.ignore(provider)
        )
      )
    ).pipe(Effect.withRandom(Random.make(`0/${index}`)))
  await Effect.runPromise(
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(
        Effect.forEach(
          Array.from({ length: clients }, (_, i) => i),
          client,
          { concurrency: "unbounded", discard: true }
        )
      )
      yield* TestClock.adjust(`${minutes} minutes`)
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(TestContext.TestContext))
  )
  return calls
}

const asked = Number(process.argv[2])
if (asked > 0) {
  await cpu(`${asked} clients`, simulated(asked, false))
  await cpu(`${asked} clients under policies`, simulated(asked, true))
} else {
  for (const clients of [10, 100]) await cpu(`TestClock, ${clients} clients`, byTestClock(clients))
  for (const clients of [10, 100, 1_000]) await cpu(`Simulation, ${clients} clients`, simulated(clients, false))
  await cpu("Simulation, 1000 clients under policies", simulated(1_000, true))
}
