/** An application in real time and in small: a provider that fails for a while, streams, hedges, a queue, a cache. */
import { Duration, Effect, Layer, Random, Ref, Schema, Stream } from "effect"
import {
  CircuitBreaker,
  Fallback,
  Hedge,
  LlmError,
  Resilience,
  ResilienceEvent,
  ResponseCache,
  Telemetry
} from "effect-resilience"

const large = "openai/gpt-5"
const other = "anthropic/sonnet"
const small = "acme/small"

const prices = {
  [large]: { input: 1.25, output: 10, cachedInput: 0.125 },
  [other]: { input: 3, output: 15 },
  [small]: { input: 0.1, output: 0.4 }
}

/** More than is asked for, so that nobody has to wait. */
const rateLimit = { requests: { limit: 1_200 }, tokens: { limit: 600_000 } }

/** What runs by itself around the calls has to be below the policies: the events, and who hears them. */
export const policies = Layer.mergeAll(
  Resilience.layer({
    retry: { initialDelay: "150 millis", maxDelay: "1 second", maxAttempts: 3 },
    circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(6), openDuration: "2 seconds" },
    retryBudget: { share: 0.2, burst: 20, minimumPerSecond: 2 },
    targets: {
      [large]: { provider: "openai", model: "gpt-5", spendLimit: { limit: 5, per: "1 hour", prices: prices[large] } },
      [other]: { provider: "anthropic", model: "sonnet", adaptiveLimit: { initial: 10 }, rateLimit },
      [small]: { provider: "acme", model: "small", bulkhead: { maxConcurrent: 2, maxQueued: 50 } }
    }
  }),
  ResponseCache.layerMemory(),
  Telemetry.layerMetrics({ prices })
).pipe(Layer.provideMerge(ResilienceEvent.layer()))

type Weather = "fine" | "outage" | "rateLimited"

const answer = (model: string) => ({
  model: `${model}-2025-08`,
  usage: { prompt_tokens: 800, completion_tokens: 150, prompt_tokens_details: { cached_tokens: 300 } }
})

const between = (least: number, most: number): Effect.Effect<void> =>
  Effect.flatMap(Random.nextRange(least, most), (millis) => Effect.sleep(Duration.millis(millis)))

const ask = (name: string, weather: Effect.Effect<Weather>, least: number, most: number) =>
  Effect.gen(function* () {
    const now = yield* weather
    yield* between(least, most)
    const chance = yield* Random.next
    if (now === "outage" && chance < 0.85) {
      return yield* Effect.fail(new LlmError.ServerError({ message: "It is broken", status: 503 }))
    }
    if (now === "rateLimited" && chance < 0.3) {
      return yield* Effect.fail(
        new LlmError.RateLimited({ message: "Slower", status: 429, retryAfter: Duration.millis(700) })
      )
    }
    return chance > 0.97 ? yield* Effect.fail(new LlmError.Overloaded({ message: "Busy", status: 529 })) : answer(name)
  }).pipe(Resilience.protect(name))

const streamed = (name: string) => {
  const chunk = (content: string, more: object = {}) => ({
    object: "chat.completion.chunk",
    model: "sonnet-2025-08",
    choices: [{ index: 0, delta: { content }, ...more }]
  })
  const word = Effect.as(between(10, 60), chunk("word "))
  const last = { ...chunk("", { finish_reason: "stop" }), usage: { prompt_tokens: 400, completion_tokens: 10 } }
  return Stream.concat(
    Stream.fromEffect(Effect.as(between(100, 500), chunk("first "))),
    Stream.concat(Stream.repeatEffect(word).pipe(Stream.take(8)), Stream.make(last))
  ).pipe(
    // Some break in the middle, and say what they had used.
    Stream.mapEffect((element) =>
      Effect.flatMap(Random.next, (chance) =>
        chance < 0.02
          ? Effect.fail(new LlmError.ConnectionFailed({ message: "reset", sent: "maybe" }))
          : Effect.succeed({ ...element, usage: { prompt_tokens: 400, completion_tokens: 10 } })
      )
    ),
    Resilience.protectStream(name),
    Stream.runDrain
  )
}

/** Runs for so many seconds, of which the first provider is down for a fourth and short of capacity for another. */
export const workload = (
  seconds: number
): Effect.Effect<void, never, Resilience.Resilience | ResponseCache.ResponseCache> =>
  Effect.gen(function* () {
    const weather = yield* Ref.make<Weather>("fine")
    const here = Ref.get(weather)
    const fine = Effect.succeed<Weather>("fine")
    const one: ReadonlyArray<Effect.Effect<unknown, unknown, Resilience.Resilience | ResponseCache.ResponseCache>> = [
      Fallback.firstOf([
        { name: large, run: ask(large, here, 80, 400) },
        { name: other, run: ask(other, fine, 150, 600) }
      ]),
      streamed(other),
      Hedge.across(
        [
          { name: small, run: ask(small, fine, 20, 250) },
          { name: large, run: ask(large, here, 80, 400) }
        ],
        { after: "120 millis", budget: false }
      ),
      Effect.flatMap(Random.nextIntBetween(0, 12), (question) =>
        ResponseCache.through(ask(small, fine, 20, 250), {
          key: `question ${question}`,
          schema: Schema.Unknown,
          fresh: "1500 millis",
          name: "answers"
        })
      )
    ]
    const changing = Effect.gen(function* () {
      for (const next of ["fine", "outage", "rateLimited", "fine"] as const) {
        yield* Ref.set(weather, next)
        yield* Effect.sleep(Duration.seconds(seconds / 4))
      }
    })
    const calling = Effect.forever(
      Effect.gen(function* () {
        yield* Effect.fork(Effect.exit(one[yield* Random.nextIntBetween(0, one.length)]!))
        yield* between(10, 60)
      })
    )
    yield* Effect.raceFirst(changing, calling)
  }).pipe(Effect.withRandom(Random.make("workload")))
