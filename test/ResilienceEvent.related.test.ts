import { describe, expect, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Layer, Queue, Schema, Stream, TestClock } from "effect"
import {
  Fallback,
  Hedge,
  LlmCall,
  LlmError,
  Resilience,
  ResilienceEvent,
  ResponseCache,
  Telemetry
} from "effect-resilience"
import { rateLimited } from "./events.js"

type Event = ResilienceEvent.ResilienceEvent

const seen = <A, E>(
  use: Effect.Effect<A, E, Resilience.Resilience | ResponseCache.ResponseCache>,
  options?: Resilience.Options
) =>
  Effect.gen(function* () {
    const queue = yield* ResilienceEvent.subscribe
    yield* Effect.exit(use)
    return Chunk.toReadonlyArray(yield* Queue.takeAll(queue))
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.merge(Resilience.layer(options), ResponseCache.layerMemory())),
    Effect.provide(ResilienceEvent.layer())
  )

const of = <Tag extends Event["_tag"]>(events: ReadonlyArray<Event>, tag: Tag) =>
  events.filter((event): event is Extract<Event, { readonly _tag: Tag }> => event._tag === tag)

const failing = (target: string, error: unknown = new LlmError.ServerError({ message: "500" })) =>
  LlmCall.tryPromise({ target, try: () => Promise.reject(error) }).pipe(Resilience.protect(target, { retry: false }))

const answering = (target: string) =>
  LlmCall.tryPromise({ target, try: async () => "42" }).pipe(Resilience.protect(target))

const only = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(values)]

describe("whose doing an event is", () => {
  it.effect("a circuit that opens, and a target that is parked, name the call that brought it about", () =>
    Effect.gen(function* () {
      const events = yield* seen(
        Effect.zip(Effect.exit(failing("acme/opens")), Effect.exit(failing("acme/parks", rateLimited))),
        { circuitBreaker: { tripPolicy: { _tag: "Consecutive", failures: 1 } } }
      )
      const [opening, parking] = of(events, "CallFailed").map(({ call }) => call)
      expect(of(events, "CircuitChanged").map(({ call, target }) => [target, call])).toEqual([["acme/opens", opening]])
      expect(of(events, "TargetParked").map(({ call, target }) => [target, call])).toEqual([["acme/parks", parking]])
    })
  )

  it.effect("a call in a queue is named when it joins and when it leaves, by effects and by streams", () =>
    Effect.gen(function* () {
      const slow = (text: string) => Effect.as(Effect.sleep("1 second"), text).pipe(Resilience.protect("acme/queue"))
      const stream = Stream.make("b").pipe(Resilience.protectStream("acme/queue"))
      const all = Effect.all([slow("a"), slow("b"), Stream.runDrain(stream)], { concurrency: "unbounded" })
      const running = yield* Effect.fork(seen(all, { bulkhead: { maxConcurrent: 1, maxQueued: 5 } }))
      yield* TestClock.adjust("10 seconds")
      const events = yield* running
      const calls = of(events, "CallSucceeded").map(({ call }) => call)
      expect(of(events, "CallQueued").map(({ call }) => call)).toEqual(calls.slice(1))
      expect(of(events, "CallDequeued").map(({ call }) => call)).toEqual(calls.slice(1))
    })
  )

  it.effect("all that is asked for one answer has one operation: a walk, a hedge, a cached call, and their calls", () =>
    Effect.gen(function* () {
      const walk = Fallback.firstOf([
        { name: "acme/a", run: failing("acme/a") },
        { name: "acme/b", run: answering("acme/b") }
      ])
      const cached = ResponseCache.through(walk, { key: "k", schema: Schema.String, fresh: "1 minute" })
      const hedged = Hedge.again(failing("acme/h"), "acme/h", { after: "1 second" })
      const events = yield* seen(
        Effect.all([cached, cached, Effect.exit(hedged), Effect.exit(answering("acme/alone"))])
      )
      const operations = (from: string) =>
        only(events.filter(({ target }) => from.split(" ").includes(target)).map(({ operation }) => operation))
      const [first, second] = only(of(events, "CacheMissed").concat(of(events, "CacheHit") as never)).map(
        ({ operation }) => operation
      )
      expect(operations("acme/a acme/b")).toEqual([first])
      expect(second).not.toBe(first)
      expect(operations("acme/h")).toHaveLength(1)
      expect(operations("acme/h")).not.toContain(undefined)
      expect(of(events, "HedgeStarted")).toHaveLength(1)
      expect(operations("acme/alone")).toEqual([undefined])
    })
  )

  it.effect("a stream that falls back, and a last answer, are one operation too", () =>
    Effect.gen(function* () {
      const broken = Stream.fail(new LlmError.ServerError({ message: "500" })).pipe(
        Resilience.protectStream("acme/s1", { retry: false })
      )
      const walk = Fallback.firstStreamOf([
        { name: "acme/s1", run: broken },
        { name: "acme/s2", run: Stream.make("a").pipe(Resilience.protectStream("acme/s2")) }
      ])
      const last = failing("acme/s3").pipe(Fallback.orLastAnswer(() => Effect.succeed("sorry")))
      const events = yield* seen(Effect.zip(Stream.runDrain(walk), last))
      const [walked] = of(events, "FallbackTaken")
      const streamed = events.filter(({ target }) => target === "acme/s1" || target === "acme/s2")
      expect(only(streamed.map(({ operation }) => operation))).toEqual([walked?.operation])
      const [given] = of(events, "FallbackLastAnswer")
      const [asked] = of(events, "CallFailed").filter(({ target }) => target === "acme/s3")
      expect(given?.operation).toBe(asked?.operation)
      expect(given?.operation).not.toBe(walked?.operation)
    })
  )

  it.effect("what stands around the calls finds the hub of the policies, where only they were made under it", () =>
    Effect.gen(function* () {
      const told: Array<Event["_tag"]> = []
      const watch = Stream.runForEach(ResilienceEvent.stream, (event) => Effect.sync(() => told.push(event._tag)))
      const Policies = Layer.merge(Resilience.layer(), Layer.scopedDiscard(Effect.forkScoped(watch))).pipe(
        Layer.provide(ResilienceEvent.layer())
      )
      const walk = Fallback.firstOf([
        { name: "acme/w1", run: failing("acme/w1") },
        { name: "acme/w2", run: Hedge.again(failing("acme/w2"), "acme/w2", { after: "1 second" }) }
      ])
      yield* Effect.yieldNow().pipe(
        Effect.andThen(Effect.exit(walk)),
        Effect.andThen(Effect.yieldNow()),
        Effect.provide(Policies)
      )
      expect(told).toContain("FallbackTaken")
      expect(told).toContain("HedgeStarted")
    })
  )
})

