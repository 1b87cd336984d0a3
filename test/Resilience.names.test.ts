import { describe, expect, it } from "@effect/vitest"
import { Cause, Deferred, Duration, Effect, Exit, Fiber, Layer, Metric, TestClock } from "effect"
import { CircuitBreaker, LlmError, Resilience, RetryBudget, Telemetry } from "effect-resilience"
import { named } from "../src/internal/telemetry/labels.js"

const answer = Effect.succeed("42")
const down = Effect.fail(new LlmError.ServerError({ status: 500 }))

const circuitsOf = Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) => circuitBreaker.snapshot)

/** The labels of a metric's series, and how often each was counted in all. */
const counted = (name: string, label: string) =>
  Effect.map(Metric.snapshot, (pairs) => {
    const counts = new Map<string, number>()
    for (const { metricKey, metricState } of pairs) {
      if (metricKey.name !== name) continue
      const value = metricKey.tags.find(({ key }) => key === label)?.value ?? ""
      counts.set(value, (counts.get(value) ?? 0) + ((metricState as { readonly count?: number }).count ?? 0))
    }
    return counts
  })

/** What an effect dies of. */
const said = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(self), (exit) => (Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "nothing"))

const names = (many: number, prefix: string) => Array.from({ length: many }, (_, i) => `${prefix}/${i}`)

