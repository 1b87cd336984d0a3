import { it } from "@effect/vitest"
import { Cause, Clock, Deferred, Effect, Exit, FastCheck, Fiber, Queue, Random, TestClock, TestContext } from "effect"
import { LlmError, Resilience } from "effect-resilience"
import * as Simulation from "effect-resilience/testing/Simulation"
import { describe, expect } from "vitest"

describe("virtual time", () => {
  it.live("passes at once, and what is under way at its end is interrupted", () =>
    Effect.gen(function* () {
      const start = Date.now()
      const over = Effect.zipRight(Effect.sleep("1 hour"), Clock.currentTimeMillis)
      expect(yield* Simulation.virtually(over, "1 day")).toBe(3_600_000)
      let interrupted = 0
      const never = Effect.onInterrupt(Effect.sleep("2 days"), () =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          interrupted = now
        })
      )
      expect(yield* Simulation.virtually(never, "1 day")).toBe(undefined)
      expect(interrupted).toBe(86_400_000)
      expect(Date.now() - start).toBeLessThan(1_000)
    })
  )

  it.live("ends as the program does", () =>
    Effect.gen(function* () {
      expect(yield* Effect.flip(Simulation.virtually(Effect.fail("no"), "1 second"))).toBe("no")
      const died = yield* Effect.exit(Simulation.virtually(Effect.die("defect"), "1 second"))
      expect(Exit.isFailure(died)).toBe(true)
    })
  )

  it.live("waits for promises, in chains of any length, before it goes on", () =>
    Effect.gen(function* () {
      const chain = async (): Promise<string> => {
        for (let i = 0; i < 100; i++) await Promise.resolve()
        return "settled"
      }
      const raced = Effect.raceFirst(Effect.promise(chain), Effect.as(Effect.sleep("1 milli"), "slept"))
      expect(yield* Simulation.virtually(raced, "1 minute")).toBe("settled")
    })
  )

  it.live("V6: a program does in it what it does under TestClock", () => {
    const step = FastCheck.record({
      sleep: FastCheck.constantFrom(0, 1, 5, 5, 10, 100),
      kind: FastCheck.constantFrom("sleep", "timeout", "fork", "queue", "race", "deferred")
    })
    const program = (
      clients: ReadonlyArray<ReadonlyArray<typeof step extends FastCheck.Arbitrary<infer A> ? A : never>>
    ) =>
      Effect.gen(function* () {
        const log: Array<string> = []
        const queue = yield* Queue.unbounded<number>()
        const opened = yield* Deferred.make<void>()
        const one = (steps: (typeof clients)[number], client: number) =>
          Effect.forEach(steps, ({ kind, sleep }, i) =>
            Effect.gen(function* () {
              switch (kind) {
                case "sleep":
                  yield* Effect.sleep(sleep)
                  break
                case "timeout":
                  yield* Effect.timeoutOption(Effect.sleep(7), sleep + 1)
                  break
                case "fork": {
                  const fiber = yield* Effect.fork(Effect.sleep(sleep))
                  if (i % 2 === 0) yield* Fiber.interrupt(fiber)
                  else yield* Fiber.join(fiber)
                  break
                }
                case "queue":
                  yield* Queue.offer(queue, i)
                  yield* Queue.take(queue)
                  break
                case "race":
                  yield* Effect.race(Effect.sleep(sleep), Effect.sleep(3))
                  break
                case "deferred":
                  yield* Deferred.succeed(opened, undefined)
                  yield* Deferred.await(opened)
              }
              log.push(`${yield* Clock.currentTimeMillis} ${client}/${i}`)
            })
          )
        yield* Effect.forEach(clients, one, { concurrency: "unbounded", discard: true })
        // Those of one moment have no order that anybody promises.
        return log.sort()
      })
    return Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.array(FastCheck.array(step, { maxLength: 5 }), { maxLength: 4 }),
          async (clients) => {
            const here = await Effect.runPromise(Simulation.virtually(program(clients), "1 hour"))
            const there = await Effect.runPromise(
              Effect.gen(function* () {
                const fiber = yield* Effect.fork(program(clients))
                yield* TestClock.adjust("1 hour")
                return yield* Fiber.join(fiber)
              }).pipe(Effect.provide(TestContext.TestContext))
            )
            expect(here).toEqual(there)
          }
        ),
        { numRuns: 25 }
      )
    )
  })
})

const provider = Effect.flatMap(Random.next, (chance) =>
  Effect.delay(
    chance < 0.1 ? Effect.fail(new LlmError.ServerError({ status: 500 })) : Effect.succeed("answer"),
    "500 millis"
  )
)

