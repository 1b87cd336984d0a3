/**
 * One run in which everything happens that the policies can tell of: retries, a hedge, a fallback, a cache, a parked
 * target, the whole cycle of a circuit, a stream that breaks and one that its consumer leaves, a queue. It takes virtual
 * time only, and always the same. Whatever shows what has happened is held against `expected`.
 */
import { Clock, Duration, Effect, type Exit, Fiber, Layer, Random, Schema, Stream, TestClock } from "effect"
import { CircuitBreaker, Fallback, Hedge, LlmError, Resilience, ResponseCache, Telemetry } from "effect-resilience"

const names = [
  "retries",
  "slow",
  "quick",
  "down",
  "up",
  "cached",
  "parked",
  "circuit",
  "broken",
  "left",
  "queue"
] as const

export type Name = (typeof names)[number]

/** The names of the targets of one run, so that runs of one process can be told apart in the metrics. */
export const targetOf = (run: string, name: Name): string => `${run}/${name}`

export const options = (run: string): Resilience.Options => ({
  retry: { initialDelay: "1 second", factor: 2, jitter: "none", maxAttempts: 3 },
  retryBudget: { share: 1, burst: 10 },
  circuitBreaker: {
    tripPolicy: CircuitBreaker.consecutive(3),
    openDuration: "10 seconds",
    halfOpen: { successes: 1 }
  },
  targets: Object.fromEntries(
    names.map((name): [string, Resilience.TargetOptions] => [
      targetOf(run, name),
      {
        provider: run,
        model: name,
        ...(name === "circuit" && { retry: false }),
        ...(name === "down" && { retry: false }),
        ...(name === "queue" && { bulkhead: { maxConcurrent: 1, maxQueued: 5 } })
      }
    ])
  )
})

/** The policies of a run, and its cache. The hub of the events, if there is one, goes below. */
export const layer = (run: string): Layer.Layer<Resilience.Resilience | ResponseCache.ResponseCache> =>
  Layer.merge(Resilience.layer(options(run)), ResponseCache.layerMemory())

/** What everybody answers who answers. */
const answer = {
  model: "large-2025-01",
  choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "42" } }],
  usage: { prompt_tokens: 100, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 40 } }
}

const Answer = Schema.Unknown

const serverError = new LlmError.ServerError({ message: "It is broken", status: 500, requestId: "req_1" })

const rateLimited = new LlmError.RateLimited({ message: "Slower", status: 429, retryAfter: Duration.seconds(5) })

/** A call that takes so long each time, and fails as often as there are failures. */
const call = (run: string, name: Name, takes: Duration.DurationInput, failures: Array<LlmError.LlmError> = []) =>
  Effect.flatMap(Effect.sleep(takes), (): Effect.Effect<typeof answer, LlmError.LlmError> => {
    const failure = failures.shift()
    return failure === undefined ? Effect.succeed(answer) : Effect.fail(failure)
  }).pipe(Resilience.protect(targetOf(run, name)))

const chunk = (content: string, more: object = {}) => ({
  object: "chat.completion.chunk",
  model: "large-2025-01",
  choices: [{ index: 0, delta: content === "" ? { role: "assistant" } : { content } }],
  ...more
})

/** A role at once, content after 2 and after 3 seconds, and what it has used so far. */
const pieces = Stream.make(chunk("")).pipe(
  Stream.concat(Stream.fromEffect(Effect.delay(Effect.succeed(chunk("4")), "2 seconds"))),
  Stream.concat(
    Stream.fromEffect(
      Effect.delay(Effect.succeed(chunk("2", { usage: { prompt_tokens: 50, completion_tokens: 2 } })), "1 second")
    )
  )
)

/** Lets virtual time pass until it is done. */
export const inVirtualTime = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<Exit.Exit<A, E>, never, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Effect.exit(self))
    // In steps, so that whoever waits for less than a step before it goes on does so at the right time.
    while ((yield* Fiber.poll(fiber))._tag === "None") yield* TestClock.adjust("250 millis")
    return yield* Fiber.join(fiber)
  })

/** How a part of the run ended, and when. */
export interface Ended {
  readonly exit: Exit.Exit<unknown, unknown>
  readonly at: number
}

