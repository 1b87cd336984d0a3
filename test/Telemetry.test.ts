import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Metric, Option, Stream, TestClock } from "effect"
import { CircuitBreaker, LlmError, Resilience, Telemetry } from "effect-resilience"

const answer = Effect.succeed("42")
const down = Effect.fail(new LlmError.ServerError({ status: 500 }))

const toEnd = <A, E, R>(self: Effect.Effect<A, E, R>, time: Duration.DurationInput = "10 minutes") =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(self)
    yield* TestClock.adjust(time)
    return yield* Fiber.join(fiber)
  })

const brief = (trail: Telemetry.Trail) =>
  trail.map(({ attempt, outcome, target }) => `${target} #${attempt} ${outcome}`)

describe("withTrail", () => {
  const policies = Resilience.layer({ retry: { jitter: "none", maxAttempts: 2 } })
  const primary = Resilience.protect(down, "primary")
  const backup = Resilience.protect(answer, "backup")

  it.effect("O1: lists every attempt with target, tag, wait and duration, on success and failure alike", () =>
    Effect.gen(function* () {
      const slow = Resilience.protect(Effect.delay(down, "2 seconds"), "primary")
      const { exit, trail } = yield* toEnd(Telemetry.withTrail(Effect.orElse(slow, () => backup)))
      expect(exit).toEqual(Exit.succeed("42"))
      expect(
        trail.map(({ attempt, duration, outcome, target, wait }) => [
          target,
          attempt,
          outcome,
          Duration.toMillis(duration),
          wait && Duration.toMillis(wait)
        ])
      ).toEqual([
        ["primary", 1, "ServerError", 2_000, 1_000],
        ["primary", 2, "ServerError", 2_000, undefined],
        ["backup", 1, "Success", 0, undefined]
      ])
      const failed = yield* toEnd(Telemetry.withTrail(primary))
      expect(Exit.isFailure(failed.exit)).toBe(true)
      expect(brief(failed.trail)).toEqual(["primary #1 ServerError", "primary #2 ServerError"])
    }).pipe(Effect.provide(policies))
  )

  it.effect("O1: an outer trail has every protected call in it, also those that have a trail of their own", () =>
    Effect.gen(function* () {
      const inner = Effect.all([backup, Effect.exit(primary)])
      const outer = Effect.gen(function* () {
        yield* backup
        const { trail } = yield* Telemetry.withTrail(
          Effect.flatten(Effect.map(Telemetry.withTrail(inner), (_) => _.exit))
        )
        yield* backup
        return trail
      })
      const { exit, trail } = yield* toEnd(Telemetry.withTrail(outer))
      const middle = ["backup #1 Success", "primary #1 ServerError", "primary #2 ServerError"]
      expect(brief(trail)).toEqual(["backup #1 Success", ...middle, "backup #1 Success"])
      const inside = Exit.isSuccess(exit) ? exit.value : []
      expect(brief(inside)).toEqual(middle)
      expect(trail.map((entry) => entry.wait)).toEqual([undefined, ...inside.map((entry) => entry.wait), undefined])
      expect(trail[2]?.wait).toEqual(Duration.seconds(1))
    }).pipe(Effect.provide(policies))
  )

  it.effect("O1: what ran in an inner trail that was interrupted is in the outer one", () =>
    Effect.gen(function* () {
      const inner = Telemetry.withTrail(Effect.andThen(backup, Resilience.protect(Effect.never, "primary")))
      const { trail } = yield* toEnd(Telemetry.withTrail(Effect.timeoutOption(inner, "1 second")))
      expect(brief(trail)).toEqual(["backup #1 Success", "primary #1 Interrupted"])
    }).pipe(Effect.provide(policies))
  )

  it.effect("O1: two calls at once have a trail each", () =>
    Effect.gen(function* () {
      const both = Effect.all([Telemetry.withTrail(primary), Telemetry.withTrail(backup)], { concurrency: 2 })
      const [first, second] = yield* toEnd(both)
      expect(brief(first.trail)).toEqual(["primary #1 ServerError", "primary #2 ServerError"])
      expect(brief(second.trail)).toEqual(["backup #1 Success"])
    }).pipe(Effect.provide(policies))
  )
})