const tenMinutes = (clients: number, seed: string, maxAttempts: number) =>
  Simulation.run({
    clients,
    seed,
    duration: "10 minutes",
    interval: "1 minute",
    client: ({ attempt, call, tokens }) =>
      provider.pipe(
        attempt("acme"),
        Resilience.protect("acme"),
        Effect.zipLeft(tokens(10)),
        call,
        Effect.ignore,
        Effect.andThen(Simulation.pause("20 seconds", "40 seconds")),
        Effect.forever
      )
  }).pipe(Effect.provide(Resilience.layer({ circuitBreaker: false, retry: { maxAttempts } })))

describe("a simulation", () => {
  it.live("V6: counts calls, attempts, outcomes over time, waits and tokens, the same for the same seed", () =>
    Effect.gen(function* () {
      const once = yield* tenMinutes(50, "a", 3)
      expect(yield* tenMinutes(50, "a", 3)).toEqual(once)
      expect(yield* tenMinutes(50, "b", 3)).not.toEqual(once)
      const { Success = 0, ...failed } = once.calls.outcomes
      expect(once.calls.total).toBeGreaterThan(50 * 17)
      expect(once.durations).toHaveLength(Success)
      expect(once.tokens).toBe(10 * Success)
      expect(once.answered.reduce((a, b) => a + b, 0)).toBe(Success)
      expect(Object.keys(failed).every((tag) => ["ServerError", "Interrupted"].includes(tag))).toBe(true)
      expect(once.timeline.map(({ at }) => at)).toEqual(Array.from({ length: 10 }, (_, i) => i * 60_000))
      expect(once.timeline.reduce((sum, { calls }) => sum + calls.total, 0)).toBe(once.calls.total)
      expect(once.attempts.acme?.outcomes.ServerError).toBeGreaterThan(50)
      expect(Simulation.quantile(once, 0.5)).toBe(500)
      expect(Simulation.quantile(once, 1)).toBeGreaterThan(1_500)
      const bare = yield* tenMinutes(50, "a", 1)
      const table = Simulation.table({ "three attempts": once, one: bare })
      expect(table.split("\n")[2]).toMatch(/^\| three attempts \| \d+ \| (?:99|100)\.\d % \| 1\.1\d \| 0\.5 s \|/)
      expect(table.split("\n")[3]).toMatch(/^\| one \| \d+ \| (?:89|90|91)\.\d % \| 1\.00 \|/)
      const lines = Simulation.picture(bare).split("\n")
      expect(lines).toHaveLength(10)
      expect(lines[0]).toMatch(/^ {2}0\.0 s #+\.+ \d+$/)
    })
  )

  it.live("refuses options that are none", () =>
    Effect.gen(function* () {
      const refused = (options: object) =>
        Effect.map(
          Effect.exit(Simulation.run({ clients: 1, duration: 1, client: () => Effect.void, ...options })),
          (exit) => (Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
        )
      expect(yield* refused({ clients: 0 })).toContain("clients is 0, and has to be a whole number of at least 1")
      expect(yield* refused({ duration: "soon" })).toContain('duration is "soon"')
      expect(yield* refused({ users: 3 })).toContain('Simulation has no option "users"')
      expect(yield* refused({ interval: 0 })).toContain("interval is 0, and has to be at least a millisecond")
      expect(yield* refused({ client: undefined })).toContain("client is undefined, and has to be a function")
      for (const count of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
        expect(yield* refused({ client: ({ tokens }: Simulation.Client) => tokens(count) })).toContain(
          `Simulation.tokens: count is ${count}, and has to be a finite number of at least 0`
        )
      }
      expect(yield* refused({ client: () => Simulation.pause("2 seconds", "1 second") })).toContain(
        'Simulation.pause: to is "1 second", and has to be no shorter than from'
      )
      expect(yield* refused({ client: () => Simulation.pause("soon" as never, 1) })).toContain(
        'Simulation.pause: from is "soon", and has to be a duration'
      )
    })
  )
})

it.effect("those who wake up at the same moment do so in the order in which they fell asleep", () =>
  Effect.gen(function* () {
    const woken: Array<number> = []
    const numbers = Array.from({ length: 20 }, (_, i) => i)
    const sleepers = Effect.forEach(
      numbers,
      (i) =>
        Effect.delay(
          Effect.sync(() => woken.push(i)),
          "1 second"
        ),
      {
        concurrency: "unbounded"
      }
    )
    yield* Simulation.virtually(sleepers, "1 minute")
    expect(woken).toEqual(numbers)
  })
)

it.effect("only answered calls tell how long they took", () =>
  Effect.gen(function* () {
    const { calls, durations } = yield* Simulation.run({
      clients: 2,
      duration: "1 minute",
      client: ({ call, index }) =>
        Effect.ignore(call(Effect.delay(index === 0 ? Effect.fail("no") : Effect.void, "2 seconds")))
    })
    expect([calls.outcomes, durations]).toEqual([{ Failure: 1, Success: 1 }, [2_000]])
  })
)
