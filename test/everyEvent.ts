/** Every event there is, brought about for real: the scripted run, and what that has no part for. */
import { Duration, Effect, Layer, Schema, Stream } from "effect"
import {
  CircuitBreaker,
  ClientRetries,
  Fallback,
  Hedge,
  LlmError,
  Resilience,
  ResponseCache,
  RetryBudget,
  SharedState,
  StreamDialect
} from "effect-resilience"
import * as Chaos from "effect-resilience/testing/Chaos"
import { inVirtualTime, layer, scriptedRun } from "./scriptedRun.js"

const serverError = new LlmError.ServerError({ message: "500" })
const failing = Effect.fail(serverError)
const text = { schema: Schema.String, fresh: "1 second" } as const

const unready = Layer.succeed(ResponseCache.ResponseCacheStore, {
  get: () => Effect.fail("down"),
  set: () => Effect.fail("down"),
  remove: () => Effect.fail("down")
})

/** What has a cache that works, and policies. Each target is asked once. */
const parts = (
  run: string
): ReadonlyArray<Effect.Effect<unknown, unknown, Resilience.Resilience | ResponseCache.ResponseCache>> => {
  const at = (name: string) => `${run}/${name}`
  const broken = Stream.concat(Stream.make("a"), Stream.fail(serverError))
  return [
    // RetryWithheld
    failing.pipe(Resilience.protect(at("withheld"), { deadline: "500 millis" })),
    // StreamRestarted, StreamEventSkipped, StreamFormatUnknown
    Stream.runDrain(broken.pipe(Resilience.protectStream(at("restarted"), { delivery: "restartable" }))),
    Stream.runDrain(
      Stream.make<Array<unknown>>(17, { choices: [{ delta: { content: "a" }, finish_reason: "stop" }] }).pipe(
        Resilience.protectStream(at("skipped"), { dialect: StreamDialect.openAiChat, malformed: "skip" })
      )
    ),
    Stream.runDrain(Stream.make({ strange: true }).pipe(Resilience.protectStream(at("unknown")))),
    // FallbackSkipped, FallbackLastAnswer
    Fallback.firstOf(
      [
        { name: at("blind"), run: failing, capabilities: [] },
        { name: at("seeing"), run: failing }
      ],
      { needs: ["vision"] }
    ).pipe(Fallback.orLastAnswer(() => Effect.succeed("sorry"))),
    // HedgeWithheld
    RetryBudget.make({ share: 0, minimumPerSecond: 0 }).pipe(
      Effect.flatMap((budget) =>
        Hedge.again(Effect.delay(Effect.void, "2 seconds"), at("late"), { after: "1 second", budget })
      )
    ),
    // DecisionObserved
    failing.pipe(Resilience.protect(at("observed"))),
    // CacheStaleServed, CacheCoalesced, CacheNotStored
    ResponseCache.through(Effect.succeed("a"), { key: at("stale"), ...text, staleIfError: "1 day" }),
    Effect.delay(ResponseCache.through(failing, { key: at("stale"), ...text, staleIfError: "1 day" }), "2 seconds"),
    Effect.all(
      [1, 2].map(() =>
        ResponseCache.through(Effect.delay(Effect.succeed("a"), "1 second"), { key: at("two"), ...text })
      ),
      { concurrency: 2 }
    ),
    ResponseCache.through(Effect.succeed("a"), { key: at("unwanted"), ...text, storeIf: () => false }),
    // StoreFailed
    ResponseCache.through(Effect.succeed("a"), { key: at("down"), ...text }).pipe(
      Effect.provide(Layer.provide(ResponseCache.layer(), unready))
    ),
    // StoreRejoined
    lostAndFound(at("shared")),
    // FaultInjected
    Effect.void.pipe(
      Chaos.inject(at("disturbed")),
      Effect.provide(Chaos.layer({ rules: [{ fault: Chaos.fail(serverError) }], on: true }))
    ),
    // ClientRetries
    ClientRetries.warn({ maxRetries: 2 }, at("client"))
  ]
}

/** Where state is shared fails once, and is there again. */
const lostAndFound = (name: string) =>
  Effect.gen(function* () {
    const backend = yield* SharedState.makeMemoryBackend
    let fails = false
    const failing: SharedState.Backend = {
      ...backend,
      read: (key) =>
        Effect.suspend(() =>
          fails ? Effect.fail(new SharedState.SharedStateError({ message: "away" })) : backend.read(key)
        )
    }
    yield* Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.CircuitBreaker
      fails = true
      yield* Effect.void.pipe(breaker.execute({ key: "lost" }))
      fails = false
      yield* Effect.sleep("5 seconds")
    }).pipe(Effect.provide(Layer.provide(CircuitBreaker.layer(), SharedState.layer(Effect.succeed(failing), { name }))))
  })

/** Needs a hub below it, to be told of. */
export const driveEveryEvent = (run: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (const part of parts(run)) yield* inVirtualTime(part)
  }).pipe(
    Effect.provide(
      Layer.merge(
        Resilience.layer({
          retry: { initialDelay: Duration.seconds(1), jitter: "none" },
          circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(100) },
          targets: {
            [`${run}/observed`]: { observeOnly: true },
            [`${run}/restarted`]: { adaptiveLimit: {}, rateLimit: { requests: { limit: 100 } } }
          }
        }),
        ResponseCache.layerMemory()
      )
    ),
    Effect.zipRight(Effect.provide(scriptedRun(run), layer(run)))
  )