describe("names without end", () => {
  it.effect(
    "B18: of 20 000 names what is open, parked, isolated or in use is kept, and series stay within bounds",
    () =>
      Effect.gen(function* () {
        const { circuitBreaker } = yield* Resilience.Resilience
        const gate = yield* Deferred.make<void>()
        const running = yield* Effect.fork(Resilience.protect(Effect.andThen(Deferred.await(gate), down), "running"))
        yield* TestClock.adjust(0)
        yield* circuitBreaker.isolate("isolated")
        const parked = new LlmError.RateLimited({ retryAfter: Duration.hours(3) })
        yield* Effect.exit(Resilience.protect(Effect.fail(parked), "parked"))
        for (let i = 0; i < 5; i++) yield* Effect.exit(Resilience.protect(down, "open"))
        const before = yield* circuitsOf

        yield* Effect.exit(Resilience.protect(down, "early"))
        yield* Effect.forEach(names(20_000, "once"), (name) => Resilience.protect(answer, name), { discard: true })
        yield* Effect.exit(Resilience.protect(down, "late"))

        expect((yield* circuitBreaker.state("open"))._tag).toBe("Open")
        expect((yield* circuitBreaker.state("isolated"))._tag).toBe("Isolated")
        expect(yield* circuitsOf).toEqual(before)
        expect(before.circuits.map(({ key }) => key)).toEqual(["parked", "open"])
        // The call that is under way since before them all has its say about the same circuit.
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.await(running)
        expect(yield* circuitBreaker.state("running")).toMatchObject({ _tag: "Closed", failures: 1 })
        expect(yield* circuitBreaker.state("early")).toMatchObject({ _tag: "Closed", failures: 0 })
        expect(yield* circuitBreaker.state("late")).toMatchObject({ _tag: "Closed", failures: 1 })

        for (const name of ["llm_attempts_total", "llm_calls_total", "llm_call_duration_seconds"]) {
          const counts = yield* counted(name, "target")
          // The labels are the process's: a name that another file of tests has used has one, and perhaps no series here.
          expect(new Set([...counts.keys(), ...named("targets").keys()]).size).toBe(101)
          expect([...counts.values()].reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(20_000)
          expect(counts.get("other")).toBeGreaterThan(19_800)
        }
        expect((yield* counted("llm_circuit_breaker_state", "model")).size).toBeLessThanOrEqual(101)
      }).pipe(
        Effect.scoped,
        Effect.provide(
          Resilience.layer({ capacity: 100, retry: false, retryBudget: {} }).pipe(
            Layer.provide(Layer.succeed(Telemetry.LabelCapacity, 100))
          )
        )
      )
  )

  it.effect("B18: layers that come and go leave no more series behind than one that stays", () =>
    Effect.gen(function* () {
      const policies = Layer.fresh(Resilience.layer({ retry: false })).pipe(
        Layer.provide(Layer.succeed(Telemetry.LabelCapacity, 50))
      )
      const opened = (name: string) => Effect.replicateEffect(Effect.exit(Resilience.protect(down, name)), 5)
      const before = (yield* Metric.snapshot).length
      for (let layer = 0; layer < 20; layer++) {
        const all = Effect.forEach(names(50, `layer/${layer}`), opened, { discard: true })
        yield* Effect.provide(all, policies)
      }
      const models = yield* counted("llm_circuit_breaker_failures_total", "model")
      expect(models.size).toBeLessThanOrEqual(102)
      expect(models.get("other")).toBeGreaterThanOrEqual(0)
      // Each of 50 names has two counters and a histogram, its circuit a gauge and a counter.
      expect((yield* Metric.snapshot).length - before).toBeLessThanOrEqual(5 * 51)
    })
  )

  it.effect("B18: a name that the options give has its own series, however many names come before its first call", () =>
    Effect.gen(function* () {
      yield* Effect.forEach(names(20, "early"), (name) => Resilience.protect(answer, name), { discard: true })
      yield* Resilience.protect(answer, "given")
      expect((yield* counted("llm_calls_total", "target")).get("given")).toBe(1)
    }).pipe(
      Effect.provide(
        Resilience.layer({ targets: { given: { retry: false } } }).pipe(
          Layer.provide(Layer.succeed(Telemetry.LabelCapacity, 2_000))
        )
      )
    )
  )

  it.effect("B18: tags of errors without end are no outcomes", () =>
    Effect.gen(function* () {
      const fails = (i: number) => Effect.exit(Resilience.protect(Effect.fail({ _tag: `Tag${i}` }), "tags"))
      for (let i = 0; i < 1_000; i++) yield* fails(i)
      const outcomes = yield* counted("llm_calls_total", "outcome")
      expect(outcomes.get("Unclassified")).toBeGreaterThanOrEqual(1_000)
      expect([...outcomes.keys()].filter((outcome) => outcome.startsWith("Tag"))).toEqual([])
    }).pipe(Effect.provide(Resilience.layer({ retry: false })))
  )

  it.effect("B18: a call inside its own target is known as such, even if the target was forgotten meanwhile", () =>
    Effect.gen(function* () {
      const { circuitBreaker } = yield* Resilience.Resilience
      const inner = Effect.andThen(
        Effect.forEach(names(50, "meanwhile"), (name) => Resilience.protect(answer, name), { discard: true }),
        Resilience.protect(down, "outer")
      )
      yield* Effect.exit(Resilience.protect(inner, "outer"))
      expect(yield* circuitBreaker.state("outer")).toMatchObject({ calls: 1, failures: 1 })
    }).pipe(Effect.provide(Resilience.layer({ capacity: 4, retry: false })))
  )

  it.effect("B18: a target that nobody asks is forgotten after its time", () =>
    Effect.gen(function* () {
      const { circuitBreaker } = yield* Resilience.Resilience
      yield* Effect.exit(Resilience.protect(down, "idle"))
      yield* TestClock.adjust("10 minutes")
      yield* Resilience.protect(answer, "new")
      expect(yield* circuitBreaker.state("idle")).toMatchObject({ calls: 0 })
    }).pipe(Effect.provide(Resilience.layer({ idleTimeToLive: "10 minutes", retry: false })))
  )

  it.effect("B18: options that bound nothing are refused by name", () =>
    Effect.gen(function* () {
      const refused = (options: Resilience.Options) => said(Effect.scoped(Resilience.make(options)))
      expect(yield* refused({ capacity: -1 })).toContain("Resilience: capacity is -1")
      expect(yield* refused({ idleTimeToLive: Number.NaN })).toContain("Resilience: idleTimeToLive is NaN")
      const store = Layer.build(CircuitBreaker.layerStoreMemory({ capacity: 0.5 }))
      expect(yield* said(Effect.scoped(store))).toContain("CircuitBreaker: capacity is 0.5")
      expect(() => RetryBudget.make({ capacity: 0 })).toThrow("RetryBudget: capacity is 0")
      const labels = Effect.provideService(Effect.scoped(Resilience.make()), Telemetry.LabelCapacity, Number.NaN)
      expect(yield* said(labels)).toContain("Telemetry: LabelCapacity is NaN")
    })
  )

  it.effect("a target without a name is refused", () =>
    Effect.gen(function* () {
      expect(yield* said(Resilience.protect(answer, undefined as never))).toContain(
        "Resilience: the target is undefined, and has to be a name"
      )
    }).pipe(Effect.provide(Resilience.layer()))
  )
})

describe("RetryBudget", () => {
  it.effect("B18: an empty bucket is not forgotten, so that no name gets retries out of it", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.make({ capacity: 10, minimumPerSecond: 1, share: 0 })
      expect(yield* budget.take("dry")).toBe(true)
      yield* Effect.forEach(names(1_000, "once"), budget.deposit, { discard: true })
      expect(yield* budget.take("dry")).toBe(false)
    })
  )

  it.effect("B18: what was saved up is kept for a key in use, and forgotten for one that is not", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.make({ capacity: 10, minimumPerSecond: 1, share: 1 })
      const call = (key: string) => Effect.replicateEffect(budget.deposit(key), 20)
      yield* call("used")
      yield* call("idle")
      yield* Effect.forEach(names(100, "once"), (key) => Effect.andThen(budget.deposit(key), budget.deposit("used")), {
        discard: true
      })
      expect(yield* budget.available("used")).toBe(100)
      expect(yield* budget.available("idle")).toBe(1)
    })
  )
})