/** The series of a metric, as an exporter sees them. */
const series = (name: string) =>
  Effect.map(Metric.snapshot, (pairs) =>
    pairs
      .filter(({ metricKey }) => metricKey.name === name)
      .map(({ metricKey, metricState }) => ({
        labels: Object.fromEntries(metricKey.tags.map(({ key, value }) => [key, value])),
        state: metricState as { readonly value?: number; readonly count?: number; readonly sum?: number }
      }))
  )

const valueOf = (name: string, labels: Readonly<Record<string, string>>) =>
  Effect.map(series(name), (all) =>
    Option.map(
      Option.fromNullable(
        all.find((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
      ),
      ({ state }) => state.value ?? state.count
    )
  )

describe("metrics", () => {
  const circuit = (key: string) =>
    Effect.all([
      Effect.map(valueOf("llm_circuit_breaker_state", { model: key }), Option.getOrUndefined),
      Effect.map(valueOf("llm_circuit_breaker_failures_total", { model: key }), Option.getOrUndefined)
    ])
  const options = {
    tripPolicy: CircuitBreaker.consecutive(2),
    openDuration: "10 seconds",
    halfOpen: { successes: 1 }
  } as const

  it.effect("O2: a circuit's gauge is 0 closed, 1 open, 2 half-open, and its openings are counted", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.CircuitBreaker
      const key = "metrics/one"
      const call = <A, E>(self: Effect.Effect<A, E>) => Effect.exit(self.pipe(breaker.execute({ key })))
      expect(yield* circuit(key)).toEqual([undefined, undefined])
      yield* call(answer)
      expect(yield* circuit(key)).toEqual([0, 0])
      yield* call(down)
      expect(yield* circuit(key)).toEqual([0, 0])
      yield* call(down)
      expect(yield* circuit(key)).toEqual([1, 1])
      yield* TestClock.adjust("10 seconds")
      const probe = yield* Effect.fork(call(Effect.delay(down, "1 second")))
      yield* TestClock.adjust(0)
      expect(yield* circuit(key)).toEqual([2, 1])
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(probe)
      expect(yield* circuit(key)).toEqual([1, 2])
      yield* TestClock.adjust("10 seconds")
      yield* call(answer)
      expect(yield* circuit(key)).toEqual([0, 2])
    }).pipe(Effect.provide(CircuitBreaker.layerMemory(options)))
  )

  it.effect("O2: a circuit held open by hand is open, and that is no failure; another one is not touched", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.CircuitBreaker
      yield* Effect.exit(answer.pipe(breaker.execute({ key: "metrics/other" })))
      yield* Effect.scoped(
        Effect.andThen(
          breaker.isolate("metrics/held"),
          Effect.map(circuit("metrics/held"), (seen) => expect(seen).toEqual([1, 0]))
        )
      )
      expect(yield* circuit("metrics/held")).toEqual([0, 0])
      expect(yield* circuit("metrics/other")).toEqual([0, 0])
    }).pipe(Effect.provide(CircuitBreaker.layerMemory(options)))
  )

  it.effect("O2: past the first hundred circuits, one is shown when it changes and not before", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.CircuitBreaker
      const key = (i: number): string => `metrics/many/${i}`
      const last = breaker.execute({ key: key(100) })
      for (let i = 0; i < 100; i++) yield* breaker.execute(answer, { key: key(i) })
      yield* last(answer)
      expect([yield* circuit(key(99)), yield* circuit(key(100))]).toEqual([
        [0, 0],
        [undefined, undefined]
      ])
      yield* Effect.exit(last(down))
      yield* Effect.exit(last(down))
      expect(yield* circuit(key(100))).toEqual([1, 1])
      yield* Effect.scoped(breaker.isolate(key(101)))
      expect(yield* circuit(key(101))).toEqual([0, 0])
    }).pipe(Effect.provide(CircuitBreaker.layerMemory(options)))
  )

  it.effect("O2: policies that nobody has used have no circuit to show", () =>
    Effect.gen(function* () {
      yield* Resilience.Resilience
      const names = (yield* series("llm_circuit_breaker_state")).map(({ labels }) => labels.model)
      expect(names).not.toContain("")
      expect(names).not.toContain("metrics/unused")
    }).pipe(Effect.provide(Resilience.layer({ targets: { "metrics/unused": { retry: false } } })))
  )

  it.effect(
    "O2: an outcome is what a failure was read as, whatever error it came in, in metrics and in the trail",
    () =>
      Effect.gen(function* () {
        const target = "metrics/read"
        const failed = (status: number) => ({ _tag: "HttpResponseError", response: { status, headers: {} }, body: "" })
        const call = (status: number) => Effect.exit(Resilience.protect(Effect.fail(failed(status)), target))
        const { trail } = yield* toEnd(Telemetry.withTrail(Effect.andThen(call(429), call(500))))
        expect(trail.map(({ outcome }) => outcome)).toEqual(["RateLimited", "ServerError"])
        expect(trail.map(({ error }) => error)).toMatchObject([failed(429), failed(500)])
        for (const name of ["llm_attempts_total", "llm_calls_total"]) {
          const own = (yield* series(name)).filter(({ labels }) => labels.target === target)
          expect(Object.fromEntries(own.map(({ labels, state }) => [labels.outcome, state.count]))).toEqual({
            RateLimited: 1,
            ServerError: 1
          })
        }
      }).pipe(Effect.provide(Resilience.layer({ retry: false, circuitBreaker: false })))
  )

  it.effect("O2: what counts is told by target; only the two metrics of the guides say model", () =>
    Effect.gen(function* () {
      yield* Resilience.protect(answer, "metrics/labels")
      const labels = new Map<string, ReadonlySet<string>>()
      for (const { metricKey } of yield* Metric.snapshot) {
        if (!metricKey.name.startsWith("llm_")) continue
        labels.set(
          metricKey.name,
          new Set([...(labels.get(metricKey.name) ?? []), ...[...metricKey.tags].map((t) => t.key)])
        )
      }
      // A log is of all targets.
      labels.delete("llm_operation_log_rows_total")
      for (const [name, keys] of labels) {
        const guides = name === "llm_circuit_breaker_state" || name === "llm_circuit_breaker_failures_total"
        expect([name, keys.has("model"), keys.has("target")]).toEqual([name, guides, !guides])
      }
      expect(labels.size).toBeGreaterThanOrEqual(5)
    }).pipe(Effect.provide(Resilience.layer()))
  )

  it.effect("O2: attempts are timed by outcome; retries are counted by failure, and their waits timed", () =>
    Effect.gen(function* () {
      const target = "metrics/retries"
      const own = (name: string) =>
        Effect.map(series(name), (all) =>
          all
            .filter(({ labels }) => labels.target === target)
            .map(({ labels, state }) => [labels.outcome, state.count, state.sum])
        )
      yield* toEnd(Effect.exit(Resilience.protect(Effect.delay(down, "3 seconds"), target)))
      yield* Resilience.protect(answer, target)
      expect(yield* own("llm_attempt_duration_seconds")).toEqual(
        expect.arrayContaining([
          ["ServerError", 3, 9],
          ["success", 1, 0]
        ])
      )
      expect(yield* own("llm_retries_total")).toEqual([["ServerError", 2, undefined]])
      // One second and two.
      expect(yield* own("llm_retry_wait_seconds")).toEqual([[undefined, 2, 3]])
    }).pipe(
      Effect.provide(
        Resilience.layer({ retry: { jitter: "none", maxAttempts: 3, initialDelay: "1 second", factor: 2 } })
      )
    )
  )

  it.effect("O2: attempts and calls are counted by target and outcome, and calls are timed", () =>
    Effect.gen(function* () {
      const target = "metrics/calls"
      const protect = <A, E>(self: Effect.Effect<A, E>) => Effect.exit(Resilience.protect(self, target))
      yield* toEnd(protect(Effect.delay(down, "1 second")))
      yield* protect(answer)
      yield* protect(Effect.die("a bug"))
      yield* protect(Effect.fail("no tag"))
      yield* Effect.flatMap(Effect.fork(protect(Effect.never)), (fiber) =>
        Effect.andThen(TestClock.adjust("1 second"), Fiber.interrupt(fiber))
      )
      const byOutcome = (name: string) =>
        Effect.map(series(name), (all) =>
          Object.fromEntries(
            all
              .filter(({ labels }) => labels.target === target)
              .map(({ labels, state }) => [labels.outcome, state.count])
          )
        )
      expect(yield* byOutcome("llm_attempts_total")).toEqual({
        success: 1,
        ServerError: 2,
        defect: 1,
        Unclassified: 1,
        interrupted: 1
      })
      expect(yield* byOutcome("llm_calls_total")).toEqual({
        success: 1,
        ServerError: 1,
        defect: 1,
        Unclassified: 1,
        interrupted: 1
      })
      const [timed] = (yield* series("llm_call_duration_seconds")).filter(({ labels }) => labels.target === target)
      // Two attempts and the second between them, and one second until the interruption.
      expect(timed?.state).toMatchObject({ count: 5, sum: 4 })
    }).pipe(Effect.provide(Resilience.layer({ retry: { jitter: "none", maxAttempts: 2 } })))
  )

  it.effect("O2: the series of a circuit have the labels that are around where the breaker is made, not a call's", () =>
    Effect.gen(function* () {
      const key = "metrics/circuit/tagged"
      const once = { tripPolicy: CircuitBreaker.consecutive(1) }
      const use = Effect.flatMap(CircuitBreaker.CircuitBreaker, (breaker) =>
        Effect.fail(new LlmError.ServerError({})).pipe(
          breaker.execute({ key }),
          Effect.exit,
          Effect.tagMetrics("tenant", "t1")
        )
      )
      yield* use.pipe(Effect.provide(CircuitBreaker.layerMemory(once)), Effect.tagMetrics("region", "eu"))
      for (const name of ["llm_circuit_breaker_state", "llm_circuit_breaker_failures_total"]) {
        const own = (yield* series(name)).filter(({ labels }) => labels.model === key)
        expect(own.map(({ labels, state }) => [labels, state.value ?? state.count])).toEqual([
          [{ model: key, region: "eu" }, 1]
        ])
      }
    })
  )

  it.effect("O2: the labels of `Effect.tagMetrics` reach the series of attempts and calls, effects' and streams'", () =>
    Effect.gen(function* () {
      const target = "metrics/tagged"
      const calls = Effect.all([
        Resilience.protect(answer, target),
        Resilience.protect(Effect.delay(answer, 0), target),
        Stream.runDrain(Resilience.protectStream(Stream.make({ text: "42" }), target))
      ])
      yield* toEnd(Effect.tagMetrics(calls, "tenant", "t1"))
      yield* Resilience.protect(answer, target)
      for (const name of ["llm_attempts_total", "llm_calls_total", "llm_call_duration_seconds"]) {
        const own = (yield* series(name)).filter(({ labels }) => labels.target === target)
        const counts = own.map(({ labels, state }): [unknown, unknown] => [labels.tenant, state.count])
        expect(new Map(counts)).toEqual(
          new Map<unknown, unknown>([
            ["t1", 3],
            [undefined, 1]
          ])
        )
      }
    }).pipe(Effect.provide(Resilience.layer()))
  )
})
