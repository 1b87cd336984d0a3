import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, HashMap, Layer, Logger, LogLevel, TestClock } from "effect"
import { LlmCall, LlmError, Resilience, ResilienceEvent, Telemetry } from "effect-resilience"
import { everyEvent, samples, secret } from "./events.js"

interface Line {
  readonly level: string
  readonly message: string
  readonly annotations: Record<string, unknown>
}

const written =
  (use: (publish: (event: ResilienceEvent.ResilienceEvent) => Effect.Effect<void>) => Effect.Effect<void>) =>
  (options: Telemetry.LoggerOptions = {}, minimum: LogLevel.LogLevel = LogLevel.Info) =>
    Effect.gen(function* () {
      const lines: Array<Line> = []
      const logger = Logger.make(({ annotations, logLevel, message }) => {
        const words = (Array.isArray(message) ? message : [message]).join(" ")
        lines.push({
          level: logLevel.label,
          message: words,
          annotations: Object.fromEntries(HashMap.toEntries(annotations))
        })
      })
      const hub = yield* ResilienceEvent.ResilienceEvents
      const publish = (event: ResilienceEvent.ResilienceEvent) =>
        Effect.zipRight(
          Effect.sync(() => hub.publish(event)),
          Effect.yieldNow()
        )
      const logging = Telemetry.layerLogger(options).pipe(
        Layer.provide(Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(minimum)))
      )
      yield* Effect.provide(use(publish), logging)
      return lines
    }).pipe(Effect.provide(ResilienceEvent.layer()))

const settle = Effect.forEach(Array.from({ length: 10 }), () => Effect.yieldNow(), { discard: true })