/** The run. Each of its parts ends before the next one begins. */
export const scriptedRun = (
  run: string
): Effect.Effect<ReadonlyArray<Ended>, never, Resilience.Resilience | ResponseCache.ResponseCache> =>
  Effect.gen(function* () {
    const parts: ReadonlyArray<Effect.Effect<unknown, unknown, Resilience.Resilience | ResponseCache.ResponseCache>> = [
      Effect.provideService(
        call(run, "retries", "500 millis", [serverError, serverError]),
        Telemetry.CorrelationId,
        "job-1"
      ),
      Hedge.across(
        [
          { name: targetOf(run, "slow"), run: call(run, "slow", "1 hour") },
          { name: targetOf(run, "quick"), run: call(run, "quick", "500 millis") }
        ],
        { after: "1 second", budget: false }
      ),
      Fallback.firstOf([
        { name: targetOf(run, "down"), run: call(run, "down", "250 millis", [serverError]) },
        { name: targetOf(run, "up"), run: call(run, "up", "250 millis") }
      ]),
      // Missed and kept, then found.
      ...[1, 2].map(() =>
        ResponseCache.through(call(run, "cached", "750 millis"), {
          key: run,
          schema: Answer,
          fresh: "1 hour",
          name: run
        })
      ),
      call(run, "parked", "250 millis", [rateLimited]),
      // Three failures open it, one call is rejected, time passes, a probe closes it.
      ...[1, 2, 3].map(() => call(run, "circuit", "250 millis", [serverError])),
      call(run, "circuit", "250 millis"),
      Effect.zipRight(Effect.sleep("10 seconds"), call(run, "circuit", "250 millis")),
      Stream.runDrain(
        Stream.concat(pieces, Stream.fail(new LlmError.ConnectionFailed({ message: "reset", sent: "maybe" }))).pipe(
          Resilience.protectStream(targetOf(run, "broken"))
        )
      ),
      Effect.timeoutOption(
        Stream.runDrain(Stream.concat(pieces, Stream.never).pipe(Resilience.protectStream(targetOf(run, "left")))),
        "4 seconds"
      ),
      Effect.all([call(run, "queue", "1 second"), call(run, "queue", "1 second")], { concurrency: 2 })
    ]
    return yield* Effect.forEach(parts, (part) =>
      Effect.zipWith(inVirtualTime(part), Clock.currentTimeMillis, (exit, at): Ended => ({ exit, at }))
    )
  }).pipe(Effect.withRandom(Random.make("scripted")))

/** What has happened by then, by target and outcome. Times are in seconds. */
export const expected = {
  /** How many attempts ended so, and how long they took in all. */
  attempts: {
    "retries ServerError": { count: 2, seconds: 1 },
    "retries success": { count: 1, seconds: 0.5 },
    "slow interrupted": { count: 1, seconds: 1.5 },
    "quick success": { count: 1, seconds: 0.5 },
    "down ServerError": { count: 1, seconds: 0.25 },
    "up success": { count: 1, seconds: 0.25 },
    "cached success": { count: 1, seconds: 0.75 },
    "parked RateLimited": { count: 1, seconds: 0.25 },
    "parked success": { count: 1, seconds: 0.25 },
    "circuit ServerError": { count: 3, seconds: 0.75 },
    "circuit success": { count: 1, seconds: 0.25 },
    "broken StreamInterrupted": { count: 1, seconds: 3 },
    "left interrupted": { count: 1, seconds: 4 },
    "queue success": { count: 2, seconds: 2 }
  },
  calls: {
    "retries success": 1,
    "slow interrupted": 1,
    "quick success": 1,
    "down ServerError": 1,
    "up success": 1,
    "cached success": 1,
    "parked success": 1,
    "circuit ServerError": 3,
    "circuit CircuitOpen": 1,
    "circuit success": 1,
    "broken StreamInterrupted": 1,
    "left interrupted": 1,
    "queue success": 2
  },
  /** Retries, by the failure that they follow. */
  retries: { "retries ServerError": 2, "parked RateLimited": 1 },
  /** The waits before them. */
  retryWaits: { retries: { count: 2, seconds: 3 }, parked: { count: 1, seconds: 5 } },
  fallbacks: { "up taken": 1 },
  parked: { "parked RateLimited": 1 },
  rejections: { "circuit CircuitOpen": 1 },
  hedges: { "quick started": 1, "quick won": 1 },
  /** By the name of the cache, which is that of the run. */
  cache: { miss: 1, stored: 1, fresh: 1 },
  openings: { circuit: 1 },
  circuitStates: ["closed > open", "open > halfOpen", "halfOpen > closed"],
  queueWaits: { queue: { count: 1, seconds: 1 } },
  /** Of streams, to their first content. */
  firstContents: { broken: { count: 1, seconds: 2 }, left: { count: 1, seconds: 2 } },
  /** Tokens of each answer, and of the streams that nobody got to the end of. */
  tokens: {
    answer: { inputTokens: 100, outputTokens: 20, cachedInputTokens: 40 },
    cutOff: { inputTokens: 50, outputTokens: 2 }
  },
  /** How often each event is told. */
  events: {
    AttemptStarted: 18,
    AttemptSucceeded: 8,
    AttemptFailed: 8,
    AttemptInterrupted: 2,
    RetryScheduled: 3,
    CallRejected: 1,
    CallSucceeded: 8,
    CallFailed: 6,
    CallInterrupted: 2,
    CircuitChanged: 3,
    TargetParked: 1,
    CallQueued: 1,
    CallDequeued: 1,
    FallbackTaken: 1,
    HedgeStarted: 1,
    HedgeWon: 1,
    HedgeLost: 1,
    CacheMissed: 1,
    CacheStored: 1,
    CacheHit: 1
  }
}