describe("what an attempt tells of its answer", () => {
  const usage = { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 4 } }

  it.effect("a whole answer: the model that answered, and its tokens, in the event and in the trail", () =>
    Effect.gen(function* () {
      const answer = LlmCall.tryPromise({ try: async () => ({ model: "large-2025-01", usage }) }).pipe(
        Resilience.protect("acme/whole")
      )
      let trail: Telemetry.Trail = []
      const events = yield* seen(
        Effect.map(Telemetry.withTrail(answer), (result) => {
          trail = result.trail
        }),
        { targets: { "acme/whole": { model: "large" } } }
      )
      const tokens = { inputTokens: 10, outputTokens: 5, cachedInputTokens: 4 }
      expect(of(events, "AttemptSucceeded")).toMatchObject([
        { model: "large", answeredBy: "large-2025-01", usage: tokens }
      ])
      expect(trail).toMatchObject([{ outcome: "Success", usage: tokens }])
    })
  )

  it.effect("a stream: when its first content came, and what it has used before it broke", () =>
    Effect.gen(function* () {
      const chunk = (delta: object, more: object = {}) => ({
        object: "chat.completion.chunk",
        model: "large-2025-01",
        choices: [{ index: 0, delta }],
        ...more
      })
      const broken = Stream.make(chunk({ role: "assistant" })).pipe(
        Stream.concat(
          Stream.fromEffect(Effect.delay(Effect.succeed(chunk({ content: "Hel" }, { usage })), "3 seconds"))
        ),
        Stream.concat(Stream.fromEffect(Effect.delay(Effect.fail("reset"), "1 second"))),
        Resilience.protectStream("acme/stream", { retry: false })
      )
      const running = yield* Effect.fork(seen(Effect.exit(Stream.runDrain(broken))))
      yield* TestClock.adjust("10 seconds")
      expect(of(yield* running, "AttemptFailed")).toMatchObject([
        {
          firstContent: Duration.seconds(3),
          duration: Duration.seconds(4),
          usage: { inputTokens: 10, outputTokens: 5 },
          answeredBy: "large-2025-01"
        }
      ])
    })
  )

  it.effect("what is no name of a model, and an answer that throws when it is looked at, tell nothing", () =>
    Effect.gen(function* () {
      const hostile = Object.defineProperty({}, "model", {
        get: () => {
          throw new Error("not yours")
        }
      })
      const ask = (answer: object) =>
        LlmCall.tryPromise({ try: async () => answer }).pipe(Resilience.protect("acme/strange"))
      const events = yield* seen(Effect.zip(ask({ model: "the prompt said: hello" }), ask(hostile)))
      const told = of(events, "AttemptSucceeded")
      expect(told).toHaveLength(2)
      for (const event of told) expect(Object.keys(event)).not.toContain("answeredBy")
    })
  )
})