describe("Telemetry.layerLogger", () => {
  it.effect("has a line for every event, and none of them holds what the provider or the caller has said", () =>
    Effect.gen(function* () {
      const lines = yield* written((publish) =>
        Effect.zipRight(Effect.forEach(everyEvent, publish, { discard: true }), settle)
      )({}, LogLevel.All)
      expect(new Set(lines.map(({ annotations }) => annotations["llm.event"]))).toEqual(
        new Set(everyEvent.map(({ _tag }) => _tag))
      )
      expect(JSON.stringify(lines)).not.toContain(secret)
      expect(JSON.stringify(lines)).not.toMatch(/undefined|\[object/)
    })
  )

  it.effect("writes at the level that a decision is worth, and nothing of what goes well", () =>
    Effect.gen(function* () {
      const lines = yield* written((publish) =>
        Effect.zipRight(Effect.forEach(everyEvent, publish, { discard: true }), settle)
      )()
      const at = (level: string) =>
        lines.filter((line) => line.level === level).map((line) => line.annotations["llm.event"])
      expect(at("ERROR")).toEqual(["CallFailed", "CircuitChanged", "FallbackLastAnswer"])
      expect(at("WARN")).toEqual([
        "RetryScheduled",
        "RetryWithheld",
        "CallRejected",
        "StreamRestarted",
        "StreamEventSkipped",
        "StreamFormatUnknown",
        "TargetParked",
        "FallbackTaken",
        "FallbackSkipped",
        "CacheStaleServed",
        "StoreFailed",
        "FaultInjected"
      ])
      expect(at("INFO")).toEqual([
        "CallSucceeded",
        "HedgeStarted",
        "HedgeWon",
        "HedgeWithheld",
        "DecisionObserved",
        "StoreRejoined"
      ])
      expect(at("DEBUG")).toEqual([])
    })
  )

  it.effect("a line says who, what, why and when, and its annotations say it to programs", () =>
    Effect.gen(function* () {
      const [line] = yield* written((publish) => Effect.zipRight(publish(samples.RetryScheduled), settle))()
      expect(line).toEqual({
        level: "WARN",
        message: "acme/large: RateLimited; attempt 2 follows in 1s",
        annotations: {
          "llm.event": "RetryScheduled",
          "llm.target": "acme/large",
          "llm.call": 7,
          "llm.attempt": 2,
          "llm.wait_ms": 1_000,
          "llm.error": "RateLimited",
          "llm.model": "large-2",
          "llm.status": 429,
          "llm.request_id": "req_7"
        }
      })
    })
  )

  it.effect("a storm is its first line and a count for each interval, also of the last one", () =>
    Effect.gen(function* () {
      const lines = yield* written((publish) =>
        Effect.gen(function* () {
          const storm = (times: number) =>
            Effect.forEach(Array.from({ length: times }), () => publish(samples.CallFailed), { discard: true })
          yield* storm(500)
          yield* publish({ ...samples.CallFailed, target: "another" })
          yield* settle
          yield* TestClock.adjust("5 seconds")
          yield* storm(3)
          yield* settle
          yield* TestClock.adjust("5 seconds")
          // Nothing more of it: the next one is a first one again.
          yield* TestClock.adjust("20 seconds")
          yield* storm(4)
          yield* settle
        })
      )({ interval: "10 seconds" })
      expect(lines.map(({ annotations, message }) => [message.split(" ")[0], annotations["llm.more"]])).toEqual([
        ["acme/large:", undefined],
        ["another:", undefined],
        ["502", 502],
        ["acme/large:", undefined],
        ["3", 3]
      ])
    })
  )

  it.effect("a call that its first attempt answers is as loud as the application wants", () =>
    Effect.gen(function* () {
      const plain = { ...samples.CallSucceeded, attempts: 1 }
      const use = written((publish) => Effect.zipRight(Effect.zipRight(publish(plain), publish(plain)), settle))
      expect(yield* use()).toEqual([])
      expect((yield* use({ success: LogLevel.Info })).map(({ level }) => level)).toEqual(["INFO", "INFO"])
    })
  )

  it.effect("tells the retries of a protected call, through whatever logger is there", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const json = Logger.map(Logger.jsonLogger, (line) => void lines.push(line))
      let attempts = 0
      const flaky = LlmCall.tryPromise({
        try: () =>
          attempts++ === 0 ? Promise.reject(new LlmError.ServerError({ status: 500 })) : Promise.resolve("42")
      }).pipe(Resilience.protect("acme/logged"), Effect.provideService(Telemetry.CorrelationId, "job-3"))
      const policies = Layer.merge(Resilience.layer(), Telemetry.layerLogger()).pipe(
        Layer.provide(ResilienceEvent.layer()),
        Layer.provide(Logger.replace(Logger.defaultLogger, json))
      )
      const running = Effect.fork(Effect.provide(flaky, policies))
      const fiber = yield* running
      yield* TestClock.adjust("1 minute")
      expect(yield* fiber).toBe("42")
      expect(lines.map((line) => JSON.parse(line).annotations)).toMatchObject([
        { "llm.event": "RetryScheduled", "llm.error": "ServerError", "llm.correlation": "job-3" },
        { "llm.event": "CallSucceeded", "llm.attempts": 2, "llm.correlation": "job-3" }
      ])
    })
  )

  it.effect("O4: a logger that throws changes no call", () =>
    Effect.gen(function* () {
      const bad = Logger.make(() => {
        throw new Error("full")
      })
      const failing = LlmCall.tryPromise({ try: () => Promise.reject(new LlmError.InvalidRequest()) })
      const policies = Layer.merge(Resilience.layer(), Telemetry.layerLogger()).pipe(
        Layer.provide(ResilienceEvent.layer()),
        Layer.provide(Logger.replace(Logger.defaultLogger, bad))
      )
      const exit = yield* failing.pipe(Resilience.protect("acme/logged"), Effect.provide(policies), Effect.exit)
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({ _tag: "InvalidRequest" })
    })
  )

  it.effect("an interval that is no time is refused by name", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(written(() => Effect.void)({ interval: 0 }))
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain("interval")
    })
  )
})
