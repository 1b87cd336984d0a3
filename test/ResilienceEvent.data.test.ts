import { describe, expect, it } from "@effect/vitest"
import { Effect, Queue, Schema, Stream } from "effect"
import { LlmCall, LlmError, Resilience, ResilienceEvent, Telemetry } from "effect-resilience"
import { everyEvent, rateLimited, samples, secret } from "./events.js"

const seen = <A, E>(use: Effect.Effect<A, E, Resilience.Resilience>) =>
  Effect.gen(function* () {
    const queue = yield* ResilienceEvent.subscribe
    yield* Effect.exit(use)
    return Array.from(yield* Queue.takeAll(queue))
  }).pipe(Effect.scoped, Effect.provide(Resilience.layer()), Effect.provide(ResilienceEvent.layer()))

describe("events as data", () => {
  it("every event is plain JSON, without what the provider or the caller has said, and comes back as itself", () => {
    for (const event of everyEvent) {
      const json = JSON.stringify(ResilienceEvent.encode(event))
      expect(json).not.toContain(secret)
      const { error, ...rest } = { error: undefined, ...event }
      const back = Schema.decodeUnknownSync(ResilienceEvent.schema)(JSON.parse(json))
      expect(back).toMatchObject(rest)
      if (error === undefined) continue
      expect(back).toMatchObject({ error: { _tag: LlmError.from(error)._tag } })
    }
  })

  it("an error is its encoded fields, as the policies have read it", () => {
    expect(ResilienceEvent.encode(samples.RetryScheduled)).toEqual({
      _tag: "RetryScheduled",
      at: 1_000,
      target: "acme/large",
      call: 7,
      attempt: 2,
      wait: 1_000,
      error: {
        _tag: "RateLimited",
        message: "The provider asks for fewer requests",
        target: "acme/large",
        model: "large-2",
        status: 429,
        requestId: "req_7",
        retryAfter: 3_000
      }
    })
    expect(ResilienceEvent.encode(samples.AttemptFailed)).toMatchObject({ error: { _tag: "Overloaded", status: 503 } })
    expect(ResilienceEvent.encode(samples.CallRejected)).toMatchObject({ error: { retryAfter: "Infinity" } })
  })
})

describe("the correlation id", () => {
  const failing = LlmCall.tryPromise({ try: () => Promise.reject(rateLimited) }).pipe(
    Resilience.protect("acme/correlated", { retry: false })
  )

  it.effect("is in every event of the calls under it, and in no other", () =>
    Effect.gen(function* () {
      const events = yield* seen(
        Effect.zip(
          Effect.exit(Effect.provideService(failing, Telemetry.CorrelationId, "job-1")),
          Effect.exit(failing),
          { concurrent: true }
        )
      )
      const ids = events.flatMap((event) => ("call" in event ? [[event.call, event.correlation] as const] : []))
      const [first, second] = [...new Set(ids.map(([call]) => call))]
      // Sent, failed, parked, failed as a whole; the other one finds the target parked already.
      expect(ids.filter(([call]) => call === first).map(([, id]) => id)).toEqual(Array(4).fill("job-1"))
      expect(new Set(ids.filter(([call]) => call === second).map(([, id]) => id))).toEqual(new Set([undefined]))
      expect(events.filter(({ _tag }) => _tag === "TargetParked").map(({ correlation }) => correlation)).toContain(
        "job-1"
      )
    })
  )

  it.effect("is in the events of a stream, whoever pulls it", () =>
    Effect.gen(function* () {
      const stream = Stream.make("a", "b").pipe(Resilience.protectStream("acme/correlated-stream"))
      const events = yield* seen(Stream.runDrain(Stream.provideService(stream, Telemetry.CorrelationId, "job-2")))
      expect(events.length).toBeGreaterThanOrEqual(3)
      for (const event of events) expect(event.correlation).toBe("job-2")
    })
  )
})
