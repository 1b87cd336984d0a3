import { describe, expect, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Layer, Metric, Option, Queue, TestClock, Tracer } from "effect"
import { RateLimit, Resilience, ResilienceEvent, Telemetry } from "effect-resilience"

/** What is in the metrics of this name and target. */
const stateOf = (name: string, target: string): unknown =>
  Metric.unsafeSnapshot().find(
    ({ metricKey }) => metricKey.name === name && metricKey.tags.some(({ value }) => value === target)
  )?.metricState

const told = Layer.merge(
  Resilience.layer({ retry: false }),
  Telemetry.layerMetrics({ prices: { "untrusted/usage": { input: 1, output: 1 } } })
).pipe(Layer.provide(ResilienceEvent.layer()))

describe("what cannot be trusted", () => {
  it.effect("a defect that quotes a body ends the span of its attempt without it", () => {
    const ends: Array<readonly [string, Exit.Exit<unknown, unknown>]> = []
    const span = (name: string, startTime: bigint): Tracer.Span => ({
      _tag: "Span",
      name,
      spanId: name,
      traceId: "trace",
      parent: Option.none(),
      context: Context.empty(),
      status: { _tag: "Started", startTime },
      attributes: new Map(),
      links: [],
      sampled: true,
      kind: "client",
      end: (_, exit) => ends.push([name, exit]),
      attribute: () => {},
      event: () => {},
      addLinks: () => {}
    })
    const tracer = Tracer.make({
      context: (run) => run(),
      span: (name, _parent, _context, _links, startTime) => span(name, startTime)
    })
    const quoted = new Error("my secret prompt", { cause: new Error("sk-secret") })
    return Effect.gen(function* () {
      for (const defect of [quoted, { body: "my secret prompt" }, "sk-secret"]) {
        const call = Resilience.protect(Effect.die(defect), "untrusted/defect")
        const exit = yield* Effect.withSpan(Effect.exit(call), "request")
        expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
      }
      const causes = ends.flatMap(([name, exit]) =>
        name === "llm.attempt" && Exit.isFailure(exit) ? [exit.cause] : []
      )
      expect(causes.map(Cause.isDie)).toEqual([true, true, true])
      expect(causes.map((cause) => Cause.pretty(cause)).join()).not.toContain("secret")
    }).pipe(Effect.provide(told), Effect.withTracer(tracer))
  })

  it.live("a listener whose promise is rejected leaves no rejection that nobody handles", () =>
    Effect.gen(function* () {
      const unhandled: Array<unknown> = []
      const note = (reason: unknown): void => {
        unhandled.push(reason)
      }
      yield* Effect.acquireRelease(
        Effect.sync(() => process.on("unhandledRejection", note)),
        () => Effect.sync(() => process.off("unhandledRejection", note))
      )
      const { listen } = yield* ResilienceEvent.ResilienceEvents
      yield* listen(() => Promise.reject(new Error("the listener")) as never)
      yield* Effect.provide(Resilience.protect(Effect.void, "untrusted/listener"), Resilience.layer())
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      expect(unhandled).toEqual([])
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))
  )

  it.effect("what stands in the place of a model's name and is none is told to nobody", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      yield* Effect.gen(function* () {
        for (const model of ["my secret prompt", "a\nb", "x".repeat(121), 7, "acme/large:2025-01@eu"]) {
          yield* Resilience.protect(Effect.succeed({ model }), "untrusted/model")
        }
      }).pipe(Effect.provide(Resilience.layer()))
      const ends = Array.from(yield* Queue.takeAll(events)).filter(({ _tag }) => _tag === "AttemptSucceeded")
      const names = ends.map((event) => "answeredBy" in event && event.answeredBy)
      expect(names).toEqual([false, false, false, false, "acme/large:2025-01@eu"])
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))
  )

  it.effect("a clock that is set back within a call takes nothing from the sum of the times", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_000_000)
      yield* Resilience.protect(TestClock.setTime(1_000), "untrusted/clock")
      for (const name of ["llm_attempt_duration_seconds", "llm_call_duration_seconds"]) {
        expect(stateOf(name, "untrusted/clock")).toMatchObject({ count: 1, sum: 0 })
      }
    }).pipe(Effect.provide(told))
  )

  it.effect("tokens that are no number of tokens are none: neither in the sums nor at a limit", () =>
    Effect.gen(function* () {
      const usages = [JSON.parse('{"input_tokens":1e999}'), { input_tokens: 1e300 }, { input_tokens: -5 }]
      for (const usage of [...usages, { input_tokens: Number.NaN }, { input_tokens: 7 }]) {
        yield* Effect.succeed({ usage }).pipe(
          RateLimit.protect("untrusted/usage"),
          RateLimit.withEstimate({ inputTokens: 1, outputTokens: 0 }),
          Resilience.protect("untrusted/usage")
        )
      }
      expect(stateOf("llm_tokens_total", "untrusted/usage")).toMatchObject({ count: 7 })
      expect(stateOf("llm_usage_unknown_total", "untrusted/usage")).toMatchObject({ count: 4 })
      const limit = yield* RateLimit.RateLimit
      expect(yield* limit.left("untrusted/usage")).toEqual({ tokens: 100 - 4 - 7 })
    }).pipe(Effect.provide(Layer.merge(told, RateLimit.layerMemory({ tokens: { limit: 100 } }))))
  )
})
